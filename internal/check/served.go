package check

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"lvsdr/internal/each"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/wire"
)

// visit is a real server that is asked for what it should serve on a VIP.
type visit struct {
	server netip.Addr
	vip    endpoint
}

// own is the same port of the real server's own address.
func (v visit) own() endpoint {
	return endpoint{v.vip.protocol, netip.AddrPortFrom(v.server, v.vip.addr.Port())}
}

// asked is what a real server is asked for: whether it takes connections at its
// own address, and what it serves on VIPs. The latter decides where packets arrive
// unchanged. Only real servers within reach of a frame can be asked for it, and this
// machine itself.
func (m *facts) asked(r server) (own []endpoint, vips []visit) {
	_, near := m.onLink(r.addr)
	near = near || m.isLocal(r.addr)
	for _, d := range r.deliveries {
		e := endpoint{d.to.protocol, netip.AddrPortFrom(r.addr, d.port)}
		switch {
		case near && d.forward == ipvs.DirectRoute && d.to.protocol == ipvs.TCP:
			vips = append(vips, visit{r.addr, d.to})
		default:
			own = append(own, e)
		}
	}
	return each.Once(own), vips
}

// probe finds out what every real server serves: those on the wire are asked,
// all at once.
func (m *facts) probe(k Kernel, wait time.Duration) map[visit]fact[wire.Outcome] {
	probed := map[visit]fact[wire.Outcome]{}
	var probes []wire.Probe
	var visits []visit
	for _, r := range m.reachable() {
		_, vips := m.asked(r)
		for _, v := range vips {
			switch {
			case m.isLocal(r.addr):
				probed[v] = learn(m.serves(v.vip), m.listeners.err)
			case m.answers.err != nil:
				probed[v] = fact[wire.Outcome]{err: m.answers.err}
			case m.holdsBack(v.vip.packet(), v.server, netfilter.Egress):
				probed[v] = fact[wire.Outcome]{err: errHeldBack}
			default:
				probes, visits = append(probes, m.probeOf(v)), append(visits, v)
			}
		}
	}
	if probes == nil {
		return probed
	}
	for i, reply := range k.Probe(probes, wait) {
		v, err := visits[i], reply.Err
		if err != nil {
			err = fmt.Errorf("ask %s for %s: %w", v.server, v.vip, err)
		}
		probed[v] = learn(reply.Outcome, err)
	}
	return probed
}

// errHeldBack is why a real server was not asked.
var errHeldBack = errors.New("this machine's packet filter drops what would ask its real servers")

// holdsBack reports whether the packet filter drops what this machine sends to a
// real server.
func (m *facts) holdsBack(p netfilter.Packet, server netip.Addr, hooks ...netfilter.Hook) bool {
	m.leavesBy(&p, m.hops[server].value.Interface)
	rules, err := m.rulesFor(p)
	if err != nil {
		return false
	}
	faults, err := rules.Faults(p, hooks...)
	return err == nil && slices.ContainsFunc(faults, func(f netfilter.Fault) bool { return f.Verdict == netfilter.Drops })
}

// serves is what this machine does as a real server of its own.
func (m *facts) serves(e endpoint) wire.Outcome {
	if on, _ := m.listener(e); on != nil {
		return wire.Served
	}
	return wire.Refused
}

// probeOf is addressed to the Ethernet address that the real server told, and comes
// from the address that it was asked from: it then knows our Ethernet address. If the
// interface has no address, the kernel chooses the source, which is never a VIP: the
// real server would answer itself.
func (m *facts) probeOf(v visit) wire.Probe {
	p := wire.Probe{Target: v.vip.addr}
	name, _ := m.onLink(v.server)
	for _, l := range m.links.value {
		if l.Name == name {
			p.Link = l
		}
	}
	for _, a := range m.answers.value[name] {
		if a.Addr == v.server {
			p.MAC = a.MAC
			break
		}
	}
	p.Source = wire.Sender(p.Link, m.addresses.value, m.vips(), v.server)
	if p.Source.IsUnspecified() {
		p.Source = m.hops[v.server].value.Source
	}
	return p
}

// isLocal reports whether a real server is this machine itself.
func (m *facts) isLocal(addr netip.Addr) bool {
	hop, err := m.hops[addr].get()
	return err == nil && hop.Local
}

// verdict is how a real server serves: the outcome, the words for the real
// server and what it is asked for, and where that is mended.
type verdict struct {
	outcome Outcome
	words   string
	mend    place
}

// place is where a verdict is mended.
type place int

const (
	nowhere place = iota
	here          // no clients are sent there
	there         // the real server is set up
)

// The verdicts.
var (
	serves     = verdict{Pass, "%[1]s serves %[2]s", nowhere}
	servesOnly = verdict{Pass, "%[1]s serves %[2]s, and listens on the VIP only", nowhere}
	refuses    = verdict{Fail, "nothing listens on %[2]s at %[1]s", here}
	ownOnly    = verdict{Fail, "nothing listens on %[2]s at %[1]s, only on its own address", here}
	noVIP      = verdict{Fail, "%[1]s answers, but not for %[2]s: the VIP is missing there, or the packet filter there drops this director's packets (lvsdr check there says which)", there}
	drops      = verdict{Fail, "%[1]s has the VIP, but does not answer for %[2]s: the packet filter there drops this director's packets; lvsdr check there tells whether it drops clients' too", here}
	mute       = verdict{Fail, "%[1]s answers neither for %[2]s nor at its own address", here}
	rejects    = verdict{Fail, "the packet filter of %[1]s rejects this director's packets for %[2]s; lvsdr check there tells whether it rejects clients' too", here}
	forwards   = verdict{Fail, "%[1]s does not have the VIP, and would forward packets for %[2]s", there}
	unrouted   = verdict{Fail, "%[1]s does not have the VIP, and has no route for packets for %[2]s", there}
	schedules  = verdict{Fail, "%[1]s is itself a director, and sends packets for %[2]s on to another machine", here}
	passesOn   = verdict{Unknown, "%[1]s sends packets for %[2]s on, and nobody answers: it is itself a director, or translates the address", nowhere}
)

// judgeServed says what a real server serves on VIPs, alike ports together.
func (m *facts) judgeServed(r server, visits []visit, f *finding) {
	var order []verdict
	targets := map[verdict][]string{}
	for _, v := range visits {
		outcome, err := m.probed[v].get()
		if err != nil {
			f.unknown("%s", reason(err))
			continue
		}
		found := m.diagnose(v, outcome)
		if targets[found] == nil {
			order = append(order, found)
		}
		targets[found] = append(targets[found], v.vip.String())
	}
	for _, found := range order {
		f.add(found.outcome, found.words, r.addr, strings.Join(targets[found], ", "))
		switch found.mend {
		case here:
			f.mend(m.Lvsdr("vs", "drain", r.addr.String()))
		case there:
			f.mendOn(r.addr.String(), m.Lvsdr("rs", "start"))
		}
	}
}

// diagnose makes a verdict of what came back for the VIP, and of the connection
// to the real server's own address.
func (m *facts) diagnose(v visit, outcome wire.Outcome) verdict {
	own, err := m.connections[v.own()].get()
	accepted, refused := err == nil && own == nil, err == nil && own == syscall.ECONNREFUSED
	if outcome == wire.Silent {
		return m.diagnoseSilence(v, accepted || refused)
	}
	return verdictOf(outcome, accepted, refused)
}

// verdictOf is what came back for the VIP alone, and from the same port of the
// own address: accepted, refused or neither.
func verdictOf(outcome wire.Outcome, accepted, refused bool) verdict {
	switch {
	case outcome == wire.Served && refused:
		return servesOnly
	case outcome == wire.Refused && accepted:
		return ownOnly
	case outcome == wire.Silent && (accepted || refused):
		return noVIP
	}
	return map[wire.Outcome]verdict{
		wire.Silent: mute, wire.Served: serves,
		wire.Refused: refuses, wire.Rejected: rejects, wire.Unrouted: unrouted,
		wire.Forwarded: forwards, wire.Scheduled: schedules, wire.PassedOn: passesOn,
	}[outcome]
}

// Diagnose says in the doctor's words what a real server does with a VIP: whether
// it serves it and, if not, whether "rs start" on the real server mends that.
// Accepted and refused are about the same port of its own address.
func Diagnose(server netip.Addr, vip netip.AddrPort, o wire.Outcome, accepted, refused bool) (served bool, words string, mendThere bool) {
	v := verdictOf(o, accepted, refused)
	target := endpoint{ipvs.TCP, vip}
	return v.outcome == Pass, fmt.Sprintf(v.words, server, target), v.mend == there
}

// diagnoseSilence looks at what came back for other ports of the VIP: whether a
// machine has the VIP does not depend on the port, and Linux sends few ICMP
// errors a second.
func (m *facts) diagnoseSilence(v visit, alive bool) verdict {
	said := map[wire.Outcome]bool{}
	for other, reply := range m.probed {
		if other.server == v.server && other.vip.addr.Addr() == v.vip.addr.Addr() && reply.err == nil {
			said[reply.value] = true
		}
	}
	delete(said, wire.Silent)
	switch {
	case said[wire.Forwarded]:
		return forwards
	case said[wire.Unrouted]:
		return unrouted
	case len(said) > 0:
		return drops
	case alive:
		return noVIP
	}
	return mute
}
