package lvsdr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"lvsdr/internal/command"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/hint"
	"lvsdr/internal/plan"
)

// drainPoll is how often drain counts the connections that are left.
const drainPoll = 500 * time.Millisecond

// Drain is what "drain --json" and "undrain --json" print.
type Drain struct {
	RealServer netip.Addr `json:"real_server"`
	Active     uint32     `json:"active"` // connections left
	Drained    bool       `json:"drained"`
}

// drainCommand is "lvsdr vs drain RS".
func drainCommand() *cli.Command {
	return drainVerb("drain", "set the weight of a real server to 0, and wait for its connections to end", drain,
		&cli.DurationFlag{Name: "timeout", Usage: "wait at most `DURATION`; 0: for ever"})
}

// undrainCommand is "lvsdr vs undrain RS".
func undrainCommand() *cli.Command {
	return drainVerb("undrain", "give a real server its configured weight back", undrain)
}

// drainOrder is an order about one real server.
type drainOrder struct {
	order
	rs      netip.Addr
	timeout time.Duration
	shown   *bar
}

func drainVerb(name, usage string, run func(drainOrder) error, more ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name:      name,
		Usage:     usage,
		ArgsUsage: "RS",
		Flags:     append(append(globalFlags(), configFlags()...), more...),
		Action: func(c *cli.Context) error {
			o, err := drainOrderOf(c)
			if err == nil {
				err = run(o)
			}
			return failIn("vs "+name, stringOf(c, "netns"), err)
		},
	}
}

func drainOrderOf(c *cli.Context) (o drainOrder, err error) {
	if o.rs, err = oneAddress(c); err != nil {
		return o, err
	}
	o.timeout = c.Duration("timeout")
	o.order, err = orderOf(c, plan.Director, config.Config.Validate)
	o.shown = newBar(c.App.ErrWriter, command.IsTerminal(c.App.ErrWriter) && !boolOf(c, "quiet"))
	return o, err
}

// oneAddress reads the argument.
func oneAddress(c *cli.Context) (netip.Addr, error) {
	rs, err := netip.ParseAddr(c.Args().First())
	if err == nil && c.NArg() == 1 {
		return rs, nil
	}
	return rs, usageError("vs %s: %q: expected the address of one real server", c.Command.Name, strings.Join(c.Args().Slice(), " "))
}

// drain lets go of the lock before it waits: a start meanwhile keeps the
// weight at 0, an undrain ends the waiting.
func drain(o drainOrder) error {
	s, err := o.letGo()
	if err == nil {
		err = s.warnOfZero(o.rs)
	}
	if err != nil {
		return err
	}
	return s.await(o)
}

// letGo gives a real server weight 0.
func (o drainOrder) letGo() (*session, error) {
	s, end, err := o.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	return s, s.Drain(s.stderr, o.rs, s.wish)
}

// quiescentTemplates is the parameter that sends clients that persistence binds to
// another real server once the weight of theirs is 0 (kernel: ipvs-sysctl.rst).
const quiescentTemplates = "net.ipv4.vs.expire_quiescent_template"

// warnOfZero says whom weight 0 does not give another real server. Whoever
// persistence binds to the real server comes back, and each time is bound anew.
func (s *session) warnOfZero(rs netip.Addr) error {
	refused, flags := s.wish().Refused(rs)
	if len(refused) > 0 {
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: new connections of the clients of %s are refused, as the scheduler knows no other real server for them: %s\n",
			s.verb, rs, strings.Join(refused, ", "))
	}
	if len(flags) > 0 {
		fmt.Fprintf(s.warnings, "lvsdr: hint: flags: [%s] gives them another one\n", strings.Join(flags, "] or ["))
	}
	bound := s.wish().Bound(rs)
	if len(bound) == 0 {
		return nil
	}
	value, err := s.Get(quiescentTemplates)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if value == 0 {
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: clients that persistence binds to %s keep coming until they have stayed away for the persistence timeout: %s\n",
			s.verb, rs, strings.Join(bound, ", "))
		fmt.Fprintf(s.warnings, "lvsdr: hint: to give them another real server with their next connection: sysctl -w %s=1\n", quiescentTemplates)
	}
	return nil
}

func undrain(o drainOrder) error {
	s, end, err := o.begin()
	if err != nil {
		return err
	}
	defer end()
	if err := s.Undrain(s.stderr, o.rs, s.wish); err != nil {
		return err
	}
	if s.json {
		return unwritten(fmt.Sprintf("%s is no longer drained", o.rs), writeJSON(s.stdout, Drain{RealServer: o.rs}))
	}
	return nil
}

// begin opens the machine, and finds the real server in the configuration.
func (o drainOrder) begin() (*session, func(), error) {
	s, end, err := o.lock(o.need())
	if err == nil && !s.wish().Serves(o.rs) && !s.Record.Draining(s.Claimant, o.rs) {
		end()
		err = hint.Add(fmt.Errorf("%s is not a real server of the configuration", o.rs), "see: lvsdr config")
	}
	return s, end, err
}

// await waits for the active connections of a real server to end.
func (s *session) await(o drainOrder) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	defer o.shown.end()
	for {
		active, err := s.left(o.rs)
		if err == nil && active == 0 {
			active, err = s.surelyLeft(o.rs)
		}
		if err != nil {
			return err
		}
		o.shown.show(active)
		if active == 0 {
			return s.drained(o)
		}
		select {
		case <-ctx.Done():
			return s.giveUp(o, active)
		case <-time.After(drainPoll):
		}
	}
}

// left counts the connections of a real server that is being drained.
func (s *session) left(rs netip.Addr) (active uint32, err error) {
	active, err = plan.Active(s.Machine, s.wish(), rs)
	return active, errors.Join(s.stillDraining(rs), err)
}

// surelyLeft counts while nobody else is at work: a stop takes real servers out
// before it notes that they are no longer being drained.
func (s *session) surelyLeft(rs netip.Addr) (active uint32, err error) {
	unlock, err := plan.Lock(s.folder, s.wait)
	if err != nil {
		return 0, hint.Try(hint.Records, s.folder, err)
	}
	defer unlock()
	return s.left(rs)
}

func (s *session) drained(o drainOrder) error {
	o.shown.end()
	if s.json {
		return unwritten(fmt.Sprintf("%s is drained", o.rs), writeJSON(s.stdout, Drain{o.rs, 0, true}))
	}
	fmt.Fprintf(s.stderr, "lvsdr: %s is drained\n", o.rs)
	return nil
}

func (s *session) giveUp(o drainOrder, active uint32) error {
	o.shown.end()
	if s.json {
		writeJSON(s.stdout, Drain{o.rs, active, false})
	}
	return hint.Add(fmt.Errorf("%s has %s left; its weight stays 0", o.rs, connections(active)),
		fmt.Sprintf("wait on: lvsdr vs drain %s; give it up: lvsdr vs undrain %s", o.rs, o.rs))
}

// stillDraining looks whether another run has given the drain up meanwhile.
func (s *session) stillDraining(rs netip.Addr) error {
	now, err := plan.LoadRecord(s.folder, s.namespace)
	if err == nil && !now.Draining(s.Claimant, rs) {
		err = fmt.Errorf("%s is no longer being drained: undrain or stop ran meanwhile", rs)
	}
	return err
}
