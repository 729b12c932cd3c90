package health

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"lvsdr/internal/ipvs"
)

// askDNS asks a name server for records: by UDP, and by TCP what is cut short
// there or is a service of TCP.
func askDNS(ctx context.Context, t Target) (alive bool, err error) {
	q, err := newQuery(t.Check.Name, t.Check.Record)
	if err != nil {
		return false, err
	}
	reply, alive, err := q.ask(ctx, t)
	if err != nil {
		return alive, err
	}
	records, err := q.records(reply)
	if err != nil {
		return true, err
	}
	return true, t.judge(records)
}

func (q query) ask(ctx context.Context, t Target) (reply []byte, alive bool, err error) {
	if t.Protocol != ipvs.TCP {
		reply, err := q.askUDP(ctx, t)
		if err != nil || !truncated(reply) {
			return reply, err == nil, err
		}
	}
	accepted, err := t.converse(ctx, func(conn net.Conn) error {
		reply, err = q.askTCP(conn)
		return err
	})
	return reply, accepted || t.Protocol != ipvs.TCP, err
}

// judge looks for the record that is wanted.
func (t Target) judge(records []string) error {
	wanted := normal(t.Check.Record, t.Check.Answer)
	switch {
	case len(records) == 0:
		return fmt.Errorf("no %s record of %s", t.Check.Record, t.Check.Name)
	case t.Check.Answer != "" && !slices.Contains(records, wanted):
		return fmt.Errorf("no %s record of %s is %s, but %s", t.Check.Record, t.Check.Name, wanted, strings.Join(records, ", "))
	}
	return nil
}

// query is a question to a name server, and the message that asks it.
type query struct {
	dnsmessage.Question
	record  string // the type, as in a check
	id      uint16
	message []byte
}

// recordTypes are the records that can be asked for.
var recordTypes = map[string]dnsmessage.Type{
	"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "CNAME": dnsmessage.TypeCNAME, "MX": dnsmessage.TypeMX,
	"NS": dnsmessage.TypeNS, "PTR": dnsmessage.TypePTR, "SOA": dnsmessage.TypeSOA, "SRV": dnsmessage.TypeSRV, "TXT": dnsmessage.TypeTXT,
}

func newQuery(name, record string) (query, error) {
	kind, known := recordTypes[record]
	if !known {
		return query{}, fmt.Errorf("no record of type %q", record)
	}
	n, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return query{}, fmt.Errorf("name %q: %w", name, err)
	}
	q := query{Question: dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET}, record: record, id: uint16(rand.Uint32())}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: q.id, RecursionDesired: true},
		Questions: []dnsmessage.Question{q.Question},
	}
	if q.message, err = m.Pack(); err != nil {
		return query{}, fmt.Errorf("name %q: %w", name, err)
	}
	return q, nil
}

// askUDP waits for a datagram that answers the query; others may be forged.
func (q query) askUDP(ctx context.Context, t Target) ([]byte, error) {
	conn, err := t.dialUDP(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer endWith(ctx, conn)()
	if _, err := conn.Write(q.message); err != nil {
		return nil, err
	}
	buffer := make([]byte, maxDatagram)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		if _, _, err := q.open(buffer[:n]); err == nil {
			return buffer[:n], nil
		}
	}
}

// askTCP exchanges messages with their length before them (RFC 1035, section
// 4.2.2).
func (q query) askTCP(conn net.Conn) ([]byte, error) {
	length := binary.BigEndian.AppendUint16(nil, uint16(len(q.message)))
	if _, err := conn.Write(append(length, q.message...)); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(conn, length); err != nil {
		return nil, err
	}
	reply := make([]byte, binary.BigEndian.Uint16(length))
	_, err := io.ReadFull(conn, reply)
	return reply, err
}

// truncated reports whether a reply was cut short for UDP.
func truncated(reply []byte) bool {
	h, err := new(dnsmessage.Parser).Start(reply)
	return err == nil && h.Truncated
}

// errNoReply is a message that does not answer the query.
var errNoReply = errors.New("the reply is to another question")

// open reads a reply up to its records.
func (q query) open(reply []byte) (*dnsmessage.Parser, dnsmessage.Header, error) {
	p := new(dnsmessage.Parser)
	h, err := p.Start(reply)
	if err != nil {
		return nil, h, err
	}
	asked, err := p.AllQuestions()
	if err != nil {
		return nil, h, err
	}
	if h.ID != q.id || !h.Response || len(asked) != 1 || asked[0].Type != q.Type || asked[0].Class != q.Class ||
		!strings.EqualFold(asked[0].Name.String(), q.Name.String()) {
		return nil, h, errNoReply
	}
	return p, h, nil
}

// rcodes are what is amiss, as dig(1) names it.
var rcodes = map[dnsmessage.RCode]string{
	dnsmessage.RCodeFormatError: "FORMERR", dnsmessage.RCodeServerFailure: "SERVFAIL", dnsmessage.RCodeNameError: "NXDOMAIN",
	dnsmessage.RCodeNotImplemented: "NOTIMP", dnsmessage.RCodeRefused: "REFUSED",
}

// records are those of a reply that were asked for, in normal form, whatever
// name a CNAME record gave them.
func (q query) records(reply []byte) ([]string, error) {
	p, h, err := q.open(reply)
	if err != nil {
		return nil, fmt.Errorf("not a reply: %w", err)
	}
	if h.RCode != dnsmessage.RCodeSuccess {
		return nil, errors.New("the name server says " + cmp.Or(rcodes[h.RCode], fmt.Sprintf("RCODE%d", h.RCode)))
	}
	var records []string
	for {
		switch r, err := p.Answer(); {
		case errors.Is(err, dnsmessage.ErrSectionDone):
			return records, nil
		case err != nil:
			return nil, fmt.Errorf("not a reply: %w", err)
		case r.Header.Type == q.Type && r.Header.Class == q.Class:
			records = append(records, normal(q.record, text(r.Body)))
		}
	}
}

// text is a record as a file of a zone has it.
func text(body dnsmessage.ResourceBody) string {
	switch r := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(r.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(r.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return r.CNAME.String()
	case *dnsmessage.NSResource:
		return r.NS.String()
	case *dnsmessage.PTRResource:
		return r.PTR.String()
	case *dnsmessage.MXResource:
		return fmt.Sprint(r.Pref, r.MX)
	case *dnsmessage.SRVResource:
		return fmt.Sprint(r.Priority, r.Weight, r.Port, r.Target)
	case *dnsmessage.SOAResource:
		return fmt.Sprint(r.NS, r.MBox, r.Serial, r.Refresh, r.Retry, r.Expire, r.MinTTL)
	case *dnsmessage.TXTResource:
		return strings.Join(r.TXT, "")
	}
	return ""
}

// normal makes the text of records comparable: addresses have one spelling,
// names no capitals and no last dot.
func normal(record, text string) string {
	switch record {
	case "TXT":
		return strings.Trim(text, `"`)
	case "A", "AAAA":
		if a, err := netip.ParseAddr(text); err == nil {
			return a.String()
		}
	}
	words := strings.Fields(strings.ToLower(text))
	for i, w := range words {
		words[i] = cmp.Or(strings.TrimSuffix(w, "."), ".")
	}
	return strings.Join(words, " ")
}
