package config

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// Limits of values, as the kernel has them or ipvsadm(8) grants them.
const (
	maxPersistent = 31 * 24 * 60 * 60 // seconds
	maxInt        = 1<<31 - 1
	maxName       = 15 // IFNAMSIZ of linux/if.h, less the NUL
	maxPrefix     = 128
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
	netmask = kind[uint32]{
		want:  "a mask like 255.255.255.0, or for IPv6 a prefix length from 1 to 128",
		parse: parseNetmask,
	}
)

func boolean() kind[bool] {
	return kind[bool]{want: "true or false", plain: true, parse: choice([]named[bool]{{"true", true}, {"false", false}})}
}

func protocol() kind[ipvs.Protocol]    { return oneOf(protocols) }
func forward() kind[ipvs.Forward]      { return oneOf(forwards) }
func family() kind[ipvs.AddressFamily] { return oneOf(families) }
func scheduler() kind[string]          { return oneOf(schedulers()) }
func seconds() kind[uint32]            { return number(0, maxPersistent) }
func count() kind[uint32]              { return number(0, maxInt) }

// A named value is one of a few that have a word.
type named[T any] struct {
	name  string
	value T
}

var protocols = []named[ipvs.Protocol]{
	{"tcp", ipvs.TCP}, {"udp", ipvs.UDP}, {"sctp", ipvs.SCTP},
}

var forwards = []named[ipvs.Forward]{
	{"direct", ipvs.DirectRoute}, {"tunnel", ipvs.Tunnel}, {"masquerade", ipvs.Masquerade},
}

var families = []named[ipvs.AddressFamily]{
	{"ipv4", ipvs.INET}, {"ipv6", ipvs.INET6},
}

// schedulers are those of the kernel, as net/netfilter/ipvs/Kconfig lists them.
func schedulers() (all []named[string]) {
	for _, s := range []string{"rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "twos"} {
		all = append(all, named[string]{s, s})
	}
	return all
}

func oneOf[T any](all []named[T]) kind[T] {
	return kind[T]{want: oneOfNames(all), parse: choice(all)}
}

func oneOfNames[T any](all []named[T]) string {
	var names []string
	for _, n := range all {
		names = append(names, n.name)
	}
	return "one of " + strings.Join(names, ", ")
}

func choice[T any](all []named[T]) func(string) (T, string) {
	return func(s string) (value T, wrong string) {
		i := slices.IndexFunc(all, func(n named[T]) bool { return n.name == s })
		if i < 0 {
			return value, "unknown"
		}
		return all[i].value, ""
	}
}

// nameOf is the word for a value; "" if it has none.
func nameOf[T comparable](all []named[T], value T) string {
	for _, n := range all {
		if n.value == value {
			return n.name
		}
	}
	return ""
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

func parseNetmask(s string) (uint32, string) {
	if n, wrong := number(1, maxPrefix).parse(s); wrong == "" {
		return n, ""
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
	return mask, ""
}

// isMask4 tells an IPv4 mask from a prefix length.
func isMask4(mask uint32) bool { return mask > maxPrefix }
