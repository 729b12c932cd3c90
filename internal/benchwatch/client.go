package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// patience is how long the client waits for a page.
const patience = 2 * time.Second

// request is one request of the client.
type request struct {
	at     time.Time
	server string // who answered; empty: it failed
}

// serve is the web server of a real server: its page is its name.
func serve(name string) error {
	s := &http.Server{Addr: ":80", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) })}
	s.SetKeepAlivesEnabled(false)
	return s.ListenAndServe()
}

// ask asks for the page of the VIP for ever, so many times a second, each time on
// a connection of its own and whether or not the last answer has come. It writes
// a line for each request: when it was made, who answered.
func ask(w io.Writer, rate int) error {
	lines := make(chan string)
	go func() {
		for at := range time.Tick(time.Second / time.Duration(rate)) {
			go func() { lines <- fmt.Sprintln(at.UnixNano(), page()) }()
		}
	}()
	for line := range lines {
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return nil
}

// page is who answered, or nothing.
func page() string {
	end := time.Now().Add(patience)
	c, err := net.DialTimeout("tcp", vip+":80", patience)
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(end)
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	answer, err := io.ReadAll(c)
	head, name, _ := strings.Cut(string(answer), "\r\n\r\n")
	if err != nil || !strings.HasPrefix(head, "HTTP/1.0 200 ") {
		return ""
	}
	return name
}

// load is a client at work, in a process of its own.
type load struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	made []request
}

// newLoad begins to ask.
func (n *lan) newLoad(rate int) (*load, error) {
	l := &load{cmd: exec.Command("/proc/self/exe", "-rate", fmt.Sprint(rate), "ask")}
	out, err := l.cmd.StdoutPipe()
	if err == nil {
		err = n.start("client", l.cmd)
	}
	if err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			at, server, _ := strings.Cut(lines.Text(), " ")
			var ns int64
			fmt.Sscan(at, &ns)
			l.mu.Lock()
			l.made = append(l.made, request{time.Unix(0, ns), server})
			l.mu.Unlock()
		}
	}()
	return l, nil
}

// since returns the requests that were made since a time and have ended, in the
// order in which they were made.
func (l *load) since(begin time.Time) []request {
	l.mu.Lock()
	made := slices.Clone(l.made)
	l.mu.Unlock()
	made = slices.DeleteFunc(made, func(r request) bool { return r.at.Before(begin) })
	slices.SortFunc(made, func(a, b request) int { return a.at.Compare(b.at) })
	return made
}

// awaitAll waits until every real server answers, and nothing has failed for a
// while.
func (l *load) awaitAll() error {
	const limit = time.Minute
	for begin := time.Now(); time.Since(begin) < limit; time.Sleep(tick) {
		recent := l.since(time.Now().Add(-patience - time.Second))
		seen := map[string]bool{}
		for _, r := range recent {
			seen[r.server] = true
		}
		if time.Since(begin) > patience && failures(recent) == 0 && len(seen) == len(servers) {
			return nil
		}
	}
	return fmt.Errorf("not every real server answers within %v", limit)
}

// failures counts the requests that failed.
func failures(made []request) (n int) {
	for _, r := range made {
		if r.server == "" {
			n++
		}
	}
	return n
}
