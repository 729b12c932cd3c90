package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/lab/vnet"
)

// fault is what befalls a real server, and how it is mended. The two that befall
// no server of it have an episode of their own.
type fault struct {
	name         string
	effect       effect
	befall, mend func(ctx context.Context, s *stage, m *machine) error
}

// The faults with an episode of their own.
const (
	arpLost     = "arp-lost"
	watchKilled = "watch-killed"
)

// faults are in the order in which they are made. The watch is killed in the middle,
// and forgets the falls: a third one within ten minutes would make real servers come
// back late, and the rehearsal take twice the time.
var faults = []*fault{
	{"killed", refuses,
		func(_ context.Context, s *stage, m *machine) error { return s.servers[m].kill() },
		func(_ context.Context, s *stage, m *machine) error { return s.serve(m) }},
	{"hanging", hangs,
		func(_ context.Context, s *stage, m *machine) error { s.servers[m].hang(true); return nil },
		func(_ context.Context, s *stage, m *machine) error { s.servers[m].hang(false); return nil }},
	{watchKilled, 0, nil, nil},
	{"vip-lost", vipless, loseVIPs, giveVIPs},
	{"unplugged", vanishes,
		func(_ context.Context, _ *stage, m *machine) error {
			return in(switched, func() error { return vnet.SetDown(m.name) })
		},
		func(_ context.Context, _ *stage, m *machine) error {
			return in(switched, func() error { return vnet.SetUp(m.name) })
		}},
	{arpLost, 0, loseARP, giveARP},
}

// Names are the names of the faults.
func Names() (all []string) {
	for _, f := range faults {
		all = append(all, f.name)
	}
	return all
}

// loseVIPs takes the VIPs of a real server away.
func loseVIPs(_ context.Context, s *stage, m *machine) error {
	return in(m.name, func() error {
		h := host.NewHost()
		all, err := h.Addresses()
		s.lost = slices.DeleteFunc(all, func(a host.Address) bool { return !slices.Contains(m.vips, a.Prefix.Addr()) })
		for _, a := range s.lost {
			err = errors.Join(err, h.DeleteAddress(a))
		}
		return err
	})
}

// giveVIPs gives them back.
func giveVIPs(_ context.Context, s *stage, m *machine) error {
	return in(m.name, func() (err error) {
		for _, a := range s.lost {
			err = errors.Join(err, host.NewHost().AddAddress(a))
		}
		return err
	})
}

// loseARP has a real server answer for its VIPs.
func loseARP(_ context.Context, s *stage, m *machine) error { return s.setARP(m, 0, 0) }

// giveARP gives it what rs start had set.
func giveARP(_ context.Context, s *stage, m *machine) error { return s.setARP(m, 1, 2) }

// setARP sets what a real server answers for. The router asks anew, and hears
// whoever answers first.
func (s *stage) setARP(m *machine, ignore, announce int) error {
	err := in(m.name, func() (err error) {
		for _, link := range s.config.ARP.Interfaces {
			err = errors.Join(err, host.Sysctl{}.Set(host.LinkParameter(link, "arp_ignore"), ignore),
				host.Sysctl{}.Set(host.LinkParameter(link, "arp_announce"), announce))
		}
		return err
	})
	return errors.Join(err, in(router, func() error { return vnet.ForgetNeighbours("eth0") }))
}

// pick is a fault with whom it befalls; no machine: the director.
type pick struct {
	fault   *fault
	machine *machine
}

// String is the pick in the words of option --fault.
func (p pick) String() string {
	if p.machine == nil {
		return p.fault.name
	}
	return p.fault.name + "@" + p.machine.addr.String()
}

// pick finds the faults that are wanted, or all.
func (l *cluster) pick(words []string) (picks []pick, err error) {
	if len(words) == 0 {
		for _, f := range faults {
			picks = append(picks, l.picksOf(f, l.machines)...)
		}
		return picks, nil
	}
	for _, word := range words {
		name, server, one := strings.Cut(word, "@")
		i := slices.IndexFunc(faults, func(f *fault) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("--fault %s: unknown fault %q; expected %s, each alone or with @SERVER", word, name, strings.Join(Names(), ", "))
		}
		machines := l.machines
		if one && name != watchKilled {
			addr, err := netip.ParseAddr(server)
			j := slices.IndexFunc(l.machines, func(m *machine) bool { return m.addr == addr })
			if err != nil || j < 0 {
				return nil, fmt.Errorf("--fault %s: %q is no real server of the file; expected the address of one", word, server)
			}
			machines = l.machines[j : j+1]
		}
		found := l.picksOf(faults[i], machines)
		if len(found) == 0 {
			return nil, fmt.Errorf("--fault %s: it would change nothing for any service that has another real server", word)
		}
		picks = append(picks, found...)
	}
	return picks, nil
}

// picksOf are the machines that a fault can befall.
func (l *cluster) picksOf(f *fault, machines []*machine) (picks []pick) {
	if f.name == watchKilled {
		return []pick{{fault: f}}
	}
	for _, m := range machines {
		suits := len(l.places(m)) > 0
		switch {
		case f.name == arpLost:
			suits = slices.ContainsFunc(m.vips, netip.Addr.Is4)
		case f.effect == vipless:
			suits = suits && len(m.vips) > 0
		}
		if suits {
			picks = append(picks, pick{f, m})
		}
	}
	return picks
}

// place is a machine's place in a service that has another real server as well.
type place struct {
	*service
	*member
}

// places are those of a machine.
func (l *cluster) places(m *machine) (all []place) {
	for _, s := range l.services {
		for _, one := range s.members {
			if one.machine == m && one.Weight > 0 && s.inTurn() > 1 {
				all = append(all, place{s, one})
			}
		}
	}
	return all
}

// mostTime is how long a rehearsal may take, as far as the file tells.
const mostTime = time.Hour

// checkTime refuses a rehearsal that takes too long.
func (r *Rehearsal) checkTime() error {
	total := time.Duration(0)
	for _, p := range r.picks {
		longest := 10 * time.Second
		if p.machine != nil && p.fault.name != arpLost {
			for _, at := range r.cluster.places(p.machine) {
				if c := at.Of.Check; c.Asks() {
					longest = max(longest, time.Duration(c.Fall+c.Rise)*c.Interval+2*c.Timeout+2*patience)
				}
			}
		}
		total += longest
	}
	if total > mostTime {
		return fmt.Errorf("its %d faults would take about %.1f hours by the checks' interval, timeout, fall and rise; expected at most one: pick some with --fault",
			len(r.picks), total.Hours())
	}
	return nil
}
