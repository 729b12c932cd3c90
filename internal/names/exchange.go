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
			message, last = r.exchange(server, q, c.wait(i))
			if last == replied || last == absent || last == broken {
				return reply{q, message}, last
			}
		}
	}
	return reply{}, last
}

// exchange asks one server, once more over TCP if the answer was cut short.
func (r *Resolver) exchange(server netip.Addr, q question, wait time.Duration) ([]byte, outcome) {
	if !r.serversFile().useTCP {
		message, result, truncated := r.send("udp", server, q, wait)
		if !truncated {
			return message, result
		}
	}
	message, result, _ := r.send("tcp", server, q, wait)
	return message, result
}

// send asks one server over one network and judges what comes back.
func (r *Resolver) send(network string, server netip.Addr, q question, wait time.Duration) (message []byte, result outcome, truncated bool) {
	conn, err := r.dial(network, netip.AddrPortFrom(server, 53), time.Now().Add(wait))
	if err != nil {
		return nil, silence(err), false
	}
	defer conn.Close()
	if network == "tcp" {
		message, err = overTCP(conn, q)
	} else {
		message, err = overUDP(conn, q)
	}
	if err != nil {
		return nil, silence(err), false
	}
	result, truncated = judge(message)
	return message, result, truncated
}

// silence is the outcome when there was no message.
func silence(err error) outcome {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return timedOut
	}
	return failed
}

// overUDP waits for the datagram that answers the question; others are ignored.
func overUDP(conn io.ReadWriter, q question) ([]byte, error) {
	if _, err := conn.Write(q.message); err != nil {
		return nil, err
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		if q.answeredBy(buf[:n]) {
			return buf[:n], nil
		}
	}
}

// overTCP writes and reads messages that their length precedes.
func overTCP(conn io.ReadWriter, q question) ([]byte, error) {
	length := len(q.message)
	if _, err := conn.Write(append([]byte{byte(length >> 8), byte(length)}, q.message...)); err != nil {
		return nil, err
	}
	var prefix [2]byte
	if _, err := io.ReadFull(conn, prefix[:]); err != nil {
		return nil, err
	}
	message := make([]byte, word(prefix[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return nil, err
	}
	if !q.answeredBy(message) {
		return nil, errors.New("answer to another question")
	}
	return message, nil
}

// word is the number in the first two bytes.
func word(b []byte) int { return int(b[0])<<8 | int(b[1]) }

// judge is the outcome according to the header of a message.
func judge(message []byte) (result outcome, truncated bool) {
	h, err := new(dnsmessage.Parser).Start(message)
	if err != nil {
		return failed, false
	}
	switch h.RCode {
	case dnsmessage.RCodeSuccess:
		const answers = 6 // where their number stands (RFC 1035, section 4.1.1)
		if word(message[answers:]) == 0 {
			return absent, h.Truncated
		}
		return replied, h.Truncated
	case dnsmessage.RCodeNameError:
		return absent, h.Truncated
	case dnsmessage.RCodeServerFailure, dnsmessage.RCodeNotImplemented, dnsmessage.RCodeRefused:
		return failed, false
	}
	return broken, h.Truncated
}
