package rehearse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
)

// read is a checked configuration of a text.
func read(t *testing.T, text string) config.Config {
	t.Helper()
	c, err := config.Load("test.yaml", []byte(text))
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// many is a list of so many real servers.
func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("10.0.0.%d", i+10))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// TestRefused: what cannot be rehearsed is said in one line.
func TestRefused(t *testing.T) {
	const two = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
	for name, tt := range map[string]struct {
		text  string
		picks []string
		want  string
	}{
		"one real server": {"vip: 172.16.0.100\nreal_servers: [10.0.0.7]\ncheck: {}\n", nil,
			"no service has two real servers that take connections: when the only one fails, nobody is left; expected two in a service"},
		"weight 0": {"vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 0}]\n", nil, "no service has two real servers"},
		"too many": {"vip: 172.16.0.100\nreal_servers: " + many(33) + "\n", nil, "33 real servers; a rehearsal has at most 32"},
		"exec": {two + "check: {type: exec, command: [/bin/true]}\n", nil,
			"tcp/80: a check of type exec cannot be rehearsed: its program asks a server of its own kind"},
		"sctp":   {two + "services: [{port: 80, protocol: sctp}]\n", nil, "sctp/80: a service of protocol sctp cannot be rehearsed"},
		"a mark": {two + "services: [{fwmark: 7}]\n", nil, "fwmark/7: no single port to rehearse; expected a check with a port"},
		"two methods": {two + "services: [{port: 80}, {port: 25, forward: masquerade}]\n", nil,
			"10.0.0.7 is reached by masquerading and by another method: its one default route cannot serve both"},
		"two languages": {"real_servers: [10.0.0.7, 10.0.0.17]\nservices: [{port: 80, vip: 172.16.0.1, check: {type: http}}, {port: 80, vip: 172.16.0.2, check: {type: https}}]\n", nil,
			"tcp port 80: its checks use http and https"},
		"an unlikely answer": {two + "check: {type: tcp, receive: \"x\\\\by\"}\n", nil, "no text was found that matches"},
		"the client's network": {"vip: 198.18.0.9\nreal_servers: [10.0.0.7, 10.0.0.17]\n", nil,
			"198.18.0.9 is in 198.18.0.0/15, the network of the rehearsal's client"},
		"the director": {"vip: 172.16.0.100\nreal_servers: [10.0.0.7, 127.0.0.1]\n", nil, "127.0.0.1 is the director itself"},
		"too long": {two + "check: {interval: 10m, fall: 3}\n", nil,
			"its 11 faults would take about 6.7 hours by"},
		"unknown fault":  {two, []string{"burnt"}, `--fault burnt: unknown fault "burnt"; expected killed, hanging, watch-killed, vip-lost, unplugged, arp-lost`},
		"unknown server": {two, []string{"killed@10.0.0.9"}, `--fault killed@10.0.0.9: "10.0.0.9" is no real server of the file`},
		"no VIP there": {"vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\nservices: [{port: 80, forward: masquerade}]\n", []string{"vip-lost"},
			"--fault vip-lost: it would change nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(read(t, tt.text), tt.picks)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %s", err, tt.want)
			}
		})
	}
}

// TestPromises: what the checks of a file promise after each fault, of its first
// service and real server.
func TestPromises(t *testing.T) {
	const two = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
	for name, tt := range map[string]struct {
		text   string
		effect effect
		falls  int
		want   promise
	}{
		"killed":      {"check: {}", refuses, 0, promise{out: 7 * time.Second, back: 5 * time.Second}},
		"a second":    {"check: {interval: 1s, timeout: 500ms, fall: 2, rise: 1}", vanishes, 0, promise{out: 2500 * time.Millisecond, back: 1500 * time.Millisecond}},
		"third fall":  {"check: {}", refuses, 2, promise{out: 7 * time.Second, back: 9 * time.Second}},
		"ninth fall":  {"check: {}", refuses, 8, promise{out: 7 * time.Second, back: 33 * time.Second}},
		"no check":    {"", refuses, 0, promise{stays: "it has no check"}},
		"it connects": {"check: {}", hangs, 0, promise{stays: "a check of type tcp without receive does not see it"}},
		"it listens":  {"check: {receive: ok}", hangs, 0, promise{out: 7 * time.Second, back: 5 * time.Second}},
		"VIP":         {"check: {type: http}", vipless, 0, promise{out: 7 * time.Second, back: 5 * time.Second}},
		"no VIP":      {"check: {type: http, vip: false}", vipless, 0, promise{stays: "the VIP is not asked for on the wire"}},
		"UDP":         {"services: [{port: 53, protocol: udp}]\ncheck: {type: udp}", vipless, 0, promise{stays: "the VIP is not asked for on the wire"}},
		"minimum":     {"services: [{port: 80, minimum: 2}]\ncheck: {}", refuses, 0, promise{stays: "minimum 2 keeps it in"}},
		"half":        {"services: [{port: 80, minimum: 50%}]\ncheck: {}", refuses, 0, promise{out: 7 * time.Second, back: 5 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := newCluster(read(t, two+tt.text+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			s := l.services[0]
			s.members[0].falls = tt.falls
			if got := s.promise(s.members[0], tt.effect); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestCluster: the machines that a file takes, and where they are.
func TestCluster(t *testing.T) {
	l, err := newCluster(read(t, `
services:
  - {port: 80, vip: [172.16.0.100, "2001:db8:1::100"], real_servers: [10.0.0.1, 10.0.0.7, "2001:db8::1", "2001:db8::7"]}
  - {port: 53, protocol: udp, vip: 172.16.0.101, forward: masquerade, check: {type: dns, name: example.com, port: 5353}, real_servers: [{address: 10.0.1.7, port: 5300}, 10.0.1.8], sorry: [10.0.1.9]}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range l.machines {
		got = append(got, fmt.Sprintln(m.name, m.addr, m.vips, m.masqueraded, m.sockets))
	}
	got = append(got, fmt.Sprintln("director", l.director), fmt.Sprintln("router", l.router))
	for _, s := range l.services {
		got = append(got, fmt.Sprintln(s, s.socket, len(s.members)))
	}
	want := `rs1 10.0.0.1 [172.16.0.100 2001:db8:1::100] false [{tcp 80}]
rs2 10.0.0.7 [172.16.0.100 2001:db8:1::100] false [{tcp 80}]
rs3 2001:db8::1 [172.16.0.100 2001:db8:1::100] false [{tcp 80}]
rs4 2001:db8::7 [172.16.0.100 2001:db8:1::100] false [{tcp 80}]
rs5 10.0.1.7 [] true [{udp 5300} {udp 5353}]
rs6 10.0.1.8 [] true [{udp 53} {udp 5353}]
rs7 10.0.1.9 [] true [{udp 53} {udp 5353}]
director [10.0.0.2/24 2001:db8::2/64 10.0.1.1/24]
router [10.0.0.3/24 2001:db8::3/64 10.0.1.2/24]
tcp/80 on 172.16.0.100 {tcp 80} 2
tcp/80 on 2001:db8:1::100 {tcp 80} 2
udp/53 on 172.16.0.101 {udp 53} 2
`
	if d := cmp.Diff(want, strings.Join(got, "")); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestJudged: shares that weights explain, and shares that they do not.
func TestJudged(t *testing.T) {
	for name, tt := range map[string]struct {
		service string
		counts  map[string]int
		want    string
	}{
		"by weight":     {"port: 80", map[string]int{"10.0.0.7": 8, "10.0.0.17": 24}, ""},
		"nearly":        {"port: 80", map[string]int{"10.0.0.7": 11, "10.0.0.17": 21}, ""},
		"evenly":        {"port: 80", map[string]int{"10.0.0.7": 16, "10.0.0.17": 16}, "10.0.0.7:80 got 16 requests, expected 8.0 by its weight"},
		"one alone":     {"port: 80", map[string]int{"10.0.0.17": 32}, "10.0.0.7:80 got 0 requests, expected 8.0 by its weight"},
		"round robin":   {"port: 80, scheduler: rr", map[string]int{"10.0.0.7": 16, "10.0.0.17": 16}, ""},
		"by the client": {"port: 80, scheduler: sh", map[string]int{"10.0.0.17": 32}, ""},
		"lost":          {"port: 80", map[string]int{"": 1, "10.0.0.7": 7, "10.0.0.17": 24}, "1 of 32 requests lost: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := newCluster(read(t, "vip: 172.16.0.100\nservices: [{"+tt.service+"}]\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			got := Traffic{Requests: 32, Lost: tt.counts[""]}
			got.Shares, got.Judged = l.services[0].shares(32, tt.counts)
			got.judge("no answer")
			if got.Why != tt.want || got.OK != (tt.want == "") {
				t.Errorf("%+v; want %q", got, tt.want)
			}
		})
	}
}
