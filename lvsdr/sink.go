package lvsdr

import (
	"bytes"
	"io"
	"time"
)

// backlog is how much may wait for whoever does not take it.
const backlog = 1 << 14

// sink does one thing after the other in a goroutine of its own: what does not
// come to an end keeps nobody up, and what is too much is dropped.
type sink struct {
	todo chan func()
	done chan struct{}
}

func newSink() sink {
	s := sink{make(chan func(), backlog), make(chan struct{})}
	go func() {
		defer close(s.done)
		for do := range s.todo {
			do()
		}
	}()
	return s
}

// hand reports whether something is going to be done.
func (s sink) hand(do func()) bool {
	select {
	case s.todo <- do:
		return true
	default:
		return false
	}
}

// end waits for what is left to be done, but not for longer than that.
func (s sink) end(wait time.Duration) {
	close(s.todo)
	select {
	case <-s.done:
	case <-time.After(wait):
	}
}

// to is a writer that never waits.
func (s sink) to(w io.Writer) io.Writer { return sinking{s, w} }

type sinking struct {
	sink
	w io.Writer
}

func (s sinking) Write(b []byte) (int, error) {
	text := bytes.Clone(b)
	s.hand(func() { s.w.Write(text) })
	return len(b), nil
}
