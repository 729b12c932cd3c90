package watch

import (
	"fmt"
	"net/netip"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/sorry"
)

// pages are the pages of ours that are open, by service. Only an Apply opens
// and closes any, of which there is one at a time.
type pages map[string]*sorry.Server

// withPage is the health of a service that a page of ours may answer for.
func (w *Watch) withPage(v *serving, s *service, state plan.State, now time.Time) plan.ServiceHealth {
	d, err := w.pages.open(s, state)
	if err != nil {
		w.results <- result{target: &target{}, failure: fmt.Errorf("open the sorry page of %s: %w", s.words, err)}
		return v.health(now)
	}
	v.sorry = append(v.sorry, instead{Destination: d, page: true})
	return v.health(now)
}
