package lvsdr

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/hint"
	"lvsdr/internal/plan"
)

// quiet is for how long no new connection has come to a director that is to stop.
const quiet = 2 * time.Second

// retireCommand is "lvsdr vs retire".
func retireCommand() *cli.Command {
	return &cli.Command{
		Name:  "retire",
		Usage: "hand the VIP to the other director, wait for clients to leave, and stop",
		Flags: append(append(globalFlags(), configFlags()...),
			&cli.DurationFlag{Name: "timeout", Usage: "wait at most `DURATION`", Value: time.Minute}),
		Action: func(c *cli.Context) error {
			o, err := orderOf(c, plan.Director, config.Config.Validate)
			if err == nil {
				err = o.retire(c.Duration("timeout"))
			}
			return failIn("vs retire", stringOf(c, "netns"), err)
		},
	}
}

// retire lets go of the lock while it waits: a watch goes on meanwhile.
func (o order) retire(timeout time.Duration) error {
	if o.config.Watch.VIP != config.VIPVRRP && o.config.AnnounceTable == 0 {
		return exitError{statusUsage, hint.Add(errors.New("vs retire: the configuration has neither watch.vip: vrrp nor announce_table: no other director takes the VIP"),
			"with one director: "+o.again("vs", "stop"))}
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	s, err := o.setRetired(true, plan.Unfit)
	if s == nil {
		return err
	}
	if err == nil {
		err = s.awaitPeer(ctx, timeout)
	}
	if err == nil {
		err = stop(o, nil)
	}
	if err != nil {
		_, wrong := o.setRetired(false, plan.Fit)
		return errors.Join(err, wrong)
	}
	return nil
}

// setRetired notes whether this director retires, and tells the VRRP daemon or the
// routing daemon. Without a session nothing was noted.
func (o order) setRetired(retired bool, penalty int) (*session, error) {
	s, end, err := o.lock(o.need())
	if err != nil {
		return nil, err
	}
	defer end()
	if err := s.Record.SetRetired(s.Claimant, retired); err != nil {
		return nil, err
	}
	if s.config.AnnounceTable != 0 {
		return s, s.carryOut(plan.Advertise)
	}
	if watched, err := s.isWatched(); !retired && watched || err != nil {
		return s, err
	}
	fmt.Fprintf(s.stderr, "echo %d > %s\n", penalty, s.config.Watch.TrackFile)
	return s, s.tell(penalty)
}

// awaitPeer waits until VRRP has moved the VIPs away and no new connection comes.
// After the timeout, it no longer waits for the connections if VRRP has moved the
// VIPs. Without VRRP, only the connections show that routers have followed.
func (s *session) awaitPeer(ctx context.Context, timeout time.Duration) error {
	deadline, seen, since := time.Now().Add(timeout), uint64(0), time.Now()
	for {
		w := s.wish()
		state, err := plan.Look(s.Machine, w, s.Record)
		if err != nil {
			return err
		}
		here, late := w.VRRPHolds(state), time.Now().After(deadline)
		if n := w.Connections(state); n != seen {
			seen, since = n, time.Now()
		}
		switch {
		case here && late:
			return hint.Add(fmt.Errorf("the VIP is still here after %s: no other director has taken it; nothing was stopped", timeout),
				"see there: lvsdr vs status; lvsdr check")
		case late && s.config.AnnounceTable != 0 && time.Since(since) < quiet:
			return hint.Add(fmt.Errorf("clients still come here after %s, though the VIP is no longer announced; nothing was stopped", timeout),
				"see what the routing daemon announces: birdc show route where source = RTS_INHERIT")
		case !here && (late || time.Since(since) >= quiet):
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("interrupted; nothing was stopped")
		case <-time.After(drainPoll):
		}
	}
}
