package names

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"lvsdr/internal/namestest"
)

// Whatever is found in a hosts file is found again in a file with one clean line.
func FuzzHosts(f *testing.F) {
	for line := range strings.Lines(hostsText) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table := parseHosts(text)
		for name, addr := range table.addrs {
			if !addr.Is4() {
				t.Errorf("%q has %v; want IPv4", name, addr)
			}
			if again := parseHosts(addr.String() + " " + name); again.addrs[name] != addr {
				t.Errorf("%q: got %v; want %v", name, again.addrs[name], addr)
			}
		}
		for addr, name := range table.names {
			if again := parseHosts(addr.String() + " " + name); again.names[addr] != name {
				t.Errorf("%v: got %q; want %q", addr, again.names[addr], name)
			}
		}
	})
}

// Whatever is found in a services file is found again in one with a clean line.
func FuzzServices(f *testing.F) {
	for line := range strings.Lines(servicesText) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table := parseServices(text)
		for key, port := range table.ports {
			again := parseServices(fmt.Sprintf("%s %d/%s", key.name, port, key.protocol))
			if got, ok := again.ports[key]; !ok || got != port {
				t.Errorf("%q: got %d, %v; want %d", key, got, ok, port)
			}
		}
		for key, name := range table.names {
			again := parseServices(fmt.Sprintf("%s %d/%s", name, key.port, key.protocol))
			if got := again.names[key]; got != name {
				t.Errorf("%v: got %q; want %q", key, got, name)
			}
		}
	})
}

// The configuration files never upset their parsers, and hold to their bounds.
func FuzzConfig(f *testing.F) {
	f.Add("hosts: dns [!UNAVAIL=return notfound = continue] files\nservices:db files\n")
	f.Add("nameserver 192.0.2.1\nsearch a.test b.test\noptions ndots:2 timeout:1 attempts:3\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range append(parseSwitch(text).hosts, parseSwitch(text).services...) {
			if s.name == "" {
				t.Error("a source without a name")
			}
		}
		c := parseResolvConf(text, text)
		if len(c.servers) == 0 || len(c.servers) > maxServers || c.attempts > 5 || c.wait(2) > 120e9 {
			t.Errorf("out of bounds: %+v", c)
		}
	})
}

// A reply of any bytes means to us what it means to another reader.
func FuzzReply(f *testing.F) {
	q, err := newQuestion(7, "web.test.", dnsmessage.TypeA)
	if err != nil {
		f.Fatal(err)
	}
	asked := q.message
	z := zone{"web.test A": "web.test CNAME a.test; a.test A 10.0.0.1"}
	f.Add(z.respond("tcp", asked))
	f.Add(zone{"web.test A": "other.test A 10.0.0.1; web.test PTR a.test"}.respond("tcp", asked))
	f.Add(zone{"web.test A": "SERVFAIL"}.respond("tcp", asked))
	f.Add(zone{}.respond("tcp", asked))
	f.Add([]byte("\x00\x07\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x03web\x04test\x00\x00\x01\x00\x01" +
		"\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x00\x30\x30\xc0\x10")) // its record is longer than the message
	for _, a := range namestest.Malformed {
		f.Add(a.Make(asked))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		if len(message) < headerLen {
			return // nobody looks at it
		}
		if got, want := q.answeredBy(message), refAnswers(message, asked); got != want {
			t.Errorf("%q answers: %v; want %v", message, got, want)
		}
		r := reply{q, message}
		addr, addrErr := r.record().AResource()
		wantAddr, _ := refPick(r).(*dnsmessage.AResource)
		r.Type = dnsmessage.TypePTR
		name, nameErr := r.record().PTRResource()
		wantName, _ := refPick(r).(*dnsmessage.PTRResource)
		if wantAddr == nil && addrErr == nil || wantAddr != nil && addr != *wantAddr {
			t.Errorf("%q: address %v, %v; want %v", message, addr, addrErr, wantAddr)
		}
		if wantName == nil && nameErr == nil || wantName != nil && name.PTR.String() != wantName.PTR.String() {
			t.Errorf("%q: name %v, %v; want %v", message, name, nameErr, wantName)
		}
	})
}

// A question is asked in the form of RFC 1035, or not at all.
func FuzzQuestion(f *testing.F) {
	for _, name := range []string{"web.test.", ".", "a", "", "a..b.", ".a.", strings.Repeat("a", 64) + ".", strings.Repeat("a.", 127), strings.Repeat("a.", 128)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		valid := strings.HasSuffix(name, ".") && len(name) <= 254
		want := "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
		if name != "." {
			for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
				valid = valid && 0 < len(label) && len(label) <= 63
				want += string([]byte{byte(len(label))}) + label
			}
		}
		want += "\x00\x00\x0c\x00\x01"
		q, err := newQuestion(7, name, dnsmessage.TypePTR)
		if valid != (err == nil) || valid && string(q.message) != want {
			t.Errorf("%q: got %q, %v; want %q: %v", name, q.message, err, want, valid)
		}
	})
}

func refAnswers(message, asked []byte) bool {
	var p, a dnsmessage.Parser
	h, err := p.Start(message)
	want, _ := a.Start(asked)
	if err != nil || h.ID != want.ID {
		return false
	}
	switch binary.BigEndian.Uint16(message[4:]) {
	case 0:
		return len(message) == 12 && slices.Contains([]dnsmessage.RCode{2, 4, 5}, h.RCode)
	case 1:
		q, err := p.Question()
		wanted, _ := a.Question()
		return err != nil || q.Type == wanted.Type && q.Class == wanted.Class && lower(q.Name.String()) == lower(wanted.Name.String())
	}
	return false
}

// refPick reads all answers first.
func refPick(r reply) dnsmessage.ResourceBody {
	var p dnsmessage.Parser
	if _, err := p.Start(r.message); err != nil {
		return nil
	}
	questions, err := p.AllQuestions()
	if err != nil || len(questions) != 1 {
		return nil
	}
	var picked dnsmessage.ResourceBody
	owner := lower(questions[0].Name.String())
	for {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			return picked
		}
		whole := p
		if err != nil || whole.SkipAnswer() != nil {
			return nil
		}
		ours := h.Class == dnsmessage.ClassINET && lower(h.Name.String()) == owner
		readable := h.Type == dnsmessage.TypePTR && ours || h.Type == dnsmessage.TypeA && h.Length == 4
		if h.Class == dnsmessage.ClassINET && h.Type == dnsmessage.TypeCNAME || h.Type == r.Type && readable {
			record, err := p.Answer()
			if err != nil {
				return nil
			}
			switch {
			case h.Type == r.Type && ours && picked == nil:
				picked = record.Body
				if r.Type == dnsmessage.TypePTR {
					return picked
				}
			case h.Type == dnsmessage.TypeCNAME && ours:
				owner = lower(record.Body.(*dnsmessage.CNAMEResource).CNAME.String())
			}
			continue
		}
		if p.SkipAnswer() != nil {
			return nil
		}
	}
}
