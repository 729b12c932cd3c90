package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestExpectHandshake(t *testing.T) {
	client, service := netip.MustParseAddrPort("192.168.0.6:5000"), netip.MustParseAddrPort("172.16.0.100:80")
	five := func() []Packet {
		return []Packet{
			{1, "SYN", "router", "", "lvs", "", client, service},
			{2, "SYN", "lvs", "", "rs2", "", client, service},
			{3, "SYN,ACK", "rs2", "", "router", "", service, client},
			{4, "ACK", "router", "", "lvs", "", client, service},
			{5, "ACK", "lvs", "", "rs2", "", client, service},
		}
	}
	for _, c := range []struct {
		name   string
		change func([]Packet) []Packet
		failed string // numbers of the expectations; 6 is that of the IP headers
	}{
		{"as expected", func(p []Packet) []Packet { return p }, ""},
		{"none", func(p []Packet) []Packet { return nil }, "1 2 3 4 5 6"},
		{"one is missing", func(p []Packet) []Packet { return p[:4] }, "5"},
		{"one too many, before that of the IP headers", func(p []Packet) []Packet { return append(p, p[4]) }, "6"},
		{"the answer by way of lvs", func(p []Packet) []Packet { p[2].To = "lvs"; return p }, "3"},
		{"another real server in between", func(p []Packet) []Packet { p[4].To = "rs1"; return p }, "5"},
		{"another destination behind lvs", func(p []Packet) []Packet {
			p[1].Destination = netip.MustParseAddrPort("10.0.0.17:80")
			return p
		}, "6"},
		{"straight to a real server", func(p []Packet) []Packet { p[0].To = "rs2"; return p }, "1"},
		{"an answer to somebody else", func(p []Packet) []Packet {
			p[2].Destination = netip.MustParseAddrPort("10.0.0.8:5000")
			return p
		}, "6"},
	} {
		w := &walk{report: Report{Steps: []Step{{OK: true}}}}
		w.expectHandshake(c.change(five()))
		var failed []string
		for i, e := range w.step().Expectations {
			if !e.OK {
				failed = append(failed, fmt.Sprint(i+1))
			}
		}
		if got := strings.Join(failed, " "); got != c.failed || w.step().OK != (c.failed == "") {
			t.Errorf("%s: unexpected are %q, want %q", c.name, got, c.failed)
		}
	}
}
