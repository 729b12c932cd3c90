package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// judgeVIP looks for the VIPs: on the interface of their label, with a full
// mask and, on a real server, nowhere else.
func judgeVIP(m *facts, f *finding) error {
	if m.Role == RealServer && !m.holdsVIP() {
		f.pass("not needed: no service %s by direct routing or tunnel", m.arrives(ipvs.DirectRoute, ipvs.Tunnel))
		return nil
	}
	addresses, err := m.addresses.get()
	if err != nil {
		return err
	}
	moves, err := m.vrrp.get()
	if err != nil {
		return err
	}
	for _, vip := range m.vips() {
		if m.takenByRule(vip) {
			f.pass("%s is on no interface: what comes for it is redirected", vip)
			continue
		}
		routed, err := m.delivered[vip].get()
		if err != nil {
			return err
		}
		if routed {
			f.pass("%s is on no interface, but a local route takes it", vip)
			continue
		}
		if m.Role == Director && m.byVRRP() {
			m.judgeMoves(vip, f)
			continue
		}
		if moves && !held(vip, addresses, m.home(vip)) {
			m.judgeMoved(vip, addresses, f)
			continue
		}
		m.judgePlace(vip, addresses, f)
	}
	return nil
}

// home is the interface where a VIP should be.
func (m *facts) home(vip netip.Addr) string {
	interfaceOf := func(label string) string {
		name, _, _ := strings.Cut(label, ":")
		return name
	}
	switch {
	case m.Role == RealServer:
		return interfaceOf(m.Config.Label)
	case m.Config.DirectorLabel != "":
		return interfaceOf(m.Config.DirectorLabel)
	}
	return host.DirectorHome(vip, interfaceOf(m.Config.Label), m.links.value, m.routes.value)
}

// held reports whether the machine has the VIP, on one of these interfaces if
// there are any.
func held(vip netip.Addr, addresses []host.Address, on ...string) bool {
	return slices.ContainsFunc(addresses, func(a host.Address) bool {
		return a.Prefix.Addr() == vip && (len(on) == 0 || slices.Contains(on, a.Interface))
	})
}

// judgeMoved says where a VIP is that VRRP moves. Wherever that is, we do not mend
// it.
func (m *facts) judgeMoved(vip netip.Addr, addresses []host.Address, f *finding) {
	for _, a := range addresses {
		if a.Prefix.Addr() == vip {
			f.pass("%s on %s, where VRRP is active", a.Prefix, a.Interface)
		}
	}
	if !held(vip, addresses) {
		f.warn("%s is on no interface: VRRP is active here, and may have it on another director", vip)
	}
}

// judgePlace says where a VIP is.
func (m *facts) judgePlace(vip netip.Addr, addresses []host.Address, f *finding) {
	home, around := m.home(vip), host.Neighbourhood{Links: m.links.value, Addresses: addresses, Routes: m.routes.value, VIPs: m.vips()}
	var there *host.Address
	var known, narrow, elsewhere bool
	for i, a := range addresses {
		if a.Prefix.Addr() != vip || m.Role == RealServer && m.vrrp.value && m.moved(a) {
			continue
		}
		known = true
		switch on := around.StandsOn(a); {
		case m.Role == Director && a.Interface != home && m.Config.Masquerades(vip):
			f.pass("%s on %s, this machine's own", a.Prefix, a.Interface)
		case m.Role == Director && a.Interface != home && m.servesToo(addresses):
			f.pass("%s on %s as well: this director is a real server, too", a.Prefix, a.Interface)
		case a.Taken:
			f.fail("%s on %s is not used: when it was added, another machine had it", a.Prefix, a.Interface).mend(fmt.Sprintf("ip addr del %s dev %s", a.Prefix, a.Interface))
			elsewhere = true
		case a.Interface == home && m.isDown(home):
			f.fail("%s is on %s, which is down", a.Prefix, a.Interface).mend(fmt.Sprintf("ip link set %s up", a.Interface))
			there = &addresses[i]
		case a.Interface == home && around.Fits(a):
			there = &addresses[i]
		case on != "" && !around.MayGo(a):
			f.add(m.stray(), "%s is this machine's own address on %s, and %s depends on it", a.Prefix, a.Interface, on)
		case a.Interface != home:
			elsewhere = true
			f.add(m.stray(), "%s is on %s", a.Prefix, a.Interface).mend(fmt.Sprintf("ip addr del %s dev %s", a.Prefix, a.Interface))
		default:
			narrow = true
			f.fail("%s on %s claims its whole network: the mask should be /%d", a.Prefix, a.Interface, vip.BitLen())
		}
	}
	start := m.start()
	switch {
	case narrow || elsewhere && there == nil:
		f.mend(start)
	case there != nil:
		f.pass("%s on %s", there.Prefix, home)
	case !known && m.otherDirector(vip) != "":
		f.warn("%s is on no interface: %s has it, and may be the active director", vip, m.otherDirector(vip))
	case !known:
		f.fail("%s is on no interface", vip).mend(start)
	}
}

// servesToo reports whether this director is also a real server, of its own
// services or of others. It then has VIPs in two places: some to answer for, and all
// to take packets for.
func (m *facts) servesToo(addresses []host.Address) bool {
	return m.share.Listed || m.keepsQuiet(addresses)
}

// stray says how bad a VIP is that is not where it should be. Clients reach a
// director there all the same; a real server answers for it, whatever arp_ignore
// says.
func (m *facts) stray() Outcome {
	if m.Role == Director {
		return Warn
	}
	return Fail
}

// isDown reports whether an interface is down: its addresses are nobody's.
func (m *facts) isDown(name string) bool {
	return slices.ContainsFunc(m.links.value, func(l host.Link) bool { return l.Name == name && !l.Up })
}
