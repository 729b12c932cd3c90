package names

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
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

// A reply of any bytes is judged without a panic.
func FuzzReply(f *testing.F) {
	question, err := pack(7, "web.test.", dnsmessage.TypeA)
	if err != nil {
		f.Fatal(err)
	}
	z := zone{"web.test A": "web.test CNAME a.test; a.test A 10.0.0.1"}
	f.Add(z.respond("tcp", question))
	f.Add(zone{}.respond("tcp", question))
	f.Fuzz(func(t *testing.T, message []byte) {
		answers(message, question)
		if result, _ := judge(message); result == replied {
			r := reply{message, "web.test."}
			for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypePTR} {
				if body := r.pick(kind); body != nil && kindOf(body) != kind {
					t.Errorf("picked %T; want %v", body, kind)
				}
			}
		}
	})
}

func kindOf(body dnsmessage.ResourceBody) dnsmessage.Type {
	switch body.(type) {
	case *dnsmessage.AResource:
		return dnsmessage.TypeA
	case *dnsmessage.PTRResource:
		return dnsmessage.TypePTR
	}
	return 0
}
