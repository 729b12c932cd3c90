package lab

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// What client and server know of HTTP/1.1 (RFC 9112). The package net/http has
// it all, and TLS with it: a third of a program that mostly has other work.

// maxHead is how long a start line and its fields may be together.
const maxHead = 64 << 10

var (
	errMalformed = errors.New("malformed HTTP message")
	errTooLarge  = errors.New("HTTP header of more than 64 kB")
)

// head is a message without its body.
type head struct {
	start  string
	fields []field
}

// field has its name in lower case, and its value without blanks around it.
type field struct{ name, value string }

// values are those of all fields of that name.
func (h head) values(name string) (values []string) {
	for _, f := range h.fields {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// newReader reads what readHead can.
func newReader(conn io.Reader) *bufio.Reader { return bufio.NewReaderSize(conn, maxHead) }

// readHead reads up to the empty line. What it could read of the head is there
// in spite of an error.
func readHead(r *bufio.Reader) (h head, err error) {
	room := maxHead
	if h.start, err = readLine(r, &room); err != nil {
		return h, err
	}
	h.fields, err = readFields(r, room)
	return h, err
}

// readFields reads up to the empty line.
func readFields(r *bufio.Reader, room int) (fields []field, err error) {
	for {
		line, err := readLine(r, &room)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil || line == "" {
			return fields, err
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || strings.ContainsFunc(value, isControl) {
			return fields, errMalformed
		}
		fields = append(fields, field{strings.ToLower(name), value})
	}
}

// readLine reads a line that ends in CRLF or LF, and takes its length from room.
func readLine(r *bufio.Reader, room *int) (string, error) {
	line, err := r.ReadSlice('\n')
	*room -= len(line)
	if errors.Is(err, bufio.ErrBufferFull) || *room < 0 {
		err = errTooLarge
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), err
}

// isToken reports whether s can be a method or the name of a field (RFC 9110,
// section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80
		digit := '0' <= c && c <= '9'
		return !letter && !digit && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

// isVersion reports whether s is a version of HTTP/1, all of which can be read
// as the highest one we know (RFC 9110, section 2.5).
func isVersion(s string) bool {
	minor, ok := strings.CutPrefix(s, "HTTP/1.")
	return ok && len(minor) == 1 && '0' <= minor[0] && minor[0] <= '9'
}

// isControl finds what no value of a field contains.
func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// hangUp ends a conversation. Who closes a connection with bytes that nobody
// read resets it, and the other side may lose the end of the answer (RFC 9112,
// section 9.6): so it waits for the other side to close, though not long.
func hangUp(conn net.Conn) {
	const patience = 500 * time.Millisecond
	if c, ok := conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
		conn.SetReadDeadline(time.Now().Add(patience))
		io.Copy(io.Discard, conn)
	}
	conn.Close()
}
