package host

import (
	"encoding/binary"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

// markV6Only sets V6Only of sockets at :: as far as the kernel tells. Of several
// at one port, one that hears IPv4 as well is enough.
func markV6Only(listeners []Listener) {
	told := map[ipvs.Protocol]map[netip.AddrPort]bool{}
	for i, l := range listeners {
		if l.Addr.Addr() != netip.IPv6Unspecified() {
			continue
		}
		if told[l.Protocol] == nil {
			told[l.Protocol] = v6Only(l.Protocol)
		}
		listeners[i].V6Only = told[l.Protocol][l.Addr]
	}
}

// v6Only asks sock_diag. Why it does not answer makes no difference: most often
// the kernel lacks the module.
func v6Only(p ipvs.Protocol) map[netip.AddrPort]bool {
	only := map[netip.AddrPort]bool{}
	req := nl.NewNetlinkRequest(nl.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP)
	req.AddRawData(diagRequest(unix.AF_INET6, p, 1<<stateListening|1<<stateClosed))
	answers, err := req.Execute(unix.NETLINK_INET_DIAG, 0)
	if err != nil {
		return only
	}
	for _, b := range answers {
		bound, v6, err := diagSocket(b)
		if err != nil {
			continue
		}
		if before, again := only[bound]; again {
			v6 = v6 && before
		}
		only[bound] = v6
	}
	return only
}

// The request and the answer of sock_diag about sockets of IP (struct
// inet_diag_req_v2 and inet_diag_msg of linux/inet_diag.h).
const (
	diagRequestLen = 56
	diagLen        = 72

	diagV6Only = 11 // attribute INET_DIAG_SKV6ONLY
)

// diagRequest asks for the sockets of a family and protocol in any of states,
// which has a bit for each.
func diagRequest(family uint8, p ipvs.Protocol, states uint32) []byte {
	b := make([]byte, diagRequestLen)
	b[0], b[1] = family, byte(p)
	binary.NativeEndian.PutUint32(b[4:], states)
	return b
}

// diagSocket reads what the answer tells of an IPv6 socket: where it is bound,
// and whether IPv6 is all it hears.
func diagSocket(b []byte) (bound netip.AddrPort, v6Only bool, err error) {
	if len(b) < diagLen {
		return bound, false, unix.EINVAL
	}
	addr := netip.AddrFrom16([16]byte(b[8:24]))
	bound = netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(b[4:]))
	attributes, err := nl.ParseRouteAttr(b[diagLen:])
	for _, a := range attributes {
		if a.Attr.Type != diagV6Only {
			continue
		}
		if len(a.Value) == 0 {
			return bound, false, unix.EINVAL
		}
		v6Only = a.Value[0] != 0
	}
	return bound, v6Only, err
}
