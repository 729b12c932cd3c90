package host

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Links returns the network interfaces in the order of their numbers.
func (h *Host) Links() ([]Link, error) {
	found, err := whole(netlink.LinkList)
	if err != nil {
		return nil, err
	}
	kinds := make(map[int]string, len(found))
	for _, l := range found {
		kinds[l.Attrs().Index] = kind(l)
	}
	links := make([]Link, len(found))
	for i, l := range found {
		a := l.Attrs()
		links[i] = Link{
			Port: slices.Contains(switches, kinds[a.MasterIndex]),
			Name: a.Name, Index: a.Index, MAC: a.HardwareAddr, Kind: kind(l),
			Up: a.Flags&net.FlagUp != 0, Loopback: a.Flags&net.FlagLoopback != 0, Broadcast: a.Flags&net.FlagBroadcast != 0,
			Unplugged: a.Flags&net.FlagUp != 0 && a.RawFlags&unix.IFF_LOWER_UP == 0,
			NoARP:     a.RawFlags&unix.IFF_NOARP != 0, Remote: remote(l),
		}
	}
	return links, nil
}

// switches are the kinds of interfaces that hear in place of their ports. The
// ports of others, such as vrf, hear for themselves.
var switches = []string{"bridge", "bond", "team"}

// remote is not valid where a tunnel takes packets from everywhere.
func remote(l netlink.Link) netip.Addr {
	var end net.IP
	switch l := l.(type) {
	case *netlink.Iptun:
		end = l.Remote
	case *netlink.Sittun:
		end = l.Remote
	case *netlink.Ip6tnl:
		end = l.Remote
	}
	addr, ok := netip.AddrFromSlice(end)
	if !ok || addr.IsUnspecified() {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// kind undoes two names that are the library's own.
func kind(l netlink.Link) string {
	switch l.(type) {
	case *netlink.Device:
		return ""
	case *netlink.Tuntap:
		return "tun"
	}
	return l.Type()
}

// namesOf maps the numbers of interfaces to their names.
func namesOf(links []Link) map[int]string {
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Index] = l.Name
	}
	return names
}

// Routes returns the unicast routes of the main table, of both families. Links
// are all interfaces: the kernel tells their numbers only.
func (h *Host) Routes(links []Link) ([]Route, error) {
	names := namesOf(links)
	found, err := whole(func() ([]netlink.Route, error) { return netlink.RouteList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	var routes []Route
	for _, r := range found {
		prefix, ok := prefixOf(r.Dst)
		if r.Type != unix.RTN_UNICAST || !ok {
			continue
		}
		source, _ := netip.AddrFromSlice(r.Src)
		source = source.Unmap()
		if r.MultiPath == nil {
			routes = append(routes, Route{prefix, names[r.LinkIndex], r.Gw != nil || r.Via != nil, source})
		}
		for _, hop := range r.MultiPath {
			routes = append(routes, Route{prefix, names[hop.LinkIndex], hop.Gw != nil || hop.Via != nil, source})
		}
	}
	return routes, nil
}

// Facing returns the interfaces that face the clients of vip: see
// [FacingLinks].
func (h *Host) Facing(vip netip.Addr) ([]Link, error) {
	links, err := h.Links()
	if err != nil {
		return nil, err
	}
	addresses, err := h.AddressesOn(links)
	if err != nil {
		return nil, err
	}
	routes, err := h.Routes(links)
	if err != nil {
		return nil, err
	}
	return FacingLinks(vip, links, addresses, routes), nil
}

const (
	// dumpPause is until a list that changes tore is asked for again.
	dumpPause = 20 * time.Millisecond
	// dumpPatience is how long changes may go on: those of a machine that starts take
	// seconds.
	dumpPatience = 5 * time.Second
)

// whole asks for a list again while changes tear it.
func whole[T any](list func() ([]T, error)) (found []T, err error) {
	for begin := time.Now(); ; time.Sleep(dumpPause) {
		found, err = list()
		if !errors.Is(err, netlink.ErrDumpInterrupted) || time.Since(begin) >= dumpPatience {
			return found, err
		}
	}
}

// prefixOf translates the network of the older vocabulary, in which the mask
// tells the family.
func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	ip := n.IP
	if len(n.Mask) == net.IPv4len {
		ip = ip.To4()
	}
	addr, ok := netip.AddrFromSlice(ip)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr, bits), ok
}
