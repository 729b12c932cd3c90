package ipvsadm

import (
	"net/netip"
	"strconv"

	"lvsdr/internal/ipvs"
)

// maxName is how much of "address:port" a listing shows.
const maxName = 59

// namer appends the text for an address and a port. The protocol says which
// service names count; zero is unknown.
type namer func(b []byte, addr netip.Addr, port uint16, p ipvs.Protocol) []byte

// numeric is the namer of -n.
func numeric(b []byte, addr netip.Addr, port uint16, _ ipvs.Protocol) []byte {
	b = appendHost(b, addr, nil)
	b = append(b, ':')
	return appendUint(b, uint32(port))
}

// named is the namer that asks for names.
func named(names resolver) namer {
	return func(b []byte, addr netip.Addr, port uint16, p ipvs.Protocol) []byte {
		b = appendHost(b, addr, names)
		b = append(b, ':')
		if protocol := ipvs.Protocols.Name(p); protocol != "" {
			if service, ok := names.Service(port, protocol); ok {
				return append(b, service...)
			}
		}
		return strconv.AppendUint(b, uint64(port), 10)
	}
}

// shortened is a namer that keeps to maxName bytes.
func shortened(name namer) namer {
	return func(b []byte, addr netip.Addr, port uint16, p ipvs.Protocol) []byte {
		start := len(b)
		b = name(b, addr, port, p)
		return b[:min(len(b), start+maxName)]
	}
}

// appendHost appends the name, or the address if there is none or nobody to
// ask. IPv6 has its brackets either way. A name may be empty: that is what the
// C library finds in a line of the hosts file that holds only an address.
func appendHost(b []byte, addr netip.Addr, names resolver) []byte {
	v6 := addr.Is6()
	if v6 {
		b = append(b, '[')
	}
	var name string
	var ok bool
	if names != nil {
		name, ok = names.HostName(addr)
	}
	if ok {
		b = append(b, name...)
	} else {
		b = appendIP(b, addr)
	}
	if v6 {
		b = append(b, ']')
	}
	return b
}

// appendIP appends an address as the C library's inet_ntop(3) writes it, which
// differs from Go for IPv4-compatible addresses: where exactly the first six
// groups are zero, the last two are a dotted quad.
func appendIP(b []byte, addr netip.Addr) []byte {
	if addr.Is6() {
		a := addr.As16()
		if [12]byte(a[:12]) == [12]byte{} && (a[12] != 0 || a[13] != 0) {
			b = append(b, "::"...)
			return appendIPv4(b, [4]byte(a[12:]))
		}
	}
	if addr.Is4() {
		return appendIPv4(b, addr.As4())
	}
	return addr.AppendTo(b)
}

func appendIPv4(b []byte, a [4]byte) []byte {
	var text [16]byte
	n := 0
	for _, v := range a {
		if v >= 100 {
			text[n&15] = '0' + v/100
			v %= 100
			text[(n+1)&15] = '0' + v/10
			n += 2
		} else if v >= 10 {
			text[n&15] = '0' + v/10
			n++
		}
		text[n&15] = '0' + v%10
		text[(n+1)&15] = '.'
		n += 2
	}
	return append(b, text[:n-1]...)
}

// appendUint is strconv.AppendUint, of which the small numbers that listings
// are full of are spared the calls.
func appendUint(b []byte, v uint32) []byte {
	switch {
	case v < 10:
		return append(b, '0'+byte(v))
	case v < 100:
		return append(b, '0'+byte(v/10), '0'+byte(v%10))
	}
	return strconv.AppendUint(b, uint64(v), 10)
}

func appendInt(b []byte, v int32) []byte {
	if v < 0 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return appendUint(b, uint32(v))
}

// blanks are more than the widest field has.
var blanks = [40]byte([]byte("                                        "))

// pad fills a field that begins at start up to width bytes, as %-*s does. Where
// there is room it writes all blanks, which takes three instructions, and keeps
// as many as it needs.
func pad(b []byte, start, width int) []byte {
	n := start + width - len(b)
	if n <= 0 {
		return b
	}
	if room := b[len(b):cap(b)]; len(room) >= len(blanks) {
		*(*[len(blanks)]byte)(room) = blanks
		return b[:len(b)+n]
	}
	return append(b, blanks[:n]...)
}

// appendLeft is %-*s, appendLeftUint %-*u, appendLeftInt %-*d.
func appendLeft(b []byte, s string, width int) []byte {
	return pad(append(b, s...), len(b), width)
}

func appendLeftUint(b []byte, v uint32, width int) []byte {
	return pad(appendUint(b, v), len(b), width)
}

func appendLeftInt(b []byte, v int32, width int) []byte {
	return pad(appendInt(b, v), len(b), width)
}

// appendRight is %*u. The digits are written from the last one on into a field
// that is wide enough for all of them.
func appendRight(b []byte, v uint64, width int) []byte {
	field := blanks
	start := len(field)
	for {
		start--
		field[start] = '0' + byte(v%10)
		v /= 10
		if v == 0 {
			return append(b, field[min(start, len(field)-width):]...)
		}
	}
}

// scales are the units of big numbers: values from low on are divided.
var scales = [...]struct {
	low, unit uint64
	letter    byte
}{
	{1e14, 1e12, 'T'},
	{1e11, 1e9, 'G'},
	{1e9, 1e6, 'M'},
	{1e8, 1e3, 'K'},
}

// appendBig appends a counter in nine columns. An exact one that needs more
// takes them, and is still set off by a blank.
func appendBig(b []byte, v uint64, exact bool) []byte {
	if exact {
		return appendRight(append(b, ' '), v, 8)
	}
	for _, s := range scales {
		if v >= s.low {
			return append(appendRight(b, v/s.unit, 8), s.letter)
		}
	}
	return appendRight(b, v, 9)
}
