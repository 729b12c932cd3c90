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

// flush waits until all is done.
func (s sink) flush() {
	close(s.todo)
	<-s.done
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
func (s sink) to(w io.Writer) io.Writer {
	return writing(func(b []byte) { s.hand(func() { w.Write(b) }) })
}

// all is a writer that drops nothing, and waits only for a backlog.
func (s sink) all(w io.Writer) io.Writer {
	return writing(func(b []byte) { s.todo <- func() { w.Write(b) } })
}

type writing func(b []byte)

func (f writing) Write(b []byte) (int, error) {
	f(bytes.Clone(b))
	return len(b), nil
}
