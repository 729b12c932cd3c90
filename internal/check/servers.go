package check

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// probeOnLink looks for routers between the director and its real servers.
func probeOnLink(s *Site, f *finding) error {
	for _, r := range s.servers() {
		if r.drained || !r.direct() {
			continue
		}
		hop, err := s.Kernel.RouteTo(r.addr)
		switch {
		case err == nil && hop.Local:
			f.pass("%s is this machine", r.addr)
		case err == nil && !hop.Gateway:
			f.pass("%s is on %s", r.addr, hop.Interface)
		default:
			if err := s.distant(r.addr, err, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// distant is a real server behind a router, or without a way to it. A route
// that hides the network it is in can go; else nothing but another place or
// another forwarding method helps, and it gets no connections meanwhile.
func (s *Site) distant(addr netip.Addr, noWay error, f *finding) error {
	if noWay != nil {
		f.fail("there is no way to %s (%v)", addr, noWay)
	} else {
		f.fail("%s is behind a router", addr)
	}
	routes, err := s.Kernel.Routes()
	if err != nil {
		return err
	}
	if hiding := hidingRoute(addr, routes); hiding.IsValid() {
		f.mend(fmt.Sprintf("ip route del %s", hiding))
		return nil
	}
	f.mend(s.Lvsdr("vs", "drain", addr.String()))
	return nil
}

// hidingRoute is a route by way of a router to a part of a network that is on
// the link.
func hidingRoute(addr netip.Addr, routes []host.Route) netip.Prefix {
	var hiding netip.Prefix
	onLink := -1
	for _, r := range routes {
		switch {
		case !r.Prefix.Contains(addr):
		case !r.Gateway:
			onLink = max(onLink, r.Prefix.Bits())
		case !hiding.IsValid() || r.Prefix.Bits() > hiding.Bits():
			hiding = r.Prefix
		}
	}
	if onLink > 0 && hiding.IsValid() && hiding.Bits() > onLink {
		return hiding
	}
	return netip.Prefix{}
}

// probePorts tries a connection to every real server that could take one.
func probePorts(s *Site, f *finding) error {
	w, err := s.listen()
	if err != nil && !errors.Is(err, syscall.EPERM) {
		return err
	}
	asked := map[ipvs.Protocol][]netip.AddrPort{}
	for _, r := range s.servers() {
		if _, onLink := w.onLink[r.addr]; r.drained || onLink && err == nil && !w.answered(r.addr) {
			continue // that says it all
		}
		for _, p := range r.ports {
			if p.protocol == ipvs.UDP {
				f.unknown("%s: whether a server takes udp cannot be asked", p.addr)
				continue
			}
			asked[p.protocol] = append(asked[p.protocol], p.addr)
		}
	}
	for _, protocol := range []ipvs.Protocol{ipvs.TCP, ipvs.SCTP} {
		if err := s.connect(protocol, asked[protocol], f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Site) connect(p ipvs.Protocol, addrs []netip.AddrPort, f *finding) error {
	if len(addrs) == 0 {
		return nil
	}
	outcomes, err := s.Kernel.Connect(p, addrs, s.Wait)
	if err != nil {
		return err
	}
	for i, err := range outcomes {
		switch {
		case err == nil:
			f.pass("%s accepts", addrs[i])
		case errors.Is(err, syscall.EPROTONOSUPPORT):
			f.unknown("%s: this kernel cannot ask by %s", addrs[i], ipvs.Protocols.Name(p))
		default:
			f.fail("%s: %v", addrs[i], err).mend(s.Lvsdr("vs", "drain", addrs[i].Addr().String()))
		}
	}
	return nil
}
