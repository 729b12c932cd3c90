package names

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A zone is what the name servers of a test know: for a question such as
// "web.test A" the records to answer with, separated by semicolons, or one of the
// words drop (no answer), long (cut short unless asked over TCP), or a response
// code. What is not there does not exist.
type zone map[string]string

var codes = map[string]dnsmessage.RCode{
	"FORMERR":  dnsmessage.RCodeFormatError,
	"SERVFAIL": dnsmessage.RCodeServerFailure,
	"NXDOMAIN": dnsmessage.RCodeNameError,
	"NOTIMP":   dnsmessage.RCodeNotImplemented,
	"REFUSED":  dnsmessage.RCodeRefused,
}

var types = map[string]dnsmessage.Type{
	"A":     dnsmessage.TypeA,
	"CNAME": dnsmessage.TypeCNAME,
	"PTR":   dnsmessage.TypePTR,
}

// respond is the zone's answer to a message, nil to stay silent.
func (z zone) respond(network string, question []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		panic(err)
	}
	m.Response, m.RecursionAvailable = true, true
	text, known := z[describe(m.Questions[0])]
	code, isCode := codes[text]
	switch {
	case !known:
		m.RCode = dnsmessage.RCodeNameError
	case isCode:
		m.RCode = code
	case text == "drop":
		return nil
	case strings.HasPrefix(text, "long ") && network == "udp":
		m.Truncated = true
	default:
		m.Answers = records(strings.TrimPrefix(text, "long "))
	}
	out, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return out
}

func describe(q dnsmessage.Question) string {
	name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	return name + " " + strings.TrimPrefix(q.Type.String(), "Type")
}

// records reads "owner TYPE data; …".
func records(text string) []dnsmessage.Resource {
	var list []dnsmessage.Resource
	for line := range strings.SplitSeq(text, ";") {
		w := strings.Fields(line)
		if len(w) != 3 {
			continue
		}
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{
			Name:  dnsmessage.MustNewName(strings.TrimSuffix(w[0], ".") + "."),
			Type:  types[w[1]],
			Class: dnsmessage.ClassINET,
		}}
		target := func() dnsmessage.Name { return dnsmessage.MustNewName(strings.TrimSuffix(w[2], ".") + ".") }
		switch w[1] {
		case "A":
			r.Body = &dnsmessage.AResource{A: netip.MustParseAddr(w[2]).As4()}
		case "CNAME":
			r.Body = &dnsmessage.CNAMEResource{CNAME: target()}
		case "PTR":
			r.Body = &dnsmessage.PTRResource{PTR: target()}
		}
		list = append(list, r)
	}
	return list
}

// A network has name servers, by address; where the zone is nil there is a host
// that never answers, and any other address refuses. It logs each question with
// the time since the first.
type network struct {
	servers map[string]zone

	mu    sync.Mutex
	start time.Time
	log   []string
}

// dial connects to a name server through memory, so that a test can run in a
// bubble of package synctest, where waiting takes no time.
func (n *network) dial(kind string, to netip.AddrPort, deadline time.Time) (io.ReadWriteCloser, error) {
	host := strings.TrimSuffix(to.String(), ":53")
	z, ok := n.servers[host]
	if !ok {
		return nil, syscall.ECONNREFUSED
	}
	client, server := net.Pipe()
	client.SetDeadline(deadline)
	go func() {
		defer server.Close()
		for {
			question, err := receive(kind, server)
			if err != nil {
				return
			}
			n.note(host, kind, question)
			if z == nil {
				continue
			}
			if m := z.respond(kind, question); m != nil {
				send(kind, server, m)
			}
		}
	}()
	return client, nil
}

func receive(kind string, conn io.Reader) ([]byte, error) {
	buf := make([]byte, 1<<16)
	if kind == "udp" {
		n, err := conn.Read(buf)
		return buf[:n], err
	}
	if _, err := io.ReadFull(conn, buf[:2]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint16(buf)
	_, err := io.ReadFull(conn, buf[:length])
	return buf[:length], err
}

func send(kind string, conn io.Writer, message []byte) {
	if kind == "tcp" {
		message = append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
	}
	conn.Write(message)
}

func (n *network) note(host, kind string, question []byte) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		panic(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.start.IsZero() {
		n.start = time.Now()
	}
	n.log = append(n.log, fmt.Sprintf("%v %s %s %s", time.Since(n.start), host, kind, describe(m.Questions[0])))
}

// asked is the log so far.
func (n *network) asked() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.log)
}

// newDNS is a Resolver whose hosts come from the name servers of the network.
func newDNS(t *testing.T, n *network, files map[string]string) *Resolver {
	t.Helper()
	if files["nsswitch.conf"] == "" {
		files["nsswitch.conf"] = "hosts: dns\n"
	}
	r := newResolver(t, files)
	r.dial = n.dial
	return r
}
