// Package netfilter reads the kernel's packet filter, of nf_tables and of the
// older x_tables, whichever are in use: it counts and flushes the rules of
// iptables' table "filter", and finds what keeps a client's packet from a
// virtual service.
package netfilter

import (
	"net/netip"

	"lvsdr/internal/ipvs"
)

// Filter is the packet filter of the network namespace of the calling thread
// at each call; it holds nothing that would have to be closed.
type Filter struct{}

// Rules are what the packet filter does with packets of one address family, as
// it was read: no method reads it again.
type Rules interface {
	// Faults finds what keeps p from its service at the given hooks: for each
	// chain that is asked there at most one fault, in the order in which the
	// kernel asks. The remedies of all of them together let the packet pass.
	Faults(p Packet, hooks ...Hook) ([]Fault, error)
	// Redirects reports whether the destination of every such packet is
	// rewritten as it comes in (DNAT, REDIRECT): it then belongs to another
	// service, and Faults says nothing about that.
	Redirects(p Packet) (bool, error)
}

// Hook is a place on a packet's way through the machine where the packet
// filter is asked, with its number in linux/netfilter.h.
type Hook uint8

// The hooks, and the chains of iptables that are asked there.
const (
	Prerouting Hook = iota
	Input
	Forward
	Output
	Postrouting
)

// Packet is the first packet of a client's connection; its source is any
// client.
type Packet struct {
	Protocol ipvs.Protocol // zero is any
	Dst      netip.Addr    // of the family of the [Rules]
	Port     uint16        // destination port; zero is any
	In       string        // interface it comes in by; "" is any but lo
	Out      string        // interface it leaves by, likewise
	// Untracked is the state in which IPVS sends a packet on to its real
	// server, unless the parameter net.ipv4.vs.conntrack is set; otherwise the
	// state is NEW.
	Untracked bool
}

// Verdict is what a fault does to the packet.
type Verdict uint8

const (
	// Drops is the end of every such packet.
	Drops Verdict = iota + 1
	// DropsSome is the end of those that no earlier rule lets through: of all
	// clients but the ones of an allow-list, for example.
	DropsSome
)

// Fault is a rule or a policy that keeps a packet from its service.
type Fault struct {
	Verdict Verdict
	Hook    Hook
	Where   string // "rule 3 of chain INPUT (table filter)", "inet filter input, handle 7"
	Remedy  string // one command that lets the packet pass, and nothing else
}
