package ipvsadm

import (
	"encoding/binary"
	"net/netip"

	"lvsdr/internal/kernel"
)

// The original compares by subtracting 32-bit numbers and reading the result
// as signed, so that its order is not transitive: what is printed depends on
// the algorithm, the C library's merge sort, as much as on the comparison.

// mergeSort sorts as qsort(3) of glibc 2.36 does: halves, the smaller one
// first, then a merge that takes the left head where compare is not positive.
func mergeSort[T any](list []T, compare func(a, b *T) int32) {
	mergeSortWith(list, make([]T, len(list)), compare)
}

func mergeSortWith[T any](list, room []T, compare func(a, b *T) int32) {
	if len(list) < 2 {
		return
	}
	half := len(list) / 2
	left, right := list[:half], list[half:]
	mergeSortWith(left, room, compare)
	mergeSortWith(right, room, compare)
	merged := room[:0]
	for len(left) > 0 && len(right) > 0 {
		if compare(&left[0], &right[0]) <= 0 {
			merged, left = append(merged, left[0]), left[1:]
		} else {
			merged, right = append(merged, right[0]), right[1:]
		}
	}
	merged = append(merged, left...)
	copy(list, merged) // what is left of right is in place
}

func compareServices(a, b *kernel.ServiceEntry) int32 {
	if d := int32(a.FWMark - b.FWMark); d != 0 {
		return d
	}
	if d := int32(a.Family) - int32(b.Family); d != 0 {
		return d
	}
	if d := int32(a.Protocol) - int32(b.Protocol); d != 0 {
		return d
	}
	if d := compareAddrs(a.Addr, b.Addr, a.Family); d != 0 {
		return d
	}
	return int32(a.Port) - int32(b.Port)
}

// compareDestinations compares addresses by the family of the first operand.
func compareDestinations(a, b *kernel.DestinationEntry) int32 {
	if d := compareAddrs(a.Addr, b.Addr, a.Family); d != 0 {
		return d
	}
	return int32(a.Port) - int32(b.Port)
}

func compareAddrs(a, b netip.Addr, family kernel.AddressFamily) int32 {
	wa, wb := words(a), words(b)
	if family != kernel.INET6 {
		return int32(wa[0] - wb[0])
	}
	for i := range wa {
		if d := int32(wa[i] - wb[i]); d != 0 {
			return d
		}
	}
	return 0
}

// words are the kernel's union of 16 bytes as four numbers, in which IPv4 is
// the first and the rest is zero.
func words(addr netip.Addr) (w [4]uint32) {
	switch {
	case addr.Is4():
		v4 := addr.As4()
		w[0] = binary.BigEndian.Uint32(v4[:])
	case addr.IsValid():
		v6 := addr.As16()
		for i := range w {
			w[i] = binary.BigEndian.Uint32(v6[4*i:])
		}
	}
	return w
}
