package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// judgeDirectorRoute looks, where rp_filter is on, for a way back to the
// clients. Any default route will do, even one that leads nowhere, since replies
// do not take it; rp_filter 1 wants it to be on the interface that the clients'
// packets come in by (kernel: ip-sysctl.rst; RFC 3704).
func judgeDirectorRoute(m *facts, f *finding) error {
	routes, err := m.routes.get()
	if err != nil {
		return err
	}
	for _, vip := range m.vips() {
		if vip.Is6() {
			f.pass("not needed: IPv6 has no rp_filter")
			continue
		}
		facing, err := m.facing(vip)
		if err != nil {
			return err
		}
		if len(facing) == 0 {
			f.unknown("which interface faces clients of %s is unknown", vip)
		}
		defaults, way := defaultRoutes(vip, routes), m.ways[vip]
		if out := way.value.Interface; out != "" && !slices.Contains(defaults, out) {
			defaults = append(defaults, out) // by a rule
		}
		for _, l := range facing {
			if err := m.judgeReturn(l.Name, defaults, way.err, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// filtering are the interfaces whose rp_filter clients' packets have to pass.
func (m *facts) filtering() []host.Link {
	var all []host.Link
	for _, vip := range m.vips() {
		if facing, err := m.facing(vip); err == nil && vip.Is4() {
			all = append(all, facing...)
		}
	}
	return all
}

// judgeReturn judges the interface that clients' packets come in by.
func (m *facts) judgeReturn(link string, defaults []string, noWay error, f *finding) error {
	filter, err := m.effective("rp_filter", link)
	if err != nil {
		return err
	}
	switch {
	case filter == 0:
		f.pass("rp_filter is off on %s", link)
	case len(defaults) == 0:
		f.fail("rp_filter is %d on %s, and there is no default route", filter, link).mend(withoutFilter(link))
	case noWay != nil:
		f.fail("rp_filter is %d on %s, and there is no route to clients (%v)", filter, link, noWay).mend(withoutFilter(link))
	case filter == 1 && !slices.Contains(defaults, link):
		f.warn("rp_filter is 1 on %s, and the default route leads out of %s", link, strings.Join(defaults, ", ")).mend(withoutFilter(link))
	default:
		f.pass("default route on %s", strings.Join(defaults, ", "))
	}
	return nil
}

// defaultRoutes are the interfaces of the default routes of addr's family.
func defaultRoutes(addr netip.Addr, routes []host.Route) []string {
	var links []string
	for _, r := range routes {
		if r.Prefix.Bits() == 0 && r.Prefix.Addr().Is4() == addr.Is4() && !slices.Contains(links, r.Interface) {
			links = append(links, r.Interface)
		}
	}
	return links
}

// tunnelKinds are the interfaces that unpack what a director sends by tunnel, of
// either family of real server, as the kernel calls their kinds.
var tunnelKinds = []string{"ipip", "sit", "ip6tnl"}

// tunnels are the interfaces that unpack tunnels, if there is something to
// unpack.
func (m *facts) tunnels() []host.Link {
	if !m.forwards(ipvs.Tunnel) {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(m.links.value), func(l host.Link) bool {
		return !l.Up || !slices.Contains(tunnelKinds, l.Kind)
	})
	if open := slices.DeleteFunc(slices.Clone(all), func(l host.Link) bool { return l.Remote.IsValid() }); len(open) > 0 {
		return open // others are for something else
	}
	return all
}

// judgeTunnel looks at the interfaces that unpack tunnels.
func judgeTunnel(m *facts, f *finding) error {
	if !m.forwards(ipvs.Tunnel) {
		f.pass("not needed: no service %s by tunnel", m.arrives(ipvs.Tunnel))
		return nil
	}
	if m.links.err != nil {
		return m.links.err
	}
	for _, l := range m.tunnels() {
		if l.Remote.IsValid() {
			f.unknown("%s unpacks only what comes from %s: whether that is the director is unknown", l.Name, l.Remote)
		}
		if err := m.judgeUnpacking(l.Name, f); err != nil {
			return err
		}
	}
	if f.seen == nil {
		f.fail("no tunnel interface is up").mend("modprobe ipip").mend("ip link set tunl0 up")
	}
	return nil
}

// judgeUnpacking judges the rp_filter of a tunnel's interface: 1 drops what comes out
// of it, and so does 2, which is content with any way back, where the interface
// has no address of its own (the kernel compares nothing then; fault "rp_filter
// with tunnels").
func (m *facts) judgeUnpacking(link string, f *finding) error {
	filter, err := m.effective("rp_filter", link)
	if err != nil {
		return err
	}
	addresses, err := m.addresses.get()
	if err != nil {
		return err
	}
	addressed := slices.ContainsFunc(addresses, func(a host.Address) bool { return a.Interface == link && a.Prefix.Addr().Is4() })
	if filter == 0 || filter == 2 && addressed {
		f.pass("%s is up, its rp_filter is %d", link, filter)
		return nil
	}
	f.fail("rp_filter is %d on %s", filter, link).mend(withoutFilter(link))
	return nil
}

// withoutFilter turns rp_filter off on an interface: the larger one of its own
// value and that of "all" counts.
func withoutFilter(link string) string {
	return fmt.Sprintf("sysctl -w %s=0 %s=0", host.LinkParameter("all", "rp_filter"), host.LinkParameter(link, "rp_filter"))
}
