package check

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"

	"lvsdr/internal/host"
	"lvsdr/internal/wire"
)

// neighbourhood is what the neighbours say.
type neighbourhood struct {
	onLink  map[netip.Addr]string    // the interface of each real server that no router stands before
	answers map[string][]wire.Answer // by interface
	err     error                    // why nobody could be asked
}

// listen asks, once and all together, who has the VIPs and the real servers.
func (s *Site) listen() (*neighbourhood, error) {
	if s.wire == nil {
		s.wire = &neighbourhood{onLink: map[netip.Addr]string{}, answers: map[string][]wire.Answer{}}
		s.wire.err = s.ask(s.wire)
	}
	return s.wire, s.wire.err
}

func (s *Site) ask(w *neighbourhood) error {
	links, err := s.Kernel.Links()
	if err != nil {
		return err
	}
	for _, r := range s.servers() {
		hop, err := s.Kernel.RouteTo(r.addr)
		if err == nil && !hop.Gateway && !hop.Local {
			w.onLink[r.addr] = hop.Interface
		}
	}
	questions, err := s.questions(w.onLink)
	if err != nil {
		return err
	}
	for _, l := range links {
		addrs := questions[l.Name]
		if len(addrs) == 0 || !ethernet(l) {
			continue
		}
		if w.answers[l.Name], err = s.Kernel.Ask(l, addrs, s.Wait); err != nil {
			return fmt.Errorf("ask the neighbours on %s: %w", l.Name, err)
		}
	}
	return nil
}

// questions are the addresses to ask for on each interface: the real servers
// there, and the VIPs on all that face clients or real servers.
func (s *Site) questions(onLink map[netip.Addr]string) (map[string][]netip.Addr, error) {
	questions := map[string][]netip.Addr{}
	for addr, link := range onLink {
		questions[link] = append(questions[link], addr)
	}
	for _, vip := range s.Config.VIPs {
		facing, err := s.Kernel.Facing(vip)
		if err != nil {
			return nil, err
		}
		links := make(map[string]bool)
		for _, l := range facing {
			links[l.Name] = true
		}
		for _, link := range onLink {
			links[link] = true
		}
		for link := range links {
			questions[link] = append(questions[link], vip)
		}
	}
	for _, addrs := range questions {
		slices.SortFunc(addrs, netip.Addr.Compare)
	}
	return questions, nil
}

// ethernet reports whether neighbours on l tell their addresses by ARP or
// neighbour discovery, and l hears them.
func ethernet(l host.Link) bool { return l.Up && !l.Loopback && !l.Port && len(l.MAC) == 6 }

// answered reports whether anybody has addr.
func (w *neighbourhood) answered(addr netip.Addr) bool {
	return slices.ContainsFunc(w.answers[w.onLink[addr]], func(a wire.Answer) bool { return a.Addr == addr })
}

// probeNeighbours is about the real servers on the link.
func probeNeighbours(s *Site, f *finding) error {
	w, err := s.listen()
	if err != nil {
		return err
	}
	for _, r := range s.servers() {
		link, ok := w.onLink[r.addr]
		switch {
		case r.drained || !ok:
		case w.answered(r.addr):
			f.pass("%s answers on %s", r.addr, link)
		default:
			f.fail("%s does not answer on %s", r.addr, link).mend(s.Lvsdr("vs", "drain", r.addr.String()))
		}
	}
	return nil
}

// probeOwner looks for somebody else who answers for a VIP.
func probeOwner(s *Site, f *finding) error {
	w, err := s.listen()
	if err != nil {
		return err
	}
	neighbours, err := s.Kernel.Neighbours()
	if err != nil {
		return err
	}
	moves, err := s.moves()
	if err != nil {
		return err
	}
	addresses, err := s.Kernel.Addresses()
	if err != nil {
		return err
	}
	for _, vip := range s.Config.VIPs {
		others := 0
		away := moves && !held(vip, addresses)
		for _, link := range slices.Sorted(maps.Keys(w.answers)) {
			for _, a := range w.answers[link] {
				if a.Addr != vip {
					continue
				}
				others++
				owner := w.nameOf(a.MAC, s.servers(), neighbours)
				if away && !s.isServer(owner) {
					f.pass("%s answers for %s on %s: VRRP is at work here", a.MAC, vip, link)
					continue
				}
				s.accuse(vip, link, a.MAC, owner, f)
			}
		}
		if others == 0 {
			f.pass("nobody else answers for %s", vip)
		}
	}
	return nil
}

// accuse names who answers for a VIP.
func (s *Site) accuse(vip netip.Addr, link string, mac net.HardwareAddr, owner netip.Addr, f *finding) {
	// It may have the VIP on another interface than lo, where arp_ignore is of
	// no use.
	away := fmt.Sprintf("ip addr flush to %s", vip)
	switch {
	case s.isServer(owner):
		f.fail("real server %s (%s) answers for %s on %s", owner, mac, vip, link).
			mendOn(owner.String(), away).mendOn(owner.String(), s.Lvsdr("rs", "start"))
	case owner.IsValid():
		f.fail("%s (%s), which is no real server, answers for %s on %s", owner, mac, vip, link).mendOn(owner.String(), away)
	default:
		f.fail("a machine with the address %s answers for %s on %s", mac, vip, link).mendOn(mac.String(), away)
	}
}

func (s *Site) isServer(addr netip.Addr) bool {
	return slices.ContainsFunc(s.servers(), func(r server) bool { return r.addr == addr })
}

// nameOf is the address of the machine with an Ethernet address: a real
// server's, or the neighbour table's.
func (w *neighbourhood) nameOf(mac net.HardwareAddr, servers []server, neighbours []host.Neighbour) netip.Addr {
	for _, r := range servers {
		for _, a := range w.answers[w.onLink[r.addr]] {
			if a.Addr == r.addr && slices.Equal(a.MAC, mac) {
				return r.addr
			}
		}
	}
	var name netip.Addr // of several, always the same one
	for _, n := range neighbours {
		if slices.Equal(n.MAC, mac) && (!name.IsValid() || n.Addr.Less(name)) {
			name = n.Addr
		}
	}
	return name
}
