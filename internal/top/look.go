// Package top is the live view of a director in a terminal. A [Model] holds what is
// shown and how. Keys change the model, and a frame is text rendered from it. [Run]
// draws the frames on a terminal.
package top

import (
	"slices"
	"strings"
	"time"

	"lvsdr/internal/status"
)

// Look is what is in place at a moment.
type Look struct {
	At     time.Time
	Status status.Status
	Err    error // why there is none
}

// Event is what has changed between two looks.
type Event struct {
	At   time.Time
	Kind string
	Text string
}

// sample is what all services do in a second.
type sample struct{ connections, bytes float64 }

const (
	keptSamples = 300
	keptEvents  = 50
)

// seen is a real server, or the sum of a service, with what two looks show.
type seen struct {
	condition        string
	at               time.Time // of the look
	totals           status.Totals
	bytes, rate      float64 // a second: bytes that come in, new connections
	active, inactive uint64
}

func (s *seen) add(other seen) {
	s.bytes += other.bytes
	s.rate += other.rate
	s.active += other.active
	s.inactive += other.inactive
}

// The conditions of a real server beside those of [status.State] and
// [status.Verdict], and of a service.
const (
	added    = "added"
	removed  = "removed"
	drained  = "drained"
	unasked  = "unasked"
	sorry    = "sorry"
	failOpen = "fail_open"
	serving  = "serving"
)

// condition is how a real server is, in a word.
func condition(rs status.RealServer) string {
	switch {
	case rs.State == status.IsDown, rs.Health != nil && rs.Health.Verdict == status.Down:
		return string(status.Down)
	case rs.State == status.Draining:
		return drained
	case rs.State == status.Missing:
		return string(status.Missing)
	case rs.Health != nil && rs.Health.Verdict == status.Unknown:
		return unasked
	}
	return string(status.Up)
}

// serviceCondition is how a service is, in a word.
func serviceCondition(s status.Service) string {
	switch {
	case s.State == status.Missing:
		return string(status.Missing)
	case s.Sorry:
		return sorry
	case s.FailOpen:
		return failOpen
	}
	return serving
}

func keyOf(s status.Service, rs *status.RealServer) string {
	if rs == nil {
		return s.Service
	}
	return s.Service + " " + rs.Address
}

// See takes a look. One that failed leaves what was seen before it.
func (m *Model) See(l Look) {
	m.err = l.Err
	if l.Err != nil {
		return
	}
	before := m.seen
	m.look, m.seen = l, make(map[string]seen, len(before))
	m.total, m.up, m.all = seen{}, 0, 0
	for _, s := range l.Status.Services {
		sum := seen{condition: serviceCondition(s)}
		m.tell(before, keyOf(s, nil), sum.condition, s.Title(), "")
		for _, rs := range s.RealServers {
			key := keyOf(s, &rs)
			was, known := m.earlier[key]
			if !known {
				was = before[key]
			}
			one := observe(rs, l.At, was)
			m.tell(before, key, one.condition, s.Title()+" "+rs.Address, strings.Join(why(rs), "; "))
			m.seen[key] = one
			sum.add(one)
			if !rs.Sorry {
				m.all++
				if one.condition == string(status.Up) || one.condition == drained {
					m.up++
				}
			}
		}
		m.seen[keyOf(s, nil)] = sum
		m.total.add(sum)
	}
	m.earlier = before
	var gone []string
	for key := range before {
		if _, left := m.seen[key]; !left {
			gone = append(gone, key)
		}
	}
	slices.Sort(gone)
	for _, key := range gone {
		m.event(removed, key)
	}
	m.history = append(m.history, sample{m.total.rate, m.total.bytes})
	m.history = m.history[max(0, len(m.history)-keptSamples):]
	m.arrange()
}

// observe compares a real server with an earlier look: the one before the last, since
// the kernel sums up its counters only every two seconds. The first look takes the
// kernel's rate; later ones need none.
func observe(rs status.RealServer, now time.Time, before seen) seen {
	one := seen{condition: condition(rs), at: now, totals: rs.Totals,
		rate: float64(rs.Rate), active: uint64(rs.Active), inactive: uint64(rs.Inactive)}
	if seconds := now.Sub(before.at).Seconds(); !before.at.IsZero() && seconds > 0 {
		one.rate = status.Grown(before.totals.Connections, one.totals.Connections) / seconds
		one.bytes = status.Grown(before.totals.Bytes, one.totals.Bytes) / seconds
	}
	return one
}

// tell notes what has changed; at the first look nothing has.
func (m *Model) tell(before map[string]seen, key, now, name, why string) {
	was, known := before[key]
	switch {
	case before == nil, known && was.condition == now:
		return
	case !known && (now == string(status.Up) || now == serving):
		now = added
	}
	if why != "" {
		name += ": " + why
	}
	m.event(now, name)
}

func (m *Model) event(kind, text string) {
	m.events = append([]Event{{m.look.At, kind, text}}, m.events[:min(len(m.events), keptEvents-1)]...)
}

// why says why a real server is not as it should be and, after that, what mends it.
func why(rs status.RealServer) (lines []string) {
	h := rs.Health
	if h == nil || h.Why == "" {
		if len(rs.Differs) > 0 {
			lines = append(lines, "differs: "+strings.Join(rs.Differs, ", "))
		}
		return lines
	}
	lines = append(lines, h.Why)
	if len(h.Remedy) > 0 {
		where := "mend it: "
		if h.At != "" {
			where = "mend there: "
		}
		lines = append(lines, where+strings.Join(h.Remedy, "; "))
	}
	return lines
}
