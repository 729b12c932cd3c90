package check

import (
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// judgeListeners looks whether something listens where packets for the VIP
// arrive.
func judgeListeners(m *facts, f *finding) error {
	served, err := m.served()
	if err != nil {
		return err
	}
	if m.listeners.err != nil {
		return m.listeners.err
	}
	for _, e := range served {
		if err := m.judgeListener(e, f); err != nil {
			return err
		}
	}
	return nil
}

// served are where packets for this real server's services arrive: on the VIP
// or, where they are masqueraded, on its own address.
func (m *facts) served() ([]endpoint, error) {
	mine, err := m.mine()
	if err != nil {
		return nil, err
	}
	var all []endpoint
	for _, w := range mine {
		for _, d := range w.Destinations {
			e := endpoint{w.Service.Protocol, netip.AddrPortFrom(w.Service.Addr, d.Port)}
			if d.Forward == ipvs.Masquerade {
				e.addr = netip.AddrPortFrom(d.Addr, d.Port)
			}
			if w.Service.FWMark == 0 && d.Port != 0 && !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

// mine are the configured services that this machine serves as a real server:
// those that list one of its addresses or, where none does, all.
func (m *facts) mine() ([]config.Wanted, error) {
	addresses, err := m.addresses.get()
	if err != nil {
		return nil, err
	}
	here := func(d ipvs.Destination) bool { return held(d.Addr, addresses) }
	all := m.Config.Wanted()
	var mine []config.Wanted
	for _, w := range all {
		w.Destinations = slices.DeleteFunc(slices.Clone(w.Destinations), func(d ipvs.Destination) bool { return !here(d) })
		if len(w.Destinations) > 0 {
			mine = append(mine, w)
		}
	}
	if mine == nil {
		return all, nil
	}
	return mine, nil
}

// listener finds what hears an endpoint; nil: nothing does, but on its port
// something hears elsewhere.
func (m *facts) listener(e endpoint) (on *host.Listener, elsewhere []string) {
	for _, l := range m.listeners.value {
		if l.Protocol != e.protocol || l.Addr.Port() != e.addr.Port() {
			continue
		}
		switch {
		case l.Hears(e.addr):
			return &l, nil
		case !l.Addr.Addr().IsLoopback():
			elsewhere = append(elsewhere, endpoint{l.Protocol, l.Addr}.String())
		}
	}
	slices.Sort(elsewhere)
	return nil, slices.Compact(elsewhere)
}

func (m *facts) judgeListener(e endpoint, f *finding) error {
	on, elsewhere := m.listener(e)
	if on != nil {
		f.pass("something listens on %s", endpoint{on.Protocol, on.Addr})
		return nil
	}
	rules, err := m.rulesFor(e)
	if err != nil {
		return err
	}
	redirected, err := rules.Redirects(e.packet())
	switch {
	case err != nil:
		return err
	case redirected:
		f.pass("what comes for %s is redirected", e)
	case len(elsewhere) == 0:
		f.fail("nothing listens on %s", e)
	default:
		f.fail("nothing listens on %s, only on %s", e, strings.Join(elsewhere, ", "))
		command, err := m.redirections[e].get()
		if err != nil {
			return err
		}
		f.mend(command)
	}
	return nil
}
