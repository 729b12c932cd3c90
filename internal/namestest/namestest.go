// Package namestest has answers that name servers should not give. The tests of
// package names pin how each is handled; those of compat/ show that the C library
// handles them the same way.
package namestest

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Answer is an answer to a question.
type Answer struct {
	Name string
	Make func(question []byte) []byte
}

// What a server has to say where it says anything: of a question for an
// address, and of one for a name.
var (
	Addr = [4]byte{10, 9, 0, 3}
	Host = "host.test"
)

// Good is the answer as it should be.
func Good(question []byte) []byte { return message{}.to(question) }

// message is an answer: what is not said is as it should be.
type message struct {
	id                  uint16 // added to the question's
	flags               uint16 // zero: response, recursion desired and available
	counts              [4]uint16
	question, records   func(part) []byte
	noQuestion, nothing bool // neither question nor records
	tail                string
	cut                 int // bytes missing at the end
}

// part is what a message is made of: the question as it was asked, and the
// record that answers it.
type part struct{ question, record []byte }

func (m message) to(question []byte) []byte {
	p := part{question: asked(question)}
	p.record = record("\xc0\x0c", kind(p), 1, data(kind(p)))
	q, rr := p.question, p.record
	counts := [4]uint16{1, 1}
	switch {
	case m.nothing:
		rr, counts[1] = nil, 0
	case m.records != nil:
		rr = m.records(p)
	}
	if m.question != nil {
		q = m.question(p)
	}
	if m.noQuestion {
		q, counts[0] = nil, 0
	}
	if m.flags == 0 {
		m.flags = 0x8180
	}
	out := binary.BigEndian.AppendUint16(nil, binary.BigEndian.Uint16(question)+m.id)
	out = binary.BigEndian.AppendUint16(out, m.flags)
	for i, n := range m.counts {
		out = binary.BigEndian.AppendUint16(out, counts[i]+n)
	}
	out = slices.Concat(out, q, rr, []byte(m.tail))
	return out[:len(out)-m.cut]
}

// asked is the question of a message.
func asked(message []byte) []byte {
	i := 12
	for message[i] != 0 {
		i += int(message[i]) + 1
	}
	return message[12 : i+5]
}

const (
	typeA     = 1
	typeCNAME = 5
	typePTR   = 12
)

func kind(p part) uint16 { return binary.BigEndian.Uint16(p.question[len(p.question)-4:]) }

func data(kind uint16) string {
	if kind == typeA {
		return string(Addr[:])
	}
	return name(Host)
}

// name is a name in labels.
func name(text string) string {
	var b strings.Builder
	for label := range strings.SplitSeq(text, ".") {
		b.WriteString(string([]byte{byte(len(label))}) + label)
	}
	return b.String() + "\x00"
}

func record(owner string, kind, class uint16, data string) []byte {
	return sized(owner, kind, class, len(data), data)
}

// sized is a record that says another length of its data.
func sized(owner string, kind, class uint16, size int, data string) []byte {
	b := []byte(owner)
	for _, v := range []uint16{kind, class, 0, 60, uint16(size)} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return append(b, data...)
}

// instead replaces the name of a question.
func instead(of string) func(part) []byte {
	return func(p part) []byte { return append([]byte(of), p.question[len(p.question)-4:]...) }
}

// unreadable is a question whose first label has no kind (RFC 1035, section 4.1.4).
func unreadable(p part) []byte { return append([]byte{0x80}, p.question[1:]...) }

func twice(p part) []byte { return slices.Concat(p.question, p.question) }

// after and before put other records beside the right one.
func after(more ...[]byte) func(part) []byte {
	return func(p part) []byte { return slices.Concat(p.record, slices.Concat(more...)) }
}
func before(more ...[]byte) func(part) []byte {
	return func(p part) []byte { return slices.Concat(slices.Concat(more...), p.record) }
}

// resized has the right record say another length of its data, with so much of it.
func resized(size int, good bool) func(part) []byte {
	return func(p part) []byte {
		k := kind(p)
		d := (data(k) + strings.Repeat("x", max(0, size)))[:size]
		b := sized("\xc0\x0c", k, 1, size, d)
		if good {
			b = append(b, p.record...)
		}
		return b
	}
}

var badOwner = record("\xc0\xff", typeA, 1, "\x0a\x09\x00\x04")

// Malformed are the answers, by what is wrong with them.
var Malformed = slices.Concat(headers, questions, answers)

func answer(name string, m message) Answer { return Answer{name, m.to} }

var headers = []Answer{
	{"empty", func([]byte) []byte { return nil }},
	{"one byte", func(q []byte) []byte { return q[:1] }},
	{"eleven bytes", func(q []byte) []byte { return Good(q)[:11] }},
	{"the question itself", func(q []byte) []byte { return q }},
	answer("other number", message{id: 1}),
	answer("no response", message{flags: 0x0180}),
	answer("no response, nothing", message{flags: 0x0180, nothing: true}),
	answer("other operation", message{flags: 0x8980}),
	answer("reserved bit", message{flags: 0x81c0}),
	answer("format error", message{flags: 0x8181, nothing: true}),
	answer("format error with answer", message{flags: 0x8181}),
	answer("server failure", message{flags: 0x8182, nothing: true}),
	answer("server failure with answer", message{flags: 0x8182}),
	answer("no such name", message{flags: 0x8183, nothing: true}),
	answer("no such name with answer", message{flags: 0x8183}),
	answer("not implemented", message{flags: 0x8184, nothing: true}),
	answer("refused", message{flags: 0x8185, nothing: true}),
	answer("code 6", message{flags: 0x8186, nothing: true}),
	answer("code 15", message{flags: 0x818f}),
	answer("nothing", message{nothing: true}),
	answer("nothing, from authority", message{flags: 0x8500, nothing: true}),
	answer("lame", message{flags: 0x8100, nothing: true}),
	answer("lame with authority records", message{flags: 0x8100, counts: [4]uint16{2: 1}, nothing: true, tail: string(badOwner)}),
	answer("lame with additional records", message{flags: 0x8100, counts: [4]uint16{3: 1}, nothing: true, tail: string(badOwner)}),
	answer("cut short", message{flags: 0x8380}),
	answer("cut short, nothing", message{flags: 0x8380, nothing: true}),
	answer("cut short, lame", message{flags: 0x8300, nothing: true}),
	answer("cut short, server failure", message{flags: 0x8382, nothing: true}),
	answer("cut short, no such name", message{flags: 0x8383, nothing: true}),
}

var questions = []Answer{
	answer("other name", message{question: instead(name("x.test"))}),
	answer("other type", message{question: func(p part) []byte { return append(slices.Clone(p.question[:len(p.question)-4]), 0, 28, 0, 1) }}),
	answer("other class of question", message{question: func(p part) []byte { return append(slices.Clone(p.question[:len(p.question)-1]), 3) }}),
	answer("other name, server failure", message{question: instead(name("x.test")), flags: 0x8182, nothing: true}),
	answer("unreadable", message{question: unreadable}),
	answer("unreadable, other number", message{question: unreadable, id: 1}),
	answer("unreadable, nothing", message{question: unreadable, nothing: true}),
	answer("unreadable, server failure", message{question: unreadable, flags: 0x8182, nothing: true}),
	answer("unreadable, no such name", message{question: unreadable, flags: 0x8183, nothing: true}),
	answer("unreadable, cut short", message{question: unreadable, flags: 0x8380}),
	answer("label of 64", message{question: func(p part) []byte { return append([]byte{0x40}, p.question[1:]...) }}),
	answer("pointer to itself", message{question: instead("\xc0\x0c")}),
	answer("none", message{noQuestion: true}),
	answer("none, no such name", message{noQuestion: true, flags: 0x8183, nothing: true}),
	answer("none, format error", message{noQuestion: true, flags: 0x8181, nothing: true}),
	answer("none, server failure", message{noQuestion: true, flags: 0x8182, nothing: true}),
	answer("none, not implemented", message{noQuestion: true, flags: 0x8184, nothing: true}),
	answer("none, refused", message{noQuestion: true, flags: 0x8185, nothing: true}),
	answer("none, code 6", message{noQuestion: true, flags: 0x8186, nothing: true}),
	answer("none, server failure with answer", message{noQuestion: true, flags: 0x8182}),
	answer("two", message{question: twice, counts: [4]uint16{1}}),
	answer("two, server failure", message{question: twice, counts: [4]uint16{1}, flags: 0x8182, nothing: true}),
}

var answers = []Answer{
	answer("five promised", message{counts: [4]uint16{1: 4}}),
	answer("record cut", message{cut: 3}),
	answer("records missing", message{records: func(part) []byte { return nil }}),
	answer("junk behind", message{tail: "junkjunkjunkjunk"}),
	answer("bad authority record", message{counts: [4]uint16{2: 1}, tail: "\x80junk"}),
	answer("bad owner", message{records: func(p part) []byte { return append([]byte{0xc0, 0xff}, p.record[2:]...) }}),
	answer("bad owner, then good", message{counts: [4]uint16{1: 1}, records: before(badOwner)}),
	answer("good, then bad owner", message{counts: [4]uint16{1: 1}, records: after(badOwner)}),
	answer("good, then other's too long", message{counts: [4]uint16{1: 1}, records: after(sized(name("other.test"), typeA, 1, 99, "x"))}),
	answer("other class", message{records: func(p part) []byte { return record("\xc0\x0c", kind(p), 3, data(kind(p))) }}),
	answer("other owner", message{records: func(p part) []byte { return record(name("other.test"), kind(p), 1, data(kind(p))) }}),
	answer("data of three", message{records: resized(3, false)}),
	answer("data of three, then good", message{counts: [4]uint16{1: 1}, records: resized(3, true)}),
	answer("data of none, then good", message{counts: [4]uint16{1: 1}, records: resized(0, true)}),
	answer("data beyond the end", message{records: func(p part) []byte { return sized("\xc0\x0c", kind(p), 1, 99, data(kind(p))) }}),
	answer("bad alias, then good", message{counts: [4]uint16{1: 1}, records: before(record("\xc0\x0c", typeCNAME, 1, "\xc0\xff"))}),
	answer("good, then bad alias", message{counts: [4]uint16{1: 1}, records: after(record("\xc0\x0c", typeCNAME, 1, "\xc0\xff"))}),
	answer("other's bad alias, then good", message{counts: [4]uint16{1: 1}, records: before(record(name("other.test"), typeCNAME, 1, "\xc0\xff"))}),
	answer("bad alias of other class, then good", message{counts: [4]uint16{1: 1}, records: before(record("\xc0\x0c", typeCNAME, 3, "\xc0\xff"))}),
	answer("alias longer than its name", message{counts: [4]uint16{1: 1}, records: before(record("\xc0\x0c", typeCNAME, 1, "\xc0\x0c\x00\x00\x00"))}),
	answer("alias to the root", message{counts: [4]uint16{1: 1}, records: func(p part) []byte {
		return slices.Concat(record("\xc0\x0c", typeCNAME, 1, "\x00"), record("\x00", kind(p), 1, data(kind(p))))
	}}),
}
