package lvsdr

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/plan"
	"lvsdr/internal/watch"
)

// watchCommand is "lvsdr vs watch".
func watchCommand() *cli.Command {
	return &cli.Command{
		Name:  "watch",
		Usage: "look after the real servers, and keep the table as file, health and drains say",
		Flags: append(globalFlags(), configFlags()...),
		Action: func(c *cli.Context) error {
			o, err := orderOf(c, plan.Director, config.Config.Validate)
			if err == nil {
				err = o.watch(c)
			}
			return failIn(o.verb, o.netns, err)
		},
	}
}

// watch runs until it is told to end.
func (o order) watch(c *cli.Context) error {
	surviveReaders()
	debug.SetTraceback("crash") // a crash is a signal: status 2, Go's own, says that the configuration is none
	if err := enterNamespaceWhole(o.netns); err != nil {
		return err
	}
	s, end, err := o.lock(theTable)
	if err != nil {
		return err
	}
	warnOf(s.warnings, s.verb, s.config)
	end()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	at := &watchSite{session: s, again: c, out: s.stdout, readable: command.IsTerminal(s.stdout), handler: &handler{}, machine: s.kernel.(machine)}
	w := watch.Watch{Site: at, Kernel: at.machine, Verdicts: s.options.Health, MendThere: o.again("rs", "start")}
	defer at.handler.end()
	return w.Run(ctx, s.config, hangups(ctx))
}

// hangups passes SIGHUPs on, one at a time.
func hangups(ctx context.Context) <-chan struct{} {
	signals, reload := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
			select {
			case reload <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return reload
}

// enterNamespaceWhole goes into a network namespace with all threads: it begins
// anew from a thread that is there.
func enterNamespaceWhole(name string) error {
	if err := enterNamespace(name); err != nil || name == "" || host.WholeProcess() {
		return err
	}
	if err := syscall.Exec("/proc/self/exe", os.Args, os.Environ()); err != nil {
		return fmt.Errorf("begin anew in the network namespace %q: %w", name, err)
	}
	return nil
}

// watchSite is where a watch works: a session that goes on.
type watchSite struct {
	*session
	again    *cli.Context
	out      io.Writer
	readable bool // for a person at a terminal
	handler  *handler
	machine  machine
}

// Apply is one round, alone under the lock.
func (s *watchSite) Apply(c config.Config, before *watch.Applied, decide func(plan.State, []netip.Addr) plan.Health) (a watch.Applied, err error) {
	unlock, err := plan.Lock(s.folder, s.wait)
	if err != nil {
		return a, err
	}
	defer unlock()
	if s.Record, err = plan.LoadRecord(s.folder, s.namespace); err != nil {
		return a, err
	}
	a.Config = c
	if a.Stopped = s.Record.IsStopped(s.Claimant); a.Stopped {
		return a, nil
	}
	s.config = c
	if err := s.findHomes(); err != nil {
		return a, err
	}
	a.Drained = s.Record.DrainedFor(s.Claimant)
	wish := func(c config.Config, h *plan.Health) plan.Wish {
		o := s.options
		o.Health = h
		return plan.New(s.Claimant, c, a.Drained, o)
	}
	if a.State, err = plan.Look(s.Machine, wish(c, &plan.Health{}), s.Record); err != nil {
		return a, s.reopen(err)
	}
	a.Health = decide(a.State, a.Drained)
	p, err := plan.Start(wish(c, &a.Health), a.State)
	if err != nil {
		return a, err
	}
	a.Kept = p.Kept
	if before != nil && !before.Stopped {
		if missing, err := plan.Start(wish(before.Config, &before.Health), a.State); err == nil {
			a.PutBack = common(p, missing)
		}
	}
	if err := plan.Apply(s.stderr, s.Site, p); err != nil {
		return a, s.reopen(err)
	}
	return a, plan.SaveHealth(s.folder, s.namespace, s.Claimant, plan.Watched{Health: a.Health})
}

// common are the changes that two plans share.
func common(a, b plan.Plan) (lines []string) {
	for _, change := range a.Changes {
		if slices.ContainsFunc(b.Changes, func(other plan.Change) bool { return other.Line == change.Line }) {
			lines = append(lines, change.Line)
		}
	}
	return lines
}

// reopen opens the machine anew after an error: a connection to the kernel may
// be of no more use.
func (s *watchSite) reopen(err error) error {
	if m, wrong := s.system.openMachine(seenTable); wrong == nil {
		s.machine.Close()
		s.machine, s.Machine, s.kernel = m, m, m
	}
	return err
}

// Note is a sign of life.
func (s *watchSite) Note(h plan.Health, ended bool) error {
	unlock, err := plan.Lock(s.folder, s.wait)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := plan.LoadRecord(s.folder, s.namespace)
	if err != nil || r.IsStopped(s.Claimant) {
		return err
	}
	return plan.SaveHealth(s.folder, s.namespace, s.Claimant, plan.Watched{Health: h, Ended: ended})
}

// Reload reads the configuration again.
func (s *watchSite) Reload() (config.Config, error) {
	c, err := configOf(s.again)
	if err == nil {
		err = requireComplete(c, config.Config.Validate)
	}
	if exit, ok := err.(exitError); ok {
		err = exit.err
	}
	return c, err
}

// Tell prints an event, and hands it to the program that the file names. Whoever
// does not read keeps nothing up.
func (s *watchSite) Tell(e watch.Event) {
	data, err := json.Marshal(e)
	if err != nil {
		return
	}
	if s.readable {
		fmt.Fprintln(s.out, e)
	} else {
		s.out.Write(append(data, '\n'))
	}
	s.handler.hand(s.config.Watch.OnEvent, append(data, '\n'), s.warnings)
}

// Notify tells the service manager.
func (s *watchSite) Notify(state string) { daemon.SdNotify(false, state) }

// handler runs a program for each event, one after the other.
type handler struct {
	once   sync.Once
	events chan func()
	done   chan struct{}
}

const (
	handlerBacklog = 256
	handlerTime    = 10 * time.Second
)

// hand queues an event for a program.
func (h *handler) hand(words []string, event []byte, errors io.Writer) {
	if len(words) == 0 {
		return
	}
	h.once.Do(func() {
		h.events, h.done = make(chan func(), handlerBacklog), make(chan struct{})
		go func() {
			defer close(h.done)
			for run := range h.events {
				run()
			}
		}()
	})
	select {
	case h.events <- func() { runHandler(words, event, errors) }:
	default:
		fmt.Fprintf(errors, "lvsdr: vs watch: %s: %d events behind; one is not told to it\n", words[0], handlerBacklog)
	}
}

func runHandler(words []string, event []byte, errors io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), handlerTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin, cmd.WaitDelay = bytes.NewReader(event), time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(errors, "lvsdr: vs watch: %s: %v\n", words[0], err)
	}
}

// end waits for the events that are left.
func (h *handler) end() {
	if h.events != nil {
		close(h.events)
		<-h.done
	}
}
