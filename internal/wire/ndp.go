package wire

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
)

// What all packets of neighbour discovery have in common (RFC 4861).
const (
	ndpHopLimit = 255 // a router would have lowered it
	ndpLen      = 24  // type, code, checksum, flags, the target's address

	// The types of messages.
	ndpSolicitation, ndpAdvertisement = 135, 136

	// The options with an Ethernet address; lengths are in units of eight bytes.
	optionSource, optionTarget = 1, 2
	optionUnit                 = 8
)

// ndpPacket is an IPv6 packet with a message about target: its flags, and the
// option that tells mac unless that is nil.
func ndpPacket(typ byte, from, to netip.Addr, flags byte, target netip.Addr, option byte, mac net.HardwareAddr) []byte {
	msg := []byte{typ, 0, 0, 0, flags, 0, 0, 0}
	msg = append(msg, target.AsSlice()...)
	if mac != nil {
		msg = append(msg, option, 1)
		msg = append(msg, mac...)
	}
	binary.BigEndian.PutUint16(msg[2:], payloadChecksum(protocolICMPv6, from, to, msg))
	return ipv6Packet(protocolICMPv6, ndpHopLimit, from, to, msg)
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
	from, to := netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	msg := b[ipv6Len : ipv6Len+length]
	if msg[0] != ndpAdvertisement || msg[1] != 0 || payloadChecksum(protocolICMPv6, from, to, msg) != 0 {
		return Answer{}, false
	}
	target := netip.AddrFrom16([16]byte(msg[8:ndpLen]))
	mac := ethernetOption(msg[ndpLen:], optionTarget)
	return Answer{Addr: target, MAC: mac}, mac != nil && !target.IsMulticast()
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
