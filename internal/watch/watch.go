// Package watch has a director look after its real servers: it asks each of them
// again and again, makes verdicts of the answers, and has the table follow.
//
// answers (question.go, neighbours.go) → verdicts (judge.go) → what becomes of
// the entries of a service (policy.go: pure) → [plan.Health], one more input to
// the plan that start, diff and status use. [Watch] is the loop around it. It owns
// all state; questions are asked, and the plan is applied, in goroutines of their
// own that only send back what came of it.
package watch

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// Site is where a watch has its plans applied.
type Site interface {
	// Apply makes everything so that the configuration asks for, with the health
	// that decide makes of what is there. Before is what was so the last time, nil
	// the first time.
	Apply(c config.Config, before *Applied, decide func(plan.State, []netip.Addr) plan.Health) (Applied, error)
	// End notes what is known when a watch ends.
	End(plan.Health) error
	// Reload reads the configuration again.
	Reload() (config.Config, error)
	// Tell passes an event on.
	Tell(Event)
	// Heard counts an answer: good, bad or unasked, of who the event names.
	Heard(e Event, result string, took time.Duration)
	// Notify tells the service manager of a state (sd_notify(3)).
	Notify(state string)
}

// Applied is what came of an Apply.
type Applied struct {
	Config  config.Config
	Health  plan.Health
	Stopped bool // by "vs stop": nothing was done
	State   plan.State
	Drained []netip.Addr
	PutBack []string // of what was done, as an administrator would type it
	Kept    []string // of what somebody changed by hand
	Failed  error    // what could not be done, and is to be tried again
	Unnoted error    // what could not be noted of this
	Soon    bool     // it is to be applied again in a second
}

// Watch is a watch at work.
type Watch struct {
	Site   Site
	Kernel Kernel
	// Verdicts are those of a watch before this one.
	Verdicts *plan.Health
	// MendThere is "lvsdr rs start", with the flags of this run.
	MendThere string
	// Own asks a real server at its own address; nil: [health.Ask].
	Own func(context.Context, health.Target) health.Answer

	asker      *asker
	pages      pages
	roster     *roster
	queue      queue
	results    chan result
	applied    chan outcome
	last       *Applied
	due        bool // the table has to follow
	busy       bool // an Apply is on its way
	failed     bool // the last one, which is tried again
	idle       bool
	ready      bool
	held       map[netip.Addr]bool
	kept       map[string]bool
	complaints map[string]time.Time
	lastLook   time.Time
	late       atomic.Int64
	questions  atomic.Int64
}

// Late is how late a question was put, at most, since it was asked for the last
// time.
func (w *Watch) Late() time.Duration { return time.Duration(w.late.Swap(0)) }

// result is what came of a question.
type result struct {
	*target
	asked   time.Time
	answers []answer
}

// outcome is what came of an Apply.
type outcome struct {
	Applied
	roster *roster
	err    error
	failed []error // of what did not keep the rest from being done
}

const (
	// tick is how often it is looked whether something goes on by itself: weights
	// that are ramped up, connections that end.
	tick = time.Second
	// signOfLife is how often verdicts are noted, at least: they count for
	// [plan.MaxSilence].
	signOfLife = 15 * time.Second
	// patience is from a bad answer to the next question while a verdict is
	// changing, as a part of the interval.
	patience = 6
	// leastPatience spares a real server that is about to fall.
	leastPatience = 100 * time.Millisecond
)

// Run watches until the context ends, and reads the configuration again whenever
// reload says so. The table stays as it is.
func (w *Watch) Run(ctx context.Context, c config.Config, reload <-chan struct{}) error {
	asking, end := context.WithCancel(ctx)
	defer end()
	w.begin(c)
	defer w.pages.close()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	w.tell(Event{Event: EventStarted})
	for w.due = true; ; {
		w.follow()
		w.askDue(asking)
		if len(w.queue) > 0 {
			next.Reset(time.Until(w.queue[0].due))
		}
		select {
		case <-ctx.Done():
			return w.end()
		case <-reload:
			w.reload()
		case r := <-w.results:
			w.hear(r)
		case o := <-w.applied:
			w.take(o)
		case <-ticker.C:
			w.goOn()
		case <-next.C:
		}
	}
}

// begin takes over what was known before.
func (w *Watch) begin(c config.Config) {
	w.results, w.applied = make(chan result, 64), make(chan outcome, 1)
	w.pages = pages{}
	w.held, w.kept, w.complaints = map[netip.Addr]bool{}, map[string]bool{}, map[string]time.Time{}
	w.asker = &asker{neighbours: newNeighbours(w.Kernel), own: w.Own, mend: w.MendThere}
	if w.Own == nil {
		w.asker.own = health.Ask
	}
	w.enroll(c)
}

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

// enroll makes the roster of a configuration, and holds back the VIPs that it
// has not held before.
func (w *Watch) enroll(c config.Config) {
	old := w.roster
	w.roster = newRoster(c, old)
	for _, s := range w.roster.services {
		if old == nil && w.Verdicts != nil {
			s.applied = w.Verdicts.Services[s.words]
		}
		s.recall(time.Now())
	}
	w.asker.setVIPs(c.AllVIPs())
	held := map[netip.Addr]bool{}
	for _, vip := range c.AllVIPs() {
		before, known := w.held[vip]
		held[vip] = before || !known
	}
	w.held = held
}

// schedule has those asked at once who have neither a verdict nor a place in the
// table, and the others at some time within their interval.
func (w *Watch) schedule(table *plan.State) {
	waiting := map[*subject]bool{}
	for _, s := range w.roster.services {
		have := table.Service(s.Service.Key())
		for _, e := range append(slices.Clone(s.members), s.sorry...) {
			if e.subject != nil && e.verdict == status.Unknown && have.Destination(e.Key()) == nil {
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

// pronounce tells a verdict, and has the table follow.
func (w *Watch) pronounce(s *subject) {
	s.at, s.rose = plan.Now(), s.verdict == status.Up && (s.rose || s.last.why != "")
	w.due = true
	for _, e := range s.entries {
		e.Event = EventUp
		if s.verdict == status.Down {
			e.Event, e.Why = EventDown, s.last.why
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

// seldom is how often the same complaint is told.
const seldom = time.Minute

// complain tells that somebody could not be asked.
func (w *Watch) complain(s *subject, a answer) {
	for _, e := range s.entries {
		e.Event, e.Why = EventUnasked, a.why
		w.tellSeldom(e)
	}
}

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
	e.Time = time.Now()
	w.Site.Tell(e)
}

// goOn has the table follow where something goes on by itself or failed, where
// vs start may have come, and so often that verdicts keep counting.
func (w *Watch) goOn() {
	w.Site.Notify("WATCHDOG=1")
	now := time.Now()
	if w.failed || w.idle || w.last != nil && w.last.Soon || w.moving(now) || now.Sub(w.lastLook) >= min(w.roster.config.Watch.Resync, signOfLife) {
		w.due = true
	}
}

// moving reports whether weights are ramped up, or those who answered in place of
// real servers still have connections.
func (w *Watch) moving(now time.Time) bool {
	for _, s := range w.roster.services {
		if len(s.applied.Sorry) > 0 && !s.applied.Instead {
			return true
		}
		for _, e := range s.members {
			if e.subject != nil && e.rose && e.verdict == status.Up && now.Sub(e.since) < s.Of.SlowStart+tick {
				return true
			}
		}
	}
	return false
}

// reload reads the configuration again; a bad one changes nothing.
func (w *Watch) reload() {
	w.Site.Notify("RELOADING=1")
	defer w.Site.Notify("READY=1")
	c, err := w.Site.Reload()
	if err != nil {
		w.tell(Event{Event: EventRefused, Why: err.Error()})
		return
	}
	w.enroll(c)
	w.due = true
	w.unschedule()
	if w.last != nil {
		w.schedule(&w.last.State)
	}
	w.tell(Event{Event: EventReloaded})
}

// follow has the table follow the verdicts, in a goroutine of its own.
func (w *Watch) follow() {
	if !w.due || w.busy {
		return
	}
	w.due, w.failed, w.busy, w.lastLook = false, false, true, time.Now()
	roster, now, last := w.roster, time.Now(), w.last
	todo := make([]serving, len(roster.services))
	for i, s := range roster.services {
		todo[i] = s.serving()
	}
	held := map[netip.Addr]bool{}
	for vip, is := range w.held {
		held[vip] = is
	}
	go func() {
		var failures []error
		fail := func(err error) { failures = append(failures, err) }
		a, err := w.Site.Apply(roster.config, last, func(s plan.State, drained []netip.Addr) plan.Health {
			return w.decide(roster, todo, held, s, drained, now, fail)
		})
		w.applied <- outcome{a, roster, err, failures}
	}()
}

// decide makes the health of all services, beside what is there.
func (w *Watch) decide(r *roster, todo []serving, held map[netip.Addr]bool, s plan.State, drained []netip.Addr, now time.Time, failed func(error)) plan.Health {
	h := plan.Health{Services: map[string]plan.ServiceHealth{}, Held: held, Respect: r.config.Watch.HandEdits == config.EditsRespected}
	ready := map[netip.Addr]bool{}
	for i := range todo {
		service, v := r.services[i], &todo[i]
		if open := w.pages[service.words]; open != nil {
			v.sorry = append(v.sorry, instead{Destination: open.Destination()})
		}
		v.complete(drained, s.Service(service.Service.Key()))
		one := plan.ServiceHealth{}
		if v.asks() {
			one = v.health(now)
			if one.Instead && len(one.Sorry) == 0 && v.page {
				d, err := w.pages.open(service, &s)
				if v.page = err == nil; err != nil {
					failed(fmt.Errorf("the sorry page of %s: %w", service.words, err))
				} else {
					v.sorry = append(v.sorry, instead{Destination: d})
				}
				one = v.health(now)
			}
			h.Services[service.words] = one
		}
		for _, vip := range service.VIPs {
			before, known := ready[vip]
			ready[vip] = (before || !known) && (!v.asks() || v.ready(one))
		}
	}
	for vip := range held {
		if ready[vip] {
			delete(held, vip)
		}
	}
	return h
}

// take takes what came of an Apply.
func (w *Watch) take(o outcome) {
	w.busy, w.failed = false, o.err != nil || o.Failed != nil
	if len(w.queue) == 0 {
		w.schedule(&o.State)
	}
	for _, err := range append(o.failed, o.err, o.Failed, o.Unnoted) {
		if err != nil {
			w.tellSeldom(Event{Event: EventError, Why: err.Error()})
		}
	}
	if o.err != nil {
		return
	}
	if o.Stopped != w.idle {
		w.idle = o.Stopped
		event := Event{Event: EventResumed}
		if w.idle {
			event = Event{Event: EventStopped, Why: "by vs stop; it idles until vs start"}
		}
		w.tell(event)
		w.Site.Notify("STATUS=" + event.Why)
	}
	if w.idle {
		w.last = nil
		w.pages.keep(plan.Health{})
		w.beReady()
		return
	}
	for _, s := range o.roster.services {
		after := o.Health.Services[s.words]
		w.tellTurn(s, after)
		s.applied = after
	}
	for vip := range w.held {
		w.held[vip] = o.Health.Held[vip]
	}
	w.tellDone(o.Applied)
	w.pages.keep(o.Health)
	w.last = &o.Applied
	if o.Failed == nil && !slices.Contains(slices.Collect(maps.Values(w.held)), true) {
		w.beReady()
	}
}

func (w *Watch) beReady() {
	if w.ready {
		return
	}
	w.ready = true
	w.tell(Event{Event: EventReady})
	w.Site.Notify("READY=1")
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

// end leaves the table as it is.
func (w *Watch) end() error {
	w.Site.Notify("STOPPING=1")
	if w.busy {
		w.take(<-w.applied)
	}
	var err error
	if w.last != nil {
		err = w.Site.End(w.last.Health)
	}
	w.tell(Event{Event: EventEnded, Why: "the table stays as it is"})
	return err
}
