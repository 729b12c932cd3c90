package netfilter

import (
	"bytes"
	"encoding/binary"

	"lvsdr/internal/ipvs"
)

// xtMatch asks a match of x_tables; one that is not understood is a guess. Each
// gets what belongs to it (struct xt_NAME in linux/netfilter/xt_NAME.h), long
// enough, in the machine's byte order.
func xtMatch(v *view, name string, revision uint8, info []byte) truth {
	var size int
	var match func(v *view, revision uint8, info []byte) truth
	switch name {
	case "comment":
		return yes
	case "connbytes", "connlimit", "hashlimit", "iprange", "length", "limit", "mac", "quota", "recent", "set", "statistic", "string":
		return depends // on who sends how much of what
	case "tcp":
		size, match = 12, matchTCP
	case "udp":
		size, match = 9, matchUDP
	case "sctp":
		size, match = 292, matchSCTP
	case "multiport":
		size, match = 48, matchMultiport
	case "icmp6":
		size, match = 4, matchICMP6
	case "hl":
		size, match = 2, matchHopLimit
	case "conntrack":
		size, match = 152, matchConntrack
	case "state":
		size, match = 4, matchState
	case "mark":
		size, match = 9, matchMark
	case "addrtype":
		size, match = 8, matchAddrtype
	}
	if match == nil || len(info) < size {
		v.guess = true
		return depends
	}
	return match(v, revision, info)
}

func uint16At(b []byte, at int) uint16 { return binary.NativeEndian.Uint16(b[at:]) }

func uint32At(b []byte, at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }

// invert turns a truth round if a flag is set.
func invert[T ~uint8 | ~uint16 | ~uint32](t truth, flags, flag T) truth {
	if flags&flag != 0 {
		return t.not()
	}
	return t
}

// portIn tells whether a port, which may be any, is within the bounds.
func portIn(port, first, last uint16) truth {
	switch {
	case first == 0 && last == 0xffff:
		return yes
	case port == 0 || first > last:
		return depends
	}
	return truthOf(first <= port && port <= last)
}

// portIn tells whether the destination port is within the bounds.
func (v *view) portIn(first, last uint16) truth {
	v.asked.note(first, last)
	return portIn(v.destPort(), first, last)
}

func matchTCP(v *view, _ uint8, b []byte) truth {
	if v.Protocol != ipvs.TCP {
		return depends
	}
	const invSource, invDest, invFlags = 1, 2, 4
	option := yes
	if b[8] != 0 {
		option = depends
	}
	flags := v.transport().part(13, 1).masked(b[9:10], nil).equal(b[10:11])
	return min(
		invert(portIn(v.sourcePort(), uint16At(b, 0), uint16At(b, 2)), b[11], invSource),
		invert(v.portIn(uint16At(b, 4), uint16At(b, 6)), b[11], invDest),
		invert(flags, b[11], invFlags),
		option, // inverted or not
	)
}

func matchUDP(v *view, _ uint8, b []byte) truth {
	if v.Protocol != ipvs.UDP {
		return depends
	}
	const invSource, invDest = 1, 2
	return min(
		invert(portIn(v.sourcePort(), uint16At(b, 0), uint16At(b, 2)), b[8], invSource),
		invert(v.portIn(uint16At(b, 4), uint16At(b, 6)), b[8], invDest),
	)
}

// matchSCTP: the map of chunks has 256 bytes, eight times what it needs.
func matchSCTP(v *view, _ uint8, b []byte) truth {
	if v.Protocol != ipvs.SCTP {
		return depends
	}
	const sources, dests, chunks = 1, 2, 4
	flags, inverted := uint32At(b, 284), uint32At(b, 288)
	t := yes
	if flags&sources != 0 {
		t = min(t, invert(portIn(v.sourcePort(), uint16At(b, 4), uint16At(b, 6)), inverted, sources))
	}
	if flags&dests != 0 {
		t = min(t, invert(v.portIn(uint16At(b, 0), uint16At(b, 2)), inverted, dests))
	}
	if flags&chunks != 0 {
		t = min(t, depends)
	}
	return t
}

// matchICMP6 compares with a type, or any, and with bounds of the code.
func matchICMP6(v *view, _ uint8, b []byte) truth {
	const everyType, inverted = 255, 1
	if v.ICMP == 0 {
		return depends
	}
	return invert(truthOf(b[0] == everyType || b[0] == v.ICMP && b[1] == 0), b[3], inverted)
}

func matchHopLimit(v *view, _ uint8, b []byte) truth {
	const equal, differs, less = 0, 1, 2
	hops := b[1]
	switch {
	case v.ICMP == 0:
		return depends
	case b[0] == equal:
		return truthOf(hops == discoveryHops)
	case b[0] == differs:
		return truthOf(hops != discoveryHops)
	case b[0] == less:
		return no
	}
	return truthOf(hops < discoveryHops)
}

// matchMultiport knows revision 1, which Linux has had since 2.6.11.
func matchMultiport(v *view, revision uint8, b []byte) truth {
	const source, either = 0, 2
	count, port := int(b[1]), v.destPort()
	if b[0] == source {
		port = v.sourcePort()
	}
	if revision != 1 || count > 15 {
		return depends
	}
	t := no
	for i := 0; i < count; i++ {
		first := uint16At(b, 2+2*i)
		last := first
		if b[32+i] != 0 && i+1 < count { // the first of two ports that are bounds
			i++
			last = uint16At(b, 2+2*i)
		}
		v.asked.note(first, last)
		t = max(t, portIn(port, first, last))
	}
	if b[0] == either {
		t = max(t, depends)
	}
	return invert(t, b[47], 0xff)
}

// matchConntrack knows the state and where the connection was going to before it was
// redirected, and depends if anything else is asked.
func matchConntrack(v *view, revision uint8, b []byte) truth {
	const byState, byDest, alias = 1, 1 << 3, 1 << 13
	flags, inverted := uint16At(b, 146), uint16At(b, 148)
	if revision < 1 || revision > 3 || flags&^alias == 0 {
		return depends
	}
	mask := uint32(b[150])
	if revision > 1 {
		mask = uint32(uint16At(b, 150))
	}
	t := yes
	if flags&byState != 0 {
		const redirected = 1 << 7 // XT_CONNTRACK_STATE_DNAT
		in := v.inState(stateMask(mask, 1<<8))
		if mask&redirected != 0 && v.Redirected {
			in = yes
		}
		t = invert(in, inverted, byState)
	}
	if flags&byDest != 0 {
		addr := v.service().AsSlice()
		origin := depends
		if v.state&Untracked == 0 {
			origin = known(addr).masked(b[48:48+len(addr)], nil).equal(b[32 : 32+len(addr)])
		}
		t = min(t, invert(origin, inverted, byDest))
	}
	if flags&^(byState|byDest|alias) != 0 {
		t = min(t, depends)
	}
	return t
}

func matchState(v *view, _ uint8, b []byte) truth {
	return v.inState(stateMask(uint32At(b, 0), uint32(Untracked)))
}

// stateMask translates a mask of x_tables, in which the bit of untracked packets
// lies elsewhere, and in that place what NAT did.
func stateMask(mask, untracked uint32) State {
	s := State(mask) & (Untracked - 1)
	if mask&untracked != 0 {
		s |= Untracked
	}
	return s
}

func (v *view) inState(s State) truth {
	switch v.state & s {
	case 0:
		return no
	case v.state:
		return yes
	}
	return depends
}

// matchMark: struct xt_mark_mtinfo1.
func matchMark(v *view, revision uint8, b []byte) truth {
	if revision != 1 {
		return depends
	}
	return invert(v.marks.bits().masked(b[4:8], nil).equal(b[:4]), b[8], 0xff)
}

// matchAddrtype knows that the VIP is an address of this machine: the destination
// of what comes in, the source of what is answered.
func matchAddrtype(v *view, revision uint8, b []byte) truth {
	source, dest := uint16At(b, 0), uint16At(b, 2)
	var invSource, invDest bool
	if revision == 0 {
		if len(b) < 12 {
			return depends
		}
		invSource, invDest = uint32At(b, 4) != 0, uint32At(b, 8) != 0
	} else {
		flags := uint32At(b, 4)
		invSource, invDest = flags&1 != 0, flags&2 != 0 // XT_ADDRTYPE_INVERT_SOURCE, XT_ADDRTYPE_INVERT_DEST
		if flags&^3 != 0 {                              // of a certain interface
			return depends
		}
	}
	return min(
		addrtype(source, invSource, v.Src.IsValid() && (v.hook == Output || v.hook == Postrouting)),
		addrtype(dest, invDest, v.Dst.IsValid() && (v.hook == Prerouting || v.hook == Input)),
	)
}

// addrtype compares a set of types with that of an address, which is this
// machine's own or not known.
func addrtype(set uint16, inverted, own bool) truth {
	const local = 1 << 2 // XT_ADDRTYPE_LOCAL
	switch {
	case set == 0:
		return yes
	case own:
		return truthOf(set&local != 0 != inverted)
	}
	return depends
}

// xtDevice compares an interface with a name of which only the masked bytes
// count: all of them and the end, or those before a "+".
func xtDevice(d device, name, mask []byte) truth {
	have := make([]byte, 16)
	copy(have[:15], d.name)
	same := bits{value: have, known: bytes.Repeat([]byte{0xff}, 16)}.masked(mask, nil).equal(masked(name, mask))
	switch {
	case len(bytes.Trim(mask, "\x00")) == 0:
		return yes
	case d.known != depends:
		return same
	case d.name != "" && same == yes && mask[len(d.name)] != 0: // the very name that it is not
		return no
	}
	return depends
}

func masked(b, mask []byte) []byte {
	m := make([]byte, len(b))
	for i := range b {
		m[i] = b[i] & mask[i]
	}
	return m
}
