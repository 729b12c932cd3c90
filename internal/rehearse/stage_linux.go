package rehearse

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/lab"
	"lvsdr/internal/lab/vnet"
)

// stage is a rehearsal at work.
type stage struct {
	*cluster
	steps   io.Writer
	begin   time.Time
	late    atomic.Int64 // how long this process waited for the machine, in all
	servers map[*machine]*servers
	watch   *watcher
	table   *ipvs.Conn
	first   bool           // no namespace had a name before
	lost    []host.Address // by whom loseVIPs befell

	mu   sync.Mutex
	last map[netip.Addr]string // who served a client last
}

// open builds the network and starts everything, up to a director that is ready.
func (s *stage) open(ctx context.Context, rules string) error {
	s.say("a director, %d real servers, a client behind a router", len(s.machines))
	_, err := os.Stat(vnet.Folder)
	s.first = errors.Is(err, os.ErrNotExist)
	certificate, err := s.writeFiles()
	if err == nil {
		err = s.build()
	}
	if err == nil && rules != "" {
		err = s.filter(ctx, rules)
	}
	if err != nil {
		return err
	}
	s.servers, s.last = map[*machine]*servers{}, map[netip.Addr]string{}
	for _, m := range s.machines {
		if err := s.lvsdr(ctx, m.name, "rs", "start"); err != nil {
			return err
		}
		s.servers[m] = &servers{talks: s.talks, certificate: certificate, note: func(c netip.Addr) { s.note(c, m) }}
		if err := s.serve(m); err != nil {
			return fmt.Errorf("servers of %s: %w", m.addr, err)
		}
	}
	if err := s.startWatch(ctx); err != nil {
		return err
	}
	err = in(director, func() (err error) {
		s.table, err = ipvs.Open()
		return err
	})
	if err == nil {
		err = s.awaitAll(ctx)
	}
	return err
}

// serve starts the servers of a machine.
func (s *stage) serve(m *machine) error {
	return in(m.name, func() error { return s.servers[m].start(append([]netip.Addr{m.addr}, m.vips...), m.sockets) })
}

// close ends everything, and removes it.
func (s *stage) close() error {
	var err error
	if s.watch != nil {
		s.watch.kill()
	}
	for _, one := range s.servers {
		err = errors.Join(err, one.kill())
	}
	if s.table != nil {
		err = errors.Join(err, s.table.Close())
	}
	err = errors.Join(err, s.tidy(), os.RemoveAll(folder))
	if s.first {
		err = errors.Join(err, vnet.RemoveFolder())
	}
	os.Remove(filepath.Dir(folder)) // if nothing else is in it
	return err
}

// say tells a step.
func (s *stage) say(format string, args ...any) {
	fmt.Fprintf(s.steps, "%5.1f s  "+format+"\n", append([]any{time.Since(s.begin).Seconds()}, args...)...)
}

// keepTime adds up how late a timer is that is set again and again: on a busy
// machine everything takes longer, which breaks no promise.
func (s *stage) keepTime(ctx context.Context) {
	const pause, usual = 50 * time.Millisecond, 15 * time.Millisecond
	for last := time.Now(); lab.Pause(ctx, pause) == nil; last = time.Now() {
		if late := time.Since(last) - pause; late > usual {
			s.late.Add(int64(late))
		}
	}
}

// attempts is how often something is tried on a machine that is busy.
const attempts = 3

// unhurried repeats a trial whose promises broke if this process had to wait for the
// machine for more than a tenth of the time: that says nothing about the file. It
// returns how long it waited in the last trial.
func (s *stage) unhurried(do func() (ok bool, err error)) (late time.Duration, err error) {
	for range attempts {
		before, begin := s.late.Load(), time.Now()
		ok, err := do()
		late = time.Duration(s.late.Load() - before)
		if err != nil || ok || late < time.Since(begin)/10 {
			return late, err
		}
		s.say("again: the machine kept it waiting for %.1f s", late.Seconds())
	}
	return late, nil
}

// lvsdr runs one of our verbs on a host.
func (s *stage) lvsdr(ctx context.Context, name string, words ...string) error {
	s.say("lvsdr %s on %s", strings.Join(words, " "), s.called(name))
	return s.run(name, command(ctx, append(words, "--quiet")...))
}

// called is what a reader calls a host.
func (l *cluster) called(name string) string {
	for _, m := range l.machines {
		if m.name == name {
			return m.addr.String()
		}
	}
	return "the " + name
}

// command is this program with the rehearsal's configuration.
func command(ctx context.Context, words ...string) *exec.Cmd {
	self, err := os.Executable()
	cmd := exec.CommandContext(ctx, self, append(words, "--config", configFile)...)
	cmd.Args[0], cmd.Err = "lvsdr", err
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "LVSDR_") })
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is typed is for the rehearsal
	return cmd
}

// run runs a program on a host, which has to succeed.
func (s *stage) run(name string, cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	err := in(name, cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("%s on %s: %w: %s", strings.Join(cmd.Args, " "), s.called(name), err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

// watcher is the "vs watch" of the director.
type watcher struct {
	cmd   *exec.Cmd
	said  bytes.Buffer
	ready chan struct{}
	ended chan struct{}
	err   error
}

// kill kills the watch, and waits for its end.
func (w *watcher) kill() {
	w.cmd.Process.Kill()
	<-w.ended
}

// startPatience is how long a director may take to be ready, beside its checks.
const startPatience = 60 * time.Second

// startWatch starts the watch, and waits until it is ready.
func (s *stage) startWatch(ctx context.Context) error {
	s.say("lvsdr vs watch on the director")
	w := &watcher{cmd: command(context.WithoutCancel(ctx), "vs", "watch", "--quiet"), ready: make(chan struct{}), ended: make(chan struct{})}
	w.cmd.Stderr = &w.said
	events, err := w.cmd.StdoutPipe()
	if err == nil {
		err = in(director, w.cmd.Start)
	}
	if err != nil {
		return err
	}
	s.watch = w
	go w.follow(events)
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ended:
		return fmt.Errorf("lvsdr vs watch ended: %w: %s", cmp.Or(w.err, io.EOF), bytes.TrimSpace(w.said.Bytes()))
	case <-time.After(startPatience + s.slowest()):
		return fmt.Errorf("lvsdr vs watch is not ready after %v", startPatience+s.slowest())
	}
}

// slowest is the longest time that a first verdict takes.
func (l *cluster) slowest() (d time.Duration) {
	for _, s := range l.services {
		if c := s.Of.Check; c.Asks() {
			d = max(d, fallTime(c))
		}
	}
	return d
}

// follow reads the events.
func (w *watcher) follow(events io.Reader) {
	defer close(w.ended)
	ready := false
	var e struct{ Event string }
	for lines := json.NewDecoder(events); lines.Decode(&e) == nil; {
		if e.Event == "ready" && !ready {
			ready = true
			close(w.ready)
		}
	}
	w.err = w.cmd.Wait()
}

// tick is from one look at the table to the next.
const tick = 50 * time.Millisecond

// awaitAll waits until all real servers are in the table.
func (s *stage) awaitAll(ctx context.Context) error {
	for begin := time.Now(); ; {
		out, err := s.missing()
		if err != nil || out == "" {
			return err
		}
		if time.Since(begin) > startPatience+s.slowest() {
			return fmt.Errorf("%s is not in the table, though nothing is wrong with it", out)
		}
		if err := lab.Pause(ctx, tick); err != nil {
			return err
		}
	}
}

// missing is a real server that takes no connections, but should.
func (s *stage) missing() (words string, err error) {
	for _, service := range s.services {
		for _, m := range service.members {
			in, err := s.takes(service, m)
			if err != nil {
				return "", err
			}
			if !in && m.Weight > 0 {
				return fmt.Sprintf("%s of %s", m.Key(), service), nil
			}
		}
	}
	return "", nil
}

// takes reports whether a member has an entry in the table with a weight.
func (s *stage) takes(service *service, m *member) (bool, error) {
	entry, err := s.table.Service(service.Service)
	if errors.Is(err, syscall.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the table: %w", err)
	}
	all, err := s.table.Destinations(&entry, 0, nil)
	if err != nil {
		return false, fmt.Errorf("read the table: %w", err)
	}
	return slices.ContainsFunc(all, func(d ipvs.DestinationEntry) bool { return d.Key() == m.Key() && d.Weight > 0 }), nil
}
