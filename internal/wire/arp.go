package wire

import (
	"bytes"
	"net"
	"net/netip"
)

// An ARP packet of IPv4 on Ethernet (RFC 826), behind its Ethernet header: the
// head, one of the operations, then sender and target, each with both addresses.
const (
	arpHead    = "\x00\x01\x08\x00\x06\x04"
	arpRequest = "\x00\x01"
	arpReply   = "\x00\x02"
	arpLen     = len(arpHead+arpRequest) + 2*(ethernetLen+4)
)

func arpPacket(operation string, mac net.HardwareAddr, sender netip.Addr, targetMAC net.HardwareAddr, target netip.Addr) []byte {
	b := append([]byte(arpHead+operation), mac...)
	b = append(b, sender.AsSlice()...)
	b = append(b, targetMAC...)
	return append(b, target.AsSlice()...)
}

// arpAnswer reads a reply; false: b is something else.
func arpAnswer(b []byte) (Answer, bool) {
	if len(b) < arpLen || !bytes.HasPrefix(b, []byte(arpHead+arpReply)) {
		return Answer{}, false
	}
	mac, addr := b[8:8+ethernetLen], b[8+ethernetLen:]
	return Answer{Addr: netip.AddrFrom4([4]byte(addr)), MAC: bytes.Clone(mac)}, true
}
