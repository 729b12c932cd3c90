package wire

import (
	"net"
	"net/netip"
)

// EtherTypes (linux/if_ether.h).
const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherIPv6 = 0x86dd
)

// announcement is what goes to the neighbours behind the Ethernet header.
type announcement struct {
	etherType int
	to        net.HardwareAddr
	packets   [][]byte
}

var (
	broadcast   = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	allNodesMAC = net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1} // of ff02::1 (RFC 2464)
)

// newAnnouncement says that mac is where vip is.
func newAnnouncement(mac net.HardwareAddr, vip netip.Addr) announcement {
	if vip.Is4() {
		return announcement{etherARP, broadcast, gratuitousARP(mac, vip)}
	}
	return announcement{etherIPv6, allNodesMAC, [][]byte{unsolicitedAdvertisement(mac, vip)}}
}

// gratuitousARP is a request and a reply, as arping sends them with -U and -A:
// some neighbours learn from the one only, some from the other (RFC 5227,
// section 3). Linux takes a reply for gratuitous only if it is targeted at the
// sender's own Ethernet address.
func gratuitousARP(mac net.HardwareAddr, vip netip.Addr) [][]byte {
	return [][]byte{
		arpPacket(arpRequest, mac, vip, broadcast, vip),
		arpPacket(arpReply, mac, vip, mac, vip),
	}
}

// unsolicitedAdvertisement is an IPv6 packet with a neighbour advertisement
// that overrides what is known of vip (RFC 4861, sections 4.4 and 7.2.6). Its
// source is the VIP itself, so that the interface needs no address of its own.
func unsolicitedAdvertisement(mac net.HardwareAddr, vip netip.Addr) []byte {
	const override = 0x20
	return ndpPacket(ndpAdvertisement, vip, netip.IPv6LinkLocalAllNodes(), override, vip, optionTarget, mac)
}
