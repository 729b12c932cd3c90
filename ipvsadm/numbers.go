package ipvsadm

import (
	"net/netip"
	"strconv"
	"strings"
)

// number reads a decimal number as the original does: white space and a sign
// may precede it, nothing may follow it.
func number(s string, low, high int64) (int64, bool) {
	s = white.trimLeft(s)
	digits := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		digits = s[1:]
	}
	if digits == "" || !allDigits(digits) {
		return 0, false
	}
	if len(digits) > 18 { // it may not fit
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil && low <= n && n <= high
	}
	n := int64(0)
	for i := range len(digits) {
		n = 10*n + int64(digits[i]-'0')
	}
	if s[0] == '-' {
		n = -n
	}
	return n, low <= n && n <= high
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// leadingNumber reads digits as far as they go, modulo 2^32, as strtol(3)
// assigned to 32 bits does. No digits are zero.
func leadingNumber(s string) uint32 {
	s = white.trimLeft(s)
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
	s = white.before(s)
	addr := uint64(0)
	for left := 32; left > 0; left -= 8 { // bits to fill
		part, bits := s, left
		dot := strings.IndexByte(s, '.')
		if dot >= 0 {
			part, s, bits = s[:dot], s[dot+1:], 8
		}
		v, ok := atonPart(part)
		if !ok || v>>bits != 0 {
			break
		}
		addr = addr<<bits | v
		if dot < 0 {
			return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), true
		}
	}
	return netip.Addr{}, false
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
