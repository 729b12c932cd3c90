package guest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A hostSession is one command in a guest, seen from the host.
type hostSession struct {
	*machine
	link    *link
	spec    *sender
	in      *sender
	out     map[stream]*receiver
	writers sync.WaitGroup
}

// runOn boots a guest and runs args in it.
func runOn(k kernel, args []string) (status int, err error) {
	term := findTerminal()
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, forwarded...)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a write tells us, by its error

	s, err := newSpec(args, term)
	if err != nil {
		return statusFailed, err
	}
	m, err := boot(k)
	if err != nil {
		return statusFailed, fmt.Errorf("start a guest: %w", err)
	}
	h := newHostSession(m)
	if status, err := h.ready(signals); err != nil || status != 0 {
		return status, err
	}
	restore, err := term.raw()
	if err != nil {
		m.kill()
		return statusFailed, err
	}
	defer restore()
	return h.run(s, signals, term)
}

func newHostSession(m *machine) *hostSession {
	l := newLink(m.line)
	return &hostSession{
		machine: m,
		link:    l,
		spec:    newSender(l, setup),
		in:      newSender(l, stdin),
		out:     map[stream]*receiver{stdout: newReceiver(l, stdout), stderr: newReceiver(l, stderr)},
	}
}

// ready waits for the guest to come up. A signal before that ends it, since
// there is no command yet that could receive it.
func (h *hostSession) ready(signals <-chan os.Signal) (status int, err error) {
	up := make(chan error, 1)
	go func() {
		f, err := h.link.receive()
		if err == nil && f.kind != kindReady {
			err = fmt.Errorf("unexpected frame %d", f.kind)
		}
		up <- err
	}()
	for {
		select {
		case err := <-up:
			if err != nil {
				return statusFailed, h.lost()
			}
			os.RemoveAll(h.dir) // it has served: now not even SIGKILL leaves it behind
			return 0, nil
		case sig := <-signals:
			if sig == syscall.SIGWINCH {
				continue
			}
			h.kill()
			return statusSignalled + int(sig.(syscall.Signal)), nil
		}
	}
}

// run sends the command and serves it until it ends.
func (h *hostSession) run(s spec, signals <-chan os.Signal, term *terminal) (status int, err error) {
	go func() {
		h.spec.copy(strings.NewReader(s.encode()))
		go h.forward(signals, term)
		h.in.copy(os.Stdin)
	}()
	for id, w := range map[stream]io.Writer{stdout: os.Stdout, stderr: os.Stderr} {
		h.writers.Go(func() { h.out[id].copy(w) })
	}
	status, err = h.serve()
	if err != nil {
		return status, err
	}
	h.writers.Wait()
	h.end()
	return status, nil
}

// serve handles the guest's frames up to the last one.
func (h *hostSession) serve() (status int, err error) {
	for {
		f, err := h.link.receive()
		if err != nil {
			return statusFailed, h.lost()
		}
		switch f.kind {
		case kindData:
			if r := h.out[f.stream]; r != nil {
				r.put(f.payload)
			}
		case kindEnd:
			if r := h.out[f.stream]; r != nil {
				r.end()
			}
		case kindCredit:
			h.sender(f.stream).grant(f.uint32())
		case kindGone:
			h.sender(f.stream).stop()
		case kindExit:
			return int(f.uint32()), nil
		case kindFailed:
			h.end()
			return int(f.uint32()), errors.New(f.text())
		}
	}
}

func (h *hostSession) sender(s stream) *sender {
	if s == setup {
		return h.spec
	}
	return h.in
}

// forwarded are the signals that the command gets in our place.
var forwarded = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM,
	syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}

func (h *hostSession) forward(signals <-chan os.Signal, term *terminal) {
	for sig := range signals {
		if sig != syscall.SIGWINCH {
			h.link.sendUint32(kindSignal, session, uint32(sig.(syscall.Signal)))
			continue
		}
		if term != nil {
			rows, columns := term.size()
			h.link.sendUint32(kindSize, session, uint32(rows)<<16|uint32(columns))
		}
	}
}

func newSpec(args []string, term *terminal) (spec, error) {
	dir, err := os.Getwd()
	if err != nil {
		return spec{}, err
	}
	mask := unix.Umask(0)
	unix.Umask(mask)
	s := spec{Args: args, Env: os.Environ(), Dir: dir, Umask: mask}
	if term != nil {
		s.Terminal, s.PipeStderr = true, !isTerminal(os.Stderr)
		s.Rows, s.Columns = term.size()
	}
	return s, nil
}
