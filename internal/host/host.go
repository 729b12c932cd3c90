// Package host is the machine beside its balancer: interfaces, addresses,
// routes, neighbours, sockets that listen, kernel parameters and network
// namespaces.
package host

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Host is everything about the machine but its IPVS: interfaces, addresses,
// routes. It is of the network namespace of the calling thread at each call,
// and holds nothing that would have to be closed.
type Host struct{}

// NewHost returns the machine's addresses and interfaces; it asks for nothing.
func NewHost() *Host { return &Host{} }

// Address is an address of an interface.
type Address struct {
	Prefix    netip.Prefix // the address and the length of its network
	Interface string
	// Label is the name that ifconfig shows, of IPv4 only and at most 15
	// bytes. The kernel puts the interface's name where none was given.
	Label string
	// Deprecated addresses have a preferred lifetime of zero: the machine
	// answers on them, but does not choose them as the source of anything new.
	Deprecated bool
	// Host addresses are of scope host: not to be told to others.
	Host bool
	// Taken addresses of IPv6 were found to be another machine's: this one does not
	// use them (RFC 4862, duplicate address detection).
	Taken bool
}

// Link is a network interface.
type Link struct {
	Name                    string
	Index                   int
	Up, Loopback, Broadcast bool
	Unplugged               bool // it is up, and has no carrier (IFF_LOWER_UP)
	NoARP                   bool // it neither asks nor answers (IFF_NOARP): dummy, tunl0, gre
	MAC                     net.HardwareAddr
	// Kind is the kernel's word for what is not a device of hardware
	// (IFLA_INFO_KIND): "veth", "bridge", "ipip", "gre", "ip6tnl". The loopback
	// has none.
	Kind string
	// Remote is the other end of a tunnel of IP in IP, if it takes packets from there
	// alone.
	Remote netip.Addr
	// Port is plugged into a bridge, bond or team: what comes in by it is heard
	// by that, with that one's parameters.
	Port bool
}

// Route is a unicast route of the main table; one with several next hops is a
// Route for each.
type Route struct {
	Prefix    netip.Prefix // 0.0.0.0/0 and ::/0 are default routes
	Interface string
	Gateway   bool // what it leads to is behind a router, not on the link
	// Source is the address of this machine that the route prefers, and goes
	// with. It is not valid where there is none, as in routes to the networks
	// of IPv6 addresses.
	Source netip.Addr
}

// Advert is a route to a VIP in a table that no packet is routed by: a routing
// daemon reads the table, and announces the VIP.
type Advert struct {
	VIP    netip.Addr `json:"vip"`
	Table  int        `json:"table"`
	Metric int        `json:"metric,omitempty"` // the higher, the worse; not zero in the kernel
}

// Hop is how the kernel would send to an address, as "ip route get" tells.
type Hop struct {
	Interface string     // "lo" if Local
	Gateway   bool       // by way of a router; else the address is on the link
	Via       netip.Addr // the router; not valid where it is of the other family
	Local     bool       // the address is this machine's own
	// Source is the address that the packet would come from. It is not valid
	// where the kernel has none to offer.
	Source netip.Addr
}

// Neighbour is an entry of the neighbour table, with an Ethernet address.
type Neighbour struct {
	Addr      netip.Addr
	MAC       net.HardwareAddr
	Interface string
}

// Link finds an interface. ENODEV: there is none of that name.
func (h *Host) Link(name string) (Link, error) {
	links, err := h.Links()
	if err != nil {
		return Link{}, err
	}
	for _, l := range links {
		if l.Name == name {
			return l, nil
		}
	}
	return Link{}, fmt.Errorf("interface %q: %w", name, syscall.ENODEV)
}
