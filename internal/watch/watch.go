// Package watch keeps a director's table in step with the health of its real
// servers: it asks each of them again and again, turns the answers into verdicts,
// and applies them to the table.
//
// answers (schedule.go, question.go, neighbours.go) → verdicts (judge.go) → entries of
// a service (policy.go: pure) → [plan.Health], one more input to the plan that start,
// diff and status use. [Watch] is the loop around it. It owns all state. Goroutines of
// their own ask the questions and apply the plan, and only send back their results.
package watch

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/plan"
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

	// Of a shadow: where the table differs, and what else would be done.
	Differences []Difference
	Would       []string
}

// Watch is a watch at work.
type Watch struct {
	Site   Site
	Kernel Kernel
	// Verdicts are those of a watch before this one.
	Verdicts *plan.Health
	// MendThere is "lvsdr rs start", with the flags of this run.
	MendThere string
	// Shadow: its site changes nothing, and tells where the table differs.
	Shadow bool
	// Own asks a real server at its own address; nil: [health.Ask].
	Own func(context.Context, health.Target) health.Answer

	shadow     *shadow
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
	status     string // that the service manager was told
	held       map[netip.Addr]bool
	kept       map[string]bool
	complaints map[string]time.Time
	lastLook   time.Time
	followed   time.Time // when the table did so last
	late       atomic.Int64
	questions  atomic.Int64
}

// Late is how late a question was put, at most, since it was asked for the last
// time.
func (w *Watch) Late() time.Duration { return time.Duration(w.late.Swap(0)) }

const (
	// tick is how often it is looked whether something goes on by itself: weights
	// that are ramped up, connections that end.
	tick = time.Second
	// signOfLife is how often verdicts are noted, at least: they count for
	// [plan.MaxSilence].
	signOfLife = 15 * time.Second
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
	w.pages, w.shadow = pages{}, newShadow(time.Now())
	w.held, w.kept, w.complaints = map[netip.Addr]bool{}, map[string]bool{}, map[string]time.Time{}
	own := w.Own
	if own == nil {
		own = health.Ask
	}
	w.asker = &asker{neighbours: newNeighbours(w.Kernel), own: bounded(own), mend: w.MendThere}
	w.enroll(c)
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

// goOn applies the plan again where something goes on by itself or has failed, where
// vs start may have come, and often enough for verdicts to stay valid. A shadow looks
// at each tick what others have made of the table.
func (w *Watch) goOn() {
	w.Site.Notify("WATCHDOG=1")
	now := time.Now()
	soon := w.last != nil && w.last.Soon
	if w.Shadow || w.failed || w.idle || soon || w.moving(now) || now.Sub(w.lastLook) >= min(w.roster.config.Watch.Resync, signOfLife) {
		w.due = true
	}
}

// reload reads the configuration again; a bad one changes nothing.
func (w *Watch) reload() {
	if w.ready {
		w.Site.Notify("RELOADING=1")
		defer w.Site.Notify("READY=1")
	}
	if w.Shadow { // it begins anew, also to count
		w.tell(w.shadow.summary(time.Now()))
		w.shadow = newShadow(time.Now())
	}
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

func (w *Watch) beReady() {
	if w.ready {
		return
	}
	w.ready = true
	w.tell(Event{Event: EventReady})
	w.Site.Notify("READY=1")
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
	if w.Shadow {
		w.tell(w.shadow.summary(time.Now()))
	}
	w.tell(Event{Event: EventEnded, Why: "the table stays as it is"})
	return err
}
