package lab

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
)

// segment is a TCP segment with the addresses that a switch and a router see.
type segment struct {
	from, to            net.HardwareAddr
	source, destination netip.AddrPort
	flags               tcpFlags
	seq, ack            uint32
	payload             int // bytes
}

// tcpFlags are the control bits of a TCP header (RFC 9293, section 3.1).
type tcpFlags byte

const (
	finFlag tcpFlags = 1 << iota
	synFlag
	rstFlag
	pshFlag
	ackFlag
)

// String names the flags in the customary order: SYN,ACK.
func (f tcpFlags) String() string {
	var names []string
	for _, n := range []struct {
		flag tcpFlags
		name string
	}{{synFlag, "SYN"}, {finFlag, "FIN"}, {rstFlag, "RST"}, {pshFlag, "PSH"}, {ackFlag, "ACK"}} {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ",")
}

// Lengths and numbers of the headers.
const (
	ethernetHeader = 14
	ipv4Header     = 20 // without options
	tcpHeader      = 20
	etherIPv4      = 0x0800 // linux/if_ether.h
	protocolTCP    = 6
)

// decodeFrame reads an Ethernet frame. Not ok: the frame has no TCP segment over
// IPv4, or only a piece of one.
func decodeFrame(b []byte) (s segment, ok bool) {
	if len(b) < ethernetHeader+ipv4Header || binary.BigEndian.Uint16(b[12:]) != etherIPv4 {
		return segment{}, false
	}
	s.to, s.from = net.HardwareAddr(b[:6]), net.HardwareAddr(b[6:12])
	ip := b[ethernetHeader:]
	header, total := int(ip[0]&0xf)*4, int(binary.BigEndian.Uint16(ip[2:]))
	later := binary.BigEndian.Uint16(ip[6:])&0x1fff != 0 // fragment, has no TCP header
	if ip[0]>>4 != 4 || ip[9] != protocolTCP || later || header < ipv4Header || total > len(ip) || total < header+tcpHeader {
		return segment{}, false
	}
	tcp := ip[header:total] // short frames are padded
	offset := int(tcp[12]>>4) * 4
	if offset < tcpHeader || offset > len(tcp) {
		return segment{}, false
	}
	s.source = addrPort(ip[12:16], tcp[0:2])
	s.destination = addrPort(ip[16:20], tcp[2:4])
	s.seq, s.ack = binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:])
	s.flags = tcpFlags(tcp[13]) & (finFlag | synFlag | rstFlag | pshFlag | ackFlag)
	s.payload = len(tcp) - offset
	return s, true
}

func addrPort(addr, port []byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr)), binary.BigEndian.Uint16(port))
}
