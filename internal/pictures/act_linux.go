package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// The director's configuration, where it shows what it watches, and what is left in the
// folder beside the pictures: its page, and the report of a walk through the lab.
const (
	listen   = "127.0.0.1:9812"
	pageFile = "page.html"
	walkFile = "walk.json"

	director = `watch: {listen: ` + listen + `}
vip: [172.16.0.100, 172.16.0.101]
check: {type: http}
real_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}]
services:
  - {name: shop, port: 80, vip: 172.16.0.100}
  - {name: api, port: 8080, vip: 172.16.0.101, scheduler: wlc}
`
)

// How long clients ask before something happens, and afterwards; and how long a
// program may take that ends by itself.
const (
	before   = 45 * time.Second
	after    = 15 * time.Second
	patience = 5 * time.Minute
)

// act takes the pictures in the guest, and leaves them in dir.
func act(dir string) error {
	// The guest has the host's files; its records are its own.
	if err := errors.Join(os.MkdirAll("/run/lvsdr", 0o700), unix.Mount("tmpfs", "/run/lvsdr", "tmpfs", 0, "")); err != nil {
		return err
	}
	config := filepath.Join(dir, "lvsdr.yaml")
	defer os.Remove(config)
	if err := os.WriteFile(config, []byte(director), 0o600); err != nil {
		return err
	}
	if err := errors.Join(work(dir, config), run("lvsdr", "lab", "down")); err != nil {
		return err
	}
	walk, err := record(terminal{125, 1000, patience, ""}, "lvsdr", "lab", "run")
	if err != nil {
		return err
	}
	from := walk.find(0, "5  ")
	walk.cut(from, walk.find(from, "6  "))
	report, err := output("lvsdr", "lab", "run", "--step", "7", "--json")
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, walkFile), report, 0o644), save(dir, "lab-run.svg", "lvsdr lab run: the three-way handshake of direct routing, packet by packet", walk))
}

// work has the lab's real servers serve, and its director at work.
func work(dir, config string) error {
	if err := run("lvsdr", "lab", "up", "--bare", "--quiet"); err != nil {
		return err
	}
	for _, host := range []string{"rs1", "rs2"} {
		if err := run(on(host, "lvsdr", "--quiet", "rs", "start", "--config", config)...); err != nil {
			return err
		}
		end, err := start(on(host, "lvsdr", "lab", "web", "--listen", ":8080", "--log", os.DevNull)...)
		if err != nil {
			return err
		}
		defer end()
	}
	return watch(dir, config)
}

// watch is the director at work, until it has found a real server without VIP.
func watch(dir, config string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, words := range [][]string{on("lvs", "lvsdr", "vs", "watch", "--config", config), on("client", self, "ask")} {
		end, err := start(words...)
		if err != nil {
			return err
		}
		defer end()
	}
	broken := make(chan error, 1)
	time.AfterFunc(before, func() {
		broken <- run(on("rs2", "ip", "addr", "del", "172.16.0.100/32", "dev", "lo")...)
	})
	top, err := record(terminal{100, 20, before + after, "q"}, on("lvs", "lvsdr", "top", "--config", config)...)
	if err := errors.Join(err, <-broken); err != nil {
		return err
	}
	check, err := record(terminal{125, 200, patience, ""}, on("lvs", "lvsdr", "check", "--config", config)...)
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return err // a fault is status 1
	}
	check.cut(0, check.rows)
	page, err := output(on("lvs", "curl", "-sS", "http://"+listen+"/")...)
	if err != nil {
		return err
	}
	return errors.Join(save(dir, "top.svg", "lvsdr top: services and real servers with rates, connections, weights and health; one real server is down, with the reason", top),
		save(dir, "check.svg", "lvsdr check on the director: what is wrong, and the command that mends it", check),
		os.WriteFile(filepath.Join(dir, pageFile), page, 0o644))
}

// on is a command line on a host of the lab.
func on(host string, words ...string) []string {
	return append([]string{"lvsdr", "lab", "exec", host, "--"}, words...)
}

func command(words ...string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
	return cmd
}

func output(words ...string) ([]byte, error) {
	cmd := command(words...)
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(words, " "), err, out, &log)
	}
	return out, nil
}

func run(words ...string) error {
	_, err := output(words...)
	return err
}

// start has a program run until end is called.
func start(words ...string) (end func(), err error) {
	cmd := command(words...)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(words, " "), err)
	}
	return func() {
		cmd.Process.Signal(unix.SIGTERM)
		cmd.Wait()
	}, nil
}

// terminal is one on which a program is shown for a time, if it does not end
// before; then keys are pressed, and what was shown last is what counts.
type terminal struct {
	columns, rows int
	limit         time.Duration
	keys          string // that end it
}

// record runs a program on a terminal.
func record(t terminal, words ...string) (*screen, error) {
	cmd := command(words...)
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(t.rows), Cols: uint16(t.columns)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(words, " "), err)
	}
	defer master.Close()
	written := make(chan []byte)
	go func() {
		defer close(written)
		for err := error(nil); err == nil; {
			buffer := make([]byte, 1<<16)
			var n int
			n, err = master.Read(buffer)
			written <- buffer[:n]
		}
	}()
	var all []byte
	over := time.After(t.limit)
	for {
		select {
		case more, ok := <-written:
			if all = append(all, more...); ok {
				continue
			}
		case <-over:
			if t.keys == "" {
				cmd.Process.Kill()
				err = fmt.Errorf("still at work after %s", t.limit)
			}
			io.WriteString(master, t.keys)
			for range written {
			}
		}
		shown := newScreen(t.columns, t.rows)
		if err := errors.Join(err, shown.show(string(all)), cmd.Wait()); err != nil {
			return shown, fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, all)
		}
		return shown, nil
	}
}

func save(dir, name, title string, s *screen) error {
	picture, err := s.svg(title)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(dir, name), []byte(picture), 0o644)
}

// ask has a client ask for pages, more of them and less, until it is ended.
func ask() error {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for began := time.Now(); ; {
		for _, url := range []string{"http://172.16.0.100/", "http://172.16.0.100/", "http://172.16.0.101:8080/"} {
			if r, err := client.Get(url); err == nil {
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
		}
		pause := 180 + 130*math.Sin(time.Since(began).Seconds()/6) + 20*math.Sin(time.Since(began).Seconds()*2)
		time.Sleep(time.Duration(pause) * time.Millisecond)
	}
}
