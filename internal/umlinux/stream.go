package umlinux

import (
	"io"
	"sync"
)

const (
	// window is how much of a stream may be under way, as much as a pipe holds.
	window = 64 << 10
	// chunk is the most that one data frame carries; small, so that a signal
	// does not wait behind much.
	chunk = 4 << 10
)

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
	snd := &sender{link: l, stream: s, credit: window}
	snd.change = sync.NewCond(&snd.mu)
	return snd
}

// copy sends until r ends or nobody reads the stream, then says that it ended.
func (s *sender) copy(r io.Reader) error {
	buf := make([]byte, chunk)
	for {
		allowed := s.wait()
		if allowed == 0 {
			return nil
		}
		n, err := r.Read(buf[:min(allowed, chunk)])
		if n > 0 {
			s.take(n)
			if err := s.link.send(kindData, s.stream, buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return s.link.send(kindEnd, s.stream, nil)
		}
	}
}

// wait blocks until there is credit, and returns it; 0 means nobody reads.
func (s *sender) wait() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.credit == 0 && !s.gone {
		s.change.Wait()
	}
	if s.gone {
		return 0
	}
	return s.credit
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
	r.change.Signal()
}

func (r *receiver) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.change.Signal()
}

// next blocks for what has arrived; nothing means the stream has ended.
func (r *receiver) next() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.held) == 0 && !r.ended {
		r.change.Wait()
	}
	p := r.held
	r.held = nil
	return p
}

// copy writes what arrives to w until the stream ends. If w fails it tells the
// other side and throws the rest away.
func (r *receiver) copy(w io.Writer) {
	for {
		p := r.next()
		if len(p) == 0 {
			return
		}
		if _, err := w.Write(p); err != nil {
			r.link.send(kindGone, r.stream, nil)
			w = io.Discard
			continue
		}
		r.link.sendUint32(kindCredit, r.stream, uint32(len(p)))
	}
}
