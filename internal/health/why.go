package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode"
)

// why puts an error into words; none for none. It may quote what the server
// sent.
func (t Target) why(err error, alive bool) string {
	var fault *net.OpError
	switch {
	case err == nil:
		return ""
	case exhausted(err):
	case late(err) && alive:
		return fmt.Sprintf("connected, but no complete answer in %v", t.Check.Timeout)
	case late(err):
		return fmt.Sprintf("no answer in %v", t.Check.Timeout)
	case errors.Is(err, io.EOF):
		return "connection closed without an answer"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed in the middle of the answer"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.As(err, &fault) && fault.Net == "udp" && refused(err):
		return "port unreachable"
	case errors.As(err, &fault) && errors.Is(err, syscall.EPERM):
		return "the packet filter of this machine drops the question"
	}
	// Without the addresses and calls, which say nothing new.
	if errors.As(err, &fault) {
		err = fault.Err
	}
	if call := new(os.SyscallError); errors.As(err, &call) {
		err = call.Err
	}
	return printable(err.Error())
}

// late reports whether the time was over.
func late(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timed) && timed.Timeout()
}

// refused reports whether the machine itself refused.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// exhausted reports whether this machine lacked what it takes to ask.
func exhausted(err error) bool {
	if _, ok := errors.AsType[unstarted](err); ok {
		return true
	}
	for _, lack := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EADDRNOTAVAIL, syscall.EAGAIN,
	} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}

// maxWhy is how many characters of a reason are told.
const maxWhy = 256

// printable makes one line of text that a terminal may be given.
func printable(s string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '.'
		}
		return r
	}, s))
	if len(runes) > maxWhy {
		return string(runes[:maxWhy]) + "…"
	}
	return string(runes)
}
