package vnet

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AddRoute adds a route. EEXIST: there is one to that network; ENETUNREACH: no
// interface leads to Via; ENODEV: there is no such interface.
func AddRoute(r Route) error { return r.change("add", netlink.RouteAdd) }

// ReplaceRoute adds a route in place of the one to that network, if there is
// one.
func ReplaceRoute(r Route) error { return r.change("replace", netlink.RouteReplace) }

// DeleteRoute deletes a route. ESRCH: there is no such route.
func DeleteRoute(r Route) error { return r.change("delete", netlink.RouteDel) }

func (r Route) change(verb string, do func(*netlink.Route) error) error {
	err := func() error {
		wire := &netlink.Route{
			Dst: &net.IPNet{IP: r.Prefix.Addr().AsSlice(), Mask: net.CIDRMask(r.Prefix.Bits(), r.Prefix.Addr().BitLen())},
			Gw:  r.Via.AsSlice(),
		}
		if r.Link != "" {
			l, err := find(r.Link)
			if err != nil {
				return err
			}
			wire.LinkIndex = l.Attrs().Index
		}
		return do(wire)
	}()
	if err != nil {
		return fmt.Errorf("%s route %s: %w", verb, r, err)
	}
	return nil
}

// Routes returns the unicast routes of the main table, of both families, but
// for those with several next hops.
func Routes() ([]Route, error) {
	found, err := netlink.RouteList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	var routes []Route
	for _, f := range found {
		prefix, ok := prefixOf(f.Dst)
		if !ok || f.Type != unix.RTN_UNICAST || f.MultiPath != nil {
			continue
		}
		via, _ := netip.AddrFromSlice(f.Gw)
		routes = append(routes, Route{prefix, via.Unmap(), names[f.LinkIndex]})
	}
	return routes, nil
}

func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	bits, size := n.Mask.Size()
	addr, ok := netip.AddrFromSlice(n.IP)
	if size == 32 {
		addr = addr.Unmap()
	}
	return netip.PrefixFrom(addr, bits), ok
}
