package watch

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// result is what came of a question.
type result struct {
	*target
	asked   time.Time
	answers []answer
}

const (
	// patience is from a bad answer to the next question while a verdict is
	// changing, as a part of the interval.
	patience = 6
	// leastPatience spares a real server that is about to fall.
	leastPatience = 100 * time.Millisecond
)

// schedule has those asked at once who have neither a verdict nor connections by
// the table, and the others at some time within their interval.
func (w *Watch) schedule(table *plan.State) {
	waiting := map[*subject]bool{}
	for _, s := range w.roster.services {
		have := table.Service(s.Service.Key())
		for _, e := range append(slices.Clone(s.members), s.sorry...) {
			if e.subject != nil && e.verdict == status.Unknown && !takes(have.Destination(e.Key())) {
				waiting[e.subject] = true
			}
		}
	}
	w.unschedule()
	now := time.Now()
	for _, t := range w.roster.targets {
		switch {
		case slices.ContainsFunc(t.subjects, func(s *subject) bool { return waiting[s] }):
			t.due = now
		case t.due.IsZero():
			t.due = now.Add(rand.N(t.Check.Interval))
		}
		w.queue.put(t)
	}
}

// unschedule asks nobody.
func (w *Watch) unschedule() {
	for _, t := range w.queue {
		t.place = nowhere
	}
	w.queue = nil
}

// askDue puts the questions that are due.
func (w *Watch) askDue(ctx context.Context) {
	now := time.Now()
	for len(w.queue) > 0 && !w.queue[0].due.After(now) {
		t := w.queue[0]
		w.late.Store(max(w.late.Load(), int64(now.Sub(t.due))))
		changing := slices.ContainsFunc(t.subjects, func(s *subject) bool { return s.changing() })
		pause := t.Check.Interval - t.Check.Interval/10 + rand.N(t.Check.Interval/5+1)
		if changing {
			pause = t.impatience()
		}
		t.due = now.Add(pause)
		w.queue.put(t)
		if w.idle || t.asking > 0 && (!changing || t.asking > int(t.Check.Fall)) {
			continue
		}
		t.asking++
		w.questions.Add(1)
		go func() {
			r := result{t, now, w.asker.ask(ctx, t.question)}
			select {
			case w.results <- r:
			case <-ctx.Done():
			}
		}()
	}
}

// impatience is from one question to the next while a verdict is changing.
func (t *target) impatience() time.Duration {
	return min(t.Check.Interval, max(leastPatience, t.Check.Interval/patience))
}

// hear takes the answers to a question.
func (w *Watch) hear(r result) {
	r.asking--
	now, soon := time.Now(), false
	for i, s := range r.subjects {
		if i >= len(r.answers) {
			break
		}
		a := r.answers[i]
		for _, e := range s.entries {
			w.Site.Heard(e, a.result(), a.took)
		}
		if a.unasked {
			w.complain(s, a)
			continue
		}
		if !a.good {
			w.due = w.due || s.verdict == status.Down && a.alive != s.last.alive
			s.last = a
		}
		first := s.verdict == status.Unknown
		if s.hear(a.good, r.asked, now, s.check) {
			w.pronounce(s)
			if first && r.place != nowhere { // all were asked at the same time
				r.due = now.Add(rand.N(r.Check.Interval))
				w.queue.put(r.target)
			}
		}
		soon = soon || s.changing()
	}
	due := r.asked.Add(r.impatience())
	if due.Before(now) {
		due = now
	}
	if soon && r.place != nowhere && due.Before(r.due) {
		r.due = due
		w.queue.put(r.target)
	}
}
