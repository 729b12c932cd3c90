package host

import (
	"net/netip"
	"slices"
)

// FacingLinks chooses the interfaces on which the clients of vip, or the router
// to them, hear this machine: those with an on-link route to it, else those of
// the default routes of its family, else all that have an address of its
// family. Only Ethernet-like interfaces that are up come into question.
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

// announces reports whether neighbours can be told something on l.
func (l Link) announces() bool {
	return l.Up && !l.Loopback && l.Broadcast && l.Ethernet()
}

// Ethernet reports whether l has an Ethernet address.
func (l Link) Ethernet() bool { return len(l.MAC) == ethernetLen }

// ethernetLen is the length of an Ethernet address.
const ethernetLen = 6

func sameFamily(a, b netip.Addr) bool { return a.Is4() == b.Is4() }
