package ipvs

import (
	"encoding/binary"
	"syscall"
)

// The head of an attribute is a u16 length (itself included) and a u16 type,
// the payload is padded to four bytes (linux/netlink.h, struct nlattr).
const (
	attrHead  = 4
	nested    = 0x8000 // NLA_F_NESTED
	attrTypes = 0x3fff // NLA_TYPE_MASK
)

func align4(n int) int { return (n + 3) &^ 3 }

// attrs walks a run of attributes. A fault ends the walk and stays in bad, so
// that a decoder looks at it once, at the end.
type attrs struct {
	rest []byte
	typ  uint16
	data []byte
	bad  bool
}

// next moves to the next attribute. Up to three bytes behind the last one are
// padding.
func (a *attrs) next() bool {
	if a.bad || len(a.rest) < attrHead {
		return false
	}
	b := a.rest
	n := int(binary.NativeEndian.Uint16(b))
	if n < attrHead || n > len(b) {
		a.bad = true
		return false
	}
	a.typ = binary.NativeEndian.Uint16(b[2:]) & attrTypes
	a.data = b[attrHead:n]
	a.rest = b[min(align4(n), len(b)):]
	return true
}

// bytes is the payload's first n bytes; nil and a fault if it is shorter.
func (a *attrs) bytes(n int) []byte {
	if len(a.data) < n {
		a.bad = true
		return nil
	}
	return a.data[:n]
}

// The readers of numbers are in the form that the compiler inlines.

func (a *attrs) u8() uint8 {
	if len(a.data) < 1 {
		a.bad = true
		return 0
	}
	return a.data[0]
}

func (a *attrs) u16() uint16 {
	if len(a.data) < 2 {
		a.bad = true
		return 0
	}
	return binary.NativeEndian.Uint16(a.data)
}

func (a *attrs) u32() uint32 {
	if len(a.data) < 4 {
		a.bad = true
		return 0
	}
	return binary.NativeEndian.Uint32(a.data)
}

func (a *attrs) u64() uint64 {
	if len(a.data) < 8 {
		a.bad = true
		return 0
	}
	return binary.NativeEndian.Uint64(a.data)
}

// port is a u16 in network byte order.
func (a *attrs) port() uint16 {
	if len(a.data) < 2 {
		a.bad = true
		return 0
	}
	return binary.BigEndian.Uint16(a.data)
}

// text is the payload up to its NUL. A table repeats a few names, so the last
// one is given back instead of a copy where it is the same.
func (a *attrs) text(last string) string {
	b := a.data
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	if string(b) == last {
		return last
	}
	return string(b)
}

func (a *attrs) err() error {
	if a.bad {
		return errReply
	}
	return nil
}

// The append functions add one attribute to a request.

func appendBytes(b []byte, typ uint16, data []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(attrHead+len(data)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, data...)
	return append(b, make([]byte, align4(len(data))-len(data))...)
}

func appendU8(b []byte, typ uint16, v uint8) []byte {
	return appendBytes(b, typ, []byte{v})
}

func appendU16(b []byte, typ uint16, v uint16) []byte {
	return appendBytes(b, typ, binary.NativeEndian.AppendUint16(make([]byte, 0, 2), v))
}

func appendU32(b []byte, typ uint16, v uint32) []byte {
	return appendBytes(b, typ, binary.NativeEndian.AppendUint32(make([]byte, 0, 4), v))
}

func appendPort(b []byte, typ uint16, v uint16) []byte {
	return appendBytes(b, typ, []byte{byte(v >> 8), byte(v)})
}

// appendText adds a string and its NUL.
func appendText(b []byte, typ uint16, s string) []byte {
	return appendBytes(b, typ, append([]byte(s), 0))
}

// openNest starts an attribute that holds attributes; closeNest, with what
// openNest had returned as start, sets its length.
func openNest(b []byte, typ uint16) (nest []byte, start int) {
	return appendBytes(b, typ|nested, nil), len(b)
}

func closeNest(b []byte, start int) {
	binary.NativeEndian.PutUint16(b[start:], uint16(len(b)-start))
}

// errReply is a reply that cannot be understood: cut short, or without an
// attribute that every kernel sends.
var errReply error = replyError{}

type replyError struct{}

func (replyError) Error() string { return "malformed reply from the kernel" }
func (replyError) Unwrap() error { return syscall.EINVAL }
