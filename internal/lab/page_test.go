package lab

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPage(t *testing.T) {
	var b bytes.Buffer
	p := page{w: &b}
	s := Step{Number: 2, Title: "Something happens", Commands: []Command{{On: "lvs", Command: "lvsdr vs start"}}}
	p.heading(s)
	p.prompt(s.Commands[0])
	p.output("The VS Server is Ready!\n")
	p.prompt(Command{On: "rs1", Command: "ip route del default"})
	p.output("")
	p.expectations([]Expectation{
		{"one thing", "so", "so", true},
		{"another", "two\nlines", "other", false},
	})
	p.end(Report{Steps: []Step{{}, {}}})
	if d := cmp.Diff(pageText, untrailed(b.String())); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

const pageText = `
2  Something happens

[root@lvs ~]# lvsdr vs start
The VS Server is Ready!
[root@rs1 ~]# ip route del default

        What       Expected  Seen
ok      one thing  so        so
FAILED  another    two       other
                   lines

step 2 was not as expected: FAILED
`

func TestPageOfPackets(t *testing.T) {
	var b bytes.Buffer
	page{w: &b}.packets([]Packet{
		{1, "SYN", "router", "00:0c:29:91:72:d3", "lvs", "00:0c:29:19:bf:73",
			netip.MustParseAddrPort("192.168.0.6:5000"), netip.MustParseAddrPort("172.16.0.100:80")},
		{2, "SYN", "lvs", "00:0c:29:19:bf:73", "", "00:0c:29:00:00:01",
			netip.MustParseAddrPort("192.168.0.6:5000"), netip.MustParseAddrPort("172.16.0.100:80")},
	})
	if d := cmp.Diff(packetsText, untrailed(b.String())); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

const packetsText = `
No.  Flags  From host (MAC)             To host (MAC)              Source            Destination
1    SYN    router (00:0c:29:91:72:d3)  → lvs (00:0c:29:19:bf:73)  192.168.0.6:5000  → 172.16.0.100:80
2    SYN    lvs (00:0c:29:19:bf:73)     → ? (00:0c:29:00:00:01)    192.168.0.6:5000  → 172.16.0.100:80
`

// untrailed drops the blanks at the ends of lines, which fill columns.
func untrailed(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

func TestPageColours(t *testing.T) {
	for _, c := range []struct {
		coloured, ok bool
		want         string
	}{
		{false, true, "ok"},
		{false, false, "FAILED"},
		{true, true, "\x1b[32mok\x1b[0m"},
		{true, false, "\x1b[31mFAILED\x1b[0m"},
	} {
		if got := (page{coloured: c.coloured}).verdict(c.ok); got != c.want {
			t.Errorf("coloured %t, ok %t: %q, want %q", c.coloured, c.ok, got, c.want)
		}
	}
}

func TestPageEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		report Report
		want   string
	}{
		{"one alone", Report{OK: true, Steps: make([]Step, 1)}, "\n1 step as expected: ok\n"},
		{"all well", Report{OK: true, Steps: make([]Step, 9)}, "\n9 steps as expected: ok\n"},
		{"one not", Report{Steps: make([]Step, 3)}, "\nstep 3 was not as expected: FAILED\n"},
	} {
		var b bytes.Buffer
		page{w: &b}.end(c.report)
		if b.String() != c.want {
			t.Errorf("%s: %q, want %q", c.name, b.String(), c.want)
		}
	}
}
