package lab

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"lvsdr/internal/lab/vnet"
)

// The director's files of the last step: the sorry page, and a configuration that
// says how real servers are asked and who answers when none is left.
const (
	noticeFile = folder + "/sorry.html"
	watchFile  = folder + "/watch.yaml"

	notice    = "down for maintenance"
	watchText = "vip: " + vip + `
real_servers: [` + rip1 + ", " + rip2 + `]
services:
  - {port: 80, sorry: {page: ` + noticeFile + `}}
check: {type: http, interval: 1s}
`
)

// watch has the director look after its real servers: it answers itself while
// neither has a web server. For that, unlike for direct routing, its default
// route has to be the right one.
func watch(ctx context.Context, w *walk) error {
	if err := w.writeWatchFiles(); err != nil {
		return err
	}
	if err := w.startAll(ctx, "--config", watchFile); err != nil {
		return err
	}
	d, err := w.startWatch(ctx, "lvs", watchFile)
	if err != nil {
		return err
	}
	defer d.end() // where a step breaks; else it is over by then
	w.expectEvent(d, "ready")
	w.expect("with both web servers", rip2+", "+rip1, w.twoPages(ctx))

	for _, host := range []string{"rs1", "rs2"} {
		w.prompt(host, "fuser -k 80/tcp")
		if err := w.lab.stopWeb(host); err != nil {
			return err
		}
	}
	w.expectEvent(d, "sorry")
	if _, err := w.run(ctx, "lvs", "lvsdr", "vs", "status", "--config", watchFile); err != nil {
		return err
	}
	if err := w.expectSorryPage(ctx); err != nil {
		return err
	}

	for _, host := range []string{"rs1", "rs2"} {
		w.prompt(host, "lvsdr lab web --log %s &", w.lab.AccessLog(host))
		if err := w.lab.startWeb(ctx, host); err != nil {
			return err
		}
		if host == "rs1" {
			w.expectEvent(d, "serving")
			w.expect("with one web server", rip1+", "+rip1, w.twoPages(ctx))
		}
	}
	w.prompt("lvs", "kill %%1")
	d.end()
	return w.stopAll(ctx, "--config", watchFile)
}

// expectSorryPage asks for the page while the director's default route leads to
// the router, to nobody, and to the router again.
func (w *walk) expectSorryPage(ctx context.Context) error {
	const page = "503 Service Unavailable: " + notice
	seen, _ := w.curl(ctx, vip)
	w.expect("without web servers the director answers", page, seen)
	if err := w.defaultRoute("replace", vnet.ReplaceRoute, nobody); err != nil {
		return err
	}
	seen, answered := w.curl(ctx, vip)
	w.judge("with a default route to nobody, its answer is lost", "no page", seen, !answered && seen != page)
	if err := w.defaultRoute("replace", vnet.ReplaceRoute, router); err != nil {
		return err
	}
	seen, _ = w.curl(ctx, vip)
	w.expect("with the right one", page, seen)
	return nil
}

// writeWatchFiles writes the files, and shows them.
func (w *walk) writeWatchFiles() error {
	w.prompt("lvs", "echo %s > %s", notice, noticeFile)
	w.prompt("lvs", "cat %s", watchFile)(watchText)
	return errors.Join(os.WriteFile(noticeFile, []byte(notice+"\n"), 0o644), os.WriteFile(watchFile, []byte(watchText), 0o644))
}

// watcher is a "vs watch" at work.
type watcher struct {
	cmd    *exec.Cmd
	events <-chan string // closed when it has ended
}

// startWatch starts "vs watch" on a director.
func (w *walk) startWatch(ctx context.Context, director, file string) (*watcher, error) {
	words := []string{"lvsdr", "vs", "watch", "--config", file}
	w.prompt(director, "%s &", strings.Join(words, " "))
	d := &watcher{cmd: w.lab.Command(ctx, director, words...)}
	stdout, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	events := make(chan string)
	d.events = events
	go func() {
		defer close(events)
		var e struct{ Event string }
		for lines := json.NewDecoder(stdout); lines.Decode(&e) == nil; {
			events <- e.Event
		}
	}()
	return d, nil
}

// eventPatience is how long an event may take, on a busy machine.
const eventPatience = time.Minute

// expectEvent waits until the watch says so.
func (w *walk) expectEvent(d *watcher, name string) {
	seen := d.await(name, time.After(eventPatience))
	w.expect("vs watch says", name, seen)
}

// await is the event, or what comes instead.
func (d *watcher) await(name string, late <-chan time.Time) string {
	for {
		select {
		case event, more := <-d.events:
			if event == name {
				return name
			}
			if !more {
				return "that it ends"
			}
		case <-late:
			return "nothing of that in " + eventPatience.String()
		}
	}
}

// end ends the watch, which leaves the table as it is.
func (d *watcher) end() error {
	d.cmd.Process.Signal(syscall.SIGTERM)
	for range d.events {
	}
	return d.cmd.Wait()
}
