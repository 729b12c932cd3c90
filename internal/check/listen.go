package check

import (
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/each"
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

// served are where packets for this real server's services arrive.
func (m *facts) served() (all []endpoint, err error) {
	arriving, err := m.arriving()
	for _, s := range arriving {
		all = append(all, s.endpoint)
	}
	return each.Once(all), err
}

// arriving is what comes in for this real server's services: on the VIP or, where
// it is masqueraded, on its own address. Of a mark it is any packet.
func (m *facts) arriving() ([]stream, error) {
	mine, err := m.mine()
	if err != nil {
		return nil, err
	}
	var all []stream
	for _, w := range mine {
		for _, d := range w.Destinations {
			own := w
			own.Destinations = []ipvs.Destination{d}
			vips := w.VIPs
			if d.Forward == ipvs.Masquerade {
				vips = []netip.Addr{d.Addr}
			}
			for _, vip := range vips {
				all = append(all, stream{endpoint{w.Service.Protocol, netip.AddrPortFrom(vip, d.Port)}, own})
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
		to := e.addr
		if to.Port() == 0 {
			to = netip.AddrPortFrom(to.Addr(), l.Addr.Port())
		}
		if e.protocol != 0 && l.Protocol != e.protocol || l.Addr.Port() != to.Port() {
			continue
		}
		switch {
		case l.Hears(to):
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
	switch {
	case on != nil && e.protocol == 0:
		f.unknown("whether something listens where packets of the mark go to on %s is unknown", e)
		return nil
	case on != nil:
		f.pass("something listens on %s", endpoint{on.Protocol, on.Addr})
		return nil
	}
	redirected, err := m.redirected(e)
	switch {
	case err != nil:
		return err
	case redirected:
		f.pass("what comes for %s is redirected", e)
	case len(elsewhere) == 0:
		f.fail("nothing listens on %s", e)
	default:
		f.fail("nothing listens on %s, only on %s", e, strings.Join(elsewhere, ", "))
		if e.addr.Port() == 0 {
			return nil
		}
		command, err := m.redirections[e].get()
		if err != nil {
			return err
		}
		f.mend(command)
	}
	return nil
}
