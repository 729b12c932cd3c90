package check

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
)

// byVRRP reports whether the file leaves the VIPs to a VRRP daemon.
func (m *facts) byVRRP() bool { return m.Config.Watch.VIP == config.VIPVRRP }

// byBGP reports whether routers learn of the VIPs from a routing daemon: they ask for
// none by ARP, and several directors may have it.
func (m *facts) byBGP() bool { return m.Config.AnnounceTable != 0 }

// errRouted is why nobody is asked who answers for a VIP.
var errRouted = errors.New("routers need a route to this director, which the daemon that reads announce_table tells them: look there")

// moved reports whether an address is where a VRRP daemon puts VIPs, which is
// never loopback.
func (m *facts) moved(a host.Address) bool {
	return m.byVRRP() && !slices.ContainsFunc(m.links.value, func(l host.Link) bool { return l.Name == a.Interface && l.Silent() })
}

// holds reports whether this director has a VIP. One that is a real server as well
// has those that VRRP moves on loopback, too, which does not count.
func (m *facts) holds(vip netip.Addr) bool {
	return slices.ContainsFunc(m.addresses.value, func(a host.Address) bool {
		return a.Prefix.Addr() == vip && (m.moved(a) || !m.byVRRP())
	})
}

// judgeMoves says where the VIP of a director is that the file leaves to a VRRP
// daemon.
func (m *facts) judgeMoves(vip netip.Addr, f *finding) {
	if !m.vrrp.value {
		f.fail("watch.vip is vrrp, and no program of this machine takes part in VRRP").mend("systemctl start keepalived")
	}
	here := false
	for _, a := range m.addresses.value {
		switch {
		case a.Prefix.Addr() != vip:
		case m.moved(a):
			here = true
			f.pass("%s on %s, where VRRP has put it", a.Prefix, a.Interface)
		case !m.share.Listed:
			f.fail("%s on %s: this machine answers for it while VRRP has it elsewhere", a.Prefix, a.Interface).
				mend(fmt.Sprintf("ip addr del %s dev %s", a.Prefix, a.Interface))
		}
	}
	if !here {
		f.pass("%s is not here: VRRP has it elsewhere", vip)
	}
}
