package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

const (
	tick = 10 * time.Millisecond
	// never is how long a program has to notice a fault.
	never = 10 * time.Second
)

// fault is what befalls a real server, and how it is mended.
type fault struct {
	name         string
	befall, mend func(n *lan, name string) error
}

var faults = []fault{
	{"web server killed", func(n *lan, name string) error {
		err := n.web[name].Process.Kill()
		n.web[name].Wait()
		return err
	}, (*lan).serve},
	{"web server hangs", func(n *lan, name string) error { return n.web[name].Process.Signal(syscall.SIGSTOP) },
		func(n *lan, name string) error { return n.web[name].Process.Signal(syscall.SIGCONT) }},
	{"machine unplugged", func(_ *lan, name string) error { return ip("switch link set %s down", name) },
		func(_ *lan, name string) error { return ip("switch link set %s up", name) }},
	{"VIP taken away", func(_ *lan, name string) error { return ip("%s addr del %s/32 dev lo", name, vip) },
		func(_ *lan, name string) error { return ip("%s addr add %s/32 dev lo", name, vip) }},
}

// episode is what came of a fault.
type episode struct {
	noticed   bool          // the real server was taken out
	out, back time.Duration // until the table had no new connection go there, and until it did again
	lost      int           // requests
}

// episode has a fault befall a real server, and mends it once it has been out for
// a while, or was not taken out in time.
func (f fault) episode(d *director, l *load, name string) (e episode, err error) {
	begin := time.Now()
	if err = f.befall(d.lan, name); err != nil {
		return e, err
	}
	if e.out, e.noticed, err = d.await(name, false); err != nil {
		return e, err
	}
	time.Sleep(2 * time.Second) // the last requests, and checks that see it still down
	if err = f.mend(d.lan, name); err != nil {
		return e, err
	}
	if e.back, _, err = d.await(name, true); err == nil {
		err = l.awaitAll()
	}
	e.lost = failures(l.since(begin.Add(-patience)))
	return e, err
}

// await waits until a real server takes new connections, or takes none.
func (d *director) await(name string, want bool) (took time.Duration, seen bool, err error) {
	for begin := time.Now(); took < never; time.Sleep(tick) {
		takes, err := d.takes(name)
		took = time.Since(begin)
		if err != nil || takes == want {
			return took, err == nil, err
		}
	}
	return took, false, nil
}

// trial is one program after one fault, several times: each time another real
// server, and another moment of the interval.
func trial(p program, f fault, o options) (all []episode, err error) {
	err = with(p, o, func(d *director, l *load) error {
		for i := range o.rounds {
			time.Sleep(time.Duration(i) * time.Second / time.Duration(o.rounds))
			e, err := f.episode(d, l, servers[i%len(servers)])
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	})
	return all, err
}

// with has a program look after a network of its own under load.
func with(p program, o options, do func(*director, *load) error) (err error) {
	n, err := newLAN()
	defer func() { err = errors.Join(err, n.close()) }()
	if err != nil {
		return err
	}
	d, err := p.on(n, o)
	if err != nil {
		return err
	}
	defer d.remove()
	l, err := n.newLoad(o.rate)
	if err == nil {
		err = l.awaitAll()
	}
	if err == nil {
		err = do(d, l)
	}
	return errors.Join(err, d.said(err))
}

// cell is the medians of episodes: seconds to out, requests lost, seconds to
// back.
func cell(all []episode) string {
	lost := median(all, func(e episode) int { return e.lost })
	if slices.ContainsFunc(all, func(e episode) bool { return !e.noticed }) {
		return fmt.Sprintf("never / %d in %.0f s / –", lost, never.Seconds()+2)
	}
	seconds := func(of func(episode) time.Duration) float64 { return median(all, of).Seconds() }
	return fmt.Sprintf("%.1f / %d / %.1f", seconds(func(e episode) time.Duration { return e.out }), lost, seconds(func(e episode) time.Duration { return e.back }))
}

func median[T cmp.Ordered](all []episode, of func(episode) T) T {
	var values []T
	for _, e := range all {
		values = append(values, of(e))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
