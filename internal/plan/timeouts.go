package plan

import (
	"fmt"
	"maps"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// timeouts are the director's timeouts of connections by name, in the order of
// "ipvsadm --set".
var timeouts = [...]struct {
	name string
	of   func(*ipvs.Timeouts) *uint32
}{
	{"tcp", func(t *ipvs.Timeouts) *uint32 { return &t.TCP }},
	{"tcpfin", func(t *ipvs.Timeouts) *uint32 { return &t.TCPFin }},
	{"udp", func(t *ipvs.Timeouts) *uint32 { return &t.UDP }},
}

// lookAtTimeouts reads them where start may have to do with them.
func (s *State) lookAtTimeouts(t Table, w Wish) (err error) {
	if w.Timeouts != (ipvs.Timeouts{}) || w.Role == Director && len(s.Record.Timeouts) > 0 {
		s.timeouts, err = t.Timeouts()
	}
	return err
}

// dueTimeouts are the wanted timeouts and, of those that are not wanted, the
// found ones, where what is there is still what start put there. Zero leaves one
// alone.
func dueTimeouts(want ipvs.Timeouts, s State, others holders) ipvs.Timeouts {
	for _, t := range timeouts {
		r, recorded := s.Record.Timeouts[t.name]
		if due := t.of(&want); *due == 0 && recorded && r.Found != r.Set && !others.timeouts[t.name].isSomebody() && *t.of(&s.timeouts) == uint32(r.Set) {
			*due = uint32(r.Found)
		}
	}
	return want
}

// changeTimeouts sets the wanted timeouts, and gives back those that are wanted
// no more: there is one change for all of them.
func changeTimeouts(w Wish, s State, others holders) []Change {
	if w.Role != Director {
		return nil
	}
	due, before, after := dueTimeouts(w.Timeouts, s, others), ipvs.Timeouts{}, maps.Clone(s.Record.Timeouts)
	if after == nil {
		after = map[string]FoundValue{}
	}
	for _, t := range timeouts {
		have, set := *t.of(&s.timeouts), *t.of(&due)
		r, recorded := after[t.name]
		switch {
		case set == 0:
			continue
		case *t.of(&w.Timeouts) == 0: // given back: the record knows it until then
		case recorded:
			after[t.name] = FoundValue{Found: r.Found, Set: int(set)}
		case have != set:
			after[t.name] = FoundValue{Found: int(have), Set: int(set)}
		}
		if have != set {
			*t.of(&before) = have
		}
	}
	if before == (ipvs.Timeouts{}) {
		return nil
	}
	return []Change{setTimeouts(due, before, after)}
}

// setTimeouts sets timeouts. What start has found of them is recorded first.
func setTimeouts(due, before ipvs.Timeouts, after map[string]FoundValue) Change {
	return Change{
		Line: fmt.Sprintf("ipvsadm --set %d %d %d", due.TCP, due.TCPFin, due.UDP),
		do: func(at Site) error {
			if err := at.Record.rememberTimeouts(after); err != nil {
				return err
			}
			return at.SetTimeouts(due)
		},
		undo: func(at Site) error { return at.SetTimeouts(before) },
	}
}

func (r *Record) rememberTimeouts(found map[string]FoundValue) error {
	r.Timeouts = maps.Clone(found)
	return r.save()
}

// reportTimeouts are the timeouts that are wanted, or are still to be given back.
func reportTimeouts(w Wish, s State, others holders) (all []status.Timeout) {
	if w.Role != Director {
		return nil
	}
	due := dueTimeouts(w.Timeouts, s, others)
	for _, t := range timeouts {
		one := status.Timeout{Name: t.name, Value: *t.of(&s.timeouts), Wanted: *t.of(&due), State: status.OK}
		if one.Value != one.Wanted {
			one.State = status.Differs
		}
		if one.Wanted != 0 && (one.State != status.OK || *t.of(&w.Timeouts) != 0) {
			all = append(all, one)
		}
	}
	return all
}

// remarkShared says which timeouts and daemons, of which there is one for all,
// become others than another claimant has them.
func (p *Plan) remarkShared(w Wish, s State, others holders) {
	for _, t := range timeouts {
		if want, who := *t.of(&w.Timeouts), others.timeouts[t.name]; want != 0 && want != *t.of(&s.timeouts) && who.isSomebody() {
			p.remark("the timeout %s changes: %s", t.name, who.wants())
		}
	}
	for i := range w.Daemons {
		want := &w.Daemons[i]
		name, have := roles.Name(want.State), daemonOf(want.State, s.daemons)
		if who := others.daemons[name]; have != nil && !s.inPlace(have, want) && who.isSomebody() {
			p.remark("the %s synchronisation daemon changes: %s", name, who.wants())
		}
	}
}
