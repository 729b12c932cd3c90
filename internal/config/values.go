package config

import (
	"encoding/binary"
	"errors"
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

// A kind is what the text of a value may be. The error of parse says what is
// wrong with it.
type kind[T any] struct {
	want  string
	plain bool // in a file, quotes make it another type
	parse func(string) (T, error)
}

const (
	wantAddress = "a unicast IPv4 or IPv6 address"
	wantMask    = "a mask like 255.255.255.0, or for IPv6 a prefix length from 1 to 128"
)

var (
	virtualAddress = kind[netip.Addr]{want: wantAddress, parse: parseVirtualAddress}
	serverAddress  = kind[netip.Addr]{want: wantAddress, parse: parseAddress}
	labelName      = kind[string]{want: "interface:alias of at most 15 bytes, as in lo:1", parse: parseLabel}
	interfaceName  = kind[string]{want: "the name of an interface, or all", parse: parseInterface}
	serviceName    = kind[string]{want: "letters, digits, full stops, underscores and hyphens", parse: parseName}
	netmask        = kind[ipvs.Netmask]{want: wantMask, parse: parseNetmask}
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

func seconds() kind[uint32] { return number[uint32](0, maxPersistent) }
func count() kind[uint32]   { return number[uint32](0, maxInt) }

// oneOf is one of a few words.
func oneOf[T comparable](words ipvs.Words[T]) kind[T] {
	return kind[T]{want: oneOfNames(words), parse: choice(words)}
}

func oneOfNames[T comparable](words ipvs.Words[T]) string {
	return "one of " + strings.Join(words.Names(), ", ")
}

func choice[T comparable](words ipvs.Words[T]) func(string) (T, error) {
	return func(s string) (T, error) {
		value, ok := words.Value(s)
		if !ok {
			return value, errors.New("unknown")
		}
		return value, nil
	}
}

// number is a decimal number within bounds. A leading zero is refused: it means
// octal to some.
func number[T uint8 | uint16 | uint32](low, high T) kind[T] {
	return kind[T]{
		want:  fmt.Sprintf("a number from %d to %d", low, high),
		plain: true,
		parse: func(s string) (T, error) {
			digits := strings.TrimPrefix(s, "-")
			if digits == "" || strings.Trim(digits, "0123456789") != "" {
				return 0, errors.New("not a decimal number")
			}
			if len(digits) > 1 && digits[0] == '0' {
				return 0, errors.New("a number with a leading zero")
			}
			n, err := strconv.ParseUint(s, 10, 32)
			if err != nil || n < uint64(low) || n > uint64(high) {
				return 0, errors.New("out of range")
			}
			return T(n), nil
		},
	}
}

// servicePort is the port of a service. What means several ports is told the way
// there is for them.
func servicePort() kind[uint16] {
	k := number[uint16](0, 65535)
	one := k.parse
	k.parse = func(s string) (uint16, error) {
		port, err := one(s)
		if ports := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-:, ", r) }); err != nil && len(ports) > 1 &&
			strings.Trim(strings.Join(ports, ""), "0123456789") == "" {
			return 0, several
		}
		return port, err
	}
	return k
}

// An unfit value has something better to expect than its kind says.
type unfit struct{ what, want string }

func (u unfit) Error() string { return u.what }

// expected is what is to be said of a value that parse refused.
func (k kind[T]) expected(err error) string {
	if u, ok := errors.AsType[unfit](err); ok {
		return u.want
	}
	return k.want
}

// several is the fault of many ports in one.
var several = unfit{"several ports", "one; for several a mark that the packet filter gives their packets: fwmark in place of port"}

// parseAddress takes what the kernel takes as a destination.
func parseAddress(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return addr, errors.New("not an address")
	}
	if class := classOf(addr); class != "" {
		return addr, errors.New(class)
	}
	return addr, nil
}

// classOf says what keeps an address from being a host's that others can reach;
// "" if nothing does.
func classOf(addr netip.Addr) string {
	switch {
	case addr.Zone() != "":
		return "an address with a zone"
	case addr.Is4In6():
		return "an IPv4 address written as IPv6"
	case addr.IsUnspecified():
		return "the unspecified address"
	case addr.IsMulticast():
		return "a multicast address"
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "the broadcast address"
	case addr.Is4() && addr.As4()[0] == 0:
		return "an address of \"this network\"" // RFC 1122, 3.2.1.3
	case addr.Is6() && addr.IsLinkLocalUnicast():
		return "a link-local address"
	}
	return ""
}

func parseVirtualAddress(s string) (netip.Addr, error) {
	addr, err := parseAddress(s)
	if err != nil {
		return addr, err
	}
	if addr.IsLoopback() {
		return addr, errors.New("a loopback address")
	}
	if addr.IsLinkLocalUnicast() { // of IPv4, which a real server may have (RFC 3927)
		return addr, errors.New("a link-local address")
	}
	return addr, nil
}

func parseLabel(s string) (string, error) {
	device, alias, ok := strings.Cut(s, ":")
	_, err := parseInterface(device)
	switch {
	case !ok:
		return s, errors.New("no alias")
	case len(s) > maxName:
		return s, errors.New("too long")
	case err != nil || alias == "" || !isPlain(alias):
		return s, errors.New("not a label")
	}
	return s, nil
}

func parseName(s string) (string, error) {
	if s == "" || !isPlain(s) {
		return s, errors.New("not a name")
	}
	return s, nil
}

func parseInterface(s string) (string, error) {
	switch {
	case s == "" || s == "." || s == ".." || !isPlain(s):
		return s, errors.New("not a name")
	case len(s) > maxName:
		return s, errors.New("too long")
	}
	return s, nil
}

// isPlain reports whether s is of characters that need no care in a path, a
// label or a shell.
func isPlain(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

func parseNetmask(s string) (ipvs.Netmask, error) {
	if n, err := number(1, uint32(ipvs.SingleIPv6)).parse(s); err == nil {
		return ipvs.Netmask(n), nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || !addr.Is4() {
		return 0, errors.New("not a mask")
	}
	v4 := addr.As4()
	mask := binary.BigEndian.Uint32(v4[:])
	if mask == 0 || bits.LeadingZeros32(^mask)+bits.TrailingZeros32(mask) != 32 {
		return 0, errors.New("not a mask of leading ones")
	}
	return ipvs.Netmask(mask), nil
}
