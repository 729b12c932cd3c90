package kernel

import (
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// markV6Only sets V6Only of sockets at :: as far as the kernel tells. Of several
// at one port, one that hears IPv4 as well is enough.
func markV6Only(listeners []Listener) {
	told := map[Protocol]map[netip.AddrPort]bool{}
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
func v6Only(p Protocol) map[netip.AddrPort]bool {
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
