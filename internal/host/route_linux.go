package host

import (
	"errors"
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
	hop, err := routeTo(netip.Addr{}, addr, links)
	if err != nil {
		return Hop{}, fmt.Errorf("route to %s: %w", addr, err)
	}
	return hop, nil
}

// RouteFrom is [Host.RouteTo] for what is sent in the name of an address: rules
// may lead it elsewhere ("ip rule add from"). The kernel refuses an address that the
// machine does not have, with ENETUNREACH or EINVAL.
func (h *Host) RouteFrom(source, addr netip.Addr, links []Link) (Hop, error) {
	hop, err := routeTo(source, addr, links)
	if err != nil {
		return Hop{}, fmt.Errorf("route from %s to %s: %w", source, addr, err)
	}
	return hop, nil
}

// Delivers reports whether packets for an address are this machine's own, if they
// have a firewall mark, or none: by an address of an interface, or by a local route
// ("ip route add local"), which a rule may have for the mark alone ("ip rule add
// fwmark").
func (h *Host) Delivers(addr netip.Addr, mark uint32) (bool, error) {
	found, err := netlink.RouteGetWithOptions(addr.Unmap().AsSlice(), &netlink.RouteGetOptions{Mark: mark})
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
		return false, nil // no route, or one that forbids
	case err != nil:
		return false, fmt.Errorf("route to %s: %w", addr, err)
	}
	return len(found) > 0 && found[0].Type == unix.RTN_LOCAL, nil
}

func routeTo(source, addr netip.Addr, links []Link) (Hop, error) {
	if !addr.IsValid() {
		return Hop{}, unix.EINVAL
	}
	found, err := netlink.RouteGetWithOptions(addr.Unmap().AsSlice(), &netlink.RouteGetOptions{SrcAddr: source.Unmap().AsSlice()})
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
	preferred, _ := netip.AddrFromSlice(r.Src)
	via, _ := netip.AddrFromSlice(r.Gw)
	var out string
	if i := slices.IndexFunc(links, func(l Link) bool { return l.Index == r.LinkIndex }); i >= 0 {
		out = links[i].Name
	}
	return Hop{
		Interface: out,
		Gateway:   r.Gw != nil || r.Via != nil,
		Via:       via.Unmap(),
		Local:     r.Type == unix.RTN_LOCAL,
		Source:    preferred.Unmap(),
	}, nil
}
