// Package netfilter reads the kernel's packet filter, of nf_tables and of the
// older x_tables, whichever are in use: it counts and flushes the rules of
// iptables' table "filter", and finds what keeps a client's packet from a
// virtual service.
package netfilter

import (
	"errors"
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
	// kernel asks. The remedies of all of them together let the packet pass; what
	// drops it perhaps has none.
	Faults(p Packet, hooks ...Hook) ([]Fault, error)
	// Redirects reports whether the destination of every such packet is
	// rewritten as it comes in (DNAT, REDIRECT), or given to a local program (TPROXY):
	// it then belongs to another service, and Faults says nothing about that.
	Redirects(p Packet) (bool, error)
	// Marks are the firewall marks with which such packets come to IPVS at Input.
	// What comes in has none yet.
	Marks(p Packet) (Marks, error)
	// Marked finds packets like p that have the mark for certain: of every protocol
	// and port that p leaves open, or of some that rules name.
	Marked(p Packet, mark uint32) ([]Packet, error)
}

// ARP is what the packet filter does with packets of ARP: the rules of arptables,
// or those of nft in the family arp.
type ARP interface {
	// Faults finds what keeps a neighbour on an interface from getting an answer to
	// its question for an address of this machine: nothing if the filter lets both
	// through. Their remedies let them through.
	Faults(addr netip.Addr, link string) ([]Fault, error)
	// Renames reports whether questions in the name of an address go out in the name
	// of another one. Dropping them instead would not do: nobody would answer, and
	// nothing could be sent to the address in question.
	Renames(addr netip.Addr, link string) (bool, error)
}

// ErrLegacyARP says that there are rules of arptables' older kind, which are not
// followed.
var ErrLegacyARP = errors.New("rules of arptables-legacy cannot be followed")

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
	Ingress // of nf_tables alone: before a packet is anybody's, on some interfaces
	Egress  // likewise, when it leaves by one
)

// Packet is one of a client's connection to a service, or of the answer to it.
// An address that is not valid and a port of zero are any: the client's.
type Packet struct {
	Protocol ipvs.Protocol // zero is any
	Src, Dst netip.Addr    // one of them is of the family of the [Rules]
	SrcPort  uint16
	Port     uint16 // destination port
	In       string // interface it comes in by; "" is any but lo
	// Ports are those of In or Out, where that is a bridge, a bond or a team; Bridge
	// says that it is a bridge.
	Ports  []string
	Bridge bool
	Out    string // interface it leaves by, likewise
	Stage  Stage
	ICMP   uint8 // type of a message of neighbour discovery (RFC 4861)
	// State is what connection tracking says of the packet; zero is [New]. Sent is
	// what it says at Output and Postrouting, if that is something else: of a
	// packet that IPVS has sent on to its real server.
	State, Sent State
	// Balanced packets are those that IPVS takes at Input: they do not come to
	// chains that are asked later than it is, and must not be redirected before.
	Balanced bool
	// Redirected is a packet whose destination was rewritten as it came in, or the
	// answer to it: Dst and Port, or Src and SrcPort, are what they were before.
	Redirected bool
}

// Stage is where in a connection a packet stands, which tells its flags of TCP.
type Stage uint8

// The stages.
const (
	First  Stage = iota // SYN
	Later               // ACK, with data or without
	Last                // FIN and ACK
	Answer              // SYN and ACK
)

// State is a set of the states that connection tracking may say, with their
// bits in nf_tables (NF_CT_STATE_BIT in linux/netfilter/nf_conntrack_common.h).
type State uint32

// The states.
const (
	Invalid     State = 1
	Established State = 1 << 1
	New         State = 1 << 3
	Untracked   State = 1 << 6

	AnyState State = 1<<7 - 1
)

// Verdict is what a fault does to the packet.
type Verdict uint8

const (
	// Drops is the end of every such packet.
	Drops Verdict = iota + 1
	// DropsSome is the end of those that no earlier rule lets through: of all
	// clients but the ones of an allow-list, for example.
	DropsSome
	// DropsPerhaps is the end of those that something matches which is not followed.
	DropsPerhaps
)

// Does is what the fault does, in words.
func (f Fault) Does() string {
	words := "drops "
	if f.Redirects {
		words = "redirects "
	}
	switch f.Verdict {
	case DropsSome:
		words += "some "
	case DropsPerhaps:
		words = "may drop "
	}
	return words
}

// Fault is a rule or a policy that keeps a packet from its service.
type Fault struct {
	Verdict Verdict
	Hook    Hook
	// Redirects says that the packet goes elsewhere instead of being dropped.
	Redirects bool
	Where     string // "rule 3 of chain INPUT (table filter)", "inet filter input, handle 7"
	Remedy    string // one command that lets the packet pass, and nothing else
}
