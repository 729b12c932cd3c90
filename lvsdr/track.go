package lvsdr

import (
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
	"lvsdr/internal/watch"
)

// tracker is what a watch remembers of the track file.
type tracker struct {
	wanted int
	since  time.Time // when it came to want that
}

// track tells the VRRP daemon how fit this director is; soon reports that it must be
// called again in a second. The director at work waits before it reports that it is
// worse off, the other one before it reports that it is better off: a failure that
// both see, one a little later than the other, moves no VIP.
func (s *watchSite) track(w plan.Wish, a watch.Applied) (soon bool, err error) {
	if a.Config.Watch.VIP != config.VIPVRRP {
		return false, nil
	}
	want := a.Health.Penalty(len(a.Config.AllVIPs()), s.lacking(w, a))
	if a.Stopped || s.Record.IsRetired(s.Claimant) {
		want = plan.Unfit
	}
	file := a.Config.Watch.TrackFile
	have, err := plan.Tracked(file)
	known, worse := err == nil, want > have
	if known && have == want {
		s.tracker = tracker{}
		return false, nil
	}
	if known && want != plan.Unfit && worse == w.VRRPHolds(a.State) {
		if s.tracker.wanted != want || s.tracker.since.IsZero() {
			s.tracker = tracker{want, time.Now()}
		}
		if time.Since(s.tracker.since) < patience(a.Config) {
			return true, nil
		}
	}
	return false, plan.Track(file, want)
}

// patience is how much later than the other one a director may see the same: they
// ask at different moments of an interval.
func patience(c config.Config) (longest time.Duration) {
	for _, s := range c.Services {
		if s.Check.Asks() {
			longest = max(longest, s.Check.Interval)
		}
	}
	return longest
}

// tell tells the VRRP daemon how fit this director is, where the file leaves VIPs
// to one.
func (s *session) tell(penalty int) error {
	if s.Role != plan.Director || s.config.Watch.VIP != config.VIPVRRP {
		return nil
	}
	return plan.Track(s.config.Watch.TrackFile, penalty)
}

// told has the VRRP daemon told again what it was told before.
func (s *session) told() (again func() error) {
	penalty, err := plan.Tracked(s.config.Watch.TrackFile)
	if err != nil {
		return func() error { return nil }
	}
	return func() error { return s.tell(penalty) }
}

// isWatched reports whether a watch is at work, which tells the VRRP daemon itself,
// or was killed just now: it is started again.
func (s *session) isWatched() (bool, error) {
	if s.watched != nil && !s.watched.Ended && !s.watched.Stale() {
		return true, nil
	}
	if s.Role != plan.Director {
		return false, nil
	}
	return plan.IsWatched(s.folder, s.Claimant)
}

// lacking is how many services could not be made.
func (s *watchSite) lacking(w plan.Wish, a watch.Applied) int {
	if a.Failed == nil {
		return 0
	}
	state, err := plan.Look(s.Machine, w, s.Record)
	if err != nil {
		return len(w.Services)
	}
	return w.Lacking(state)
}
