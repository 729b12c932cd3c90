package guest

import (
	"io"
	"sync"
)

// How many bytes of a stream, with their frames' headers, may be under way.
//
// The line must never be full: user-mode-linux (observed with 6.1) may not notice
// when it no longer is. Towards the host, two windows and some smaller frames fit into
// a pipe, 64 KiB. Towards the guest, the end of the setup and the beginning of
// standard input come in one burst: both windows together, beside such frames, must
// fit into the 4 KiB that the guest's terminal driver holds. Otherwise it throttles
// the line, and a throttled line of user-mode-linux never wakes again.
const (
	windowToHost = 24 << 10
	windowSetup  = 1 << 10
	windowStdin  = 2 << 10
)

func (s stream) window() int {
	switch s {
	case stdout, stderr:
		return windowToHost
	case setup:
		return windowSetup
	}
	return windowStdin
}

// chunk is the most that one data frame carries; small, so that a signal does
// not wait behind much.
const chunk = 4 << 10

// A sender carries what a reader gives to the other side, never more than it
// was given credit for.
type sender struct {
	link   *link
	stream stream

	mu     sync.Mutex
	change *sync.Cond
	credit int
	gone   bool
}

func newSender(l *link, s stream) *sender {
	snd := &sender{link: l, stream: s, credit: s.window()}
	snd.change = sync.NewCond(&snd.mu)
	return snd
}

// copy sends until r ends or nobody reads the stream, then says that it ended.
func (s *sender) copy(r io.Reader) error {
	buf := make([]byte, chunk)
	for {
		allowed := s.wait()
		if allowed == 0 {
			return s.link.send(kindEnd, s.stream, nil)
		}
		n, err := r.Read(buf[:min(allowed, chunk)])
		if n > 0 {
			s.take(headerSize + n)
			if err := s.link.send(kindData, s.stream, buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return s.link.send(kindEnd, s.stream, nil)
		}
	}
}

// wait blocks until there is credit for a frame, and returns for how many bytes
// in it; 0 means nobody reads.
func (s *sender) wait() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.credit <= headerSize && !s.gone {
		s.change.Wait()
	}
	if s.gone {
		return 0
	}
	return s.credit - headerSize
}

func (s *sender) take(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit -= n
}

// grant adds credit, as the other side asks with a credit frame.
func (s *sender) grant(n uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit += int(n)
	s.change.Signal()
}

// stop ends copy: nobody reads.
func (s *sender) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.change.Signal()
}

// A receiver holds what arrived of a stream until a writer has taken it. Credit
// keeps it from holding more than a window.
type receiver struct {
	link   *link
	stream stream

	mu     sync.Mutex
	change *sync.Cond
	held   []byte
	cost   int // of held, as the sender counts it
	ended  bool
}

func newReceiver(l *link, s stream) *receiver {
	r := &receiver{link: l, stream: s}
	r.change = sync.NewCond(&r.mu)
	return r
}

func (r *receiver) put(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = append(r.held, p...)
	r.cost += headerSize + len(p)
	r.change.Signal()
}

func (r *receiver) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.change.Signal()
}

// next blocks for what has arrived; nothing means the stream has ended.
func (r *receiver) next() (p []byte, cost int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.held) == 0 && !r.ended {
		r.change.Wait()
	}
	p, cost = r.held, r.cost
	r.held, r.cost = nil, 0
	return p, cost
}

// copy writes what arrives to w until the stream ends. If w fails it tells the
// other side and throws the rest away.
//
// It gives credit back by the quarter window, lest there be as many credit
// frames as data frames.
func (r *receiver) copy(w io.Writer) {
	owed := 0
	for {
		p, cost := r.next()
		if len(p) == 0 {
			return
		}
		if _, err := w.Write(p); err != nil {
			r.link.send(kindGone, r.stream, nil)
			w = io.Discard
		}
		if owed += cost; owed >= r.stream.window()/4 {
			r.link.sendUint32(kindCredit, r.stream, uint32(owed))
			owed = 0
		}
	}
}
