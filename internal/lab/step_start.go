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

// start makes a director and two real servers of three hosts.
func start(ctx context.Context, w *walk) (err error) {
	if w.before, err = w.readStates(); err != nil {
		return err
	}
	for _, v := range []verb{
		{"lvs", "vs", "start", "The VS Server is Ready!"},
		{"rs1", "rs", "start", "The RS Server is Ready!"},
		{"rs2", "rs", "start", "The RS Server is Ready!"},
	} {
		if err := w.runVerb(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// stop undoes start.
func stop(ctx context.Context, w *walk) error {
	for _, v := range []verb{
		{"lvs", "vs", "stop", "The VS Server is Canceled!"},
		{"rs1", "rs", "stop", "The RS Server is Canceled!"},
		{"rs2", "rs", "stop", "The RS Server is Canceled!"},
	} {
		if err := w.runVerb(ctx, v); err != nil {
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

func (w *walk) runVerb(ctx context.Context, v verb) error {
	r, err := w.run(ctx, v.host, "lvsdr", v.role, v.name)
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
