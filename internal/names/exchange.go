package names

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
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

// query asks one question. Each server gets its turn, as often as the
// configuration says, until one knows.
func (r *Resolver) query(name string, kind dnsmessage.Type) (reply, outcome) {
	q, err := newQuestion(uint16(rand.Uint32()), strings.TrimSuffix(name, ".")+".", kind)
	if err != nil {
		return reply{}, absent
	}
	c, last := r.serversFile(), failed
	for range c.attempts {
		for i, server := range c.servers {
			var message []byte
			var final bool
			message, last, final = r.exchange(server, q, c.wait(i))
			if final {
				return reply{q, message}, last
			}
		}
	}
	return reply{}, last
}

// exchange asks one server, once more over TCP if the answer was cut short.
// Final is that no other is asked: what comes over TCP counts, whatever it says.
func (r *Resolver) exchange(server netip.Addr, q question, wait time.Duration) (message []byte, result outcome, final bool) {
	if !r.serversFile().useTCP {
		message, err := r.send("udp", overUDP, server, q, wait)
		if err != nil {
			return nil, silence(err), false
		}
		h := header(message)
		result := h.outcome()
		switch {
		case result == failed || h.lame():
			return message, failed, false
		case !h.Truncated:
			return message, result, true
		}
	}
	message, err := r.send("tcp", overTCP, server, q, wait)
	if err != nil {
		return nil, silence(err), false
	}
	return message, header(message).outcome(), true
}

// send asks one server over one network, and returns its answer.
func (r *Resolver) send(network string, over func(io.ReadWriter, question) ([]byte, error), server netip.Addr, q question, wait time.Duration) ([]byte, error) {
	conn, err := r.dial(network, netip.AddrPortFrom(server, 53), time.Now().Add(wait))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return over(conn, q)
}

// silence is the outcome when there was no message.
func silence(err error) outcome {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return timedOut
	}
	return failed
}

// errShort is a message without a whole header: the server is not waited for.
var errShort = errors.New("message too short")

// overUDP waits for the datagram that answers the question; others are ignored.
func overUDP(conn io.ReadWriter, q question) ([]byte, error) {
	if _, err := conn.Write(q.message); err != nil {
		return nil, err
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := conn.Read(buf)
		switch {
		case err != nil:
			return nil, err
		case n < headerLen:
			return nil, errShort
		case q.answeredBy(buf[:n]):
			return buf[:n], nil
		}
	}
}

// overTCP writes and reads messages that their length precedes. The C library
// looks at nothing but their number.
func overTCP(conn io.ReadWriter, q question) ([]byte, error) {
	length := len(q.message)
	if _, err := conn.Write(append([]byte{byte(length >> 8), byte(length)}, q.message...)); err != nil {
		return nil, err
	}
	for {
		var prefix [2]byte
		if _, err := io.ReadFull(conn, prefix[:]); err != nil {
			return nil, err
		}
		message := make([]byte, word(prefix[:]))
		if _, err := io.ReadFull(conn, message); err != nil {
			return nil, err
		}
		if len(message) < headerLen {
			return nil, errShort
		}
		if header(message).ID == q.id {
			return message, nil
		}
	}
}
