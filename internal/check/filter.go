package check

import (
	"errors"
	"io/fs"
	"slices"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// judgeFilter looks for rules of the packet filter that keep clients' packets
// from their services: on their way in and, from a director, out again.
func judgeFilter(m *facts, f *finding) error {
	entrances, err := m.entrances()
	if err != nil {
		return err
	}
	for _, e := range entrances {
		faults, err := m.faults(e)
		if err != nil {
			return err
		}
		for _, fault := range faults {
			saw, some := f.fail, ""
			if fault.Verdict == netfilter.DropsSome {
				saw, some = f.warn, "some "
			}
			saw("%s drops %spackets for %s", fault.Where, some, e).mend(fault.Remedy)
		}
		if len(faults) == 0 {
			f.pass("packets for %s pass", e)
		}
	}
	return nil
}

// faults are what stands in the way of packets to an entrance. A director sends
// on what it routes directly, and usually does not track it.
func (m *facts) faults(e endpoint) ([]netfilter.Fault, error) {
	rules, err := m.rulesFor(e)
	if err != nil {
		return nil, err
	}
	packet := e.packet()
	found, err := rules.Faults(packet, netfilter.Prerouting, netfilter.Input)
	if err != nil || m.Role != Director || !m.direct[e] {
		return found, err
	}
	tracks, err := m.sysctl(conntrack)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	packet.Untracked = tracks == 0
	onward, err := rules.Faults(packet, netfilter.Output, netfilter.Postrouting)
	return append(found, onward...), err
}

// rulesFor are the packet filter's for packets to an endpoint.
func (m *facts) rulesFor(e endpoint) (netfilter.Rules, error) {
	return m.rules[ipvs.FamilyOf(e.addr.Addr())].get()
}

// entrances are where clients' packets come into this machine.
func (m *facts) entrances() ([]endpoint, error) {
	if m.Role == RealServer {
		return m.served()
	}
	var all []endpoint
	for _, w := range m.Config.Wanted() {
		e := entrance(w.Service)
		if w.Service.FWMark == 0 && !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all, nil
}
