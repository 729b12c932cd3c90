package host

import (
	"net/netip"
	"slices"
)

// FacingLinks chooses the interfaces on which the clients of vip, or the router
// to them, hear this machine: those with an on-link route to it, else those of
// the default routes of its family, else all that have an address of its
// family. Only Ethernet-like interfaces that are up are considered.
func FacingLinks(vip netip.Addr, links []Link, addresses []Address, routes []Route) []Link {
	onLink := func(r Route) bool { return !r.Gateway && r.Prefix.Bits() > 0 && r.Prefix.Contains(vip) }
	isDefault := func(r Route) bool { return r.Prefix.Bits() == 0 && sameFamily(r.Prefix.Addr(), vip) }
	hasAddress := func(l Link) bool {
		return slices.ContainsFunc(addresses, func(a Address) bool {
			return a.Interface == l.Name && sameFamily(a.Prefix.Addr(), vip)
		})
	}
	carries := func(want func(Route) bool) func(Link) bool {
		return func(l Link) bool {
			return slices.ContainsFunc(routes, func(r Route) bool { return r.Interface == l.Name && want(r) })
		}
	}
	for _, wanted := range []func(Link) bool{carries(onLink), carries(isDefault), hasAddress} {
		var found []Link
		for _, l := range links {
			if l.announces() && wanted(l) {
				found = append(found, l)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// LAN is the interface in whose network an address is, so that neighbours there
// ask for it; "" if it is in none.
func LAN(addr netip.Addr, links []Link, routes []Route) string {
	for _, l := range links {
		if l.Up && !l.Loopback && slices.ContainsFunc(routes, func(r Route) bool {
			return r.Interface == l.Name && !r.Gateway && r.Prefix.Bits() > 0 && !r.Prefix.IsSingleIP() && r.Prefix.Contains(addr)
		}) {
			return l.Name
		}
	}
	return ""
}

// DirectorHome is the interface that carries a director's VIP if the file does not
// name one: that of the real servers' label, which is silent. Linux answers neighbour
// solicitations only for the interface's own addresses: an IPv6 VIP in the LAN
// is therefore on the LAN's interface.
func DirectorHome(vip netip.Addr, label string, links []Link, routes []Route) string {
	lan := LAN(vip, links, routes)
	for _, l := range links {
		if vip.Is6() && lan != "" && l.Name == label && l.Silent() {
			return lan
		}
	}
	return label
}

// Silent reports whether nobody asks on l who has an address: it is loopback, or
// one without ARP.
func (l Link) Silent() bool { return l.Loopback || l.NoARP }

// announces reports whether neighbours can be told something on l.
func (l Link) announces() bool {
	return l.Up && !l.Loopback && l.Broadcast && l.Ethernet()
}

// Ethernet reports whether l has an Ethernet address.
func (l Link) Ethernet() bool { return len(l.MAC) == ethernetLen }

// ethernetLen is the length of an Ethernet address.
const ethernetLen = 6

func sameFamily(a, b netip.Addr) bool { return a.Is4() == b.Is4() }
