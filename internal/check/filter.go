package check

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/each"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// judgeFilter looks for rules of the packet filter that keep clients from their
// services: that drop their packets on the way in or, from a director, out again,
// or the answers to them.
func judgeFilter(m *facts, f *finding) error {
	streams, err := m.streams(f)
	if err != nil {
		return err
	}
	for _, s := range streams {
		if err := m.follow(s, f); err != nil {
			return err
		}
	}
	if _, err := m.send(m.discovery(), f); err != nil {
		return err
	}
	return m.judgePrograms(f)
}

// judgePrograms names the interfaces where something sees packets that cannot be
// followed: a program of XDP, or filters of tc.
func (m *facts) judgePrograms(f *finding) error {
	names, err := m.programs.get()
	if err != nil {
		return err
	}
	for _, l := range m.links.value {
		if l.Up && !l.Loopback && slices.Contains(names, l.Name) && (hears(l) || l.Port) {
			f.unknown("what XDP or tc does with packets on %s cannot be followed", l.Name)
		}
	}
	return nil
}

// stream are the packets of a service that come in at an endpoint of this
// machine.
type stream struct {
	endpoint
	service config.Wanted // with the real servers that they go on to, or that this machine is
}

// streams are what comes in for the services. Of a mark it is what the rules give
// it to.
func (m *facts) streams(f *finding) (all []stream, err error) {
	if m.Role == RealServer {
		return m.arriving()
	}
	for _, w := range m.Config.Wanted() {
		if w.Service.FWMark == 0 {
			all = append(all, stream{entrance(w.Service), w})
			continue
		}
		marked, err := m.marked(w)
		if err != nil {
			return nil, err
		}
		for _, p := range marked {
			all = append(all, stream{endpointOf(p), w})
		}
		if len(marked) == 0 {
			f.unknown("which packets get mark %d is unknown", w.Service.FWMark)
		}
	}
	return all, nil
}

// follow sends each kind of packet of a stream on its way through the filter.
func (m *facts) follow(s stream, f *finding) error {
	passages, err := m.passages(s)
	if err != nil {
		return err
	}
	pass, err := m.send(passages, f)
	if pass {
		f.pass("packets for %s pass", s)
	}
	return err
}

// send says what keeps packets from passing, if anything does. What drops one drops
// others, too, and has one remedy: it is said of the first one.
func (m *facts) send(passages []passage, f *finding) (pass bool, err error) {
	worst := map[string]Outcome{} // by remedy, or place
	for _, p := range passages {
		rules, err := m.rulesFor(p.packet)
		if err != nil {
			return false, err
		}
		faults, err := rules.Faults(p.packet, p.hooks...)
		if err != nil {
			return false, err
		}
		for _, fault := range faults {
			outcome := p.outcome(fault.Verdict)
			if outcome == Pass {
				continue
			}
			key := cmp.Or(fault.Remedy, fault.Where)
			if said := worst[key]; said == outcome || said == Fail {
				continue
			}
			worst[key] = outcome
			f.add(outcome, "%s %s%s", fault.Where, fault.Does(), p.what)
			if fault.Remedy != "" {
				f.mend(fault.Remedy)
			}
		}
	}
	return len(worst) == 0, nil
}

// rulesFor are the packet filter's for a packet.
func (m *facts) rulesFor(p netfilter.Packet) (netfilter.Rules, error) {
	addr := p.Dst
	if !addr.IsValid() {
		addr = p.Src
	}
	family := ipvs.FamilyOf(addr)
	f, known := m.rules[family]
	if !known {
		return nil, fmt.Errorf("packet filter of %s: nobody asked for it", ipvs.Families.Name(family))
	}
	return f.get()
}

// families are those of the addresses that packets for services have here.
func (m *facts) families() (all []ipvs.AddressFamily) {
	add := func(addr netip.Addr) {
		if family := ipvs.FamilyOf(addr); !slices.Contains(all, family) {
			all = append(all, family)
		}
	}
	if m.Role == RealServer {
		arriving, _ := m.arriving() // without it no rules are judged
		for _, s := range arriving {
			add(s.addr.Addr())
			for _, d := range s.service.Destinations { // a tunnel may be of the other family
				if d.Forward == ipvs.Tunnel && held(d.Addr, m.addresses.value) {
					add(d.Addr)
				}
			}
		}
		return all
	}
	for _, vip := range m.vips() {
		add(vip)
	}
	for _, w := range m.Config.Wanted() {
		for _, d := range w.Destinations {
			add(d.Addr)
		}
	}
	return all
}

// passage is a packet on its way through some hooks of this machine.
type passage struct {
	what   string // in the plural
	packet netfilter.Packet
	hooks  []netfilter.Hook
}

// outcome is how bad it is that the packet is dropped. If it is the last one of a
// connection, clients have been served. If it is unknown which packets clients send,
// theirs may be among those that pass.
func (p passage) outcome(v netfilter.Verdict) Outcome {
	switch {
	case p.packet.State == netfilter.AnyState && v != netfilter.Drops:
		return Pass
	case p.packet.State == netfilter.AnyState:
		return Warn
	case v == netfilter.DropsPerhaps, v == netfilter.DropsSome && (p.packet.Protocol == 0 || p.packet.ICMP != 0 || p.packet.Redirected):
		return Unknown
	case v == netfilter.DropsSome:
		return Warn
	case p.packet.Stage == netfilter.Last:
		return Warn
	}
	return Fail
}

// The hooks on the way in to this machine, and out of it.
var (
	inward = []netfilter.Hook{netfilter.Ingress, netfilter.Prerouting, netfilter.Input}
	onward = []netfilter.Hook{netfilter.Output, netfilter.Postrouting, netfilter.Egress}
)

// passages are all kinds of packets of a stream, there and back.
func (m *facts) passages(s stream) (all []passage, err error) {
	redirected, err := m.redirected(s.endpoint)
	if err != nil {
		return nil, err
	}
	redirected = redirected && m.Role == RealServer
	for _, stage := range stages(s.protocol) {
		p := passage{what: packetsOf(stage) + s.String(), packet: s.packet(), hooks: inward}
		p.packet.Stage = stage
		m.comesIn(&p.packet)
		if m.Role == RealServer {
			if stage != netfilter.First {
				p.packet.State = netfilter.Established
			}
		} else if err := m.balance(s, &p); err != nil {
			return nil, err
		}
		if redirected {
			all = append(all, redirect(p)...)
		} else {
			all = append(all, p)
		}
	}
	for _, d := range s.service.Destinations {
		more, err := m.beside(s, d, redirected)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// stages are the packets of clients that rules tell from one another. UDP has no
// connections.
func stages(p ipvs.Protocol) []netfilter.Stage {
	switch p {
	case ipvs.UDP:
		return []netfilter.Stage{netfilter.First}
	case ipvs.TCP:
		return []netfilter.Stage{netfilter.First, netfilter.Later, netfilter.Last}
	}
	return []netfilter.Stage{netfilter.First, netfilter.Later}
}

// packetsOf are the packets of a stage, in words.
func packetsOf(s netfilter.Stage) string {
	switch s {
	case netfilter.Later:
		return "later packets of connections to "
	case netfilter.Last:
		return "the last packets of connections to "
	}
	return "packets for "
}

// balance says what becomes of a packet that IPVS takes.
func (m *facts) balance(s stream, p *passage) error {
	t, err := m.tracking()
	if err != nil {
		return err
	}
	p.packet.Balanced = true
	p.packet.State, p.packet.Sent = t.ofClient(s, p.packet.Stage)
	if links := m.leadsOn(s.service, ipvs.DirectRoute); len(links) > 0 {
		p.hooks = slices.Concat(inward, onward)
		if len(links) == 1 {
			m.leavesBy(&p.packet, links[0])
		}
	}
	return nil
}

// leadsOn are the interfaces by which packets of a service leave this director by a
// method: a real server that it is itself needs none.
func (m *facts) leadsOn(w config.Wanted, by ipvs.Forward) (links []string) {
	for _, d := range w.Destinations {
		if hop := m.hops[d.Addr].value; d.Forward == by && !hop.Local {
			links = append(links, hop.Interface)
		}
	}
	return each.Once(links)
}

// beside are packets that look otherwise on this machine than the client's: what
// goes to a real server in a tunnel or by masquerading, and the answers.
func (m *facts) beside(s stream, d ipvs.Destination, redirected bool) ([]passage, error) {
	tunnel := passage{what: "tunnelled packets for " + d.Addr.String(), packet: netfilter.Packet{Protocol: inTunnel(s.addr.Addr()), Dst: d.Addr}}
	switch {
	case m.Role == RealServer:
		tunnel.hooks = inward
		all := m.answering(s, redirected)
		if d.Forward == ipvs.Tunnel && held(d.Addr, m.addresses.value) {
			all = append(all, tunnel)
		}
		return all, nil
	case m.hops[d.Addr].value.Local:
	case d.Forward == ipvs.Tunnel:
		tunnel.hooks = onward
		m.leavesBy(&tunnel.packet, m.hops[d.Addr].value.Interface)
		return []passage{tunnel, tooLarge(s.addr.Addr())}, nil
	case d.Forward == ipvs.Masquerade:
		return m.masqueraded(s, endpoint{s.protocol, netip.AddrPortFrom(d.Addr, d.Port)}, m.hops[d.Addr].value.Interface)
	}
	return nil, nil
}

// tooLarge tells a client that a packet does not fit into the tunnel, whose header
// takes 20 or 40 bytes: without it, whoever sends much hangs. It comes from the VIP,
// and may have any state.
func tooLarge(vip netip.Addr) passage {
	p := netfilter.Packet{Protocol: 1, Src: vip, State: netfilter.AnyState}
	if vip.Is6() {
		p.Protocol = 58
	}
	return passage{"what tells clients of " + vip.String() + " that a packet is too large for the tunnel (ICMP)", p, onward}
}

// inTunnel is the protocol of a tunnel that carries packets for an address: IPv4 in
// IP, or IPv6 in IP (RFC 2003, RFC 2473).
func inTunnel(inner netip.Addr) ipvs.Protocol {
	if inner.Is6() {
		return 41
	}
	return 4
}

// answering are a real server's answers. It sees both directions: to it they are
// of an established connection.
func (m *facts) answering(s stream, redirected bool) []passage {
	answer := passage{"answers from " + s.String(), s.answer(), onward}
	answer.packet.State, answer.packet.Redirected = netfilter.Established, redirected
	m.leavesBy(&answer.packet, m.ways[s.addr.Addr()].value.Interface)
	later := answer
	later.packet.Stage = netfilter.Later
	return []passage{answer, later}
}

// masqueraded is what passes a director for a real server that it masquerades:
// packets to it by an interface, and its answers, which are forwarded in the VIP's
// name.
func (m *facts) masqueraded(s stream, to endpoint, link string) (all []passage, err error) {
	t, err := m.tracking()
	if err != nil {
		return nil, err
	}
	for _, stage := range stages(s.protocol) {
		p := passage{packetsOf(stage) + to.String(), to.packet(), onward}
		p.packet.Stage = stage
		m.leavesBy(&p.packet, link)
		_, p.packet.Sent = t.ofClient(s, stage)
		all = append(all, p)
	}
	for _, stage := range []netfilter.Stage{netfilter.Answer, netfilter.Later} {
		in, out := to.answer(), s.answer()
		in.Stage, out.Stage = stage, stage
		in.State, out.Sent = t.ofAnswer(s.protocol, stage)
		m.comesIn(&in)
		m.comesIn(&out)
		in.In = link
		all = append(all, passage{"answers from " + to.String(), in, []netfilter.Hook{netfilter.Ingress, netfilter.Prerouting, netfilter.Forward}},
			passage{"answers from " + s.String(), out, []netfilter.Hook{netfilter.Postrouting, netfilter.Egress}})
	}
	return all, nil
}
