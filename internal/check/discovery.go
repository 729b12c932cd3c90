package check

import (
	"net/netip"
	"slices"

	"lvsdr/internal/each"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// discovery are the questions and answers by which neighbours of IPv6 find this
// machine, and are found: unlike those of ARP they pass the packet filter as
// packets do. The doctor's own do not.
func (m *facts) discovery() (all []passage) {
	const icmp, question, answer = 58, 135, 136 // RFC 4861
	untracked := netfilter.Packet{Protocol: icmp, State: netfilter.Untracked}
	add := func(what string, kind uint8, from, to netip.Addr, hooks []netfilter.Hook) {
		p := untracked
		p.ICMP, p.Src, p.Dst = kind, from, to
		m.comesIn(&p)
		all = append(all, passage{what, p, hooks})
	}
	for _, addr := range m.solicited() {
		add("neighbours' questions for "+addr.String(), question, netip.Addr{}, solicitedNode(addr), inward)
		add("answers to neighbours' questions for "+addr.String(), answer, addr, netip.Addr{}, onward)
		add("questions for neighbours of "+addr.String(), question, addr, netip.Addr{}, onward)
		add("answers of neighbours to "+addr.String(), answer, netip.Addr{}, addr, inward)
	}
	return all
}

// solicited are the addresses of IPv6 that neighbours ask for, or are asked from: a
// director's VIPs in its network and what it sends to real servers from, and a real
// server's own.
func (m *facts) solicited() (all []netip.Addr) {
	for _, vip := range m.vips() {
		if m.Role == Director && host.LAN(vip, m.links.value, m.routes.value) != "" {
			all = append(all, vip)
		}
	}
	for _, r := range m.servers { // a director's
		if hop := m.hops[r.addr].value; !hop.Local && hop.Source.IsValid() {
			all = append(all, hop.Source)
		}
	}
	arriving, _ := m.arriving() // without it no rules are judged
	for _, s := range arriving {
		for _, d := range s.service.Destinations {
			if m.Role == RealServer && held(d.Addr, m.addresses.value) {
				all = append(all, d.Addr)
			}
		}
	}
	return slices.DeleteFunc(each.Once(all), func(a netip.Addr) bool { return ipvs.FamilyOf(a) != ipvs.INET6 })
}

// solicitedNode is the group that an address is asked for at (RFC 4291).
func solicitedNode(addr netip.Addr) netip.Addr {
	group, b := netip.MustParseAddr("ff02::1:ff00:0").As16(), addr.As16()
	copy(group[13:], b[13:])
	return netip.AddrFrom16(group)
}
