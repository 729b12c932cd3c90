package vnet

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// SetNeighbour has what goes to an address on a link go to an Ethernet address,
// whatever its host says.
func SetNeighbour(link string, addr netip.Addr, mac net.HardwareAddr) error {
	return neighbour(link, addr, mac, netlink.NUD_PERMANENT, netlink.NeighSet)
}

// DeleteNeighbour undoes [SetNeighbour].
func DeleteNeighbour(link string, addr netip.Addr) error {
	return neighbour(link, addr, nil, 0, netlink.NeighDel)
}

func neighbour(link string, addr netip.Addr, mac net.HardwareAddr, state int, do func(*netlink.Neigh) error) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	err = do(&netlink.Neigh{LinkIndex: l.Attrs().Index, State: state, IP: addr.AsSlice(), HardwareAddr: mac})
	if err != nil {
		return fmt.Errorf("neighbour %s on %q: %w", addr, link, err)
	}
	return nil
}
