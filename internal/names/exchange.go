package names

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// An outcome is how one question to the name servers ended.
type outcome int

const (
	replied  outcome = iota // there are answers
	absent                  // no such name, or nothing of that type
	failed                  // the server could not or would not say, or is not there
	broken                  // the server did not understand
	timedOut                // no server answered
)

// status is the outcome of a search by name in the words of nsswitch.conf.
func (o outcome) status() status {
	switch o {
	case absent, broken:
		return notFound
	}
	return unavailable
}

// A reply is a message from a name server, and the name that was asked for.
type reply struct {
	message []byte
	name    string
}

// query asks one question. Each server gets its turn, as often as the
// configuration says, until one knows.
func (r *Resolver) query(name string, k kind) (reply, outcome) {
	name = strings.TrimSuffix(name, ".") + "."
	id := uint16(rand.Uint32())
	question, err := pack(id, name, k)
	if err != nil {
		return reply{}, absent
	}
	c, last := r.serversFile(), failed
	for range c.attempts {
		for i, server := range c.servers {
			var message []byte
			message, last = r.exchange(server, question, c.wait(i))
			if last == replied || last == absent || last == broken {
				return reply{message, name}, last
			}
		}
	}
	return reply{}, last
}

// exchange asks one server, once more over TCP if the answer was cut short.
func (r *Resolver) exchange(server netip.Addr, question []byte, wait time.Duration) ([]byte, outcome) {
	if !r.serversFile().useTCP {
		message, result, truncated := r.send("udp", server, question, wait)
		if !truncated {
			return message, result
		}
	}
	message, result, _ := r.send("tcp", server, question, wait)
	return message, result
}

// send asks one server over one network and judges what comes back.
func (r *Resolver) send(network string, server netip.Addr, question []byte, wait time.Duration) (message []byte, result outcome, truncated bool) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	dial := r.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, netip.AddrPortFrom(server, 53).String())
	if err != nil {
		return nil, silence(err), false
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if network == "tcp" {
		message, err = overTCP(conn, question)
	} else {
		message, err = overUDP(conn, question)
	}
	if err != nil {
		return nil, silence(err), false
	}
	result, truncated = judge(message)
	return message, result, truncated
}

// silence is the outcome when there was no message.
func silence(err error) outcome {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return timedOut
	}
	return failed
}

// overUDP waits for the datagram that answers the question; others are ignored.
func overUDP(conn net.Conn, question []byte) ([]byte, error) {
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		if answers(buf[:n], question) {
			return buf[:n], nil
		}
	}
}

// overTCP writes and reads messages that their length precedes.
func overTCP(conn net.Conn, question []byte) ([]byte, error) {
	out := binary.BigEndian.AppendUint16(nil, uint16(len(question)))
	if _, err := conn.Write(append(out, question...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return nil, err
	}
	if !answers(message, question) {
		return nil, errors.New("answer to another question")
	}
	return message, nil
}

// answers reports whether the message is a response to the question.
func answers(message, asked []byte) bool {
	p, got := parse(message)
	w, want := parse(asked)
	if p.bad || !got.response() || got.id != want.id {
		return false
	}
	if got.questions == 0 {
		return got.code() != codeSuccess // a server that fails may leave it out
	}
	q, wanted := p.question(), w.question()
	return !p.bad && q.kind == wanted.kind && q.class == wanted.class && lower(q.name) == lower(wanted.name)
}

// judge is the outcome according to the header of a message.
func judge(message []byte) (result outcome, truncated bool) {
	p, h := parse(message)
	if p.bad {
		return failed, false
	}
	switch h.code() {
	case codeSuccess:
		if h.answers == 0 {
			return absent, h.truncated()
		}
		return replied, h.truncated()
	case codeNameError:
		return absent, h.truncated()
	case codeServerFailure, codeNotImplemented, codeRefused:
		return failed, false
	}
	return broken, h.truncated()
}

// pick is the first record of the kind that belongs to the name asked for, or to
// the one that a CNAME record before it leads to. Without one it is empty.
func (r reply) pick(k kind) record {
	p, h := parse(r.message)
	for range h.questions {
		if p.question(); p.bad {
			return record{}
		}
	}
	owner := lower(r.name)
	for range h.answers {
		found := p.record()
		if p.bad {
			break
		}
		if found.class != classInternet || lower(found.name) != owner {
			continue
		}
		if found.kind == k {
			return found
		}
		if found.kind == kindCNAME {
			next, ok := found.target()
			if !ok {
				break
			}
			owner = lower(next)
		}
	}
	return record{}
}
