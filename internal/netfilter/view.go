package netfilter

import (
	"encoding/binary"
	"net"
	"net/netip"

	"lvsdr/internal/ipvs"
)

// view is a packet as it looks at a hook.
type view struct {
	Packet
	hook  Hook
	state State // one of several, perhaps
	marks Marks
	asked ports // noted if it is not nil
	arp   uint8 // operation of ARP, if it is no IP
	guess bool  // something in the rule at hand is not followed
}

// is6 reports the family of the packet.
func (p Packet) is6() bool { return p.Dst.Is6() || p.Src.Is6() }

// source and dest are the addresses, as far as they are known.
func (v *view) source() bits { return v.address(v.Src) }
func (v *view) dest() bits   { return v.address(v.Dst) }

func (v *view) address(a netip.Addr) bits {
	switch {
	case a.IsValid() && !v.Redirected:
		return known(a.AsSlice())
	case v.is6():
		return unknown(16)
	}
	return unknown(4)
}

// in is meant of a packet that IPVS sends on as well: at [Output] there is no
// such interface, and at [Postrouting] it depends on the kernel's version.
func (v *view) in() device {
	switch v.hook {
	case Output:
		return device{}
	case Postrouting, Egress:
		return device{known: depends}
	}
	return named(v.In)
}

func (v *view) out() device {
	if v.hook == Prerouting || v.hook == Input || v.hook == Ingress {
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

// network is the header of IPv4 or IPv6, without a fragment or an extension header,
// or of ARP.
func (v *view) network() bits {
	if v.arp != 0 {
		return v.arpHeader()
	}
	at, proto := 12, 9
	b := unknown(20)
	if v.is6() {
		at, proto = 8, 6
		b = unknown(40)
	} else {
		b.known[6], b.known[7] = 0x3f, 0xff
	}
	source, dest := v.source(), v.dest()
	b.put(at, source)
	b.put(at+len(source.value), dest)
	if v.Protocol != 0 {
		b.set(proto, byte(v.Protocol))
	}
	if v.ICMP != 0 {
		b.set(7, discoveryHops)
	}
	return b
}

// tcpFlags are the flags of TCP of each [Stage], and which of them are known.
// Those of congestion notification may stand in any (RFC 3168), PSH and URG beside
// data.
var tcpFlags = map[Stage]struct{ value, known byte }{
	First:  {0x02, 0x3f},
	Later:  {0x10, 0x17},
	Last:   {0x11, 0x17},
	Answer: {0x12, 0x3f},
}

// sourcePort and destPort are zero where they are not known.
func (v *view) sourcePort() uint16 { return v.port(v.SrcPort) }
func (v *view) destPort() uint16   { return v.port(v.Port) }

func (v *view) port(p uint16) uint16 {
	if v.Redirected {
		return 0
	}
	return p
}

// discoveryHops is the hop limit of neighbour discovery (RFC 4861).
const discoveryHops = 255

// transport is the header of TCP, UDP or SCTP, or of neighbour discovery.
func (v *view) transport() bits {
	b := unknown(20)
	if v.ICMP != 0 {
		b.set(0, v.ICMP, 0)
		return b
	}
	switch v.Protocol {
	case ipvs.TCP:
		flags := tcpFlags[v.Stage]
		b.value[13], b.known[13] = flags.value, flags.known
	case ipvs.UDP, ipvs.SCTP:
	default:
		return b
	}
	for i, port := range []uint16{v.sourcePort(), v.destPort()} {
		if port != 0 {
			b.set(2*i, binary.BigEndian.AppendUint16(nil, port)...)
		}
	}
	return b
}
