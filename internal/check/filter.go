package check

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// probeFilter looks for rules of the packet filter that keep clients' packets
// from their services: on their way in and, from a director, out again.
func probeFilter(s *Site, f *finding) error {
	ports, err := s.filtered()
	if err != nil {
		return err
	}
	for _, p := range ports {
		faults, err := s.faults(p)
		if err != nil {
			return err
		}
		for _, fault := range faults {
			saw, some := f.fail, ""
			if fault.Verdict == netfilter.DropsSome {
				saw, some = f.warn, "some "
			}
			saw("%s drops %spackets for %s", fault.Where, some, p.addr).mend(fault.Remedy)
		}
		if len(faults) == 0 {
			f.pass("packets for %s pass", p.addr)
		}
	}
	return nil
}

// faults are what stands in the way of packets to a port. A director sends on
// what it routes directly, and usually does not track it.
func (s *Site) faults(p port) ([]netfilter.Fault, error) {
	packet := netfilter.Packet{Protocol: p.protocol, Dst: p.addr.Addr(), Port: p.addr.Port()}
	found, err := s.Kernel.Faults(packet, netfilter.Prerouting, netfilter.Input)
	if err != nil || s.Role != Director || !s.forwards(ipvs.DirectRoute) {
		return found, err
	}
	tracks, err := s.Kernel.Get("net.ipv4.vs.conntrack")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	packet.Untracked = tracks == 0
	onward, err := s.Kernel.Faults(packet, netfilter.Output, netfilter.Postrouting)
	return append(found, onward...), err
}

// filtered are the ports that clients' packets arrive at.
func (s *Site) filtered() ([]port, error) {
	if s.Role == RealServer {
		return s.myPorts()
	}
	var ports []port
	for _, w := range s.Config.Wanted() {
		p := port{w.Service.Protocol, netip.AddrPortFrom(w.Service.Addr, w.Service.Port)}
		if w.Service.FWMark == 0 && !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
	}
	return ports, nil
}
