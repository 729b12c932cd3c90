// Package vnet builds virtual networks: named network namespaces, bridges and
// pairs of interfaces, and captures what crosses them.
//
// Namespaces are named as "ip netns" names them, below /run/netns; either finds
// those of the other. What has no namespace among its arguments is done in that
// of the calling thread: see [In].
package vnet

import (
	"net"
	"net/netip"
	"time"
)

// End is one end of a pair of interfaces.
type End struct {
	Namespace string // empty: that of the calling thread
	Link      string
	MAC       net.HardwareAddr // nil: the kernel's choice
}

// Route is a unicast route of the main table.
type Route struct {
	Prefix netip.Prefix // 0.0.0.0/0 and ::/0 are default routes
	Via    netip.Addr   // not valid: the network is on the link
	Link   string       // empty: the one that leads to Via
}

// String is the route in the words of "ip route": "default via 10.0.0.200 dev
// eth0".
func (r Route) String() string {
	words := r.Prefix.String()
	if r.Prefix.Bits() == 0 {
		words = "default"
	}
	if r.Via.IsValid() {
		words += " via " + r.Via.String()
	}
	if r.Link != "" {
		words += " dev " + r.Link
	}
	return words
}

// Frame is an Ethernet frame that crossed an interface.
type Frame struct {
	Time   time.Time // by the kernel's clock, as it crossed
	Data   []byte    // from the destination's MAC on, without checksum
	Length int       // on the wire: more than Data has if that is cut off
}
