package netfilter

import (
	"encoding/binary"
	"net"

	"lvsdr/internal/ipvs"
)

// state is a set of the states that connection tracking may say, with their
// bits in nf_tables (NF_CT_STATE_BIT in linux/netfilter/nf_conntrack_common.h).
type state uint32

const (
	stateInvalid   state = 1
	stateNew       state = 1 << 3
	stateUntracked state = 1 << 6
)

// view is a packet as it looks at a hook.
type view struct {
	Packet
	hook  Hook
	state state // one of several, perhaps
}

func newView(p Packet, h Hook, s state) *view {
	if p.Untracked && (h == Output || h == Postrouting) {
		s = stateUntracked
	}
	return &view{Packet: p, hook: h, state: s}
}

// in is meant of a packet that IPVS sends on as well: at [Output] there is no
// such interface, and at [Postrouting] it depends on the kernel's version.
func (v *view) in() device {
	switch v.hook {
	case Output:
		return device{}
	case Postrouting:
		return device{known: depends}
	}
	return named(v.In)
}

func (v *view) out() device {
	if v.hook == Prerouting || v.hook == Input {
		return device{}
	}
	return named(v.Out)
}

// device is an interface of which the packet may know. The zero device is none.
type device struct {
	known truth
	name  string // depends: any name but this one
}

const loopback = "lo"

func named(name string) device {
	if name == "" {
		return device{depends, loopback}
	}
	return device{yes, name}
}

// ifname is the name as nf_tables has it.
func (d device) ifname() bits {
	name := make([]byte, 16) // IFNAMSIZ
	copy(name[:15], d.name)
	if d.known == depends {
		wild := unknown(len(name))
		wild.never = name
		return wild
	}
	return known(name)
}

// ifindex is the interface's number, in the machine's byte order.
func (d device) ifindex() bits {
	number := func(n int) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(n)) }
	wild := unknown(4)
	if d.name != loopback {
		wild.never = number(1)
	}
	switch {
	case d == device{}:
		return known(number(0))
	case d.known == depends:
		wild.never = number(1) // of lo, always
		return wild
	}
	if i, err := net.InterfaceByName(d.name); err == nil {
		return known(number(i.Index))
	}
	return wild
}

// network is the header of IPv4 or IPv6: no fragment, no extension header.
func (v *view) network() bits {
	dst := v.Dst.AsSlice()
	at, proto := 16, 9
	b := unknown(20)
	if v.Dst.Is6() {
		at, proto = 24, 6
		b = unknown(40)
	} else {
		b.known[6], b.known[7] = 0x3f, 0xff
	}
	b.set(at, dst...)
	if v.Protocol != 0 {
		b.set(proto, byte(v.Protocol))
	}
	return b
}

// Flags of TCP: a new connection's first packet has SYN and none but those of
// congestion notification beside it (RFC 3168).
const (
	flagsSYN   = 0x02
	flagsKnown = 0x3f
)

// transport is the header of TCP, UDP or SCTP.
func (v *view) transport() bits {
	b := unknown(20)
	switch v.Protocol {
	case ipvs.TCP:
		b.value[13], b.known[13] = flagsSYN, flagsKnown
	case ipvs.UDP, ipvs.SCTP:
	default:
		return b
	}
	if v.Port != 0 {
		b.set(2, binary.BigEndian.AppendUint16(nil, v.Port)...)
	}
	return b
}
