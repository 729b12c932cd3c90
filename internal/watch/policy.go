package watch

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// member is a real server of a service, as far as it matters what becomes of its
// entry.
type member struct {
	name    string // in the words of ipvsadm
	addr    netip.Addr
	key     netip.AddrPort
	verdict status.Verdict
	since   time.Time // of the verdict
	at      plan.Uptime
	rose    bool // it was down before
	drained bool
	weight  uint32 // configured
	alive   bool   // the machine answers
	why     string
	remedy  []string
	mendAt  string
	takes   bool // its entry gets connections
}

// serving is a service with its members, and who may answer in their place.
type serving struct {
	of      *config.Service
	service ipvs.Service
	members []member
	sorry   []instead
	page    bool // a page of ours can be opened
	// before is what became of it last.
	before plan.ServiceHealth
}

// instead is who may answer in place of real servers.
type instead struct {
	ipvs.Destination
	verdict status.Verdict
	busy    bool // it has connections
}

// health is what becomes of the entries of a service.
func (s serving) health(now time.Time) plan.ServiceHealth {
	h := plan.ServiceHealth{RealServers: map[string]plan.Fate{}}
	up, unasked, candidates := 0, false, 0 // of those that are not drained
	for _, m := range s.members {
		if m.drained || m.weight == 0 {
			continue
		}
		candidates++
		switch m.verdict {
		case status.Up:
			up++
		case status.Unknown:
			unasked = true
		}
	}
	for _, m := range s.members {
		h.RealServers[m.name] = s.fate(m, now)
	}
	switch least := s.of.Minimum.Of(candidates); {
	case up == 0 && unasked:
		h.Instead = s.before.Instead
		h.FailOpen = s.before.FailOpen
	case up == 0 && len(s.members) > 0 && s.maySaySorry():
		h.Instead = true
	case up == 0 && candidates > 0:
		h.FailOpen = true
	case up < least:
		s.keep(h, least-up)
	}
	if h.FailOpen {
		s.keep(h, len(s.members))
	}
	h.Sorry = s.instead(h.Instead)
	return h
}

// fate is what follows of a verdict alone.
func (s serving) fate(m member, now time.Time) plan.Fate {
	f := plan.Fate{Verdict: m.verdict, At: m.at, Standing: plan.In}
	switch m.verdict {
	case status.Unknown:
		f.Standing = s.unasked(m)
	case status.Down:
		f.Why, f.Remedy, f.MendAt, f.Standing = m.why, m.remedy, m.mendAt, s.failed(m)
	case status.Up:
		if age := now.Sub(m.since); m.rose && age < s.of.SlowStart {
			f.Share = max(1, uint32(1000*age/s.of.SlowStart))
		}
	}
	return f
}

// unasked decides what happens to the entry of a real server without a verdict.
// A service of mh gets all its entries at once, in the order of the file, which is
// then the same on both directors of a pair.
func (s serving) unasked(m member) plan.Standing {
	before := s.before.RealServers[m.name]
	ours := before.Verdict == status.Unknown && before.Standing == plan.Quiesced
	if s.service.Scheduler == ipvs.MaglevHash && (ours || !m.takes) {
		return plan.Quiesced
	}
	return plan.Unasked
}

// failed decides what happens to the entry of a real server that is down. At weight 0
// its connections end by themselves. The entry is removed if they cannot, because the
// machine is silent; if clients would come back to it, as with persistence and UDP; or
// if the scheduler would refuse its clients. With mh the entry stays: removing it
// would move the clients of others.
func (s serving) failed(m member) plan.Standing {
	on := config.FailureAuto
	if s.of.Check != nil {
		on = s.of.Check.OnFailure
	}
	switch {
	case on == config.FailureQuiesce, s.service.Scheduler == ipvs.MaglevHash:
		return plan.Quiesced
	case on == config.FailureRemove, !m.alive, s.service.Flags&ipvs.Persistent != 0, s.service.Protocol == ipvs.UDP, s.service.RefusesAtZero():
		return plan.Out
	}
	return plan.Quiesced
}

// keep keeps the last so many that failed in, but for those that are drained.
func (s serving) keep(h plan.ServiceHealth, n int) {
	var down []member
	for _, m := range s.members {
		if m.verdict == status.Down && !m.drained && m.weight > 0 {
			down = append(down, m)
		}
	}
	slices.SortStableFunc(down, func(a, b member) int { return cmp.Compare(b.at, a.at) })
	for _, m := range down[:min(n, len(down))] {
		f := h.RealServers[m.name]
		f.Standing = plan.In
		h.RealServers[m.name] = f
	}
}

// maySaySorry reports whether somebody can answer in place of real servers, as
// far as is known.
func (s serving) maySaySorry() bool {
	return s.page || slices.ContainsFunc(s.sorry, func(i instead) bool { return i.verdict != status.Down })
}

// instead are the entries of those who answer in place of real servers, or did: a
// persistent service would bring its clients back to them, another one lets their
// connections end.
func (s serving) instead(needed bool) (all []ipvs.Destination) {
	for _, i := range s.sorry {
		d := i.Destination
		switch {
		case needed && i.verdict != status.Down:
			all = append(all, d)
		case s.service.Flags&ipvs.Persistent == 0 && i.busy && s.hadSorry(d):
			d.Weight = 0
			all = append(all, d)
		}
	}
	return all
}

func (s serving) hadSorry(d ipvs.Destination) bool {
	return slices.ContainsFunc(s.before.Sorry, func(b ipvs.Destination) bool { return b.Key() == d.Key() })
}

// ready reports whether clients may come: the service has an entry that takes
// them, or all its first verdicts are in.
func (s serving) ready(h plan.ServiceHealth) bool {
	if len(s.members) == 0 || len(h.Sorry) > 0 {
		return true
	}
	pending := false
	for _, m := range s.members {
		f := h.RealServers[m.name]
		switch {
		case f.Standing == plan.In && !m.drained, f.Standing == plan.Unasked && m.takes:
			return true
		case m.verdict == status.Unknown:
			pending = true
		}
	}
	return !pending
}
