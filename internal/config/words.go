package config

import "net/netip"

// The functions of this file read flags that have no key in the file. Their
// errors are those of [Overrides.Apply].

// ParseNumber reads a decimal number within bounds.
func ParseNumber(flag, word string, low, high uint32) (uint32, error) {
	k := number(low, high)
	return take(flag, word, k.want, k.parse)
}

// ParseInterface reads the name of one interface.
func ParseInterface(flag, word string) (string, error) {
	return take(flag, word, "the name of an interface", parseInterface)
}

// ParseServer reads the ADDRESS[:PORT] of a real server; without a port that is
// zero.
func ParseServer(flag, word string) (netip.AddrPort, error) {
	return take(flag, word, "ADDRESS[:PORT]", func(s string) (netip.AddrPort, string) {
		addr, port, wrong := parseServer(s)
		return netip.AddrPortFrom(addr, port), wrong
	})
}
