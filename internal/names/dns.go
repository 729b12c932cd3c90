package names

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// dnsHost4 asks the name servers for the IPv4 address of a name, and for the
// name within each domain of the search list.
func (r *Resolver) dnsHost4(name string) answer[netip.Addr] {
	if !hostName(name) || name == "." {
		return answer[netip.Addr]{status: notFound}
	}
	reply, outcome := r.search(name)
	if outcome != replied {
		return answer[netip.Addr]{status: outcome.status()}
	}
	a, err := reply.record().AResource()
	if err != nil {
		return answer[netip.Addr]{status: tryAgain}
	}
	return found(netip.AddrFrom4(a.A))
}

// dnsName asks the name servers for the name of an address. The first name
// counts; if it is not one that a host can have, there is none.
func (r *Resolver) dnsName(addr netip.Addr) answer[string] {
	reply, outcome := r.query(reverseName(addr), dnsmessage.TypePTR)
	if outcome != replied {
		return answer[string]{status: notFound}
	}
	ptr, err := reply.record().PTRResource()
	if err != nil {
		return answer[string]{status: tryAgain}
	}
	name := ptr.PTR.String()
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	if !hostName(name) {
		return answer[string]{status: unavailable}
	}
	return found(name)
}

// search asks for the name as it is if it has enough dots, then in each domain,
// then as it is after all. The outcome is that of the last question.
func (r *Resolver) search(name string) (reply reply, last outcome) {
	c := r.serversFile()
	absolute := strings.HasSuffix(name, ".")
	asked := absolute || strings.Count(name, ".") >= c.ndots
	if asked {
		reply, last = r.query(name, dnsmessage.TypeA)
		if absolute || last == replied {
			return reply, last
		}
	}
	for _, domain := range c.search {
		domain = strings.TrimPrefix(domain, ".")
		asked = asked || domain == "" // the root: the name as it is
		reply, last = r.query(name+"."+domain, dnsmessage.TypeA)
		if last == replied {
			return reply, last
		}
		if last == timedOut || last == broken {
			break
		}
	}
	if !asked {
		reply, last = r.query(name, dnsmessage.TypeA)
	}
	return reply, last
}

// hostName reports whether every character may occur in a host name. The C
// library allows an underscore, and a hyphen anywhere but at the very beginning.
func hostName(name string) bool {
	return name != "" && name[0] != '-' && !strings.ContainsFunc(name, func(c rune) bool {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		return !letter && !digit && c != '-' && c != '_' && c != '.'
	})
}

// reverseName is the name that has the PTR records of an address. An
// IPv4-mapped or IPv4-compatible address is asked for as the IPv4 address in it.
func reverseName(addr netip.Addr) string {
	if b := addr.As16(); addr.Is6() && (addr.Is4In6() || [12]byte(b[:12]) == [12]byte{}) &&
		addr != netip.IPv6Unspecified() && addr != netip.IPv6Loopback() {
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	var name strings.Builder
	if addr.Is4() {
		for _, b := range slices.Backward(addr.AsSlice()) {
			name.WriteString(strconv.Itoa(int(b)) + ".")
		}
		return name.String() + "in-addr.arpa."
	}
	const digits = "0123456789abcdef"
	for _, b := range slices.Backward(addr.AsSlice()) {
		name.Write([]byte{digits[b&0xf], '.', digits[b>>4], '.'})
	}
	return name.String() + "ip6.arpa."
}
