package watch

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// outcome is what came of an Apply.
type outcome struct {
	Applied
	roster *roster
	err    error
	failed []error // of what did not keep the rest from being done
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
			if one.Instead && len(one.Sorry) == 0 && v.page && !w.Shadow {
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
	for _, err := range o.errors() {
		w.tellSeldom(Event{Event: EventError, Why: err.Error()})
	}
	if status := o.status(); status != w.status {
		w.status = status
		w.Site.Notify("STATUS=" + status)
	}
	if o.err != nil {
		return
	}
	if o.Stopped != w.idle {
		w.idle = o.Stopped
		event := Event{Event: EventResumed}
		if w.idle {
			event = Event{Event: EventStopped, Why: idling}
		} else {
			w.schedule(&o.State)
		}
		w.tell(event)
	}
	if w.idle {
		w.last = nil
		w.pages.keep(plan.Health{})
		if time.Since(w.followed) > plan.MaxSilence {
			w.forget()
		}
		w.beReady()
		return
	}
	if o.roster == w.roster { // otherwise it knows nothing of what the file has now
		for _, s := range w.roster.services {
			after := o.Health.Services[s.words]
			w.tellTurn(s, after)
			s.applied = after
		}
		for vip := range w.held {
			w.held[vip] = o.Health.Held[vip]
		}
	}
	w.tellDone(o.Applied)
	for _, e := range w.shadow.note(time.Now(), o.Differences, o.Would) {
		w.tell(e)
	}
	if o.Failed == nil { // an entry that leads to a page may not be gone otherwise
		w.pages.keep(o.Health)
	}
	w.last, w.followed = &o.Applied, time.Now()
	if !slices.Contains(slices.Collect(maps.Values(w.held)), true) && (o.Failed == nil || w.Shadow || o.served()) {
		w.beReady()
	}
}

// forget has everybody asked anew, as by a watch that starts: nobody was asked while it
// was idle.
func (w *Watch) forget() {
	for _, t := range w.roster.targets {
		for _, s := range t.subjects {
			s.judge, s.at, s.rose, s.last = judge{verdict: status.Unknown}, 0, false, answer{}
		}
	}
	for _, s := range w.roster.services {
		s.applied = plan.ServiceHealth{}
	}
	for vip := range w.held {
		w.held[vip] = true
	}
}

// idling is why nothing is done.
const idling = "by vs stop; it idles until vs start"

// status is what there is to say to the service manager, in one line.
func (o outcome) status() string {
	switch err := errors.Join(o.errors()...); {
	case err != nil:
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	case o.Stopped:
		return idling
	}
	return ""
}

// errors is all that went wrong.
func (o outcome) errors() []error {
	return slices.DeleteFunc(slices.Concat(o.failed, []error{o.err, o.Failed, o.Unnoted}), func(err error) bool { return err == nil })
}

// served reports whether an Apply found every service in the table, and every VIP in
// its place: what fails all the same, such as a record that cannot be written, keeps no
// client away. It is known a second after it was so, when it is tried again.
func (o outcome) served() bool {
	moved := o.roster.config.Watch.VIP == config.VIPVRRP
	for _, s := range o.roster.services {
		missing := func(vip netip.Addr) bool { return !moved && !o.State.Owns(vip) }
		if o.State.Service(s.Service.Key()) == nil || slices.ContainsFunc(s.VIPs, missing) {
			return false
		}
	}
	return true
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
