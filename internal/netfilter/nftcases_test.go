package netfilter

import "lvsdr/internal/ipvs"

// nftCase is what nft has set up: the inside of a table, and what the filter
// then does to a packet of TCP to port 80 of the VIP, if nothing else is said.
// Where a fault is lacks the family and the table.
type nftCase struct {
	name   string
	table  string
	packet Packet
	want   []want
	marked string
	marks  *Marks
}

func dropped(v Verdict, where string) []want { return []want{{v, Input, where}} }

const pre = "chain pre { type filter hook prerouting priority -150; "

const input = "chain input { type filter hook input priority 0; "

var nftCases = []nftCase{
	{name: "nothing", table: `chain input { }`},
	{name: "policy", table: input + `policy drop; }`, want: dropped(Drops, "input, policy")},
	{name: "port dropped", table: input + `tcp dport 81 drop; tcp dport 80 counter log drop; }`, want: dropped(Drops, "input, handle 3")},
	{name: "another port", table: input + `tcp dport 81 drop; tcp dport != 80 drop; tcp dport < 80 drop; udp dport 80 drop; }`},
	{name: "ports above", table: input + `tcp dport > 79 drop; }`, want: dropped(Drops, "input, handle 2")},
	{name: "ports up to", table: input + `tcp dport <= 80 drop; }`, want: dropped(Drops, "input, handle 2")},
	{name: "ports from", table: input + `tcp dport >= 80 drop; }`, want: dropped(Drops, "input, handle 2")},
	{name: "range of ports", table: input + `tcp dport 70-90 drop; }`, want: dropped(Drops, "input, handle 2")},
	{name: "outside a range", table: input + `tcp dport != 70-90 drop; }`},
	{name: "set of ports", table: input + `tcp dport { 22, 80 } drop; }`, want: dropped(Drops, "input, handle 3")},
	{name: "not in a set", table: input + `tcp dport != { 22, 443 } drop; }`, want: dropped(Drops, "input, handle 3")},
	{name: "set of intervals", table: input + `tcp dport { 22, 70-79, 81-90 } drop; tcp dport { 22, 70-90 } drop; }`, want: dropped(Drops, "input, handle 5")},
	{name: "named set", table: `set open { type inet_service; elements = { 22, 443 }; }; ` + input + `tcp dport @open accept; drop; }`, want: dropped(Drops, "input, handle 4")},
	{name: "named set that lets in", table: `set open { type inet_service; flags interval; elements = { 22, 80-443 }; }; ` + input + `tcp dport @open accept; drop; }`},
	{name: "empty set", table: `set open { type inet_service; }; ` + input + `tcp dport @open drop; }`},
	{name: "set of clients", table: `set friends { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }; ` + input + `ip saddr @friends accept; ip daddr VIP drop; }`,
		want: dropped(DropsSome, "input, handle 4")},
	{name: "set of who may not", table: input + `ip saddr { 10.0.0.1, 10.0.0.2 } drop; }`},
	{name: "set of pairs", table: input + `ip daddr . tcp dport { VIP . 81, 10.0.0.1 . 80 } drop; ip daddr . tcp dport { VIP . 80 } drop; }`, want: dropped(Drops, "input, handle 5")},
	{name: "set of pairs of a client", table: input + `ip saddr . tcp dport { 10.0.0.1 . 80 } accept; tcp dport 80 reject; }`, want: dropped(DropsSome, "input, handle 4")},
	{name: "verdict map", table: input + `tcp dport vmap { 22 : accept, 80 : drop }; }`, want: dropped(Drops, "input, handle 3")},
	{name: "verdict map without the port", table: input + `tcp dport vmap { 22 : accept, 443 : accept }; drop; }`, want: dropped(Drops, "input, handle 4")},
	{name: "verdict map of intervals", table: input + `tcp dport vmap { 1-79 : drop, 80-90 : accept, 91-100 : drop }; drop; }`},
	{name: "verdict map of clients", table: input + `ip saddr vmap { 10.0.0.1 : drop, 10.0.0.2 : accept }; drop; }`, want: dropped(DropsSome, "input, handle 4")},
	{name: "verdict map to chains", table: `chain web { drop; }; chain other { accept; }; ` + input + `tcp dport vmap { 22 : jump other, 80 : goto web }; accept; }`, want: dropped(Drops, "web, handle 4")},
	{name: "verdict map with the rest", table: input + `tcp dport vmap { 22 : accept, * : drop }; accept; }`, want: dropped(Drops, "input, handle 3")},
	{name: "address", table: input + `ip daddr 10.0.0.0/8 drop; ip daddr VIP/16 drop; }`, want: dropped(Drops, "input, handle 3")},
	{name: "another address", table: input + `ip daddr != VIP drop; ip daddr 172.16.0.101-172.16.0.200 drop; }`},
	{name: "allow-list", table: input + `ip saddr 10.0.0.0/8 accept; policy drop; }`, want: dropped(DropsSome, "input, policy")},
	{name: "protocol", table: input + `meta l4proto tcp drop; }`, want: dropped(Drops, "input, handle 2")},
	{name: "other protocols", table: input + `meta l4proto { udp, icmp } accept; ip protocol != tcp accept; reject; }`, want: dropped(Drops, "input, handle 5")},
	{name: "loopback only", table: input + `iif lo accept; iifname lo accept; iifname != lo drop; }`, want: dropped(Drops, "input, handle 4")},
	{name: "interface of the client", table: input + `iifname eth1 accept; iifname "eth*" drop; }`, packet: Packet{In: "eth0"}, want: dropped(Drops, "input, handle 3")},
	{name: "interfaces in a set", table: input + `iifname { lo, eth1 } drop; iif != lo iifname { lo, eth0 } drop; }`, packet: Packet{In: "eth0"}, want: dropped(Drops, "input, handle 5")},
	{name: "some interface", table: input + `iifname { lo, eth1 } accept; drop; }`, want: dropped(DropsSome, "input, handle 4")},
	{name: "first packets", table: input + `tcp flags & (fin|syn|rst|ack) != syn accept; tcp flags syn / fin,syn,rst,ack drop; }`, want: dropped(Drops, "input, handle 3")},
	{name: "fragments", table: input + `ip frag-off & 0x1fff != 0 drop; }`},
	{name: "known connections", table: input + `ct state established,related accept; ct state invalid drop; ct state new tcp dport 22 accept; drop; }`, want: dropped(Drops, "input, handle 5")},
	{name: "map of states", table: input + `ct state vmap { established : accept, related : accept, invalid : drop }; tcp dport 80 ct state new reject; }`, want: dropped(Drops, "input, handle 4")},
	{name: "what became of a connection", table: input + `ct status dnat accept; ct status seen-reply,assured accept; drop; }`,
		want: dropped(Drops, "input, handle 4")},
	{name: "expected connections", table: input + `ct status expected accept; drop; }`, want: dropped(DropsSome, "input, handle 3")},
	{name: "firewalld", table: `chain public_allow { tcp dport 22 accept; tcp dport { 443, 8080-8090 } ct state new,untracked accept; }; ` +
		`chain public { jump public_allow; meta l4proto { icmp, ipv6-icmp } accept; }; chain zones { iifname "eth9" goto public; goto public; }; ` +
		input + `ct state established,related accept; ct status dnat accept; iifname "lo" accept; ct state invalid drop; jump zones; reject; }`,
		want: dropped(Drops, "input, handle 18")},
	{name: "a connection's way", table: input + `ct direction reply accept; ct direction original ct mark 1 accept; drop; }`, want: dropped(DropsSome, "input, handle 4")},
	{name: "rate", table: input + `tcp dport 80 limit rate 5/second accept; tcp dport 80 drop; }`, want: dropped(DropsSome, "input, handle 3")},
	{name: "mark", table: input + `meta mark 1 drop; meta mark set 1; }`},
	{name: "new connections begin with SYN", table: input + `ct state established,related accept; tcp dport 80 ct state new tcp flags & (fin|syn|rst|ack) == syn accept; reject; }`,
		packet: later, want: dropped(Drops, "input, handle 4")},
	{name: "invalid, perhaps", table: input + `ct state invalid drop; }`, packet: Packet{Stage: Later, State: Invalid}, want: dropped(Drops, "input, handle 2")},
	{name: "answers", table: `chain output { type filter hook output priority 0; tcp sport 81 drop; ip saddr VIP tcp sport 80 drop; }`, packet: answer,
		want: []want{{Drops, Output, "output, handle 3"}}},
	{name: "answers' direction", table: `chain output { type filter hook output priority 0; ct direction reply ct status seen-reply drop; }`, packet: answer,
		want: []want{{Drops, Output, "output, handle 2"}}},
	{name: "mark by port", table: pre + `ip daddr VIP tcp dport 80 meta mark set 7; }; ` + input + `meta mark 7 accept; drop; }`, marked: "tcp/80"},
	{name: "mark by ports", table: pre + `tcp dport { 80, 443 } meta mark set 0x3; udp dport 53 meta mark set 7; meta mark set meta mark or 0x4; }`, marked: "tcp/80 tcp/443 udp/53"},
	{name: "another mark", table: pre + `tcp dport 80 meta mark set 8; }; ` + input + `meta mark & 0xff == 8 drop; }`, want: dropped(Drops, "input, handle 4"),
		marks: &Marks{Values: []uint32{8}}},
	{name: "mark from elsewhere", table: pre + `meta mark set ct mark; }`, marks: &Marks{Any: true}},
	{name: "mark from a map", table: pre + `meta mark set tcp dport map { 80 : 7, 443 : 8 }; }`, marks: &Marks{Any: true}},
	{name: "late chain", table: `chain late { type filter hook input priority 100; drop; }`, packet: Packet{Balanced: true}},
	{name: "last chain", table: `chain last { type filter hook input priority 99; drop; }`, packet: Packet{Balanced: true}, want: dropped(Drops, "last, handle 2")},
	{name: "chains", table: `chain web { tcp dport 443 return; drop; }; ` + input + `tcp dport 80 jump web; }`, want: dropped(Drops, "web, handle 4")},
	{name: "chain without a name", table: input + `tcp dport 80 jump { ip saddr 10.0.0.1 accept; return; }; drop; }`, want: dropped(DropsSome, "input, handle 6")},
	{name: "two chains of a hook", table: `chain late { type filter hook input priority 10; drop; }; ` + input + `tcp dport 80 drop; }`,
		want: []want{{Drops, Input, "input, handle 4"}, {Drops, Input, "late, handle 3"}}},
	{name: "dormant", table: `flags dormant; ` + input + `drop; }`},
	{name: "other hooks", table: `chain forward { type filter hook forward priority 0; policy drop; }`},
	{name: "on the way out", table: `chain output { type filter hook output priority 0; iif lo drop; iifname lo drop; oif lo drop; drop; }`, want: []want{{Drops, Output, "output, handle 5"}}},
	{name: "UDP", table: input + `udp dport 53 drop; }`, packet: Packet{Protocol: ipvs.UDP, Port: 53}, want: dropped(Drops, "input, handle 2")},
	{name: "SCTP", table: input + `sctp dport 80 drop; }`, packet: Packet{Protocol: ipvs.SCTP}, want: dropped(Drops, "input, handle 2")},
	{name: "any port", table: input + `tcp dport 1-65535 accept; ip protocol tcp drop; }`, packet: Packet{Protocol: ipvs.TCP, Port: anyPort}, want: dropped(DropsSome, "input, handle 3")},
	{name: "another protocol", table: input + `ip protocol 4 drop; }`, packet: Packet{Protocol: 4}, want: dropped(Drops, "input, handle 2")},
}
