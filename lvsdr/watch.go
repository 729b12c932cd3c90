package lvsdr

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"slices"
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
		Usage: "check the real servers, and keep the kernel's table as it should be",
		Flags: append(append(globalFlags(), configFlags()...),
			&cli.BoolFlag{Name: "shadow", Usage: "change nothing: print what would be done, and where the table differs"}),
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
	shadow, take := boolOf(c, "shadow"), order.takeWatch
	if shadow {
		take = order.lookOn
	}
	s, retire, err := take(o)
	if err != nil {
		return err
	}
	defer retire()
	warnOf(s.warnings, s.verb, s.config)
	ctx, reload, stop := s.system.signals()
	defer stop()
	out, steps, programs := newSink(), newSink(), newSink()
	defer steps.end(time.Second)
	defer out.end(time.Second)
	defer programs.end(handlerTime)
	s.stderr, s.warnings = steps.to(s.stderr), steps.to(s.warnings)
	at := &watchSite{session: s, again: c, out: out.to(s.stdout), readable: command.IsTerminal(s.stdout),
		onEvent: s.config.Watch.OnEvent, programs: programs, errors: o.warnings, machine: s.kernel.(machine)}
	w := watch.Watch{Site: at, Kernel: at.machine, Own: s.system.own, Verdicts: s.options.Health, MendThere: o.again("rs", "start"), Shadow: shadow}
	if shadow {
		w.Site = shadowSite{at}
	}
	at.shown.asked = w.Late
	at.shown.viewer.order = o
	at.shown.viewer.config.Store(&s.config)
	if !shadow {
		at.door.say = func(format string, args ...any) {
			fmt.Fprintf(s.warnings, "lvsdr: %s: %s\n", s.verb, fmt.Sprintf(format, args...))
		}
		at.door.open = func(where string) (func(), error) { return at.shown.listen(where, s.warnings) }
		at.door.move(s.config.Watch.Listen)
		defer at.door.enter("")
	}
	return w.Run(ctx, s.config, reload)
}

// takeWatch makes this run the only watch of its file, until it calls retire.
func (o order) takeWatch() (s *session, retire func() error, err error) {
	s, end, err := o.lock(theTable)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	if retire, err = plan.LockWatch(s.folder, s.Claimant); err == nil {
		s.warnOfStale()
	}
	return s, retire, err
}

// watchSignals are those that end a watch, and SIGHUPs, one at a time.
func watchSignals() (ctx context.Context, reload <-chan struct{}, stop func()) {
	ctx, stop = signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	return ctx, hangups(ctx), stop
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
		return fmt.Errorf("restart in the network namespace %q: %w", name, err)
	}
	return nil
}

// watchSite is where a watch works: a session that goes on.
type watchSite struct {
	*session
	again    *cli.Context
	out      io.Writer
	readable bool // for a person at a terminal
	onEvent  []string
	programs sink      // that are given events
	errors   io.Writer // of those
	machine  machine
	// unrecorded: the weights that were given last are not in the record.
	unrecorded bool
	shown      shown
	door       door
	tracker    tracker
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
	if s.Record.IsStopped(s.Claimant) {
		a = watch.Applied{Config: c, Stopped: true}
		_, a.Unnoted = s.track(plan.Wish{}, a)
		return a, nil
	}
	a, p, err := s.consider(c, decide)
	if err != nil {
		return a, err
	}
	if before != nil && !before.Stopped {
		if missing, err := plan.Start(s.wishWith(before.Config, &before.Health, a.Drained), a.State); err == nil {
			a.PutBack = common(p, missing)
		}
	}
	if a.Failed = errors.Join(a.Failed, plan.Reconcile(s.stderr, s.Site, p)); a.Failed != nil {
		a.PutBack = nil // not all of it
		s.reopen(a.Failed)
	}
	s.unrecorded = errors.Is(a.Failed, plan.ErrUnrecorded)
	a.Unnoted = plan.SaveHealth(s.folder, s.namespace, s.Claimant, plan.Watched{Health: a.Health})
	a.Soon, err = s.track(s.wishWith(c, &a.Health, a.Drained), a)
	a.Unnoted = errors.Join(a.Unnoted, err)
	return a, nil
}

// wishWith is what a configuration asks for, with the health of its real servers. A
// part of it that cannot be keeps no other one from being done.
func (s *watchSite) wishWith(c config.Config, h *plan.Health, drained []netip.Addr) plan.Wish {
	o := s.options
	o.Health, o.GoOn, o.Retired = h, true, s.Record.IsRetired(s.Claimant)
	return plan.New(s.Claimant, c, drained, o)
}

// consider looks, and plans what is to be done.
func (s *watchSite) consider(c config.Config, decide func(plan.State, []netip.Addr) plan.Health) (a watch.Applied, p plan.Plan, err error) {
	a.Config, s.config = c, c
	s.shown.viewer.config.Store(&c)
	if err := s.findHomes(); err != nil {
		return a, p, err
	}
	a.Drained = s.Record.DrainedFor(s.Claimant)
	if a.State, err = plan.Look(s.Machine, s.wishWith(c, &plan.Health{}, a.Drained), s.Record); err != nil {
		return a, p, s.reopen(err)
	}
	a.Health = decide(a.State, a.Drained)
	a.Health.Respect = a.Health.Respect && !s.unrecorded // any weight may be ours
	p, err = plan.Start(s.wishWith(c, &a.Health, a.Drained), a.State)
	a.Failed, a.Kept = p.Failed, p.Kept
	return a, p, err
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

// End notes that the watch ends in an orderly way.
func (s *watchSite) End(h plan.Health) error {
	unlock, err := plan.Lock(s.folder, s.wait)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := plan.LoadRecord(s.folder, s.namespace)
	if err != nil || r.IsStopped(s.Claimant) {
		return err
	}
	return plan.SaveHealth(s.folder, s.namespace, s.Claimant, plan.Watched{Health: h, Ended: true})
}

// Reload reads the configuration again.
func (s *watchSite) Reload() (config.Config, error) {
	c, err := configOf(s.again)
	if err == nil {
		err = requireComplete(s.again, c, config.Config.Validate)
	}
	if exit, ok := err.(exitError); ok {
		err = exit.err
	}
	if err == nil {
		s.onEvent = c.Watch.OnEvent
		s.door.move(c.Watch.Listen)
	}
	return c, err
}

// Tell prints an event, and hands it to the program that the file names. Whoever
// does not read keeps nothing up.
func (s *watchSite) Tell(e watch.Event) {
	s.shown.note(e)
	data, err := json.Marshal(e)
	if err != nil {
		return
	}
	if s.readable {
		fmt.Fprintln(s.out, e)
	} else {
		fmt.Fprintf(s.out, "%s\n", data)
	}
	if words := s.onEvent; len(words) > 0 && !s.programs.hand(func() { runHandler(words, append(data, '\n'), s.errors) }) {
		fmt.Fprintf(s.warnings, "lvsdr: vs watch: %s: %d events behind; one was dropped\n", words[0], backlog)
	}
}

// Notify tells the service manager.
func (s *watchSite) Notify(state string) {
	s.shown.round.Store(int64(plan.Now()))
	s.door.try()
	daemon.SdNotify(false, state)
}

// Heard counts an answer.
func (s *watchSite) Heard(e watch.Event, result string, took time.Duration) {
	s.shown.Heard(e.Service, e.VIP, e.RealServer, result, took)
}

// handlerTime is how long a program may take for an event.
const handlerTime = 10 * time.Second

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
