package lab

import (
	"context"
	"fmt"
	"strings"
)

// reach shows that the network is whole before LVS has a part in it.
func reach(ctx context.Context, w *walk) error {
	for _, p := range []struct{ host, addr string }{
		{"client", rip1}, {"client", rip2}, {"lvs", cip}, {"rs1", cip}, {"rs2", cip},
	} {
		if err := w.ping(ctx, p.host, p.addr); err != nil {
			return err
		}
	}
	for _, rip := range []string{rip1, rip2} {
		seen, _ := w.curl(ctx, rip)
		w.expect("the page of "+rip, rip, seen)
	}
	return nil
}

// start notes how all hosts are, and makes a director and two real servers of
// three.
func start(ctx context.Context, w *walk) (err error) {
	if w.before, err = w.readStates(); err != nil {
		return err
	}
	return w.startAll(ctx)
}

// startAll makes a director and two real servers; the options are those of the
// director.
func (w *walk) startAll(ctx context.Context, options ...string) error {
	if err := w.runVerb(ctx, verb{"lvs", "vs", "start", "The VS Server is Ready!"}, options...); err != nil {
		return err
	}
	for _, host := range []string{"rs1", "rs2"} {
		if err := w.runVerb(ctx, verb{host, "rs", "start", "The RS Server is Ready!"}); err != nil {
			return err
		}
	}
	return nil
}

// stop undoes start.
func stop(ctx context.Context, w *walk) error { return w.stopAll(ctx) }

// stopAll undoes [walk.startAll].
func (w *walk) stopAll(ctx context.Context, options ...string) error {
	if err := w.runVerb(ctx, verb{"lvs", "vs", "stop", "The VS Server is Canceled!"}, options...); err != nil {
		return err
	}
	for _, host := range []string{"rs1", "rs2"} {
		if err := w.runVerb(ctx, verb{host, "rs", "stop", "The RS Server is Canceled!"}); err != nil {
			return err
		}
	}
	after, err := w.readStates()
	if err != nil {
		return err
	}
	const same = "as before step 2"
	for _, host := range hostNames() {
		seen := differences(w.before[host], after[host])
		if seen == "" {
			seen = same
		}
		w.expect("addresses, routes, sysctls and table of "+host, same, seen)
	}
	return nil
}

// verb is one of our verbs on a host, and what it says when it is done.
type verb struct{ host, role, name, words string }

func (w *walk) runVerb(ctx context.Context, v verb, options ...string) error {
	r, err := w.run(ctx, v.host, append([]string{"lvsdr", v.role, v.name}, options...)...)
	if err != nil {
		return err
	}
	seen := strings.TrimSpace(r.stdout)
	if r.status != 0 {
		seen = fmt.Sprintf("exit status %d", r.status)
	}
	w.expect(fmt.Sprintf("%s %s on %s", v.role, v.name, v.host), v.words, seen)
	return nil
}
