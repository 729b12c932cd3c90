package netfilter

import (
	"net/netip"
	"strings"

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
	{name: "untracked on the way out", words: []string{"-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT", "-P OUTPUT DROP"}, packet: Packet{Untracked: true},
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
	{name: "another protocol", words: []string{"-A INPUT -p 4 -j DROP"}, packet: Packet{Protocol: 4},
		want: []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
}

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
	return p
}

// words4 and words6 put addresses of their families into the words of a case.
var (
	words4 = strings.NewReplacer("VIP", vip4, "NET", "10.0.0.0/8", "ANY", "0.0.0.0/0")
	words6 = strings.NewReplacer("VIP", vip6, "NET", "fd00:10::/32", "ANY", "::/0")
)

const vip4, vip6 = "172.16.0.100", "fd00::100"
