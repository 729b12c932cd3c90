package guest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// kind says what a frame means. The comment names the sender.
type kind byte

const (
	kindReady  kind = iota + 1 // guest: the line is raw, send the spec
	kindData                   // both: bytes of a stream
	kindEnd                    // both: the stream has ended
	kindCredit                 // both: so many bytes (uint32) were taken, send as many more
	kindGone                   // both: nobody reads that stream any more
	kindSignal                 // host: a signal number (uint32)
	kindSize                   // host: rows and columns (one uint32, upper and lower half)
	kindExit                   // guest: the command's exit status (uint32)
	kindFailed                 // guest: exit status (uint32) and why the command did not run
)

// A stream is one of the command's three, by its descriptor number, or the one
// that says which command it is; frames of the session itself carry session.
type stream byte

const (
	stdin   stream = 0
	stdout  stream = 1
	stderr  stream = 2
	setup   stream = 3 // a spec
	session stream = 255
)

const (
	headerSize = 6
	maxPayload = 64 << 10
)

// A frame is a kind, a stream and a payload; on the line, one byte each for the
// first two, four for the length (big endian), then the payload.
type frame struct {
	kind    kind
	stream  stream
	payload []byte
}

// A link sends and receives frames. send may be called from many goroutines,
// receive from one.
type link struct {
	r  *bufio.Reader
	mu sync.Mutex
	w  io.Writer
}

func newLink(rw io.ReadWriter) *link {
	return &link{r: bufio.NewReaderSize(rw, 16<<10), w: rw}
}

func (l *link) send(k kind, s stream, payload []byte) error {
	b := make([]byte, headerSize, headerSize+len(payload))
	b[0], b[1] = byte(k), byte(s)
	binary.BigEndian.PutUint32(b[2:], uint32(len(payload)))
	b = append(b, payload...)

	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.w.Write(b)
	return err
}

func (l *link) sendUint32(k kind, s stream, n uint32) error {
	return l.send(k, s, binary.BigEndian.AppendUint32(nil, n))
}

// receive returns the next frame. Its payload is the caller's to keep.
func (l *link) receive() (frame, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(l.r, h[:]); err != nil {
		return frame{}, err
	}
	n := binary.BigEndian.Uint32(h[2:])
	if n > maxPayload {
		return frame{}, fmt.Errorf("frame of %d bytes", n)
	}
	f := frame{kind: kind(h[0]), stream: stream(h[1]), payload: make([]byte, n)}
	if _, err := io.ReadFull(l.r, f.payload); err != nil {
		return frame{}, io.ErrUnexpectedEOF
	}
	return f, nil
}

// uint32 is the number a frame of one number carries, and 0 for any other.
func (f frame) uint32() uint32 {
	if len(f.payload) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(f.payload)
}

// text is what a frame carries after its number.
func (f frame) text() string {
	return string(f.payload[min(4, len(f.payload)):])
}
