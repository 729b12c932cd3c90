package wire

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/net/bpf"

	"lvsdr/internal/host"
)

// Answer says that MAC answered for Addr.
type Answer struct {
	Addr netip.Addr
	MAC  net.HardwareAddr
}

// dialect is how neighbours of one address family are asked.
type dialect struct {
	etherType int
	question  func(mac net.HardwareAddr, sender, target netip.Addr) question
	answer    func(packet []byte) (Answer, bool)
	// filter runs in the kernel, so that other traffic does not crowd the
	// answers out. It sees packets without their Ethernet header.
	filter []bpf.Instruction
}

// question is a packet to an Ethernet address.
type question struct {
	to     net.HardwareAddr
	packet []byte
}

func askARP() dialect {
	return dialect{etherARP, whoHas, arpAnswer, filter(holds{6, 2, uint32(arpReply[1])})}
}

func askIPv6() dialect {
	return dialect{etherIPv6, solicitation, ndpAnswer, filter(
		holds{6, 1, protocolICMPv6}, holds{ipv6Len, 1, ndpAdvertisement})}
}

// holds is a value in a packet: where, of how many bytes, and what.
type holds struct {
	offset uint32
	size   int
	value  uint32
}

// filter accepts packets that hold every value.
func filter(values ...holds) []bpf.Instruction {
	var program []bpf.Instruction
	for _, v := range values {
		program = append(program,
			bpf.LoadAbsolute{Off: v.offset, Size: v.size},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: v.value, SkipTrue: 1},
			bpf.RetConstant{Val: 0})
	}
	return append(program, bpf.RetConstant{Val: 0xffff})
}

// whoHas is an ARP request.
func whoHas(mac net.HardwareAddr, sender, target netip.Addr) question {
	unknown := make(net.HardwareAddr, ethernetLen)
	return question{broadcast, arpPacket(arpRequest, mac, sender, unknown, target)}
}

// solicitation asks the target's solicited-node group (RFC 4861, section 4.3;
// RFC 4291, section 2.7.1). Who has no address must not tell an Ethernet address
// either; it is answered to all nodes.
func solicitation(mac net.HardwareAddr, sender, target netip.Addr) question {
	addr := target.As16()
	group := netip.MustParseAddr("ff02::1:ff00:0").As16()
	copy(group[13:], addr[13:])
	to := append(net.HardwareAddr{0x33, 0x33}, group[12:]...) // RFC 2464, section 7
	var own net.HardwareAddr
	if !sender.IsUnspecified() {
		own = mac
	}
	return question{to, ndpPacket(ndpSolicitation, sender, netip.AddrFrom16(group), 0, target, optionSource, own)}
}

// inquiry is what is asked in one dialect on one interface.
type inquiry struct {
	dialect
	questions []question
}

// newInquiries sorts addrs by dialect. EINVAL: one is no address.
func newInquiries(l host.Link, own []host.Address, addrs []netip.Addr) ([]inquiry, error) {
	var inquiries []inquiry
	for _, d := range []struct {
		dialect
		speaks func(netip.Addr) bool
	}{{askARP(), netip.Addr.Is4}, {askIPv6(), netip.Addr.Is6}} {
		in := inquiry{dialect: d.dialect}
		for _, target := range addrs {
			if !target.IsValid() {
				return nil, fmt.Errorf("ask for %v: %w", target, syscall.EINVAL)
			}
			if !d.speaks(target) {
				continue
			}
			in.questions = append(in.questions, d.question(l.MAC, sender(l, own, addrs, target), target))
		}
		if in.questions != nil {
			inquiries = append(inquiries, in)
		}
	}
	return inquiries, nil
}

// sender is the address to ask for target with: one of l in the target's
// network, else any of its family, else none, which makes it a probe (RFC 5227).
// An address that is asked for itself is not used: who has it as well takes the
// question for a forgery, and does not answer.
func sender(l host.Link, own []host.Address, asked []netip.Addr, target netip.Addr) netip.Addr {
	found := netip.IPv6Unspecified()
	if target.Is4() {
		found = netip.IPv4Unspecified()
	}
	for _, a := range own {
		addr := a.Prefix.Addr()
		if a.Interface != l.Name || a.Deprecated || addr.Is4() != target.Is4() || slices.Contains(asked, addr) {
			continue
		}
		if a.Prefix.Contains(target) {
			return addr
		}
		if found.IsUnspecified() {
			found = addr
		}
	}
	return found
}
