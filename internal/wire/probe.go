package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/bpf"

	"lvsdr/internal/host"
)

// Probe asks the neighbour at MAC, a real server, whether it serves Target: a
// VIP that it keeps to itself, and a port of TCP.
type Probe struct {
	Link   host.Link // that leads to the neighbour
	MAC    net.HardwareAddr
	Source netip.Addr // of this machine, and not the VIP
	Target netip.AddrPort
}

// ProbeReply is what came of a [Probe].
type ProbeReply struct {
	Outcome Outcome
	Err     error // why it could not be asked
}

// Outcome is how the neighbour of a [Probe] deals with packets for its target.
type Outcome int

// The outcomes. Those that stand for an ICMP message tell by its sender whether
// the neighbour has the VIP: Linux answers a packet for an address of its own
// from that address.
const (
	// Silent: nothing came back. The VIP is missing there, or a packet filter
	// drops the question.
	Silent Outcome = iota
	// Served: it accepts a connection (SYN/ACK).
	Served
	// Refused: it has the VIP or redirects what comes for it, and nothing listens
	// at the port (RST).
	Refused
	// Rejected: it has the VIP, and its packet filter says that the port cannot
	// be reached.
	Rejected
	// Unrouted: it does not have the VIP, and has no route to it (ICMP says so if
	// it forwards packets; ICMPv6 in any case).
	Unrouted
	// Forwarded: it does not have the VIP, and would send the packet on.
	Forwarded
	// Scheduled: it has the VIP, and sends the packet on to another machine: it
	// is a director itself, with a table of services.
	Scheduled
	// PassedOn: it has the VIP and passes the packet on, and no answer told to
	// whom: it is a director itself, or translates the address.
	PassedOn
)

// check is why p cannot be asked. EAFNOSUPPORT: the link is no Ethernet; EINVAL:
// an address is none, or is of another family.
func (p Probe) check() error {
	if err := ethernet(p.Link); err != nil {
		return err
	}
	target := p.Target.Addr()
	if len(p.MAC) != ethernetLen || !target.IsValid() || !p.Source.IsValid() || target.Is4() != p.Source.Is4() || target == p.Source {
		return fmt.Errorf("ask %s for %s from %s: %w", p.MAC, p.Target, p.Source, syscall.EINVAL)
	}
	return nil
}

// plain makes IPv4 of what is IPv4 in IPv6's notation, and drops zones.
func (p Probe) plain() Probe {
	p.Source = p.Source.Unmap().WithZone("")
	p.Target = netip.AddrPortFrom(p.Target.Addr().Unmap().WithZone(""), p.Target.Port())
	return p
}

// A packet lives for oneHop to the neighbour itself. With twoHops it also gets
// to whom the neighbour passes it on to.
const oneHop, twoHops = 1, 2

// probing is a probe while it is asked.
type probing struct {
	Probe
	*ProbeReply
	syn     segment
	hops    byte
	decided bool
	told    func() // of the reply
}

// decide ends the probe.
func (p *probing) decide() {
	p.decided = true
	p.told()
}

func (p *probing) frame(packet []byte) frame { return frame{p.Link.Index, p.MAC, packet} }

// exchange is probes of one address family while they are asked: what is to be
// sent and what an answer means, without a socket.
type exchange struct {
	probes  []*probing
	sent    map[segment]*probing
	waiting int // for an answer
}

// add asks a probe from a port of its source.
func (x *exchange) add(p Probe, port uint16, reply *ProbeReply, told func()) {
	if x.sent == nil {
		x.sent = map[segment]*probing{}
	}
	asked := &probing{Probe: p, ProbeReply: reply, hops: oneHop, told: told}
	asked.syn = segment{from: netip.AddrPortFrom(p.Source, port), to: p.Target}
	x.probes = append(x.probes, asked)
	x.waiting++
	x.renumber(asked)
}

// renumber gives the SYN of a probe a number that no other one has.
func (x *exchange) renumber(p *probing) {
	for taken := true; taken; _, taken = x.sent[p.syn] {
		p.syn.number = rand.Uint32()
	}
	x.sent[p.syn] = p
}

// filter accepts packets for the sources, and from them: a director may send
// our own SYN back.
func (x *exchange) filter() []bpf.Instruction {
	seen := map[netip.Addr]bool{}
	var alternatives [][]holds
	for _, p := range x.probes {
		if !seen[p.Source] {
			seen[p.Source] = true
			alternatives = append(alternatives, toAndFrom(p.Source)...)
		}
	}
	return filter(alternatives...)
}

// toAndFrom hold for packets to an address, and for those from it.
func toAndFrom(a netip.Addr) [][]holds {
	const word = 4
	from, to := uint32(12), uint32(16)
	if a.Is6() {
		from, to = 8, 24
	}
	alternatives := make([][]holds, 2)
	for b, i := a.AsSlice(), uint32(0); len(b) > 0; b, i = b[word:], i+word {
		value := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		alternatives[0] = append(alternatives[0], holds{to + i, word, value})
		alternatives[1] = append(alternatives[1], holds{from + i, word, value})
	}
	return alternatives
}

// questions are the SYNs of the probes that wait for an answer.
func (x *exchange) questions() (frames []frame, of []*probing) {
	for _, p := range x.probes {
		if !p.decided {
			frames, of = append(frames, p.frame(p.syn.packet(flagSYN, p.hops))), append(of, p)
		}
	}
	return frames, of
}

// endings are for the probes that nobody answered: if only the answer was lost,
// half a connection is left there.
func (x *exchange) endings() (frames []frame) {
	for _, p := range x.probes {
		if !p.decided {
			frames = append(frames, p.frame(p.syn.reset(p.hops)))
		}
	}
	return frames
}

// take reads a packet from an Ethernet address, and returns what is to be sent
// at once. A SYN/ACK is ended even if it comes a second time.
func (x *exchange) take(packet []byte, mac net.HardwareAddr) []frame {
	says, by, about, ok := hear(packet)
	p := x.sent[about]
	if !ok || p == nil {
		return nil
	}
	var reply []frame
	if says == accepted || says == returned {
		reply = []frame{p.frame(about.reset(p.hops))}
	}
	if about != p.syn || p.decided { // it is late
		return reply
	}
	hasVIP := by == p.Target.Addr()
	if says == exceeded && hasVIP && p.hops == oneHop {
		return x.follow(p)
	}
	p.Outcome = outcomeOf(says, hasVIP, p.hops, bytes.Equal(mac, p.MAC))
	x.waiting--
	p.decide()
	return reply
}

// follow asks again with two hops. A machine that has the VIP and passes packets
// for it on is a director, or translates the address as container engines do for
// ports that they publish. In the second case the answer comes by way of that
// machine again, in the first one from another, which replies by itself; or the
// SYN comes back here, since this machine is a real server as well.
func (x *exchange) follow(p *probing) []frame {
	p.hops, p.Outcome = twoHops, PassedOn
	x.renumber(p)
	return []frame{p.frame(p.syn.packet(flagSYN, p.hops))}
}

// outcomeOf is what an answer to a SYN of so many hops means.
func outcomeOf(says word, hasVIP bool, hops byte, fromNeighbour bool) Outcome {
	switch {
	case says == returned, hops == twoHops && !fromNeighbour:
		return Scheduled
	case says == accepted:
		return Served
	case says == refused:
		return Refused
	case hops == twoHops:
		return PassedOn
	case says == exceeded:
		return Forwarded
	case hasVIP:
		return Rejected
	}
	return Unrouted
}
