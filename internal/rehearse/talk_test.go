package rehearse

import (
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"regexp"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/ipvs"
)

func TestSpecimen(t *testing.T) {
	for _, expression := range []string{
		"", "^220 ", "^SSH-2\\.0-", "ok|fine", "(?i)welcome", "^[a-f0-9]{8}$", "\"status\": ?\"(up|ok)\"", "^\\d+\\s+ready", "a.c+d*", "\\bfine\\b", "(?m)^second$", "[^\\s]+",
	} {
		got, err := specimen(expression)
		if err != nil || !regexp.MustCompile(expression).MatchString(got) {
			t.Errorf("%q: %q, %v", expression, got, err)
		}
	}
	if got, err := specimen("x\\by"); err == nil {
		t.Errorf("nothing matches, and %q was found", got)
	}
}

// ask is a check with some of its keys.
func ask(kind config.CheckType, change func(*config.Check)) *config.Check {
	c := config.DefaultCheck()
	c.Type, c.Timeout = kind, 10*time.Second
	if change != nil {
		change(&c)
	}
	return &c
}

// freePort is a port of the loopback interface that nobody has.
func freePort(t *testing.T, network string) uint16 {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return netip.MustParseAddrPort(c.LocalAddr().String()).Port()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// TestServers: a server satisfies the check that it was made for, and the
// client's question; it does neither when it is killed, and both when it is
// started again.
func TestServers(t *testing.T) {
	local := netip.MustParseAddr("127.0.0.1")
	certificate, pem, _, err := newCertificate([]string{"www.example.com"}, []netip.Addr{local})
	if err != nil {
		t.Fatal(err)
	}
	ca := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(ca, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		network string
		check   *config.Check
	}{
		"tcp":          {"tcp", ask(config.CheckTCP, nil)},
		"banner":       {"tcp", ask(config.CheckTCP, func(c *config.Check) { c.Receive = "^220 " })},
		"conversation": {"tcp", ask(config.CheckTCP, func(c *config.Check) { c.Send, c.Receive = "PING\r\n", "^\\+PONG" })},
		"http":         {"tcp", ask(config.CheckHTTP, nil)},
		"http with a key": {"tcp", ask(config.CheckHTTP, func(c *config.Check) {
			c.Path, c.Status, c.Body = "/x?y=1", []config.StatusRange{{From: 401, To: 403}}, "no|way"
		})},
		"tls":            {"tcp", ask(config.CheckTLS, func(c *config.Check) { c.CA = ca })},
		"https":          {"tcp", ask(config.CheckHTTPS, func(c *config.Check) { c.CA, c.Host = ca, "www.example.com" })},
		"udp":            {"udp", ask(config.CheckUDP, nil)},
		"udp that tells": {"udp", ask(config.CheckUDP, func(c *config.Check) { c.Send, c.Receive = "ping", "pong" })},
		"dns by tcp":     {"tcp", ask(config.CheckDNS, func(c *config.Check) { c.Name = "www.example.com" })},
		"dns": {"udp", ask(config.CheckDNS, func(c *config.Check) {
			c.Name, c.Record, c.Answer = "example.com", "MX", "10 mail.example.com"
		})},
		"dns of services": {"udp", ask(config.CheckDNS, func(c *config.Check) {
			c.Name, c.Record, c.Answer = "_s._tcp.example.com", "SRV", "1 2 3 a.example.com"
		})},
		"dns of zones": {"udp", ask(config.CheckDNS, func(c *config.Check) { c.Name, c.Record = "example.com", "SOA" })},
		"dns of IPv6":  {"udp", ask(config.CheckDNS, func(c *config.Check) { c.Name, c.Record, c.Answer = "example.com", "AAAA", "2001:db8::7" })},
		"dns of texts": {"udp", ask(config.CheckDNS, func(c *config.Check) { c.Name, c.Record = "example.com", "TXT" })},
	} {
		t.Run(name, func(t *testing.T) {
			serveAndAsk(t, certificate, tt.network, tt.check)
		})
	}
}

func serveAndAsk(t *testing.T, certificate tls.Certificate, network string, check *config.Check) {
	local := netip.MustParseAddr("127.0.0.1")
	at := socket{network, freePort(t, network)}
	speech, err := talk{}.with(talkOf(check))
	if err != nil {
		t.Fatal(err)
	}
	noted := make(chan netip.Addr, 10)
	s := &servers{talks: map[socket]talk{at: speech}, certificate: certificate, note: func(a netip.Addr) { noted <- a }}
	protocol := ipvs.TCP
	if network == "udp" {
		protocol = ipvs.UDP
	}
	for _, up := range []bool{true, false, true} {
		if up {
			if err := s.start([]netip.Addr{local}, []socket{at}); err != nil {
				t.Fatal(err)
			}
		} else if err := s.kill(); err != nil {
			t.Fatal(err)
		}
		for who, question := range map[string]*config.Check{"check": check, "client": speech.question(network)} {
			got := health.Ask(t.Context(), health.Target{Server: netip.AddrPortFrom(local, at.port), Protocol: protocol, Check: question, From: local})
			if got.Good != up {
				t.Errorf("%s, up %t: %+v", who, up, got)
			}
			if up && <-noted != local {
				t.Errorf("%s: not noted", who)
			}
		}
	}
	s.kill()
}
