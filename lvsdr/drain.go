package lvsdr

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
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
	return &cli.Command{
		Name:      "drain",
		Usage:     "weight 0 for a real server, until its connections have ended",
		ArgsUsage: "RS",
		Flags: append(append(globalFlags(), configFlags()...),
			&cli.DurationFlag{Name: "timeout", Usage: "wait at most `DURATION`; 0: without end", EnvVars: env("timeout")}),
		Action: func(c *cli.Context) error { return told(c, director, drain(c)) },
	}
}

// undrainCommand is "lvsdr vs undrain RS".
func undrainCommand() *cli.Command {
	return &cli.Command{
		Name:      "undrain",
		Usage:     "the configured weight for a real server again",
		ArgsUsage: "RS",
		Flags:     append(globalFlags(), configFlags()...),
		Action:    func(c *cli.Context) error { return told(c, director, undrain(c)) },
	}
}

// drain lets go of the lock before it waits: a start meanwhile keeps the
// weight at 0, an undrain ends the waiting.
func drain(c *cli.Context) error {
	s, rs, end, err := beginDrain(c)
	if err != nil {
		return err
	}
	err = s.setDrain(rs, s.scene.record.drain)
	end()
	if err != nil {
		return err
	}
	return s.await(c, rs, c.Duration("timeout"))
}

func undrain(c *cli.Context) error {
	s, rs, end, err := beginDrain(c)
	if err != nil {
		return err
	}
	defer end()
	if err := s.setDrain(rs, s.scene.record.undrain); err != nil {
		return err
	}
	if s.json {
		return writeJSON(c.App.Writer, Drain{RealServer: rs})
	}
	return nil
}

// beginDrain reads the real server's address and looks at the machine.
func beginDrain(c *cli.Context) (*session, netip.Addr, func(), error) {
	rs, err := oneAddress(c)
	if err != nil {
		return nil, rs, nil, err
	}
	s, end, err := begin(c, director, changing)
	if err != nil {
		return nil, rs, nil, err
	}
	if len(s.stepsOf(rs)) == 0 {
		end()
		return nil, rs, nil, hinted(fmt.Errorf("%s is not a real server of the configuration", rs), "see: lvsdr config")
	}
	return s, rs, end, nil
}

// oneAddress reads the argument.
func oneAddress(c *cli.Context) (netip.Addr, error) {
	rs, err := netip.ParseAddr(c.Args().First())
	if err == nil && c.NArg() == 1 {
		return rs, nil
	}
	words := strings.Join(c.Args().Slice(), " ")
	err = fmt.Errorf("vs %s: one address of a real server expected, got %q", c.Command.Name, words)
	if strings.Contains(words, " -") {
		err = hinted(err, "flags stand before the address")
	}
	return rs, exitError{statusUsage, err}
}

// stepsOf are the steps of one real server.
func (s *session) stepsOf(rs netip.Addr) []step {
	var steps []step
	for _, t := range s.steps {
		if d, ok := t.(destinationStep); ok && d.want.Addr == rs {
			steps = append(steps, d)
		}
	}
	return steps
}

// setDrain changes the record, and then the weights to what it says. Only real
// servers that are there are touched: putting them there is start's business.
func (s *session) setDrain(rs netip.Addr, remember func(netip.Addr) error) error {
	before := s.scene.record.draining(rs)
	if err := remember(rs); err != nil {
		return err
	}
	var there []step
	for _, t := range s.stepsOf(rs) {
		d := t.(destinationStep)
		if s.scene.service(&d.service).destination(&d.want) != nil {
			there = append(there, d)
		}
	}
	changes, err := plan(there, s.scene)
	if err == nil {
		err = apply(s.stderr, changes)
	}
	if err == nil {
		return nil
	}
	if before {
		s.scene.record.drain(rs)
	} else {
		s.scene.record.undrain(rs)
	}
	return err
}

// await waits for the active connections of a real server to end.
func (s *session) await(c *cli.Context, rs netip.Addr, timeout time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	bar := newBar(c.App.ErrWriter, command.IsTerminal(c.App.ErrWriter) && !boolOf(c, "quiet"))
	for {
		active, err := s.active(rs)
		if err = errors.Join(s.stillDraining(rs), err); err != nil {
			bar.end()
			return err
		}
		bar.show(active)
		if active == 0 {
			bar.end()
			if s.json {
				return writeJSON(c.App.Writer, Drain{rs, 0, true})
			}
			fmt.Fprintf(s.stderr, "lvsdr: %s is drained\n", rs)
			return nil
		}
		select {
		case <-ctx.Done():
			bar.end()
			if s.json {
				writeJSON(c.App.Writer, Drain{rs, active, false})
			}
			return hinted(fmt.Errorf("%s has %d active connections left; its weight stays 0", rs, active),
				fmt.Sprintf("wait on: lvsdr vs drain %s; give it up: lvsdr vs undrain %s", rs, rs))
		case <-time.After(drainPoll):
		}
	}
}

// stillDraining looks whether another run has given the drain up meanwhile.
func (s *session) stillDraining(rs netip.Addr) error {
	now, err := loadRecord(filepath.Dir(s.scene.record.file))
	if err == nil && !now.draining(rs) {
		err = fmt.Errorf("%s is no longer being drained: undrain or stop came between", rs)
	}
	return err
}

// active counts the connections of a real server in all configured services.
func (s *session) active(rs netip.Addr) (uint32, error) {
	now, err := look(s.scene.machine, s.scene.record)
	if err != nil {
		return 0, err
	}
	var n uint32
	for _, t := range s.stepsOf(rs) {
		d := t.(destinationStep)
		if have := now.service(&d.service).destination(&d.want); have != nil {
			n += have.Active
		}
	}
	return n, nil
}
