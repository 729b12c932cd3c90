package netfilter

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// nftSet is a set or, if its elements have effects, a verdict map.
type nftSet struct {
	size     int  // of a key
	interval bool // or a set of them
	concat   bool // keys have several fields, and intervals one for each
	elements []element
}

// element is a key or, in a set of intervals, where an interval begins or ends.
type element struct {
	key, last []byte // last: of an interval in itself; nil: there is none
	ends      bool   // the interval before
	otherwise bool   // the effect for keys that are no element
	effect    effect
}

func newSet(a attributes) *nftSet {
	return &nftSet{
		size:     int(min(a.uint32(unix.NFTA_SET_KEY_LEN), registerBytes)),
		interval: a.uint32(unix.NFTA_SET_FLAGS)&unix.NFT_SET_INTERVAL != 0,
		concat:   a.uint32(unix.NFTA_SET_FLAGS)&setConcat != 0,
	}
}

// Attributes and flags of linux/netfilter/nf_tables.h that x/sys lacks.
const (
	setElemKeyEnd   = 10   // NFTA_SET_ELEM_KEY_END
	setElemCatchall = 2    // NFT_SET_ELEM_CATCHALL
	setConcat       = 0x80 // NFT_SET_CONCAT
)

func (t *nftTable) addElements(list attributes) {
	s := t.sets[list.text(unix.NFTA_SET_ELEM_LIST_SET)]
	if s == nil {
		return
	}
	for _, one := range listAttributes(list[unix.NFTA_SET_ELEM_LIST_ELEMENTS]) {
		a := parseAttributes(one.Data)
		flags := a.uint32(unix.NFTA_SET_ELEM_FLAGS)
		e := element{
			key:       a.nest(unix.NFTA_SET_ELEM_KEY)[unix.NFTA_DATA_VALUE],
			last:      a.nest(setElemKeyEnd)[unix.NFTA_DATA_VALUE],
			ends:      flags&unix.NFT_SET_ELEM_INTERVAL_END != 0,
			otherwise: flags&setElemCatchall != 0,
		}
		if data := a.nest(unix.NFTA_SET_ELEM_DATA); data.has(unix.NFTA_DATA_VERDICT) {
			e.effect = t.verdict(data.nest(unix.NFTA_DATA_VERDICT))
		}
		s.elements = append(s.elements, e)
	}
}

// lookup returns the effects of the elements that the key may be; a set that is
// no map has effects that only say when.
func (s *nftSet) lookup(key bits) []effect {
	key = key.part(0, s.size)
	below := s.below(key.value)
	var found, otherwise []effect
	for _, e := range s.elements {
		then := e.effect
		if e.otherwise {
			then.when = yes
			otherwise = append(otherwise, then)
			continue
		}
		then.when = s.holds(e, key, below)
		found = append(found, then)
	}
	return append(found, otherwise...)
}

// holds tells whether the key is the element, or in the interval that it
// begins; below is the greatest element that is not above the key.
func (s *nftSet) holds(e element, key bits, below []byte) truth {
	switch {
	case e.ends:
		return no
	case !s.interval || bytes.Equal(e.key, e.last):
		return key.equal(e.key)
	case !key.certain() || s.concat:
		return depends
	case e.last != nil:
		return truthOf(bytes.Compare(e.key, key.value) <= 0 && bytes.Compare(key.value, e.last) <= 0)
	}
	return truthOf(bytes.Equal(e.key, below))
}

func (s *nftSet) below(key []byte) (greatest []byte) {
	for _, e := range s.elements {
		if !e.otherwise && bytes.Compare(e.key, key) <= 0 && bytes.Compare(e.key, greatest) >= 0 {
			greatest = e.key
		}
	}
	return greatest
}
