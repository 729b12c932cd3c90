package ipvsadm

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
)

// The original compares by subtracting 32-bit numbers and reading the result
// as signed, so that its order is not transitive: what is printed depends on
// the algorithm, the C library's merge sort, as much as on the comparison.

// sorter gives lists an order without moving their entries, and keeps its room
// for the next list.
type sorter[T any] struct {
	compare     func(a, b *T) int32 // nil leaves the order as it is
	order, room []*T
}

// sort returns pointers to the entries of a list in order, until the next call.
func (s *sorter[T]) sort(list []T) []*T {
	s.order = s.order[:0]
	for i := range list {
		s.order = append(s.order, &list[i])
	}
	if s.compare != nil {
		s.room = slices.Grow(s.room[:0], len(list))
		mergeSort(s.order, s.room, s.compare)
	}
	return s.order
}

// mergeSort sorts as qsort(3) of glibc 2.36 does: halves, the smaller one
// first, then a merge that takes the left head where compare is not positive.
// It works in the capacity of room.
func mergeSort[T any](list, room []*T, compare func(a, b *T) int32) {
	switch len(list) {
	case 0, 1:
		return
	case 2: // the same comparisons, without the merge
		if compare(list[0], list[1]) > 0 {
			list[0], list[1] = list[1], list[0]
		}
		return
	case 3:
		if compare(list[1], list[2]) > 0 {
			list[1], list[2] = list[2], list[1]
		}
		if compare(list[0], list[1]) > 0 {
			list[0], list[1] = list[1], list[0]
			if compare(list[1], list[2]) > 0 {
				list[1], list[2] = list[2], list[1]
			}
		}
		return
	}
	half := len(list) / 2
	left, right := list[:half], list[half:]
	mergeSort(left, room, compare)
	mergeSort(right, room, compare)
	merged := room[:0]
	for len(left) > 0 && len(right) > 0 {
		if compare(left[0], right[0]) <= 0 {
			merged, left = append(merged, left[0]), left[1:]
		} else {
			merged, right = append(merged, right[0]), right[1:]
		}
	}
	merged = append(merged, left...)
	copy(list, merged) // what is left of right is in place
}

func compareServices(a, b *ipvs.ServiceEntry) int32 {
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
func compareDestinations(a, b *ipvs.DestinationEntry) int32 {
	if d := compareAddrs(a.Addr, b.Addr, a.Family); d != 0 {
		return d
	}
	return int32(a.Port) - int32(b.Port)
}

func compareAddrs(a, b netip.Addr, family ipvs.AddressFamily) int32 {
	if family != ipvs.INET6 && a.Is4() && b.Is4() {
		return int32(number4(a) - number4(b))
	}
	wa, wb := words(a), words(b)
	if family != ipvs.INET6 {
		return int32(wa[0] - wb[0])
	}
	for i := range wa {
		if d := int32(wa[i] - wb[i]); d != 0 {
			return d
		}
	}
	return 0
}

// number4 is an IPv4 address as a number.
func number4(addr netip.Addr) uint32 {
	v4 := addr.As4()
	return binary.BigEndian.Uint32(v4[:])
}

// words are the kernel's union of 16 bytes as four numbers, in which IPv4 is
// the first and the rest is zero.
func words(addr netip.Addr) (w [4]uint32) {
	switch {
	case addr.Is4():
		w[0] = number4(addr)
	case addr.IsValid():
		v6 := addr.As16()
		for i := range w {
			w[i] = binary.BigEndian.Uint32(v6[4*i:])
		}
	}
	return w
}
