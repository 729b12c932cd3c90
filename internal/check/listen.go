package check

import (
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// probeListeners looks whether something listens where packets for the VIP
// arrive.
func probeListeners(s *Site, f *finding) error {
	ports, err := s.myPorts()
	if err != nil {
		return err
	}
	listeners, err := s.Kernel.Listeners()
	if err != nil {
		return err
	}
	for _, p := range ports {
		if err := s.heard(p, listeners, f); err != nil {
			return err
		}
	}
	return nil
}

// myPorts are where packets for this real server's services arrive: on the VIP
// or, where they are masqueraded, on its own address.
func (s *Site) myPorts() ([]port, error) {
	mine, err := s.mine()
	if err != nil {
		return nil, err
	}
	var ports []port
	for _, w := range mine {
		for _, d := range w.Destinations {
			p := port{w.Service.Protocol, netip.AddrPortFrom(w.Service.Addr, d.Port)}
			if d.Forward == ipvs.Masquerade {
				p.addr = netip.AddrPortFrom(d.Addr, d.Port)
			}
			if w.Service.FWMark == 0 && d.Port != 0 && !slices.Contains(ports, p) {
				ports = append(ports, p)
			}
		}
	}
	return ports, nil
}

// heard judges one port.
func (s *Site) heard(p port, listeners []host.Listener, f *finding) error {
	var other []string
	for _, l := range listeners {
		switch {
		case l.Protocol != p.protocol || l.Addr.Port() != p.addr.Port():
		case l.Hears(p.addr):
			f.pass("something listens on %s", l.Addr)
			return nil
		case !l.Addr.Addr().IsLoopback():
			other = append(other, l.Addr.String())
		}
	}
	packet := netfilter.Packet{Protocol: p.protocol, Dst: p.addr.Addr(), Port: p.addr.Port()}
	redirected, err := s.Kernel.Redirects(packet)
	slices.Sort(other)
	switch {
	case err != nil:
		return err
	case redirected:
		f.pass("what comes for %s is redirected", p.addr)
	case len(other) == 0:
		f.fail("nothing listens on %s", p.addr)
	default:
		f.fail("nothing listens on %s, only on %s", p.addr, strings.Join(slices.Compact(other), ", "))
		command, err := s.Kernel.Redirection(packet)
		if err != nil {
			return err
		}
		f.mend(command)
	}
	return nil
}
