package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/net/bpf"

	"lvsdr/internal/host"
)

// Question is for the neighbours on Link: who has each of Addrs?
type Question struct {
	Link  host.Link
	Addrs []netip.Addr
}

// Reply is what came of a [Question].
type Reply struct {
	Answers []Answer // in the order of addresses, then of Ethernet addresses
	Err     error    // why it could not be asked
}

// Answer says that MAC answered for Addr.
type Answer struct {
	Addr netip.Addr
	MAC  net.HardwareAddr
}

// dialect is how neighbours of one address family are asked.
type dialect struct {
	etherType int
	speaksOf  func(netip.Addr) bool
	request   func(mac net.HardwareAddr, sender, target netip.Addr) request
	answer    func(packet []byte) (Answer, bool)
	// filter runs in the kernel, so that other traffic does not crowd the
	// answers out. It sees packets without their Ethernet header.
	filter []bpf.Instruction
}

// request is a packet to an Ethernet address.
type request struct {
	to     net.HardwareAddr
	packet []byte
}

func newARP() dialect {
	return dialect{etherARP, netip.Addr.Is4, whoHas, arpAnswer, filter([]holds{{6, 2, uint32(arpReply[1])}})}
}

func newNDP() dialect {
	return dialect{etherIPv6, netip.Addr.Is6, solicitation, ndpAnswer, filter([]holds{
		{6, 1, protocolICMPv6}, {ipv6Len, 1, ndpAdvertisement}})}
}

// whoHas is an ARP request.
func whoHas(mac net.HardwareAddr, sender, target netip.Addr) request {
	unknown := make(net.HardwareAddr, ethernetLen)
	return request{broadcast, arpPacket(arpRequest, mac, sender, unknown, target)}
}

// solicitation asks the target's solicited-node group (RFC 4861, section 4.3;
// RFC 4291, section 2.7.1). Who has no address must not tell an Ethernet address
// either; it is answered to all nodes.
func solicitation(mac net.HardwareAddr, sender, target netip.Addr) request {
	addr := target.As16()
	group := netip.MustParseAddr("ff02::1:ff00:0").As16()
	copy(group[13:], addr[13:])
	to := append(net.HardwareAddr{0x33, 0x33}, group[12:]...) // RFC 2464, section 7
	var own net.HardwareAddr
	if !sender.IsUnspecified() {
		own = mac
	}
	return request{to, ndpPacket(ndpSolicitation, sender, netip.AddrFrom16(group), 0, target, optionSource, own)}
}

// plain makes IPv4 of what is IPv4 in IPv6's notation, and drops zones: an
// answer has none.
func (q Question) plain() Question {
	addrs := make([]netip.Addr, len(q.Addrs))
	for i, a := range q.Addrs {
		addrs[i] = a.Unmap().WithZone("")
	}
	return Question{q.Link, addrs}
}

// check is why q cannot be asked. EAFNOSUPPORT: the link is no Ethernet; EINVAL:
// an address is none.
func (q Question) check() error {
	if err := ethernet(q.Link); err != nil {
		return err
	}
	for _, a := range q.Addrs {
		if !a.IsValid() {
			return fmt.Errorf("ask for %v: %w", a, syscall.EINVAL)
		}
	}
	return nil
}

// requests are the packets that ask q in a dialect, from a machine with these
// addresses.
func (d dialect) requests(q Question, own []host.Address) []request {
	var all []request
	for _, target := range q.Addrs {
		if d.speaksOf(target) {
			all = append(all, d.request(q.Link.MAC, Sender(q.Link, own, q.Addrs, target), target))
		}
	}
	return all
}

// Sender is the address to ask for target with: one of l in the target's
// network, else any of its family, else none, which makes it a probe (RFC 5227).
// An address that is asked for itself is not used: who has it as well takes the
// question for a forgery, and does not answer.
func Sender(l host.Link, own []host.Address, asked []netip.Addr, target netip.Addr) netip.Addr {
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

// arrival is an answer, and the number of the interface that it came in by.
type arrival struct {
	link int
	Answer
}

// answersTo sorts out the answers to q. Each counts once, and those of this
// machine's own interfaces do not count.
func answersTo(q Question, arrived []arrival, links []host.Link) []Answer {
	var answers []Answer
	for _, a := range arrived {
		ours := slices.ContainsFunc(links, func(l host.Link) bool { return bytes.Equal(l.MAC, a.MAC) })
		if a.link == q.Link.Index && slices.Contains(q.Addrs, a.Addr) && !ours {
			answers = append(answers, a.Answer)
		}
	}
	slices.SortFunc(answers, func(a, b Answer) int {
		return cmp.Or(a.Addr.Compare(b.Addr), bytes.Compare(a.MAC, b.MAC))
	})
	return slices.CompactFunc(answers, func(a, b Answer) bool { return a.Addr == b.Addr && bytes.Equal(a.MAC, b.MAC) })
}

// ethernet is EAFNOSUPPORT unless l has an Ethernet address.
func ethernet(l host.Link) error {
	if !l.Ethernet() {
		return fmt.Errorf("interface %q has no Ethernet address: %w", l.Name, syscall.EAFNOSUPPORT)
	}
	return nil
}
