package ipvsadm

import (
	"net/netip"
	"strings"
)

// resolver translates names; internal/names has one for this machine.
type resolver interface {
	Host4(name string) (netip.Addr, bool)
	HostName(addr netip.Addr) (string, bool)
	Port(service, protocol string) (uint16, bool)
	Service(port uint16, protocol string) (string, bool)
}

// endpoint is the argument of -t, -u, --sctp-service or -r.
type endpoint struct {
	addr    netip.Addr
	port    uint16
	hasPort bool
}

// parseEndpoint reads "host", "host:port", "v6" or "[v6]:port". An IPv6
// address without brackets has no port, and a bracketed IPv4 address or name
// loses its port: the original then splits what is between the brackets. The
// protocol is the one whose service names count; "" knows none.
func parseEndpoint(word, protocol string, names resolver) (endpoint, bool) {
	if allDigits(word) {
		return endpoint{}, false
	}
	host := word
	port, hasPort := "", false
	if strings.HasPrefix(word, "[") {
		if host, port, hasPort = strings.Cut(word[1:], "]"); !strings.HasPrefix(port, ":") {
			return endpoint{}, false
		}
		port = port[1:]
	}
	e := endpoint{}
	if addr, ok := ipv6(host); ok {
		e.addr = addr
	} else {
		host, port, hasPort = cutLast(host)
		if e.addr, ok = ipv4(host, names); !ok {
			return endpoint{}, false
		}
	}
	if !hasPort {
		return e, true
	}
	e.hasPort = true
	var ok bool
	e.port, ok = parsePort(port, protocol, names)
	return e, ok
}

// cutLast splits at the last colon, if there is one.
func cutLast(s string) (host, port string, hasPort bool) {
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// ipv6 reads a literal by the rules of inet_pton(3): no zone.
func ipv6(s string) (netip.Addr, bool) {
	if strings.IndexByte(s, ':') == strings.LastIndexByte(s, ':') {
		return netip.Addr{}, false // it has two colons at least
	}
	addr, err := netip.ParseAddr(s)
	return addr, err == nil && addr.Is6() && addr.Zone() == ""
}

// ipv4 reads an address in any form of inet_aton(3), or else looks up a name.
func ipv4(s string, names resolver) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is4() {
		return addr, true // the usual form
	}
	if addr, ok := inetAton(s); ok {
		return addr, true
	}
	return names.Host4(s)
}

func parsePort(s, protocol string, names resolver) (uint16, bool) {
	if n, ok := number(s, 0, 65535); ok {
		return uint16(n), true
	}
	return names.Port(s, protocol)
}
