package wire

import (
	"encoding/binary"
	"net/netip"
)

// Headers of IP: their lengths without options, and the numbers of protocols.
const (
	ipv4Len, ipv6Len                          = 20, 40
	protocolICMP, protocolTCP, protocolICMPv6 = 1, 6, 58
)

// ipPacket is a packet of the family of its addresses, which goes no further
// than so many hops.
func ipPacket(protocol, hops byte, from, to netip.Addr, payload []byte) []byte {
	if from.Is4() {
		return ipv4Packet(protocol, hops, from, to, payload)
	}
	return ipv6Packet(protocol, hops, from, to, payload)
}

// ipv4Packet must not be fragmented, and needs no identification for that
// reason (RFC 6864).
func ipv4Packet(protocol, hops byte, from, to netip.Addr, payload []byte) []byte {
	b := []byte{4<<4 | ipv4Len/4, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(ipv4Len+len(payload)))
	b = append(b, 0, 0, 0x40, 0, hops, protocol, 0, 0)
	b = append(b, from.AsSlice()...)
	b = append(b, to.AsSlice()...)
	binary.BigEndian.PutUint16(b[10:], Checksum(b))
	return append(b, payload...)
}

func ipv6Packet(protocol, hops byte, from, to netip.Addr, payload []byte) []byte {
	b := []byte{6 << 4, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	b = append(b, protocol, hops)
	b = append(b, from.AsSlice()...)
	b = append(b, to.AsSlice()...)
	return append(b, payload...)
}

// payloadChecksum is that of the payload and of the pseudo-header before it (RFC
// 8200, section 8.1). That of IPv4 (RFC 9293, section 3.1) has the same sum.
func payloadChecksum(protocol byte, from, to netip.Addr, payload []byte) uint16 {
	length := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	return Checksum(from.AsSlice(), to.AsSlice(), length, []byte{0, 0, 0, protocol}, payload)
}

// datagram is a packet that was read.
type datagram struct {
	protocol byte
	from, to netip.Addr
	payload  []byte // as much of it as there is
}

// readIP reads a packet of either family, perhaps cut short; false: it is none,
// or does not begin with its payload: a later fragment, extension headers.
func readIP(b []byte) (datagram, bool) {
	switch {
	case len(b) >= ipv4Len && b[0]>>4 == 4:
		head, length := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
		offset := binary.BigEndian.Uint16(b[6:]) & 0x1fff
		if head < ipv4Len || head > length || head > len(b) || offset != 0 {
			return datagram{}, false
		}
		from, to := netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		return datagram{b[9], from, to, b[head:min(length, len(b))]}, true
	case len(b) >= ipv6Len && b[0]>>4 == 6:
		length := ipv6Len + int(binary.BigEndian.Uint16(b[4:]))
		from, to := netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		return datagram{b[6], from, to, b[ipv6Len:min(length, len(b))]}, true
	}
	return datagram{}, false
}
