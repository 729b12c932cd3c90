package check

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/wire"
)

// askNeighbours asks, on all interfaces at once, who has the VIPs and the real
// servers. The answers are by interface.
func (m *facts) askNeighbours(k Kernel, wait time.Duration) (map[string][]wire.Answer, error) {
	asked, err := m.questions()
	if err != nil {
		return nil, err
	}
	return m.ask(k, asked, wait)
}

// ask asks for addresses by interface.
func (m *facts) ask(k Kernel, asked map[string][]netip.Addr, wait time.Duration) (map[string][]wire.Answer, error) {
	var questions []wire.Question
	for _, l := range m.links.value {
		if addrs := asked[l.Name]; len(addrs) > 0 && hears(l) && !l.Unplugged {
			slices.SortFunc(addrs, netip.Addr.Compare)
			questions = append(questions, wire.Question{Link: l, Addrs: addrs})
		}
	}
	answers := map[string][]wire.Answer{}
	for i, reply := range k.Ask(questions, m.links.value, m.addresses.value, wait) {
		link := questions[i].Link.Name
		if reply.Err != nil {
			return nil, fmt.Errorf("ask the neighbours on %s: %w", link, reply.Err)
		}
		answers[link] = reply.Answers
	}
	return answers, nil
}

// questions are the addresses to ask for on each interface: the real servers
// there, and the VIPs on all that face clients or real servers.
func (m *facts) questions() (map[string][]netip.Addr, error) {
	asked, near := map[string][]netip.Addr{}, map[string]bool{}
	for _, r := range m.servers {
		if link, ok := m.onLink(r.addr); ok {
			asked[link], near[link] = append(asked[link], r.addr), true
		}
	}
	for _, vip := range m.vips() {
		facing, err := m.facing(vip)
		if err != nil {
			return nil, err
		}
		links := maps.Clone(near)
		for _, l := range facing {
			links[l.Name] = true
		}
		for link := range links {
			asked[link] = append(asked[link], vip)
		}
	}
	return asked, nil
}

// facing are the interfaces that clients' packets for a VIP come in by.
func (m *facts) facing(vip netip.Addr) ([]host.Link, error) {
	err := cmp.Or(m.links.err, m.addresses.err, m.routes.err)
	return host.FacingLinks(vip, m.links.value, m.addresses.value, m.routes.value), err
}

// onLink is the interface of a real server that no router stands before, and that can
// be asked there by ARP or neighbour discovery.
func (m *facts) onLink(addr netip.Addr) (link string, ok bool) {
	hop, err := m.hops[addr].get()
	return hop.Interface, err == nil && !hop.Gateway && !hop.Local &&
		slices.ContainsFunc(m.links.value, func(l host.Link) bool { return l.Name == hop.Interface && hears(l) })
}

// hears reports whether neighbours on l tell their addresses by ARP or neighbour
// discovery, and l hears them.
func hears(l host.Link) bool { return l.Up && !l.Loopback && !l.Port && len(l.MAC) == 6 }

// answered reports whether anybody on an interface has addr.
func (m *facts) answered(addr netip.Addr, link string) bool {
	return slices.ContainsFunc(m.answers.value[link], func(a wire.Answer) bool { return a.Addr == addr })
}

// judgeNeighbours is about the real servers on the link.
func judgeNeighbours(m *facts, f *finding) error {
	if m.answers.err != nil {
		return m.answers.err
	}
	for _, r := range m.servers {
		link, ok := m.onLink(r.addr)
		if r.drained || !ok {
			continue
		}
		if m.answered(r.addr, link) {
			f.pass("%s answers on %s", r.addr, link)
		} else {
			f.fail("%s does not answer on %s", r.addr, link).mend(m.Lvsdr("vs", "drain", r.addr.String()))
		}
	}
	return nil
}

// judgeOwner looks for somebody else who answers for a VIP.
func judgeOwner(m *facts, f *finding) error {
	if m.byBGP() {
		return errRouted
	}
	questions, err := m.questions()
	if err := cmp.Or(m.answers.err, m.neighbours.err, m.vrrp.err, err); err != nil {
		return err
	}
	for _, vip := range m.vips() {
		if !m.asksFor(vip, questions) {
			f.unknown("nobody can be asked for %s: no interface with a carrier leads to clients or real servers", vip)
			continue
		}
		others := 0
		away := m.vrrp.value && !m.holds(vip)
		for _, link := range slices.Sorted(maps.Keys(m.answers.value)) {
			for _, a := range m.answers.value[link] {
				if a.Addr != vip {
					continue
				}
				others++
				owner := m.ownerOf(a.MAC)
				if away && !m.isServer(owner) {
					f.pass("%s answers for %s on %s: VRRP is active here", a.MAC, vip, link)
					continue
				}
				if m.mayDirect(vip, owner) {
					f.warn("%s answers for %s on %s, and this machine does not: it may be the active director", named(owner, a.MAC), vip, link)
					continue
				}
				if m.byVRRP() && !m.isServer(owner) {
					f.fail("%s answers for %s on %s as well: the directors do not hear each other's VRRP", named(owner, a.MAC), vip, link)
					continue
				}
				m.accuse(vip, link, a.MAC, owner, f)
			}
		}
		switch {
		case others == 0 && away && m.byVRRP():
			f.warn("nobody answers for %s: VRRP has it on no director", vip)
		case others == 0:
			f.pass("nobody else answers for %s", vip)
		}
	}
	return nil
}

// asksFor reports whether somebody was asked for an address.
func (m *facts) asksFor(addr netip.Addr, questions map[string][]netip.Addr) bool {
	for link := range m.answers.value {
		if slices.Contains(questions[link], addr) {
			return true
		}
	}
	return false
}

// mayDirect reports whether another machine that answers for a VIP may be the
// director at work, and this one its standby: this one does not answer, and the
// other is not a real server, or both are real servers as well. No remedy of ours
// takes the VIP away from it.
func (m *facts) mayDirect(vip, owner netip.Addr) bool {
	return !m.answersFor(vip) && (!m.isServer(owner) || m.share.Listed)
}

// answersFor reports whether this machine answers for a VIP somewhere.
func (m *facts) answersFor(vip netip.Addr) bool {
	if !m.holds(vip) {
		return false
	}
	facing, err := m.facing(vip)
	return err != nil || vip.Is6() || slices.ContainsFunc(facing, func(l host.Link) bool {
		ignore, err := m.effective("arp_ignore", l.Name)
		return err != nil || answersARP(ignore, l.Name, vip, m.addresses.value)
	})
}

// otherDirector names a machine that may be the active director; "" if there is
// none.
func (m *facts) otherDirector(vip netip.Addr) string {
	for _, link := range slices.Sorted(maps.Keys(m.answers.value)) {
		for _, a := range m.answers.value[link] {
			if owner := m.ownerOf(a.MAC); a.Addr == vip && m.mayDirect(vip, owner) {
				return named(owner, a.MAC)
			}
		}
	}
	return ""
}

// named is a machine by its address, if that is known, and its Ethernet address.
func named(owner netip.Addr, mac net.HardwareAddr) string {
	if owner.IsValid() {
		return fmt.Sprintf("%s (%s)", owner, mac)
	}
	return "a machine with the address " + mac.String()
}

// accuse names who answers for a VIP.
func (m *facts) accuse(vip netip.Addr, link string, mac net.HardwareAddr, owner netip.Addr, f *finding) {
	// It may have the VIP on another interface than lo, where arp_ignore is of
	// no use.
	away := fmt.Sprintf("ip addr flush to %s", vip)
	switch {
	case m.isServer(owner) && m.share.Listed: // it may be our standby; rs start looks
		f.fail("real server %s answers for %s on %s", named(owner, mac), vip, link).
			mendOn(owner.String(), m.Lvsdr("rs", "start"))
	case m.isServer(owner):
		f.fail("real server %s answers for %s on %s", named(owner, mac), vip, link).
			mendOn(owner.String(), away).mendOn(owner.String(), m.Lvsdr("rs", "start"))
	case owner.IsValid():
		f.fail("%s, which is no real server, answers for %s on %s", named(owner, mac), vip, link).mendOn(owner.String(), away)
	default:
		f.fail("%s answers for %s on %s", named(owner, mac), vip, link).mendOn(mac.String(), away)
	}
}

func (m *facts) isServer(addr netip.Addr) bool {
	return slices.ContainsFunc(m.servers, func(r server) bool { return r.addr == addr })
}

// ownerOf is the address of the machine with an Ethernet address: a real
// server's, or the neighbour table's.
func (m *facts) ownerOf(mac net.HardwareAddr) netip.Addr {
	for _, r := range m.servers {
		link, _ := m.onLink(r.addr)
		for _, a := range m.answers.value[link] {
			if a.Addr == r.addr && slices.Equal(a.MAC, mac) {
				return r.addr
			}
		}
	}
	var owner netip.Addr // of several, always the same one
	for _, n := range m.neighbours.value {
		if slices.Equal(n.MAC, mac) && (!owner.IsValid() || n.Addr.Less(owner)) {
			owner = n.Addr
		}
	}
	return owner
}
