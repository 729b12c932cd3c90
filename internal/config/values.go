package config

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// Limits of values, as the kernel has them or ipvsadm(8) grants them.
const (
	maxPersistent = 31 * 24 * 60 * 60 // seconds
	maxInt        = 1<<31 - 1
	maxName       = 15 // IFNAMSIZ of linux/if.h, less the NUL
)

// A kind is what the text of a value may be. Parse says what is wrong with it,
// or "".
type kind[T any] struct {
	want  string
	plain bool // in a file, quotes make it another type
	parse func(string) (value T, wrong string)
}

var (
	virtualAddress = kind[netip.Addr]{
		want:  "a unicast IPv4 or IPv6 address",
		parse: parseVirtualAddress,
	}
	serverAddress = kind[netip.Addr]{
		want:  "a unicast IPv4 or IPv6 address",
		parse: parseAddress,
	}
	labelName = kind[string]{
		want:  "interface:alias of at most 15 bytes, as in lo:1",
		parse: parseLabel,
	}
	interfaceName = kind[string]{
		want:  "the name of an interface, or all",
		parse: parseInterface,
	}
	netmask = kind[ipvs.Netmask]{
		want:  "a mask like 255.255.255.0, or for IPv6 a prefix length from 1 to 128",
		parse: parseNetmask,
	}
)

func boolean() kind[bool] {
	return kind[bool]{want: "true or false", plain: true, parse: choice(ipvs.Words[bool]{{Name: "true", Value: true}, {Name: "false"}})}
}

func protocol() kind[ipvs.Protocol]    { return oneOf(ipvs.Protocols) }
func forward() kind[ipvs.Forward]      { return oneOf(ipvs.Methods) }
func family() kind[ipvs.AddressFamily] { return oneOf(ipvs.Families) }

func scheduler() kind[string] {
	var words ipvs.Words[string]
	for _, name := range ipvs.Schedulers {
		words = append(words, ipvs.Word[string]{Name: name, Value: name})
	}
	return oneOf(words)
}

func seconds() kind[uint32] { return number(0, maxPersistent) }
func count() kind[uint32]   { return number(0, maxInt) }

// oneOf is one of a few words.
func oneOf[T comparable](words ipvs.Words[T]) kind[T] {
	return kind[T]{want: oneOfNames(words), parse: choice(words)}
}

func oneOfNames[T comparable](words ipvs.Words[T]) string {
	return "one of " + strings.Join(words.Names(), ", ")
}

func choice[T comparable](words ipvs.Words[T]) func(string) (T, string) {
	return func(s string) (value T, wrong string) {
		value, ok := words.Value(s)
		if !ok {
			wrong = "unknown"
		}
		return value, wrong
	}
}

// number is a decimal number within bounds. A leading zero is refused: it means
// octal to some.
func number(low, high uint32) kind[uint32] {
	return kind[uint32]{
		want:  fmt.Sprintf("a number from %d to %d", low, high),
		plain: true,
		parse: func(s string) (uint32, string) {
			digits := strings.TrimPrefix(s, "-")
			if digits == "" || strings.Trim(digits, "0123456789") != "" {
				return 0, "not a decimal number"
			}
			if len(digits) > 1 && digits[0] == '0' {
				return 0, "a number with a leading zero"
			}
			n, err := strconv.ParseUint(s, 10, 32)
			if err != nil || uint32(n) < low || uint32(n) > high {
				return 0, "out of range"
			}
			return uint32(n), ""
		},
	}
}

// parseAddress takes what the kernel takes as a destination.
func parseAddress(s string) (netip.Addr, string) {
	addr, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return addr, "not an address"
	case addr.Zone() != "":
		return addr, "an address with a zone"
	case addr.Is4In6():
		return addr, "an IPv4 address written as IPv6"
	case addr.IsUnspecified():
		return addr, "the unspecified address"
	case addr.IsMulticast():
		return addr, "a multicast address"
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return addr, "the broadcast address"
	case addr.Is4() && addr.As4()[0] == 0:
		return addr, "an address of \"this network\"" // RFC 1122, 3.2.1.3
	case addr.Is6() && addr.IsLinkLocalUnicast():
		return addr, "a link-local address"
	}
	return addr, ""
}

func parseVirtualAddress(s string) (netip.Addr, string) {
	addr, wrong := parseAddress(s)
	if wrong == "" && addr.IsLoopback() {
		wrong = "a loopback address"
	}
	return addr, wrong
}

func parseLabel(s string) (string, string) {
	device, alias, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return s, "no alias"
	case device == "" || alias == "" || !wordOf(device+alias):
		return s, "not a label"
	case len(s) > maxName:
		return s, "too long"
	}
	return s, ""
}

func parseInterface(s string) (string, string) {
	switch {
	case s == "" || s == "." || s == ".." || !wordOf(s):
		return s, "not a name"
	case len(s) > maxName:
		return s, "too long"
	}
	return s, ""
}

// wordOf reports whether s is of characters that need no care in a path, a
// label or a shell.
func wordOf(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

func parseNetmask(s string) (ipvs.Netmask, string) {
	if n, wrong := number(1, uint32(ipvs.SingleIPv6)).parse(s); wrong == "" {
		return ipvs.Netmask(n), ""
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || !addr.Is4() {
		return 0, "not a mask"
	}
	v4 := addr.As4()
	mask := binary.BigEndian.Uint32(v4[:])
	if mask == 0 || bits.LeadingZeros32(^mask)+bits.TrailingZeros32(mask) != 32 {
		return 0, "not a mask of leading ones"
	}
	return ipvs.Netmask(mask), ""
}
