package names

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
)

// What a client has to know of DNS messages (RFC 1035, section 4).

// A kind is the type of a record.
type kind uint16

const (
	kindA     kind = 1
	kindCNAME kind = 5
	kindPTR   kind = 12

	classInternet = 1

	maxName  = 254 // with its last dot
	maxLabel = 63
)

// A header begins a message.
type header struct {
	id, flags          uint16
	questions, answers uint16 // how many there are
}

// Response codes.
const (
	codeSuccess        = 0
	codeServerFailure  = 2
	codeNameError      = 3
	codeNotImplemented = 4
	codeRefused        = 5
)

func (h header) response() bool  { return h.flags&0x8000 != 0 }
func (h header) truncated() bool { return h.flags&0x0200 != 0 }
func (h header) code() uint16    { return h.flags & 0xf }

// A question is what is asked, and comes back with the answer.
type question struct {
	name  string
	kind  kind
	class uint16
}

// A record is one answer; an empty one says nothing. Its data stand in the message from data on.
type record struct {
	question
	message      []byte
	data, length int
}

// addr is what an A record says.
func (r record) addr() (netip.Addr, bool) {
	if r.length != 4 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte(r.message[r.data:])), true
}

// target is the name that a CNAME or a PTR record leads to.
func (r record) target() (name string, ok bool) {
	name, _, ok = nameAt(r.message, r.data)
	return name, ok
}

var errName = errors.New("no name in the DNS")

// pack is the message that asks for the records of a name, which ends in a dot.
func pack(id uint16, name string, k kind) ([]byte, error) {
	const recursionDesired = 0x0100
	labels := strings.Split(name, ".")
	if name == "." {
		labels = labels[1:]
	}
	if name == "" || len(name) > maxName {
		return nil, errName
	}
	b := binary.BigEndian.AppendUint16(nil, id)
	for _, word := range []uint16{recursionDesired, 1, 0, 0, 0} {
		b = binary.BigEndian.AppendUint16(b, word)
	}
	for i, label := range labels {
		last := i == len(labels)-1
		if (label == "") != last || len(label) > maxLabel {
			return nil, errName
		}
		b = append(b, byte(len(label)))
		b = append(b, label...)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(k))
	return binary.BigEndian.AppendUint16(b, classInternet), nil
}

// A parser walks through a message. After the first thing that is not there it
// is bad, and returns zeros.
type parser struct {
	message []byte
	off     int
	bad     bool
}

// parse begins a message.
func parse(message []byte) (*parser, header) {
	p := &parser{message: message}
	h := header{id: p.word(), flags: p.word(), questions: p.word(), answers: p.word()}
	p.skip(4) // of authorities and additional records
	return p, h
}

// skip returns where the next n bytes begin, and passes over them.
func (p *parser) skip(n int) (begin int) {
	if p.bad || n > len(p.message)-p.off {
		p.bad = true
		return 0
	}
	p.off += n
	return p.off - n
}

func (p *parser) word() uint16 {
	begin := p.skip(2)
	if p.bad {
		return 0
	}
	return binary.BigEndian.Uint16(p.message[begin:])
}

// name passes over a name and returns it.
func (p *parser) name() string {
	name, next, ok := nameAt(p.message, p.off)
	if p.bad || !ok {
		p.bad = true
		return ""
	}
	p.off = next
	return name
}

// question passes over a question, or over what a record has in common with one.
func (p *parser) question() question {
	return question{p.name(), kind(p.word()), p.word()}
}

// record passes over a record.
func (p *parser) record() record {
	r := record{question: p.question(), message: p.message}
	p.skip(4) // how long it may be kept
	r.length = int(p.word())
	r.data = p.skip(r.length)
	return r
}

// nameAt reads labels up to the empty one, with a dot behind each. A name may go
// on elsewhere in the message (section 4.1.4), but not without end; next is where
// the message itself goes on.
func nameAt(message []byte, off int) (text string, next int, ok bool) {
	const maxJumps = 10
	var name []byte
	for jumps := 0; jumps <= maxJumps && off < len(message); {
		c := int(message[off])
		off++
		switch {
		case c == 0:
			if jumps == 0 {
				next = off
			}
			return cmp.Or(string(name), "."), next, true
		case c <= maxLabel && c <= len(message)-off:
			label := message[off : off+c]
			if bytes.IndexByte(label, '.') >= 0 || len(name)+c >= maxName {
				return "", 0, false
			}
			name = append(append(name, label...), '.')
			off += c
		case c >= 0xc0 && off < len(message):
			if jumps++; jumps == 1 {
				next = off + 1
			}
			off = c&0x3f<<8 | int(message[off])
		default:
			return "", 0, false
		}
	}
	return "", 0, false
}
