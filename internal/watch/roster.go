package watch

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// roster is who is asked what, and for whom it counts.
type roster struct {
	config   config.Config
	services []*service
	targets  map[string]*target
}

// service is a virtual service with those who may answer for it.
type service struct {
	config.Wanted
	words   string // of ipvsadm
	members []*entry
	sorry   []*entry
	applied plan.ServiceHealth
}

// entry is a real server of a service, or who answers in its place.
type entry struct {
	ipvs.Destination
	words string
	*subject
}

// subject is whom a verdict is about: a real server at one VIP. A nil one is not
// asked.
type subject struct {
	judge
	at      plan.Uptime // of the verdict
	rose    bool        // it was down before
	last    answer      // the last bad one
	key     string
	check   *config.Check
	entries []event // what the entries are called
}

// target is a question that is asked again and again, each time for all of its
// subjects: one for each VIP, or one.
type target struct {
	question
	subjects []*subject
	due      time.Time
	asking   int // questions that are on their way
	place    int // in the queue
}

// newRoster makes a roster of a configuration. Subjects that were there before
// keep their verdicts.
func newRoster(c config.Config, old *roster) *roster {
	r := &roster{config: c, targets: map[string]*target{}}
	known, due := map[string]*subject{}, map[string]time.Time{}
	if old != nil {
		for key, t := range old.targets {
			due[key] = t.due
			for _, s := range t.subjects {
				s.entries = nil
				known[s.key] = s
			}
		}
	}
	for _, w := range c.Wanted() {
		s := &service{Wanted: w, words: plan.ServiceWords(&w.Service)}
		for _, d := range w.Destinations {
			s.members = append(s.members, r.entry(s, d, known))
		}
		for _, d := range w.Sorry {
			s.sorry = append(s.sorry, r.entry(s, d, known))
		}
		if old != nil {
			for _, o := range old.services {
				if o.words == s.words {
					s.applied = o.applied
				}
			}
		}
		r.services = append(r.services, s)
	}
	for key, t := range r.targets {
		t.due = due[key]
	}
	return r
}

// entry finds the target and the subject of an entry, or adds them.
func (r *roster) entry(s *service, d ipvs.Destination, known map[string]*subject) *entry {
	e := &entry{Destination: d, words: plan.DestinationWords(&s.Service, &d)}
	check := s.Of.Check
	if !check.Asks() {
		return e
	}
	q := question{Target: health.Target{Server: netip.AddrPortFrom(d.Addr, d.Port), Protocol: s.Service.Protocol, Check: check}}
	if check.Port != 0 {
		q.Server = netip.AddrPortFrom(d.Addr, check.Port)
	}
	vip := onWire(s, &d)
	key := fmt.Sprint(q.key(), " ", vip.IsValid())
	t := r.targets[key]
	if t == nil {
		t = &target{question: q, place: nowhere}
		r.targets[key] = t
	}
	e.subject = t.subject(key, vip, known)
	e.entries = append(e.entries, event{Service: s.called(), VIP: s.vip(), RealServer: netip.AddrPortFrom(d.Addr, d.Port).String()})
	return e
}

// key tells questions apart.
func (q question) key() string {
	c := *q.Check
	c.VIP = nil
	return fmt.Sprintf("%v %v %+v", q.Server, q.Protocol, c)
}

// subject finds the subject of a VIP, or adds it.
func (t *target) subject(key string, vip netip.AddrPort, known map[string]*subject) *subject {
	key = fmt.Sprint(key, " ", vip)
	for _, s := range t.subjects {
		if s.key == key {
			return s
		}
	}
	s := known[key]
	if s == nil {
		s = &subject{judge: judge{verdict: status.Unknown}, key: key}
	}
	s.check = t.Check
	if vip.IsValid() {
		t.vips = append(t.vips, vip)
	}
	t.subjects = append(t.subjects, s)
	return s
}

// onWire is what a real server is asked for on the wire: the VIP, where packets
// arrive as they came.
func onWire(s *service, d *ipvs.Destination) (vip netip.AddrPort) {
	wanted := s.Of.Check.VIP == nil || *s.Of.Check.VIP
	if !wanted || d.Forward != ipvs.DirectRoute || s.Service.Protocol != ipvs.TCP || s.Service.FWMark != 0 || s.Service.Port == 0 {
		return vip
	}
	return netip.AddrPortFrom(s.Service.Addr, s.Service.Port)
}

// called is what events call a service.
func (s *service) called() string { return plan.Called(s.Name, &s.Service) }

// vip is the VIP of a service; a mark has none.
func (s *service) vip() string {
	if s.Service.FWMark != 0 {
		return ""
	}
	return s.Service.Addr.String()
}

// serving is what is to be decided of a service. What is drained, and what is in
// the table, is added by whoever knows.
func (s *service) serving() serving {
	v := serving{of: s.Of, service: s.Service, before: s.applied, page: s.Of.Sorry.Page != ""}
	for _, e := range s.members {
		m := member{name: e.words, weight: e.Weight, addr: e.Addr, key: e.Key()}
		if e.subject != nil {
			m.verdict, m.since, m.at, m.rose = e.verdict, e.since, e.at, e.rose
			m.alive, m.why, m.remedy, m.mendAt = e.last.alive, e.last.why+e.damped(time.Now(), e.check), e.last.remedy, e.last.mendAt
		}
		v.members = append(v.members, m)
	}
	for _, e := range s.sorry {
		i := instead{Destination: e.Destination, verdict: status.Up}
		if e.subject != nil {
			i.verdict = e.verdict
		}
		v.sorry = append(v.sorry, i)
	}
	return v
}

// complete adds what is drained and what the table holds.
func (v *serving) complete(drained []netip.Addr, have *plan.Entry) {
	for i := range v.members {
		m := &v.members[i]
		m.drained = slices.Contains(drained, m.addr)
		m.takes = takes(have.Destination(m.key))
	}
	for i := range v.sorry {
		d := have.Destination(v.sorry[i].Key())
		v.sorry[i].busy = d != nil && d.Active+d.Inactive > 0
	}
}

// asks reports whether anybody is asked at all.
func (v *serving) asks() bool { return v.of.Check.Asks() }

// recall takes over what is known of real servers that this roster has not asked:
// from a watch before this one, or from before their check was changed.
func (s *service) recall(now time.Time) {
	for _, e := range s.members {
		if e.subject != nil && e.verdict == status.Unknown {
			e.recall(s.applied.RealServers[e.words], now)
		}
	}
}

// recall takes a verdict over.
func (s *subject) recall(f plan.Fate, now time.Time) {
	if f.Verdict != status.Up && f.Verdict != status.Down {
		return
	}
	s.verdict, s.at, s.since, s.rose = f.Verdict, f.At, now.Add(-f.At.Since()), f.Share != 0
	s.last = answer{why: f.Why, remedy: f.Remedy, mendAt: f.MendAt, alive: f.Standing == plan.Quiesced}
}
