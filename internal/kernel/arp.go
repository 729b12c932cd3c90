package kernel

import (
	"net"
	"net/netip"

	"github.com/mdlayher/arp"
)

// arpPacket is an ARP packet (RFC 826) behind its Ethernet header.
func arpPacket(op arp.Operation, mac net.HardwareAddr, sender netip.Addr, targetMAC net.HardwareAddr, target netip.Addr) ([]byte, error) {
	p, err := arp.NewPacket(op, mac, sender, targetMAC, target)
	if err != nil {
		return nil, err
	}
	return p.MarshalBinary()
}

// arpAnswer reads a reply; false: b is something else.
func arpAnswer(b []byte) (Answer, bool) {
	const (
		ethernet  = 1
		etherIPv4 = 0x0800
	)
	var p arp.Packet
	if p.UnmarshalBinary(b) != nil || p.Operation != arp.OperationReply {
		return Answer{}, false
	}
	if p.HardwareType != ethernet || p.ProtocolType != etherIPv4 {
		return Answer{}, false
	}
	if len(p.SenderHardwareAddr) != ethernetLen || !p.SenderIP.Is4() {
		return Answer{}, false
	}
	return Answer{Addr: p.SenderIP, MAC: p.SenderHardwareAddr}, true
}
