package host

import (
	"fmt"
	"net/netip"
	"slices"
)

// Neighbourhood is what an address lives among. The addresses are in the
// kernel's order: of the IPv4 addresses of one network on an interface, the
// first is the primary, and takes the others with it when it goes.
type Neighbourhood struct {
	Links     []Link
	Addresses []Address
	Routes    []Route
	VIPs      []netip.Addr // lvsdr's business: they come and go together
}

func (n Neighbourhood) isVIP(a netip.Addr) bool { return slices.Contains(n.VIPs, a) }

// Fits reports whether the mask of a VIP is right: it adds no network that its
// interface would not have without VIPs.
func (n Neighbourhood) Fits(vip Address) bool {
	if vip.Prefix.IsSingleIP() {
		return true
	}
	if slices.ContainsFunc(n.Links, func(l Link) bool { return l.Name == vip.Interface && l.Loopback }) {
		return false // all of the network would be this machine
	}
	return slices.ContainsFunc(n.Addresses, func(a Address) bool {
		covers := a.Prefix.Bits() <= vip.Prefix.Bits() && a.Prefix.Contains(vip.Prefix.Addr())
		return covers && a.Interface == vip.Interface && !n.isVIP(a.Prefix.Addr())
	})
}

// StandsOn names a route or another address that would go with an address; ""
// if there is none.
func (n Neighbourhood) StandsOn(a Address) string {
	if on := n.foreign(a); on != "" || a.Prefix.IsSingleIP() {
		return on
	}
	for _, b := range n.Addresses {
		if inNetwork(a, b) && b.Prefix != a.Prefix && (a.Prefix.Addr().Is6() || n.primary(a).Prefix != a.Prefix) {
			return "" // that one keeps the network
		}
	}
	for _, r := range n.Routes {
		if r.Prefix == a.Prefix.Masked() && r.Interface == a.Interface && !r.Gateway {
			return fmt.Sprintf("the route to %s", r.Prefix)
		}
	}
	return ""
}

// MayGo reports whether somebody who knows the purpose of an address may remove it:
// nothing goes with it but the route to its own network, and its interface has another
// address.
func (n Neighbourhood) MayGo(a Address) bool {
	return n.foreign(a) == "" && slices.ContainsFunc(n.Addresses, func(b Address) bool {
		return b.Interface == a.Interface && sameFamily(a.Prefix.Addr(), b.Prefix.Addr()) && b.Prefix.Addr() != a.Prefix.Addr()
	})
}

// foreign names a route to elsewhere, or another address, that goes with an
// address.
func (n Neighbourhood) foreign(a Address) string {
	for _, r := range n.Routes {
		if r.Source == a.Prefix.Addr() && r.Prefix != a.Prefix.Masked() {
			return fmt.Sprintf("the route to %s", r.Prefix)
		}
	}
	if a.Prefix.IsSingleIP() || a.Prefix.Addr().Is6() || n.primary(a).Prefix != a.Prefix {
		return ""
	}
	for _, b := range n.Addresses {
		if inNetwork(a, b) && b.Prefix != a.Prefix && !n.isVIP(b.Prefix.Addr()) {
			return b.Prefix.String()
		}
	}
	return ""
}

// primary is the first address of a network on an interface.
func (n Neighbourhood) primary(a Address) Address {
	i := slices.IndexFunc(n.Addresses, func(b Address) bool { return inNetwork(a, b) })
	if i < 0 {
		return a
	}
	return n.Addresses[i]
}

func inNetwork(a, b Address) bool {
	return b.Interface == a.Interface && b.Prefix.Masked() == a.Prefix.Masked()
}
