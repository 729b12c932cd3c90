package netfilter

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

func (m *machine) meta(a attributes) truth {
	if a.has(unix.NFTA_META_SREG) {
		if a.uint32(unix.NFTA_META_KEY) == unix.NFT_META_MARK {
			m.mark(m.register(a.uint32(unix.NFTA_META_SREG), 4))
		}
		return yes
	}
	b := unknown(16)
	switch a.uint32(unix.NFTA_META_KEY) {
	case unix.NFT_META_IIF:
		b = m.view.in().ifindex()
	case unix.NFT_META_OIF:
		b = m.view.out().ifindex()
	case unix.NFT_META_IIFNAME:
		b = m.view.in().ifname()
	case unix.NFT_META_OIFNAME:
		b = m.view.out().ifname()
	case unix.NFT_META_IIFTYPE, unix.NFT_META_OIFTYPE: // neither chains of a device nor packets of ARP see others
		if m.view.hook == Ingress || m.view.hook == Egress || m.view.arp != 0 {
			b = known(binary.NativeEndian.AppendUint16(nil, unix.ARPHRD_ETHER))
		}
	case unix.NFT_META_MARK:
		b = m.view.marks.bits()
	case unix.NFT_META_NFPROTO:
		b = known([]byte{m.view.family()})
	case unix.NFT_META_PROTOCOL:
		b = known(binary.BigEndian.AppendUint16(nil, m.view.ethertype()))
	case unix.NFT_META_L4PROTO:
		b = unknown(1)
		if m.view.Protocol != 0 {
			b = known([]byte{byte(m.view.Protocol)})
		}
	}
	m.load(a.uint32(unix.NFTA_META_DREG), b)
	return yes
}

// mark gives the packet the mark that is in a register.
func (m *machine) mark(b bits) {
	by := marking{any: true}
	if b.certain() {
		by = marking{value: binary.NativeEndian.Uint32(b.value), mask: 1<<32 - 1}
	}
	m.add(effect{do: mark, by: by})
}

func (v *view) family() uint8 {
	if v.arp != 0 {
		return unix.NFPROTO_ARP
	}
	if v.is6() {
		return unix.NFPROTO_IPV6
	}
	return unix.NFPROTO_IPV4
}

func (v *view) ethertype() uint16 {
	if v.arp != 0 {
		return unix.ETH_P_ARP
	}
	if v.is6() {
		return unix.ETH_P_IPV6
	}
	return unix.ETH_P_IP
}

// link is the header of Ethernet: what is in the packet is known.
func (v *view) link() bits {
	b := unknown(14)
	b.set(12, binary.BigEndian.AppendUint16(nil, v.ethertype())...)
	return b
}

func (m *machine) payload(a attributes) truth {
	if a.has(unix.NFTA_PAYLOAD_SREG) {
		m.write(a)
		return yes
	}
	var header bits
	switch a.uint32(unix.NFTA_PAYLOAD_BASE) {
	case unix.NFT_PAYLOAD_LL_HEADER:
		header = m.view.link()
	case unix.NFT_PAYLOAD_NETWORK_HEADER:
		header = m.view.network()
	case unix.NFT_PAYLOAD_TRANSPORT_HEADER:
		header = m.view.transport()
	}
	at, n := a.uint32(unix.NFTA_PAYLOAD_OFFSET), a.uint32(unix.NFTA_PAYLOAD_LEN)
	m.load(a.uint32(unix.NFTA_PAYLOAD_DREG), header.part(int(min(at, 1<<16)), int(min(n, registerBytes))))
	return yes
}

// Keys of linux/netfilter/nf_tables.h that x/sys lacks: where a connection was going
// to.
const ctDestIP, ctDestIP6 = 20, 22 // NFT_CT_DST_IP, NFT_CT_DST_IP6

// ct knows the state, and that this is the direction in which the connection
// began.
func (m *machine) ct(a attributes) truth {
	if a.has(unix.NFTA_CT_SREG) {
		return yes // a change
	}
	b := unknown(16)
	switch a.uint32(unix.NFTA_CT_KEY) {
	case unix.NFT_CT_STATE:
		b = m.view.state.bits()
	case unix.NFT_CT_DIRECTION:
		b = known([]byte{m.view.direction()})
	case ctDestIP, ctDestIP6:
		if len(a[unix.NFTA_CT_DIRECTION]) == 1 && a[unix.NFTA_CT_DIRECTION][0] == 0 && m.view.state&Untracked == 0 {
			b = known(m.view.service().AsSlice())
		}
	case unix.NFT_CT_STATUS:
		b = m.view.status()
	}
	m.load(a.uint32(unix.NFTA_CT_DREG), b)
	return yes
}

// direction is 0 for the client's packets, 1 for the answers (IP_CT_DIR_REPLY).
func (v *view) direction() byte {
	if v.Src.IsValid() {
		return 1
	}
	return 0
}

// status is what is known of a connection (enum ip_conntrack_status in
// linux/netfilter/nf_conntrack_common.h): unless it is established nobody has
// answered yet, and whether it is redirected is known. Other bits may be set, as for
// a connection that a helper expects.
func (v *view) status() bits {
	const seenReply, assured, redirected, dying = 1 << 1, 1 << 2, 1 << 5, 1 << 9
	number := func(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
	value, known := uint32(0), uint32(seenReply|redirected|dying)
	if v.Redirected {
		value |= redirected
	}
	if v.state&Established != 0 {
		value |= seenReply
	} else {
		known |= assured
	}
	return bits{value: number(value), known: number(known)}
}

// bits are those that are the same in all of the states.
func (s State) bits() bits {
	number := func(n State) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(n)) }
	if s&(s-1) == 0 {
		return known(number(s))
	}
	return bits{value: number(0), known: number(^s)}
}

func (m *machine) bitwise(a attributes) truth {
	const operation, another = 6, 8 // NFTA_BITWISE_OP, NFTA_BITWISE_SREG2
	size := int(min(a.uint32(unix.NFTA_BITWISE_LEN), registerBytes))
	b := unknown(size)
	if a.uint32(operation) == 0 && !a.has(another) {
		mask, xor := a.value(unix.NFTA_BITWISE_MASK), a.value(unix.NFTA_BITWISE_XOR)
		b = m.register(a.uint32(unix.NFTA_BITWISE_SREG), size).masked(mask, xor)
	}
	m.load(a.uint32(unix.NFTA_BITWISE_DREG), b)
	return yes
}

// byteorder swaps the bytes of each number, or does not: in either direction.
func (m *machine) byteorder(a attributes) truth {
	size, length := int(a.uint32(unix.NFTA_BYTEORDER_SIZE)), int(min(a.uint32(unix.NFTA_BYTEORDER_LEN), registerBytes))
	b := m.register(a.uint32(unix.NFTA_BYTEORDER_SREG), length)
	b.never = nil
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 && (size == 2 || size == 4 || size == 8) {
		for at := 0; at+size <= length; at += size {
			slices.Reverse(b.value[at : at+size])
			slices.Reverse(b.known[at : at+size])
		}
	}
	m.load(a.uint32(unix.NFTA_BYTEORDER_DREG), b)
	return yes
}

// mayBePort notes what a register is compared with: two bytes are mostly a port.
func (v *view) mayBePort(b []byte) {
	if len(b) == 2 {
		v.asked.note(binary.BigEndian.Uint16(b))
	}
}

func (m *machine) compare(a attributes) truth {
	want := a.value(unix.NFTA_CMP_DATA)
	have := m.register(a.uint32(unix.NFTA_CMP_SREG), len(want))
	op := a.uint32(unix.NFTA_CMP_OP)
	m.view.mayBePort(want)
	switch {
	case len(want) == 0:
		return depends
	case op == unix.NFT_CMP_EQ:
		return have.equal(want)
	case op == unix.NFT_CMP_NEQ:
		return have.equal(want).not()
	case !have.certain():
		return depends
	}
	c := bytes.Compare(have.value, want)
	switch op {
	case unix.NFT_CMP_LT:
		return truthOf(c < 0)
	case unix.NFT_CMP_LTE:
		return truthOf(c <= 0)
	case unix.NFT_CMP_GT:
		return truthOf(c > 0)
	case unix.NFT_CMP_GTE:
		return truthOf(c >= 0)
	}
	return depends
}

func (m *machine) inRange(a attributes) truth {
	from, to := a.value(unix.NFTA_RANGE_FROM_DATA), a.value(unix.NFTA_RANGE_TO_DATA)
	have := m.register(a.uint32(unix.NFTA_RANGE_SREG), len(from))
	m.view.mayBePort(from)
	m.view.mayBePort(to)
	if len(from) == 0 || !have.certain() {
		return depends
	}
	t := truthOf(bytes.Compare(from, have.value) <= 0 && bytes.Compare(have.value, to) <= 0)
	if a.uint32(unix.NFTA_RANGE_OP) == unix.NFT_RANGE_NEQ {
		return t.not()
	}
	return t
}

// value is the data in a nest of that name.
func (a attributes) value(kind uint16) []byte { return a.nest(kind)[unix.NFTA_DATA_VALUE] }
