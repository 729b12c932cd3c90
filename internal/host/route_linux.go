package host

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// refusal is the error that a route of this type stands for, if any. The kernel
// says so itself for IPv4, and for IPv6 since Linux 4.13.
func refusal(routeType int) error {
	switch routeType {
	case unix.RTN_UNREACHABLE:
		return unix.EHOSTUNREACH
	case unix.RTN_BLACKHOLE:
		return unix.EINVAL
	case unix.RTN_PROHIBIT:
		return unix.EACCES
	case unix.RTN_THROW:
		return unix.ENETUNREACH
	}
	return nil
}

// RouteTo asks the kernel how it would send to addr. Links are all interfaces,
// as for [Host.Routes]. ENETUNREACH: no route leads there; EHOSTUNREACH, EINVAL,
// EACCES: the route is of type unreachable, blackhole, prohibit. Zones are
// passed over.
func (h *Host) RouteTo(addr netip.Addr, links []Link) (Hop, error) {
	hop, err := routeTo(addr, links)
	if err != nil {
		return Hop{}, fmt.Errorf("route to %s: %w", addr, err)
	}
	return hop, nil
}

func routeTo(addr netip.Addr, links []Link) (Hop, error) {
	if !addr.IsValid() {
		return Hop{}, unix.EINVAL
	}
	found, err := netlink.RouteGet(addr.Unmap().AsSlice())
	if err != nil {
		return Hop{}, err
	}
	if len(found) == 0 {
		return Hop{}, unix.EINVAL
	}
	r := found[0]
	if err := refusal(r.Type); err != nil {
		return Hop{}, err
	}
	source, _ := netip.AddrFromSlice(r.Src)
	var out string
	if i := slices.IndexFunc(links, func(l Link) bool { return l.Index == r.LinkIndex }); i >= 0 {
		out = links[i].Name
	}
	return Hop{
		Interface: out,
		Gateway:   r.Gw != nil || r.Via != nil,
		Local:     r.Type == unix.RTN_LOCAL,
		Source:    source.Unmap(),
	}, nil
}
