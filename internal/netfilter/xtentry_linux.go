package netfilter

// matches asks the matches between an entry's head and its target.
func (t xtTable) matches(v *view, entry []byte) truth {
	all := yes
	end := int(uint16At(entry, t.family.targetOffset))
	for at := t.family.entrySize; at < end; {
		rest := entry[at:end]
		if len(rest) < xtTargetSize {
			return min(all, depends)
		}
		size := int(uint16At(rest, 0)) // struct xt_entry_match: as that of a target
		if size < xtTargetSize || size > len(rest) {
			return min(all, depends)
		}
		all = min(all, xtMatch(v, text(rest[xtTargetName:xtTargetSize-1]), rest[xtTargetSize-1], rest[xtTargetSize:size]))
		at += size
	}
	return all
}

// Flags of struct ipt_ip, and those that invert.
const (
	iptFragment = 1

	invIn, invOut, invTOS, invSource, invDest, invFragment, invProto = 1, 2, 4, 8, 16, 32, 64
)

// headIPv4 compares with struct ipt_ip, and tells whether a call is to replace
// the chain.
func headIPv4(v *view, b []byte) (t truth, replaces bool) {
	flags, inv := b[82], b[83]
	t = min(xtAddresses(v, b, 4, inv), xtInterfaces(v, b[16:], inv), xtProtocol(v, uint16At(b, 80), inv))
	if flags&iptFragment != 0 {
		t = min(t, invert(no, inv, invFragment))
	}
	return t, flags&2 != 0
}

// headIPv6 compares with struct ip6t_ip6.
func headIPv6(v *view, b []byte) (t truth, replaces bool) {
	const byTOS = 2
	flags, inv := b[131], b[132]
	t = min(xtAddresses(v, b, 16, inv), xtInterfaces(v, b[64:], inv), xtProtocol(v, uint16At(b, 128), inv))
	if flags&byTOS != 0 {
		t = min(t, depends)
	}
	return t, flags&4 != 0
}

// xtAddresses compares with the addresses of source and destination, with their masks.
func xtAddresses(v *view, b []byte, size int, inv byte) truth {
	source, dest, sourceMask, destMask := b[:size], b[size:2*size], b[2*size:3*size], b[3*size:4*size]
	return min(
		invert(v.source().masked(sourceMask, nil).equal(source), inv, invSource),
		invert(v.dest().masked(destMask, nil).equal(dest), inv, invDest),
	)
}

func xtInterfaces(v *view, b []byte, inv byte) truth {
	return min(
		invert(xtDevice(v.in(), b[:16], b[32:48]), inv, invIn),
		invert(xtDevice(v.out(), b[16:32], b[48:64]), inv, invOut),
	)
}

func xtProtocol(v *view, want uint16, inv byte) truth {
	switch {
	case want == 0:
		return yes
	case v.Protocol == 0:
		return depends
	}
	return invert(truthOf(uint16(v.Protocol) == want), inv, invProto)
}
