package kernel

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv6"
)

// What all packets of neighbour discovery have in common (RFC 4861).
const (
	ipv6Len        = 40
	protocolICMPv6 = 58
	ndpHopLimit    = 255 // a router would have lowered it
	ndpLen         = 24  // type, code, checksum, flags, the target's address

	// The options with an Ethernet address; lengths are in units of eight bytes.
	optionSource, optionTarget = 1, 2
	optionUnit                 = 8
)

// ndpPacket is an IPv6 packet with a message about target: its flags, and the
// option that tells mac unless that is nil.
func ndpPacket(typ ipv6.ICMPType, from, to netip.Addr, flags byte, target netip.Addr, option byte, mac net.HardwareAddr) ([]byte, error) {
	body := []byte{flags, 0, 0, 0}
	body = append(body, target.AsSlice()...)
	if mac != nil {
		body = append(body, option, 1)
		body = append(body, mac...)
	}
	msg := icmp.Message{Type: typ, Body: &icmp.RawBody{Data: body}}
	payload, err := msg.Marshal(icmp.IPv6PseudoHeader(from.AsSlice(), to.AsSlice()))
	if err != nil {
		return nil, err
	}
	b := []byte{6 << 4, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	b = append(b, protocolICMPv6, ndpHopLimit)
	b = append(b, from.AsSlice()...)
	b = append(b, to.AsSlice()...)
	return append(b, payload...), nil
}

// ndpAnswer reads a neighbour advertisement that tells an Ethernet address;
// false: b is something else, or not valid by section 7.1.2.
func ndpAnswer(b []byte) (Answer, bool) {
	if len(b) < ipv6Len || b[0]>>4 != 6 || b[6] != protocolICMPv6 || b[7] != ndpHopLimit {
		return Answer{}, false
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length < ndpLen || length > len(b)-ipv6Len {
		return Answer{}, false
	}
	msg := b[ipv6Len : ipv6Len+length]
	if msg[0] != byte(ipv6.ICMPTypeNeighborAdvertisement) || msg[1] != 0 || !intact(b[8:24], b[24:40], msg) {
		return Answer{}, false
	}
	target := netip.AddrFrom16([16]byte(msg[8:ndpLen]))
	mac := ethernetOption(msg[ndpLen:], optionTarget)
	return Answer{Addr: target, MAC: mac}, mac != nil && !target.IsMulticast()
}

// intact reports whether the message has the checksum that it would be sent
// with.
func intact(from, to, msg []byte) bool {
	again := icmp.Message{
		Type: ipv6.ICMPType(msg[0]), Code: int(msg[1]), Body: &icmp.RawBody{Data: msg[4:]},
	}
	want, err := again.Marshal(icmp.IPv6PseudoHeader(from, to))
	return err == nil && bytes.Equal(msg, want)
}

// ethernetOption finds the Ethernet address that an option of that type tells.
// It is nil if there is none, or if an option is cut short or has no length.
func ethernetOption(options []byte, typ byte) (mac net.HardwareAddr) {
	for len(options) > 0 {
		if len(options) < optionUnit || options[1] == 0 || int(options[1])*optionUnit > len(options) {
			return nil
		}
		if options[0] == typ && options[1] == 1 && mac == nil {
			mac = bytes.Clone(options[2:optionUnit])
		}
		options = options[int(options[1])*optionUnit:]
	}
	return mac
}
