package ipvsadm

import (
	"net/netip"
	"strconv"
	"strings"
)

// white is what isspace(3) accepts in the C locale.
const white = " \t\n\v\f\r"

// number reads a decimal number as the original does: white space and a sign
// may precede it, nothing may follow it.
func number(s string, low, high int64) (int64, bool) {
	s = strings.TrimLeft(s, white)
	if digits := strings.TrimLeft(s, "+-"); len(s)-len(digits) > 1 || digits == "" || !allDigits(digits) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && low <= n && n <= high
}

func allDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// leadingNumber reads digits as far as they go, modulo 2^32, as strtol(3)
// assigned to 32 bits does. No digits are zero.
func leadingNumber(s string) uint32 {
	s = strings.TrimLeft(s, white)
	sign := strings.HasPrefix(s, "-")
	if sign || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	s = s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
	if s == "" {
		return 0
	}
	if sign {
		s = "-" + s
	}
	n, _ := strconv.ParseInt(s, 10, 64) // saturates, as strtol does
	return uint32(n)
}

// inetAton reads an IPv4 address in the forms of inet_aton(3): one to four
// parts, each decimal, octal or hexadecimal, of which the last fills all
// remaining bytes. What follows a blank is ignored.
func inetAton(s string) (netip.Addr, bool) {
	if i := strings.IndexAny(s, white); i >= 0 {
		s = s[:i]
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var addr uint64
	for i, part := range parts {
		v, ok := atonPart(part)
		last := i == len(parts)-1
		bits := 8
		if last {
			bits = 8 * (4 - i)
		}
		if !ok || v>>bits != 0 {
			return netip.Addr{}, false
		}
		addr = addr<<bits | v
	}
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), true
}

// atonPart reads one part of an address, with C's prefixes for the base.
func atonPart(s string) (uint64, bool) {
	base := 10
	digits := s
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		base, digits = 16, s[2:]
	case strings.HasPrefix(s, "0"):
		base = 8
	}
	v, err := strconv.ParseUint(digits, base, 32)
	return v, err == nil
}

// cut keeps the first n bytes.
func cut(s string, n int) string { return s[:min(len(s), n)] }
