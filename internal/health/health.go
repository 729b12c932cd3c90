// Package health asks real servers whether they work: each question is a
// [config.Check], put once to a real server's own address.
//
// The calling goroutine opens the sockets and starts the programs: a question leaves
// from the network namespace of its thread.
package health

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Target is what is asked: a real server's own address, and how.
type Target struct {
	Server   netip.AddrPort // with the check's port, if it has one
	Protocol ipvs.Protocol  // of the service
	Check    *config.Check
	From     netip.Addr // that is asked from; not valid: any of this machine
}

// Answer is what became of a question.
type Answer struct {
	Good bool
	// Alive reports that the machine itself answered something: it accepted or
	// refused a connection, or sent a byte. For any other answer [Alive] finds out, even
	// for a good one: a udp check without receive takes silence for good.
	Alive bool
	// Refused reports that a connection, or a datagram, was refused.
	Refused bool
	// Unasked reports that this machine could not ask: it lacked descriptors, ports,
	// memory, or the program or its user, or the question was called off. It says
	// nothing about the real server.
	Unasked bool
	Why     string // of one that is not good
	Took    time.Duration
}

// Ask puts one question, and waits for the answer for at most the check's timeout. A
// deadline of the context only makes that shorter.
func Ask(ctx context.Context, t Target) Answer {
	ask, known := kinds[t.Check.Type]
	if !known {
		return Answer{Unasked: true, Why: fmt.Sprintf("no check of type %q", t.Check.Type)}
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, t.Check.Timeout)
	defer cancel()
	alive, err := ask(limited, t)
	took := time.Since(start)
	off := errors.Is(ctx.Err(), context.Canceled)
	if off {
		err = ctx.Err()
	}
	if off || exhausted(err) {
		return Answer{Unasked: true, Why: "not asked: " + t.why(err, alive), Took: took}
	}
	return Answer{Good: err == nil, Refused: refused(err), Alive: alive || refused(err), Why: t.why(err, alive), Took: took}
}

// kinds are the ways to ask. No error: the answer is good; alive: the machine
// said something.
var kinds = map[config.CheckType]func(ctx context.Context, t Target) (alive bool, err error){
	config.CheckTCP:   askTCP,
	config.CheckTLS:   askTLS,
	config.CheckHTTP:  askHTTP,
	config.CheckHTTPS: askHTTPS,
	config.CheckDNS:   askDNS,
	config.CheckUDP:   askUDP,
	config.CheckExec:  askExec,
}
