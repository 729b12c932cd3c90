package lvsdr

import (
	"net/netip"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
	"lvsdr/internal/watch"
)

// lookOn opens the machine to a watch that changes nothing: what other watches
// have found, and who else watches, is nothing to it.
func (o order) lookOn() (s *session, retire func() error, err error) {
	if s, err = o.look(theTable); err == nil {
		s.options.Health = nil
	}
	return s, func() error { return nil }, err
}

// shadowSite is where a watch works that changes nothing.
type shadowSite struct{ *watchSite }

// Apply looks where the table differs, and what would be done.
func (s shadowSite) Apply(c config.Config, _ *watch.Applied, decide func(plan.State, []netip.Addr) plan.Health) (a watch.Applied, err error) {
	if s.Record, err = plan.LoadRecord(s.folder, s.namespace); err != nil {
		return a, err
	}
	a, p, err := s.consider(c, decide)
	if err == nil {
		a.Differences, a.Would = watch.Compare(c, s.wishWith(c, &a.Health, a.Drained), a.State, p.Changes)
	}
	return a, err
}

// End notes nothing.
func (shadowSite) End(plan.Health) error { return nil }
