package netfilter

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/ipvs"
)

// want is a fault without its remedy.
type want struct {
	Verdict Verdict
	Hook    Hook
	Where   string
}

// iptablesCase is what iptables has set up, by its own words, and what the
// filter then does to a packet. VIP, NET and ANY stand for addresses of the
// family that is tested.
type iptablesCase struct {
	name   string
	words  []string
	packet Packet // of TCP to port 80 of the VIP, if nothing else is said
	want   []want
	marked string // what certainly has mark 7: "tcp/80 udp/*"
	marks  *Marks // with which packets come in, if that is asked
}

// way are the hooks on a director's way for direct routing.
var way = []Hook{Prerouting, Input, Output, Postrouting}

var iptablesCases = []iptablesCase{
	{name: "nothing"},
	{name: "table without rules", words: []string{"-P FORWARD DROP"}},
	{name: "policy", words: []string{"-P INPUT DROP"}, want: []want{{Drops, Input, "policy of chain INPUT (table filter)"}}},
	{name: "port dropped", words: []string{"-A INPUT -p udp -j ACCEPT", "-A INPUT -p tcp --dport 80 -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "port rejected", words: []string{"-A INPUT -p tcp --dport 80 -j REJECT"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "all but a port rejected", words: []string{"-A INPUT -p tcp --dport 80 -j ACCEPT", "-A INPUT -j REJECT"}},
	{name: "all but the port of an address", words: []string{"-A INPUT -p tcp ! --dport 22 -d VIP -j DROP"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "another port", words: []string{"-A INPUT -p tcp --dport 81:90 -j DROP", "-A INPUT -p udp --dport 80 -j DROP"}},
	{name: "range of ports", words: []string{"-A INPUT -p tcp --dport 70:90 -j DROP"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "source port", words: []string{"-A INPUT -p tcp --sport 1024:65535 -j ACCEPT", "-A INPUT -p tcp -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "another address", words: []string{"-A INPUT -d NET -j DROP", "-A INPUT ! -d VIP -j DROP"}},
	{name: "allow-list", words: []string{"-A INPUT -s NET -j ACCEPT", "-A INPUT -d VIP -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "list of who may not", words: []string{"-A INPUT -s NET -j DROP", "-A INPUT ! -s NET -i eth1 -j DROP"}},
	{name: "any source", words: []string{"-A INPUT -s ANY -j DROP"}, want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "no target", words: []string{"-A INPUT -p tcp", "-A INPUT -p tcp -m comment --comment why -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "chain", words: []string{"-N mine", "-A INPUT -p tcp -j mine", "-A mine -d NET -j ACCEPT", "-A mine -d VIP -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain mine (table filter)"}}},
	{name: "chain for some", words: []string{"-N mine", "-A INPUT -s NET -j mine", "-A mine -j DROP"}},
	{name: "chain that returns", words: []string{"-N mine", "-A INPUT -j mine", "-A INPUT -p tcp -j REJECT", "-A mine -p tcp -j RETURN", "-A mine -j ACCEPT"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "allow-list by return", words: []string{"-N mine", "-A INPUT -j mine", "-A mine -s NET -j RETURN", "-A mine -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain mine (table filter)"}}},
	{name: "nobody is helped by return", words: []string{"-N mine", "-A INPUT -j mine", "-A mine -s NET -j RETURN", "-A mine -j DROP", "-P INPUT DROP"},
		want: []want{{Drops, Input, "rule 2 of chain mine (table filter)"}}},
	{name: "return to the policy", words: []string{"-A INPUT -p tcp -j RETURN", "-A INPUT -j DROP"}},
	{name: "goto", words: []string{"-N mine", "-A INPUT -p tcp -g mine", "-A INPUT -j DROP", "-A mine -p udp -j DROP"}},
	{name: "goto for some", words: []string{"-N mine", "-A INPUT -s NET -g mine", "-A INPUT -j DROP", "-A mine -p udp -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "interface of the client", words: []string{"-A INPUT -i eth0 -j DROP"}, packet: Packet{In: "eth0"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "interfaces by their beginning", words: []string{"-A INPUT -i wlan+ -j ACCEPT", "-A INPUT -i eth+ -j DROP"}, packet: Packet{In: "eth0"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "another interface", words: []string{"-A INPUT -i eth1 -j DROP", "-A INPUT ! -i eth0 -j DROP"}, packet: Packet{In: "eth0"}},
	{name: "some interface", words: []string{"-A INPUT -i eth0 -j ACCEPT", "-A INPUT -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "loopback only", words: []string{"-A INPUT -i lo -j ACCEPT", "-A INPUT -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "all but loopback", words: []string{"-A INPUT ! -i lo -j DROP"}, want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "no interface to go out by", words: []string{"-A OUTPUT -o lo -j ACCEPT", "-A OUTPUT -o eth0 -j DROP"}, packet: Packet{Out: "eth0"},
		want: []want{{Drops, Output, "rule 2 of chain OUTPUT (table filter)"}}},
	{name: "known connections", words: []string{"-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "-A INPUT -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "known connections, as of old", words: []string{"-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT", "-A INPUT -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "new connections", words: []string{"-A INPUT -m conntrack --ctstate INVALID -j DROP", "-A INPUT -m conntrack ! --ctstate NEW -j ACCEPT",
		"-A INPUT -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT", "-A INPUT -j DROP"}},
	{name: "more of a connection", words: []string{"-A INPUT -m conntrack --ctstate NEW --ctorigsrc NET -j DROP"}},
	{name: "untracked on the way out", words: []string{"-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT", "-P OUTPUT DROP"}, packet: Packet{Sent: Untracked},
		want: []want{{Drops, Output, "policy of chain OUTPUT (table filter)"}}},
	{name: "tracked on the way out", words: []string{"-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT", "-P OUTPUT DROP"}},
	{name: "never tracked", words: []string{"-t raw -A PREROUTING -p tcp -j CT --notrack", "-A INPUT -m conntrack --ctstate NEW -j ACCEPT", "-A INPUT -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "some never tracked", words: []string{"-t raw -A PREROUTING -s NET -j CT --notrack", "-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT", "-A INPUT -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "not yet tracked", words: []string{"-t raw -A PREROUTING -m conntrack --ctstate NEW -j DROP"}},
	{name: "first packets", words: []string{"-A INPUT -p tcp ! --syn -j ACCEPT", "-A INPUT -p tcp --tcp-flags FIN,RST FIN -j ACCEPT", "-A INPUT -p tcp --syn -j DROP"},
		want: []want{{Drops, Input, "rule 3 of chain INPUT (table filter)"}}},
	{name: "several ports", words: []string{"-A INPUT -p tcp -m multiport --dports 22,70:90 -j DROP"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "several other ports", words: []string{"-A INPUT -p tcp -m multiport --dports 22,81:90 -j DROP", "-A INPUT -p tcp -m multiport ! --dports 22,80 -j DROP",
		"-A INPUT -p tcp -m multiport --sports 80 -j DROP"}},
	{name: "ports of either side", words: []string{"-A INPUT -p tcp -m multiport --ports 80 -j DROP"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "local addresses", words: []string{"-A INPUT -m addrtype --dst-type MULTICAST -j ACCEPT", "-A INPUT -m addrtype --dst-type LOCAL -j DROP"},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "addresses of others", words: []string{"-A INPUT -m addrtype ! --dst-type LOCAL -j DROP", "-A OUTPUT -m addrtype --dst-type LOCAL -j DROP"}},
	{name: "rate", words: []string{"-A INPUT -m limit --limit 5/s -j ACCEPT", "-A INPUT -p tcp -j DROP"},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "marked", words: []string{"-A INPUT -m mark --mark 1 -j DROP"}},
	{name: "mangle", words: []string{"-t mangle -A PREROUTING -d VIP -j DROP", "-t mangle -P INPUT DROP", "-A INPUT -d VIP -j DROP"},
		want: []want{{Drops, Prerouting, "rule 1 of chain PREROUTING (table mangle)"}, {Drops, Input, "policy of chain INPUT (table mangle)"},
			{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "raw", words: []string{"-t raw -A PREROUTING -p tcp --dport 80 -j DROP"},
		want: []want{{Drops, Prerouting, "rule 1 of chain PREROUTING (table raw)"}}},
	{name: "on the way out", words: []string{"-A OUTPUT -d VIP -j REJECT", "-t mangle -A POSTROUTING -p tcp --dport 80 -j DROP"},
		want: []want{{Drops, Output, "rule 1 of chain OUTPUT (table filter)"}, {Drops, Postrouting, "rule 1 of chain POSTROUTING (table mangle)"}}},
	{name: "forwarding", words: []string{"-A FORWARD -j DROP", "-t mangle -A FORWARD -j DROP"}},
	{name: "UDP", words: []string{"-A INPUT -p tcp -j DROP", "-A INPUT -p udp --dport 53 -j DROP"}, packet: Packet{Protocol: ipvs.UDP, Port: 53},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "SCTP", words: []string{"-A INPUT -p sctp --dport 81 -j DROP", "-A INPUT -p sctp ! --dport 81 -j DROP"}, packet: Packet{Protocol: ipvs.SCTP, Port: 80},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "any port", words: []string{"-A INPUT -p tcp --dport 80 -j DROP", "-A INPUT -p tcp -j REJECT"}, packet: Packet{Protocol: ipvs.TCP, Port: anyPort},
		want: []want{{Drops, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "new connections begin with SYN", words: []string{"-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
		"-A INPUT -p tcp --syn --dport 80 -m conntrack --ctstate NEW -j ACCEPT", "-A INPUT -j REJECT"}, packet: later,
		want: []want{{Drops, Input, "rule 3 of chain INPUT (table filter)"}}},
	{name: "established connections", words: []string{"-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "-A INPUT -j REJECT"},
		packet: Packet{Stage: Later, State: Established}},
	{name: "new without SYN", words: []string{"-A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP"}, packet: later,
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "invalid", words: []string{"-A INPUT -m state --state INVALID -j DROP"}, packet: Packet{Stage: Later, State: Invalid},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "invalid, perhaps", words: []string{"-A INPUT -p tcp -m conntrack --ctstate NEW -j ACCEPT", "-A INPUT -j DROP"}, packet: Packet{Stage: Later, State: New | Invalid},
		want: []want{{DropsSome, Input, "rule 2 of chain INPUT (table filter)"}}},
	{name: "the end of a connection", words: []string{"-A INPUT -p tcp --tcp-flags FIN,ACK FIN,ACK -j DROP"}, packet: Packet{Stage: Last},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
	{name: "answers", words: []string{"-A OUTPUT -p tcp --sport 81 -j DROP", "-A OUTPUT -s VIP -p tcp --sport 80 -j DROP", "-t mangle -A POSTROUTING -s VIP -j DROP"}, packet: answer,
		want: []want{{Drops, Output, "rule 2 of chain OUTPUT (table filter)"}, {Drops, Postrouting, "rule 1 of chain POSTROUTING (table mangle)"}}},
	{name: "answers to some", words: []string{"-A OUTPUT -p tcp --dport 1024:65535 -d NET -j ACCEPT", "-A OUTPUT -m conntrack --ctstate ESTABLISHED -j REJECT"}, packet: answer,
		want: []want{{DropsSome, Output, "rule 2 of chain OUTPUT (table filter)"}}},
	{name: "answers from several ports", words: []string{"-A OUTPUT -p tcp -m multiport --sports 80,443 -m addrtype --src-type LOCAL -j DROP"}, packet: answer,
		want: []want{{Drops, Output, "rule 1 of chain OUTPUT (table filter)"}}},
	{name: "answers of established connections", words: []string{"-P OUTPUT DROP", "-A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"}, packet: answer},
	{name: "mark", words: []string{"-t mangle -A PREROUTING -d VIP -p tcp --dport 80 -j MARK --set-mark 7", "-A INPUT -m mark --mark 7 -j ACCEPT", "-A INPUT -j DROP"},
		marked: "tcp/80"},
	{name: "another mark", words: []string{"-t mangle -A PREROUTING -d VIP -p tcp -j MARK --set-mark 8", "-A INPUT -m mark --mark 8/0xff -j DROP"},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}, marks: &Marks{Values: []uint32{8}}},
	{name: "mark of another address", words: []string{"-t mangle -A PREROUTING -s VIP -d VIP -p udp -j MARK --set-mark 7"}, marks: &Marks{Values: []uint32{0}}},
	{name: "mark of some clients", words: []string{"-t mangle -A PREROUTING -s NET -j MARK --set-mark 7"}, marks: &Marks{Values: []uint32{0, 7}}},
	{name: "mark of those who are left", words: []string{"-t mangle -A PREROUTING -s NET -j ACCEPT", "-t mangle -A PREROUTING -j MARK --set-mark 7"}, marks: &Marks{Values: []uint32{0, 7}}},
	{name: "mark of several ports", words: []string{"-t mangle -A PREROUTING -d VIP -p tcp -m multiport --dports 80,443 -j MARK --set-mark 7"}, marked: "tcp/80 tcp/443"},
	{name: "mark in steps", words: []string{"-t raw -A PREROUTING -j MARK --set-mark 0x3", "-t mangle -A PREROUTING -j MARK --or-mark 0x4"}, marked: "any"},
	{name: "mark that is taken away", words: []string{"-t raw -A PREROUTING -j MARK --set-mark 7", "-t mangle -A PREROUTING -p tcp -j MARK --and-mark 0"}, marked: "udp/* sctp/*"},
	{name: "mark in a chain", words: []string{"-t mangle -N mine", "-t mangle -A PREROUTING -m mark ! --mark 7 -p tcp -j mine", "-t mangle -A mine -p tcp --dport 80 -j MARK --set-mark 7"}, marked: "tcp/80"},
	{name: "mark to the connection", words: []string{"-t mangle -A PREROUTING -j MARK --set-mark 7", "-t mangle -A PREROUTING -j CONNMARK --save-mark"}, marked: "any"},
	{name: "mark of the connection", words: []string{"-t mangle -A PREROUTING -j CONNMARK --restore-mark"}, marks: &Marks{Any: true}},
	{name: "another protocol", words: []string{"-A INPUT -p 4 -j DROP"}, packet: Packet{Protocol: 4},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
}

// later is a client's packet in the middle of a connection that a director does not
// see the answers of; answer is a real server's.
var (
	later  = Packet{Stage: Later, Sent: Untracked}
	answer = Packet{Stage: Answer, State: Established}
)

// anyPort stands in a case for zero, which stands for 80.
const anyPort = 65535

// withDefaults is the packet that a case means.
func withDefaults(p Packet, vip string) Packet {
	p.Dst = netip.MustParseAddr(vip)
	if p.Protocol == 0 {
		p.Protocol = ipvs.TCP
	}
	switch p.Port {
	case 0:
		p.Port = 80
	case anyPort:
		p.Port = 0
	}
	if p.Stage == Answer {
		p.Src, p.SrcPort, p.Dst, p.Port = p.Dst, p.Port, netip.Addr{}, 0
	}
	return p
}

// testMarks compares what is said of marks with the case.
func testMarks(t *testing.T, rules Rules, p Packet, name, marked string, marks *Marks) {
	t.Helper()
	if marks != nil {
		if got, err := rules.Marks(p); err != nil || !cmp.Equal(got, *marks) {
			t.Errorf("%s: marks %+v, %v; want %+v", name, got, err, *marks)
		}
	}
	if marked == "" {
		return
	}
	found, err := rules.Marked(Packet{Dst: p.Dst}, 7)
	var words []string
	for _, f := range found {
		switch {
		case f.Protocol == 0:
			words = append(words, "any")
		case f.Port == 0:
			words = append(words, ipvs.Protocols.Name(f.Protocol)+"/*")
		default:
			words = append(words, fmt.Sprintf("%s/%d", ipvs.Protocols.Name(f.Protocol), f.Port))
		}
	}
	if got := strings.Join(words, " "); err != nil || got != marked {
		t.Errorf("%s: marked %q, %v; want %q", name, got, err, marked)
	}
}

// words4 and words6 put addresses of their families into the words of a case.
var (
	words4 = strings.NewReplacer("VIP", vip4, "NET", "10.0.0.0/8", "ANY", "0.0.0.0/0")
	words6 = strings.NewReplacer("VIP", vip6, "NET", "fd00:10::/32", "ANY", "::/0")
)

const vip4, vip6 = "172.16.0.100", "fd00::100"
