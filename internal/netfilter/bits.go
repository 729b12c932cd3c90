package netfilter

import "bytes"

// bits are bytes of a packet, or of what is known about it, of which not every
// bit needs to be known.
type bits struct {
	value, known []byte
	never        []byte // which they are not
}

func unknown(n int) bits { return bits{value: make([]byte, n), known: make([]byte, n)} }

func known(b []byte) bits {
	all := unknown(len(b))
	copy(all.value, b)
	for i := range all.known {
		all.known[i] = 0xff
	}
	return all
}

func (b bits) set(at int, value ...byte) {
	for i := range value {
		b.value[at+i], b.known[at+i] = value[i], 0xff
	}
}

// put copies bytes of which not all need to be known.
func (b bits) put(at int, part bits) {
	copy(b.value[at:], part.value)
	copy(b.known[at:], part.known)
}

// part are some of the bytes; what is not there is not known.
func (b bits) part(at, n int) bits {
	p := unknown(n)
	if at >= 0 && at < len(b.value) {
		copy(p.value, b.value[at:])
		copy(p.known, b.known[at:])
	}
	return p
}

// equal compares with as many bytes as there are in want.
func (b bits) equal(want []byte) truth {
	if len(want) > len(b.value) {
		return depends
	}
	all := yes
	for i := range want {
		if (b.value[i]^want[i])&b.known[i] != 0 {
			return no
		}
		if b.known[i] != 0xff {
			all = depends
		}
	}
	if all == depends && b.isNever(want) {
		return no
	}
	return all
}

// isNever also knows names that are compared up to their end: iptables' way.
func (b bits) isNever(want []byte) bool {
	whole := len(want) == len(b.never) || len(want) > 0 && want[len(want)-1] == 0
	return b.never != nil && whole && bytes.HasPrefix(b.never, want)
}

// masked are the bits that a mask leaves; those that it clears become known.
func (b bits) masked(mask, xor []byte) bits {
	m := unknown(len(mask))
	for i := range mask {
		m.known[i] = ^mask[i]
		if i < len(b.value) {
			m.known[i] |= b.known[i]
			m.value[i] = b.value[i] & mask[i]
		}
		if i < len(xor) {
			m.value[i] = (m.value[i] ^ xor[i]) & m.known[i]
		}
	}
	return m
}

// certain tells whether every bit is known.
func (b bits) certain() bool {
	for _, k := range b.known {
		if k != 0xff {
			return false
		}
	}
	return true
}
