package health

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// zone is what the name server of the test knows: by name.
var zone = map[string][]dnsmessage.ResourceBody{
	"web.test.": {
		&dnsmessage.AResource{A: [4]byte{10, 0, 0, 7}}, &dnsmessage.AResource{A: [4]byte{10, 0, 0, 17}},
		&dnsmessage.AAAAResource{AAAA: netip.MustParseAddr("fd00::7").As16()},
		&dnsmessage.MXResource{Pref: 10, MX: host("Mail.test.")}, &dnsmessage.NSResource{NS: host("ns1.test.")},
		&dnsmessage.SRVResource{Priority: 1, Weight: 2, Port: 443, Target: host("web.test.")},
		&dnsmessage.SOAResource{NS: host("ns1.test."), MBox: host("root.test."), Serial: 1, Refresh: 2, Retry: 3, Expire: 4, MinTTL: 5},
		&dnsmessage.TXTResource{TXT: []string{"v=spf1 ", "-ALL"}}, &dnsmessage.PTRResource{PTR: host("web.test.")},
	},
	"www.test.":  {&dnsmessage.CNAMEResource{CNAME: host("WEB.test.")}, &dnsmessage.AResource{A: [4]byte{10, 0, 0, 7}}},
	"none.test.": {},
	".":          {&dnsmessage.NSResource{NS: host("ns1.test.")}},
}

func host(s string) dnsmessage.Name { return dnsmessage.MustNewName(s) }

// resource gives a body a header.
func resource(t testing.TB, name dnsmessage.Name, body dnsmessage.ResourceBody) dnsmessage.Resource {
	t.Helper()
	packed, err := (&dnsmessage.Message{Answers: []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: name}, Body: body}}}).Pack()
	must(t, err)
	var p dnsmessage.Parser
	_, err = p.Start(packed)
	must(t, err)
	must(t, p.SkipAllQuestions())
	h, err := p.AnswerHeader() // only packing finds out the type
	must(t, err)
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Type: h.Type, Class: dnsmessage.ClassINET}, Body: body}
}

// resolve is the reply of the test's name server.
func resolve(t testing.TB, question []byte, change func(*dnsmessage.Message)) []byte {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		t.Errorf("a question that is none: %v, %v", m.Questions, err)
		return nil
	}
	m.Response = true
	bodies, known := zone[strings.ToLower(m.Questions[0].Name.String())]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, body := range bodies {
		r := resource(t, m.Questions[0].Name, body)
		if cname := r.Header.Type == dnsmessage.TypeCNAME; cname || r.Header.Type == m.Questions[0].Type {
			m.Answers = append(m.Answers, r)
		}
	}
	if change != nil {
		change(&m)
	}
	packed, err := m.Pack()
	must(t, err)
	return packed
}

// byTCP answers one question by TCP.
func byTCP(t testing.TB, change func(*dnsmessage.Message)) func(net.Conn) {
	return func(conn net.Conn) {
		b := make([]byte, 2)
		if _, err := io.ReadFull(conn, b); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(b))
		io.ReadFull(conn, question)
		reply := resolve(t, question, change)
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
	}
}

func record(name, kind, answer string) *config.Check {
	return check(config.CheckDNS, func(c *config.Check) { c.Name, c.Record, c.Answer = name, kind, answer })
}

func TestDNS(t *testing.T) {
	server := replies(t, func(asked []byte) [][]byte { return [][]byte{resolve(t, asked, nil)} })
	for _, tt := range []struct {
		check *config.Check
		want  want
	}{
		{record("web.test", "A", ""), good},
		{record("WEB.test.", "A", "10.0.0.17"), good},
		{record("web.test", "A", "10.0.0.8"), bad("no A record of web.test is 10.0.0.8, but 10.0.0.7, 10.0.0.17")},
		{record("web.test", "AAAA", "FD00:0::7"), good},
		{record("web.test", "MX", "10  mail.TEST."), good},
		{record("web.test", "MX", "20 mail.test"), bad("no MX record of web.test is 20 mail.test, but 10 mail.test")},
		{record("web.test", "NS", "ns1.test."), good},
		{record("web.test", "SRV", "1 2 443 web.test"), good},
		{record("web.test", "SOA", "ns1.test. root.test. 1 2 3 4 5"), good},
		{record("web.test", "PTR", "Web.Test"), good},
		{record("web.test", "TXT", `"v=spf1 -ALL"`), good},
		{record("web.test", "TXT", "v=spf1 -all"), bad("no TXT record of web.test is v=spf1 -all, but v=spf1 -ALL")},
		{record("www.test", "CNAME", "web.test"), good},
		{record("www.test", "A", "10.0.0.7"), good},
		{record("www.test", "MX", ""), bad("no MX record of www.test")},
		{record("none.test", "A", ""), bad("no A record of none.test")},
		{record(".", "NS", "ns1.test"), good},
		{record("absent.test", "A", ""), bad("the name server says NXDOMAIN")},
		{record("web.test", "HINFO", ""), want{why: `no record of type "HINFO"`}},
		{record("a..test", "A", ""), want{why: `name "a..test": packing Question: Name: zero length segment`}},
		{record(strings.Repeat("a", 300), "A", ""), want{why: `name "` + strings.Repeat("a", maxWhy-len(`name "`)) + "…"}},
	} {
		t.Run(tt.check.Record+" "+tt.check.Name, func(t *testing.T) { asked(t, Target{Server: server, Protocol: ipvs.UDP, Check: tt.check}, tt.want) })
	}
}

// TestDNSServers: what name servers may do.
func TestDNSServers(t *testing.T) {
	datagrams := func(changes ...func(*dnsmessage.Message)) netip.AddrPort {
		return replies(t, func(asked []byte) (all [][]byte) {
			for _, change := range changes {
				all = append(all, resolve(t, asked, change))
			}
			return all
		})
	}
	forged := []func(*dnsmessage.Message){
		func(m *dnsmessage.Message) { m.ID++ },
		func(m *dnsmessage.Message) { m.Response = false },
		func(m *dnsmessage.Message) { m.Questions = nil },
		func(m *dnsmessage.Message) { m.Questions[0].Name = host("other.test.") },
		func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeAAAA },
		func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) },
	}
	rcode := func(code dnsmessage.RCode) func(*dnsmessage.Message) {
		return func(m *dnsmessage.Message) { m.RCode = code }
	}
	const silence = "no answer in 300ms"
	for _, tt := range []struct {
		name     string
		server   netip.AddrPort
		protocol ipvs.Protocol
		want     want
	}{
		{"fails", datagrams(rcode(dnsmessage.RCodeServerFailure)), ipvs.UDP, bad("the name server says SERVFAIL")},
		{"refuses", datagrams(rcode(dnsmessage.RCodeRefused)), ipvs.UDP, bad("the name server says REFUSED")},
		{"says what nobody knows", datagrams(rcode(11)), ipvs.UDP, bad("the name server says RCODE11")},
		{"is forged", datagrams(forged...), ipvs.UDP, want{why: silence}},
		{"is forged, then answers", datagrams(append(forged, nil)...), ipvs.UDP, good},
		{"floods with nothing", replies(t, func([]byte) [][]byte { return [][]byte{{}, {1, 2}, make([]byte, 1200)} }), ipvs.UDP, want{why: silence}},
		{"answers with half a record", replies(t, func(asked []byte) [][]byte {
			b := resolve(t, asked, nil)
			return [][]byte{b[:len(b)-3]}
		}), ipvs.UDP, bad("not a reply: unpacking Answer: A record: insufficient data for base length type")},
		{"is silent", mute(t), ipvs.UDP, want{why: silence}},
		{"nobody", nobody(t), ipvs.UDP, bad("port unreachable")},
		{"by TCP", serve(t, byTCP(t, nil)), ipvs.TCP, good},
		{"by TCP, forged", serve(t, byTCP(t, forged[0])), ipvs.TCP, bad("not a reply: the reply is to another question")},
		{"by TCP, closed", serve(t, says("")), ipvs.TCP, bad("connection closed without an answer")},
		{"by TCP, cut short", serve(t, says("\x01\x00abc")), ipvs.TCP, bad("connection closed in the middle of the answer")},
		{"by TCP, silent", serve(t, silent), ipvs.TCP, bad("connected, but no complete answer in 300ms")},
		{"by TCP, nobody", nobody(t), ipvs.TCP, bad("connection refused")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := record("web.test", "A", "10.0.0.7")
			if strings.HasSuffix(tt.want.why, " in 300ms") {
				c.Timeout = soon
			}
			asked(t, Target{Server: tt.server, Protocol: tt.protocol, Check: c}, tt.want)
		})
	}
}

// TestDNSTruncated: what does not fit into a datagram is asked again by TCP.
func TestDNSTruncated(t *testing.T) {
	cut := func(m *dnsmessage.Message) { m.Truncated, m.Answers = true, nil }
	target := Target{Server: serve(t, byTCP(t, nil)), Protocol: ipvs.UDP, Check: record("web.test", "A", "10.0.0.7")}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(target.Server))
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		for b := make([]byte, 1500); ; {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			conn.WriteToUDPAddrPort(resolve(t, b[:n], cut), from)
		}
	}()
	asked(t, target, good)

	onlyUDP := replies(t, func(asked []byte) [][]byte { return [][]byte{resolve(t, asked, cut)} })
	target.Server = onlyUDP
	asked(t, target, bad("connection refused"))
}

// FuzzRecords: whatever a name server sends, its records are read or refused.
func FuzzRecords(f *testing.F) {
	for kind := range recordTypes {
		q, err := newQuery("web.test", kind)
		must(f, err)
		q.message[0], q.message[1] = 0, 1
		f.Add(kind, resolve(f, q.message, nil))
	}
	f.Fuzz(func(t *testing.T, kind string, reply []byte) {
		q, err := newQuery("web.test", kind)
		if err != nil {
			return
		}
		q.id = 1
		records, err := q.records(reply)
		if err != nil && records != nil {
			t.Errorf("%q, and %v", records, err)
		}
		for _, r := range records {
			if kind != "TXT" && normal(kind, r) != r {
				t.Errorf("%q is %q in normal form", r, normal(kind, r))
			}
		}
	})
}
