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
	// IsVIP tells the VIPs that are lvsdr's business: they come and go together.
	IsVIP func(netip.Addr) bool
}

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
		return covers && a.Interface == vip.Interface && !n.IsVIP(a.Prefix.Addr())
	})
}

// StandsOn names a route or another address that would go with an address; ""
// if there is none.
func (n Neighbourhood) StandsOn(a Address) string {
	for _, r := range n.Routes {
		if r.Source == a.Prefix.Addr() && r.Prefix != a.Prefix.Masked() {
			return fmt.Sprintf("the route to %s", r.Prefix)
		}
	}
	if a.Prefix.IsSingleIP() {
		return ""
	}
	inNetwork := func(b Address) bool { return b.Interface == a.Interface && b.Prefix.Masked() == a.Prefix.Masked() }
	first := slices.IndexFunc(n.Addresses, inNetwork)
	for i, b := range n.Addresses {
		switch {
		case !inNetwork(b) || b.Prefix == a.Prefix || n.IsVIP(b.Prefix.Addr()):
		case a.Prefix.Addr().Is6() || n.Addresses[first].Prefix != a.Prefix:
			return "" // that one keeps the network
		case i > first:
			return b.Prefix.String()
		}
	}
	for _, r := range n.Routes {
		if r.Prefix == a.Prefix.Masked() && r.Interface == a.Interface && !r.Gateway {
			return fmt.Sprintf("the route to %s", r.Prefix)
		}
	}
	return ""
}
