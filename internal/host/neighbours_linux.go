package host

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Neighbours returns the neighbour table of both families: who has been heard
// of, or is set by hand, and not what follows from an address, such as groups.
// Links are all interfaces, as for [Host.Routes].
func (h *Host) Neighbours(links []Link) ([]Neighbour, error) {
	names := namesOf(links)
	found, err := whole(func() ([]netlink.Neigh, error) { return netlink.NeighList(0, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	var neighbours []Neighbour
	for _, n := range found {
		addr, ok := netip.AddrFromSlice(n.IP)
		if !ok || len(n.HardwareAddr) != ethernetLen || n.State == unix.NUD_NOARP {
			continue
		}
		neighbours = append(neighbours, Neighbour{addr, n.HardwareAddr, names[n.LinkIndex]})
	}
	return neighbours, nil
}
