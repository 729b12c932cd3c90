package netfilter

import (
	"encoding/binary"

	"github.com/mdlayher/netlink"
)

// attributes are those of a message of nf_tables, or of a nest in it, by type.
// Numbers are big-endian; what is missing or too short is zero.
type attributes map[uint16][]byte

// attributesOf skips struct nfgenmsg in front of them.
func attributesOf(m netlink.Message) attributes {
	if len(m.Data) < 4 {
		return nil
	}
	return parseAttributes(m.Data[4:])
}

func parseAttributes(b []byte) attributes {
	a := attributes{}
	for _, one := range listAttributes(b) {
		a[one.Type] = one.Data
	}
	return a
}

// listAttributes are those of a list, which have all the same type. What is
// malformed has none.
func listAttributes(b []byte) []netlink.Attribute {
	list, err := netlink.UnmarshalAttributes(b)
	if err != nil {
		return nil
	}
	for i := range list {
		list[i].Type &^= netlink.Nested | netlink.NetByteOrder
	}
	return list
}

func (a attributes) uint32(kind uint16) uint32 {
	b := a[kind]
	if len(b) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

func (a attributes) has(kind uint16) bool {
	_, ok := a[kind]
	return ok
}

func (a attributes) text(kind uint16) string { return text(a[kind]) }

func (a attributes) nest(kind uint16) attributes { return parseAttributes(a[kind]) }
