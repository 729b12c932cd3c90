package kernel

import (
	"encoding/binary"
	"net/netip"
)

// The request and the answer of sock_diag about sockets of IP (struct
// inet_diag_req_v2 and inet_diag_msg of linux/inet_diag.h).
const (
	diagRequestLen = 56
	diagLen        = 72

	diagV6Only = 11 // attribute INET_DIAG_SKV6ONLY
)

// diagRequest asks for the sockets of a family and protocol in any of states,
// which has a bit for each.
func diagRequest(family uint8, p Protocol, states uint32) []byte {
	b := make([]byte, diagRequestLen)
	b[0], b[1] = family, byte(p)
	binary.NativeEndian.PutUint32(b[4:], states)
	return b
}

// diagSocket reads what the answer tells of an IPv6 socket: where it is bound,
// and whether IPv6 is all it hears.
func diagSocket(b []byte) (bound netip.AddrPort, v6Only bool, err error) {
	if len(b) < diagLen {
		return bound, false, errReply
	}
	addr := netip.AddrFrom16([16]byte(b[8:24]))
	bound = netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(b[4:]))
	a := attrs{rest: b[diagLen:]}
	for a.next() {
		if a.typ == diagV6Only {
			v6Only = a.u8() != 0
		}
	}
	return bound, v6Only, a.err()
}
