package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// pronounce tells a verdict, and has the table follow.
func (w *Watch) pronounce(s *subject) {
	s.at, s.rose = plan.Now(), s.verdict == status.Up && (s.rose || s.last.why != "") && !w.Shadow
	w.due = true
	for _, e := range s.entries {
		e.Event = EventUp
		if s.verdict == status.Down {
			e.Event, e.Why = EventDown, s.last.why+s.damped(time.Now(), s.check)
			if len(s.last.remedy) > 0 {
				e.Remedy = s.last.where() + strings.Join(s.last.remedy, "; ")
			}
		}
		w.tell(e)
	}
}

// where is the machine on which an answer is mended, for who reads it.
func (a answer) where() string {
	if a.mendAt == "" {
		return ""
	}
	return "on " + a.mendAt + ": "
}

// complain tells that somebody could not be asked.
func (w *Watch) complain(s *subject, a answer) {
	for _, e := range s.entries {
		e.Event, e.Why = EventUnasked, a.why
		w.tellSeldom(e)
	}
}

// seldom is how often the same complaint is told.
const seldom = time.Minute

// tellSeldom tells the same complaint once in a while.
func (w *Watch) tellSeldom(e Event) {
	key := fmt.Sprint(e)
	if time.Since(w.complaints[key]) < seldom {
		return
	}
	for k, at := range w.complaints {
		if time.Since(at) >= seldom {
			delete(w.complaints, k)
		}
	}
	w.complaints[key] = time.Now()
	w.tell(e)
}

func (w *Watch) tell(e Event) {
	e.Time, e.Shadow = time.Now(), w.Shadow
	w.Site.Tell(e)
}

// tellTurn tells that others answer in place of real servers, or no longer.
func (w *Watch) tellTurn(s *service, after plan.ServiceHealth) {
	e := Event{Service: s.called(), VIP: s.vip()}
	before := s.applied
	switch {
	case after.Instead && !before.Instead:
		e.Event, e.Why = EventSorry, "no real server is left"
	case after.FailOpen && !before.FailOpen:
		e.Event, e.Why = EventFailOpen, "no real server is left, and nobody answers in their place: all are kept in"
	case (before.Instead || before.FailOpen) && !after.Instead && !after.FailOpen:
		e.Event = EventServing
	default:
		return
	}
	w.tell(e)
}

// tellDone tells what was found otherwise than it was left.
func (w *Watch) tellDone(a Applied) {
	for _, line := range a.PutBack {
		w.tell(Event{Event: EventPutBack, Why: line})
	}
	kept := map[string]bool{}
	for _, words := range a.Kept {
		kept[words] = true
		if !w.kept[words] {
			w.tell(Event{Event: EventKept, Why: words})
		}
	}
	w.kept = kept
	if w.last == nil {
		return
	}
	for _, rs := range a.Drained {
		if !slices.Contains(w.last.Drained, rs) {
			w.tell(Event{Event: EventDrained, RealServer: rs.String()})
		}
	}
	for _, rs := range w.last.Drained {
		if !slices.Contains(a.Drained, rs) {
			w.tell(Event{Event: EventUndrained, RealServer: rs.String()})
		}
	}
}
