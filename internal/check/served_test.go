package check

import (
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// oneServer serves two ports by direct routing.
const oneServer = "vip: 172.16.0.100\nservices: [{port: 80}, {port: 443}]\nreal_servers: [10.0.0.7]\n"

// of a check is its outcome and what it saw, then the remedies.
func of(name string, r Report) (lines []string) {
	r.Checks = slices.DeleteFunc(r.Checks, func(c Result) bool { return c.Name != name })
	if c := r.Checks[0]; c.Outcome == Pass {
		return []string{"pass " + c.Name + ": " + c.Seen}
	}
	return notWell(r)
}

func TestServed(t *testing.T) {
	const (
		drain  = "> lvsdr vs drain 10.0.0.7"
		start  = "> 10.0.0.7 lvsdr rs start"
		either = "the VIP is missing there, or the packet filter there drops this director's packets (lvsdr check there says which)"
		filter = "the packet filter there drops this director's packets; lvsdr check there tells whether it drops clients' too"
	)
	refused, timedOut := error(syscall.ECONNREFUSED), error(syscall.ETIMEDOUT)
	for _, tt := range []struct {
		name      string
		own       error // of connections to the real server's own address
		web, shop wire.Outcome
		want      []string
	}{
		{"both served", nil, wire.Served, wire.Served, []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp, 172.16.0.100:443/tcp"}},
		{"listens on the VIP only", refused, wire.Served, wire.Served,
			[]string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp, 172.16.0.100:443/tcp, and listens on the VIP only"}},
		{"the own address is filtered", timedOut, wire.Served, wire.Served,
			[]string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp, 172.16.0.100:443/tcp"}},
		{"listens on its own address only", nil, wire.Served, wire.Refused,
			[]string{"fail ports: nothing listens on 172.16.0.100:443/tcp at 10.0.0.7, only on its own address", drain}},
		{"nothing listens", refused, wire.Refused, wire.Refused,
			[]string{"fail ports: nothing listens on 172.16.0.100:80/tcp, 172.16.0.100:443/tcp at 10.0.0.7", drain}},
		{"no VIP", nil, wire.Silent, wire.Silent,
			[]string{"fail ports: 10.0.0.7 answers, but not for 172.16.0.100:80/tcp, 172.16.0.100:443/tcp: " + either, start}},
		{"no VIP, and nothing listens", refused, wire.Silent, wire.Silent,
			[]string{"fail ports: 10.0.0.7 answers, but not for 172.16.0.100:80/tcp, 172.16.0.100:443/tcp: " + either, start}},
		{"the packet filter drops one port", nil, wire.Refused, wire.Silent, []string{
			"fail ports: nothing listens on 172.16.0.100:80/tcp at 10.0.0.7, only on its own address; " +
				"10.0.0.7 has the VIP, but does not answer for 172.16.0.100:443/tcp: " + filter, drain}},
		{"nothing answers", timedOut, wire.Silent, wire.Silent,
			[]string{"fail ports: 10.0.0.7 answers neither for 172.16.0.100:80/tcp, 172.16.0.100:443/tcp nor at its own address", drain}},
		{"the packet filter rejects", nil, wire.Rejected, wire.Silent, []string{
			"fail ports: the packet filter of 10.0.0.7 rejects this director's packets for 172.16.0.100:80/tcp; lvsdr check there tells whether it rejects clients' too; " +
				"10.0.0.7 has the VIP, but does not answer for 172.16.0.100:443/tcp: " + filter, drain}},
		{"forwards, and says so once", nil, wire.Silent, wire.Forwarded,
			[]string{"fail ports: 10.0.0.7 does not have the VIP, and would forward packets for 172.16.0.100:80/tcp, 172.16.0.100:443/tcp", start}},
		{"no route, and says so once", nil, wire.Silent, wire.Unrouted,
			[]string{"fail ports: 10.0.0.7 does not have the VIP, and has no route for packets for 172.16.0.100:80/tcp, 172.16.0.100:443/tcp", start}},
		{"another director", nil, wire.Scheduled, wire.Served,
			[]string{"fail ports: 10.0.0.7 is itself a director, and sends packets for 172.16.0.100:80/tcp on to another machine", drain}},
		{"passed on to nobody", nil, wire.PassedOn, wire.Served,
			[]string{"unknown ports: 10.0.0.7 sends packets for 172.16.0.100:80/tcp on, and nobody answers: it is itself a director, or translates the address"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := director()
			f.connects = map[string]error{"10.0.0.7:80": tt.own, "10.0.0.7:443": tt.own}
			f.probed = map[string]wire.Outcome{
				rs1MAC.String() + " 172.16.0.100:80": tt.web, rs1MAC.String() + " 172.16.0.100:443": tt.shop,
			}
			if d := cmp.Diff(tt.want, of("ports", Run(siteOf(t, Director, oneServer), f, 0))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// The VIP is asked for where packets arrive as clients send them, and who can be
// asked by a frame. Others are asked at their own address.
func TestVisits(t *testing.T) {
	const (
		first  = "00:0c:29:dc:0a:2b 172.16.0.100:80 from 10.0.0.8 on eth0"
		second = "00:0c:29:88:8f:74 172.16.0.100:80 from 10.0.0.8 on eth0"
	)
	for _, tt := range []struct {
		name, config string
		change       func(*fake)
		visits       []string
		want         []string
	}{
		{name: "direct", visits: []string{first, second},
			want: []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp; 10.0.0.17 serves 172.16.0.100:80/tcp"}},
		{name: "masquerade", config: "vip: 172.16.0.100\nservices: [{port: 80, forward: masquerade}]\nreal_servers: [{address: 10.0.0.7, port: 8080}]\n",
			change: func(f *fake) { f.connects = map[string]error{"10.0.0.7:8080": syscall.ECONNREFUSED} },
			want:   []string{"fail ports: 10.0.0.7:8080/tcp: connection refused", "> lvsdr vs drain 10.0.0.7"}},
		{name: "a method for each real server",
			config: "vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7, {address: 10.0.0.17, forward: tunnel}]\n",
			visits: []string{first, strings.Replace(first, ".100:", ".101:", 1)},
			want:   []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp, 172.16.0.101:80/tcp; 10.0.0.17:80/tcp accepts"}},
		{name: "udp, sctp", config: "vip: 172.16.0.100\nservices: [{port: 53, protocol: udp}, {port: 9, protocol: sctp}]\nreal_servers: [10.0.0.7]\n",
			want: []string{"unknown ports: 10.0.0.7:53/udp: a udp port cannot be probed"}},
		{name: "behind a router", change: func(f *fake) { f.hops["10.0.0.17"] = host.Hop{Interface: "eth0", Gateway: true} },
			visits: []string{first}, want: []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp; 10.0.0.17:80/tcp accepts"}},
		{name: "no Ethernet", change: func(f *fake) { f.links[1].MAC, f.links[1].Kind = nil, "gre" },
			want: []string{"pass ports: 10.0.0.7:80/tcp accepts; 10.0.0.17:80/tcp accepts"}},
		{name: "silent neighbour", change: func(f *fake) { f.answers["eth0"] = f.answers["eth0"][:1] },
			visits: []string{first}, want: []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp"}},
		{name: "IPv6, and the VIP would be the source", config: "vip: fd00::100\nreal_servers: ['fd00::7']\n",
			change: func(f *fake) {
				f.addresses = []host.Address{addressOn("eth0", "fd00::100/128"), addressOn("eth0", "fd00::8/64")}
				f.hops["fd00::7"] = host.Hop{Interface: "eth0", Source: netip.MustParseAddr("fd00::100")}
				f.answers["eth0"] = []wire.Answer{answerOf("fd00::7", rs1MAC)}
			},
			visits: []string{"00:0c:29:dc:0a:2b [fd00::100]:80 from fd00::8 on eth0"},
			want:   []string{"pass ports: fd00::7 serves [fd00::100]:80/tcp"}},
		{name: "an interface without an address",
			change: func(f *fake) {
				f.addresses = f.addresses[:2]
				for addr := range f.hops {
					f.hops[addr] = host.Hop{Interface: "eth0", Source: netip.MustParseAddr("10.9.0.8")}
				}
			},
			visits: []string{strings.Replace(first, "10.0.0.8", "10.9.0.8", 1), strings.Replace(second, "10.0.0.8", "10.9.0.8", 1)},
			want:   []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp; 10.0.0.17 serves 172.16.0.100:80/tcp"}},
		{name: "this machine itself", change: thisMachine("172.16.0.100:80"), visits: []string{second},
			want: []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp; 10.0.0.17 serves 172.16.0.100:80/tcp"}},
		{name: "this machine itself, on every address", change: thisMachine("[::]:80"), visits: []string{second},
			want: []string{"pass ports: 10.0.0.7 serves 172.16.0.100:80/tcp; 10.0.0.17 serves 172.16.0.100:80/tcp"}},
		{name: "this machine itself, on its own address", change: thisMachine("10.0.0.7:80"), visits: []string{second},
			want: []string{"fail ports: nothing listens on 172.16.0.100:80/tcp at 10.0.0.7, only on its own address", "> lvsdr vs drain 10.0.0.7"}},
		{name: "this machine itself, unknown", visits: []string{second},
			change: func(f *fake) { thisMachine("[::]:80")(f); f.err["Listeners"] = errNoParameter },
			want:   []string{"unknown ports: file does not exist"}},
		{name: "not root, and this machine itself", change: func(f *fake) { thisMachine("10.0.0.9:80")(f); f.err["Ask"] = syscall.EPERM },
			want: []string{"fail ports: nothing listens on 172.16.0.100:80/tcp at 10.0.0.7, only on its own address", "> lvsdr vs drain 10.0.0.7"}},
		{name: "not root", change: func(f *fake) { f.err["Ask"] = syscall.EPERM }, want: []string{"unknown ports: not permitted"}},
		{name: "not permitted to ask", change: func(f *fake) { f.err["Probe"] = syscall.EPERM },
			visits: []string{first, second}, want: []string{"unknown ports: not permitted"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := director()
			if tt.change != nil {
				tt.change(f)
			}
			got := of("ports", Run(siteOf(t, Director, tt.config), f, 0))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.visits, f.visits); d != "" {
				t.Errorf("probes (-want +got):\n%s", d)
			}
		})
	}
}

// thisMachine makes 10.0.0.7 the director, on which something listens there.
func thisMachine(listens string) func(*fake) {
	return func(f *fake) {
		f.hops["10.0.0.7"] = host.Hop{Interface: "lo", Local: true}
		f.listeners = []host.Listener{{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort(listens)}}
	}
}
