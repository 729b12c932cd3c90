package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"lvsdr/internal/ipvs"
)

// What a flag may say that is no single value of the file.
var (
	portAndProtocol = kind[Service]{want: "PORT or PORT/PROTOCOL, as in 80 or 53/udp", parse: parsePort}
	serverAndPort   = kind[netip.AddrPort]{want: "ADDRESS[:PORT]", parse: parseServer}
	serverAndWeight = kind[RealServer]{want: "ADDRESS[:PORT][=WEIGHT]", parse: parseRealServer}
	oneInterface    = kind[string]{want: "the name of an interface", parse: parseInterface}
)

// The functions below read flags that have no key in the file. Their errors are
// those of [Overrides.Apply].

// ParseNumber reads a decimal number within bounds.
func ParseNumber(flag, word string, low, high uint32) (uint32, error) {
	return take(flag, word, number(low, high))
}

// ParseInterface reads the name of one interface.
func ParseInterface(flag, word string) (string, error) { return take(flag, word, oneInterface) }

// ParseServer reads the ADDRESS[:PORT] of a real server; without a port that is
// zero.
func ParseServer(flag, word string) (netip.AddrPort, error) { return take(flag, word, serverAndPort) }

// ParseAddress reads the address of a machine.
func ParseAddress(flag, word string) (netip.Addr, error) { return take(flag, word, serverAddress) }

func parsePort(s string) (Service, error) {
	port, name, hasProtocol := strings.Cut(s, "/")
	n, err := servicePort().parse(port)
	p := ipvs.TCP
	if hasProtocol && err == nil {
		if p, err = protocol().parse(name); err != nil {
			err = errors.New("unknown protocol")
		}
	}
	return portService(p, n), err
}

func parseRealServer(s string) (r RealServer, err error) {
	r.Weight = 1
	s, weight, hasWeight := strings.Cut(s, "=")
	if hasWeight {
		if r.Weight, err = count().parse(weight); err != nil {
			return r, fmt.Errorf("weight is %w", err)
		}
	}
	server, err := parseServer(s)
	r.Addr, r.Port = server.Addr(), server.Port()
	return r, err
}

// parseServer reads ADDRESS[:PORT]; without a port that is zero.
func parseServer(s string) (server netip.AddrPort, err error) {
	var port uint16
	host, digits, hasPort := cutPort(s)
	if hasPort {
		if port, err = number[uint16](1, 65535).parse(digits); err != nil {
			return server, fmt.Errorf("port is %w", err)
		}
	}
	addr, err := serverAddress.parse(host)
	return netip.AddrPortFrom(addr, port), err
}

// cutPort splits "v4", "v4:port", "v6", "[v6]" and "[v6]:port".
func cutPort(s string) (host, port string, hasPort bool) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		host, port, ok = strings.Cut(inner, "]")
		if addr, err := netip.ParseAddr(host); !ok || err != nil || !addr.Is6() {
			return s, "", false
		}
		if port == "" {
			return host, "", false
		}
		if port, ok = strings.CutPrefix(port, ":"); !ok {
			return s, "", false
		}
		return host, port, true
	}
	if strings.Count(s, ":") == 1 {
		return strings.Cut(s, ":")
	}
	return s, "", false
}
