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
	moves, err := m.vrrp.get() // not asked of a real server
	if err != nil {
		return err
	}
	for _, vip := range m.vips() {
		if moves && !held(vip, addresses, m.home()) {
			m.judgeMoved(vip, addresses, f)
			continue
		}
		m.judgePlace(vip, addresses, f)
	}
	return nil
}

// home is the interface of the VIPs' label.
func (m *facts) home() string {
	label := m.Config.Label
	if m.Role == Director {
		label = m.Config.LabelOfDirector()
	}
	home, _, _ := strings.Cut(label, ":")
	return home
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
			f.pass("%s on %s, where VRRP is at work", a.Prefix, a.Interface)
		}
	}
	if !held(vip, addresses) {
		f.warn("%s is on no interface: VRRP is at work here, and may have it on another director", vip)
	}
}

// judgePlace says where a VIP is.
func (m *facts) judgePlace(vip netip.Addr, addresses []host.Address, f *finding) {
	home := m.home()
	var there, narrow, elsewhere bool
	for _, a := range addresses {
		if a.Prefix.Addr() != vip {
			continue
		}
		switch {
		case a.Interface != home:
			elsewhere = true
			m.reportStray(a, f)
		case a.Prefix.Bits() == vip.BitLen():
			there = true
		default:
			narrow = true
			f.fail("%s on %s claims its whole network: the mask should be /%d", a.Prefix, a.Interface, vip.BitLen())
		}
	}
	start := m.start()
	switch {
	case there && !narrow:
		f.pass("%s on %s", netip.PrefixFrom(vip, vip.BitLen()), home)
	case narrow || elsewhere:
		f.mend(start)
	default:
		f.fail("%s is on no interface", vip).mend(start)
	}
}

// reportStray is about a VIP on another interface than configured. Clients reach
// a director there all the same; a real server answers for it, whatever
// arp_ignore says.
func (m *facts) reportStray(a host.Address, f *finding) {
	saw := f.fail
	if m.Role == Director {
		saw = f.warn
	}
	saw("%s is on %s", a.Prefix, a.Interface).mend(fmt.Sprintf("ip addr del %s dev %s", a.Prefix, a.Interface))
}
