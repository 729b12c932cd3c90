package guest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// deliver carries frames from one link to a receiver, and its answers back.
func deliver(t *testing.T, near, far *link, snd *sender, rcv *receiver) {
	t.Helper()
	go func() {
		for {
			f, err := near.receive()
			switch {
			case err != nil:
				return
			case f.kind == kindCredit:
				snd.grant(f.uint32())
			case f.kind == kindGone:
				snd.stop()
			}
		}
	}()
	go func() {
		for {
			f, err := far.receive()
			switch {
			case err != nil:
				return
			case f.kind == kindData:
				rcv.put(f.payload)
			case f.kind == kindEnd:
				rcv.end()
			}
		}
	}()
}

func newStreamPair(t *testing.T, s stream) (*sender, *receiver) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	near, far := newLink(a), newLink(b)
	snd, rcv := newSender(near, s), newReceiver(far, s)
	deliver(t, near, far, snd, rcv)
	return snd, rcv
}

func TestStreamCarriesEverything(t *testing.T) {
	want := make([]byte, 300_000)
	rand.NewChaCha8([32]byte{1}).Read(want)
	for _, tt := range []struct {
		name   string
		stream stream
		reader io.Reader
	}{
		{"to the host", stdout, bytes.NewReader(want)},
		{"to the guest", stdin, bytes.NewReader(want)},
		{"a byte a frame", stdin, iotest.OneByteReader(bytes.NewReader(want))},
		{"data with its end", stdout, iotest.DataErrReader(bytes.NewReader(want))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snd, rcv := newStreamPair(t, tt.stream)
			go snd.copy(tt.reader)
			got := new(bytes.Buffer)
			rcv.copy(got)
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%d bytes arrived of %d, or others", got.Len(), len(want))
			}
		})
	}
}

// A line to the guest that ever holds more than its window may stall for ever.
func TestSenderKeepsToWindow(t *testing.T) {
	for _, s := range []stream{stdin, stdout, setup} {
		line := new(countingWriter)
		snd := newSender(&link{w: line}, s)
		done := make(chan error)
		go func() { done <- snd.copy(iotest.OneByteReader(neverEnding{})) }()
		for snd.left() > headerSize { // nobody grants: it will come to a halt
			time.Sleep(time.Millisecond)
		}
		snd.stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		got := line.n - headerSize // without the frame that ends the stream
		if got > s.window() || got < s.window()-headerSize {
			t.Errorf("stream %d: %d bytes on the line without credit, window is %d", s, got, s.window())
		}
	}
}

// Both sides must come to their end.
func TestReceiverWithoutReader(t *testing.T) {
	snd, rcv := newStreamPair(t, stdout)
	done := make(chan error)
	go func() { done <- snd.copy(neverEnding{}) }()
	rcv.copy(brokenWriter{})
	if err := <-done; err != nil {
		t.Errorf("copy to a stream nobody reads: %v", err)
	}
}

func TestTail(t *testing.T) {
	console := new(tail)
	for range 3 * tailSize / 10 {
		io.WriteString(console, "a line..\r\n")
	}
	io.WriteString(console, "Kernel panic\r\n\r\n")
	lines := strings.Split(console.String(), "\n")
	if len(lines) != tailLines || lines[0] != "a line.." || lines[tailLines-1] != "Kernel panic" {
		t.Errorf("%d lines from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
}

func (s *sender) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.credit
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

type countingWriter struct{ n int }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n += len(p)
	return len(p), nil
}

// TestBurstFits: what may come in one burst does not throttle the guest's
// terminal driver, which happens with less than 128 of 4096 bytes free.
func TestBurstFits(t *testing.T) {
	const frames = 8*(headerSize+4) + 64 // credit for both outputs, some signals
	if burst := setup.window() + stdin.window() + frames; burst > 4096-128 {
		t.Errorf("a burst of %d bytes throttles the line for good", burst)
	}
}
