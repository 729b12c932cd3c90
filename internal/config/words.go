package config

import "net/netip"

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
