package wire

import (
	"encoding/binary"
	"net/netip"
)

// TCP's flags, and the length of its header without options (RFC 9293, section
// 3.1).
const (
	flagFIN, flagSYN, flagRST, flagACK = 1, 2, 4, 16

	tcpLen = 20
)

// segment is what a segment of TCP without data is known by, and by what an
// answer to it is.
type segment struct {
	from, to netip.AddrPort
	number   uint32 // of sequence
}

// packet is the segment with flags, for so many hops. A SYN says how large
// segments may be, as everybody's does: rules against floods drop others.
func (s segment) packet(flags, hops byte) []byte {
	const window = 0xfaf0
	b := binary.BigEndian.AppendUint16(nil, s.from.Port())
	b = binary.BigEndian.AppendUint16(b, s.to.Port())
	b = binary.BigEndian.AppendUint32(b, s.number)
	b = append(b, 0, 0, 0, 0, tcpLen/4<<4, flags, 0, 0, 0, 0, 0, 0)
	if flags == flagSYN {
		binary.BigEndian.PutUint16(b[14:], window)
		b = append(b, 2, 4, 0x04, 0xc4) // 1220 bytes, which fit even IPv6's smallest MTU
		b[12] = byte(len(b) / 4 << 4)
	}
	from, to := s.from.Addr(), s.to.Addr()
	binary.BigEndian.PutUint16(b[16:], payloadChecksum(protocolTCP, from, to, b))
	return ipPacket(protocolTCP, hops, from, to, b)
}

// reset ends the connection that the SYN s asked for.
func (s segment) reset(hops byte) []byte {
	s.number++
	return s.packet(flagRST, hops)
}

// word is what an answer says.
type word int

const (
	accepted    word = iota // SYN/ACK
	refused                 // RST
	exceeded                // ICMP: its hops are used up
	unreachable             // ICMP: it does not get there
	returned                // it is the SYN itself, sent back to us
)

// hear reads an answer to a SYN: what it says, who sent it, and which SYN it
// is about. A segment has to acknowledge that; an ICMP message quotes it.
// Checksums are not looked at: those of TCP are not made yet where a packet has
// come from another machine on this one (packet(7), TP_STATUS_CSUMNOTREADY),
// and the number is proof enough.
func hear(b []byte) (says word, by netip.Addr, about segment, ok bool) {
	d, ok := readIP(b)
	if !ok {
		return 0, by, about, false
	}
	switch {
	case d.protocol == protocolTCP:
		says, about, ok = hearTCP(d)
	case d.protocol == protocolICMP && d.from.Is4():
		says, about, ok = hearICMP(d.payload, icmpWords)
	case d.protocol == protocolICMPv6 && d.from.Is6():
		says, about, ok = hearICMP(d.payload, icmpv6Words)
	default:
		ok = false
	}
	return says, d.from, about, ok
}

func hearTCP(d datagram) (says word, about segment, ok bool) {
	if len(d.payload) < tcpLen {
		return 0, about, false
	}
	about = sent(d)
	switch d.payload[13] & (flagFIN | flagSYN | flagRST | flagACK) {
	case flagSYN:
		return returned, about, true
	case flagSYN | flagACK:
		says = accepted
	case flagRST | flagACK:
		says = refused
	default:
		return 0, about, false
	}
	acknowledged := binary.BigEndian.Uint32(d.payload[8:])
	return says, segment{about.to, about.from, acknowledged - 1}, true
}

// sent is the segment whose first eight bytes d has at least.
func sent(d datagram) segment {
	return segment{
		netip.AddrPortFrom(d.from, binary.BigEndian.Uint16(d.payload)),
		netip.AddrPortFrom(d.to, binary.BigEndian.Uint16(d.payload[2:])),
		binary.BigEndian.Uint32(d.payload[4:]),
	}
}

// What ICMP's errors say, by their types (RFC 792; RFC 4443).
var (
	icmpWords   = map[byte]word{3: unreachable, 11: exceeded}
	icmpv6Words = map[byte]word{1: unreachable, 3: exceeded}
)

// hearICMP reads an error and what it quotes: at least the header of IP and
// eight bytes. Code 1 of "time exceeded" is about fragments.
func hearICMP(b []byte, words map[byte]word) (says word, about segment, ok bool) {
	const head, start = 8, 8
	if len(b) < head {
		return 0, about, false
	}
	says, ok = words[b[0]]
	if !ok || says == exceeded && b[1] != 0 {
		return 0, about, false
	}
	quoted, ok := readIP(b[head:])
	if !ok || quoted.protocol != protocolTCP || len(quoted.payload) < start {
		return 0, about, false
	}
	return says, sent(quoted), true
}
