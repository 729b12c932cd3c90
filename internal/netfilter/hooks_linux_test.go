package netfilter

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStockARP has rules of arptables and of nft about packets of ARP, which
// Debian's user-mode-linux is built without.
func TestStockARP(t *testing.T) {
	vip := netip.MustParseAddr(vip4)
	for _, c := range []struct {
		name             string
		words            string
		answers, renames bool
	}{
		{"nothing", "arptables-nft -L", true, false},
		{"incoming", "arptables-nft -A INPUT -d 172.16.0.100 -j DROP", false, false},
		{"incoming for another", "arptables-nft -A INPUT -d 172.16.0.101 -j DROP", true, false},
		{"incoming on an interface", "arptables-nft -A INPUT -i eth0 -d 172.16.0.100 -j DROP", false, false},
		{"incoming on another interface", "arptables-nft -A INPUT -i eth1 -d 172.16.0.100 -j DROP", true, false},
		{"incoming from some", "arptables-nft -A INPUT -s 10.0.0.0/8 -d 172.16.0.100 -j DROP", true, false},
		{"outgoing", "arptables-nft -A OUTPUT -s 172.16.0.100 -j DROP", false, false},
		{"replies", "arptables-nft -A OUTPUT -s 172.16.0.100 --opcode 2 -j DROP", false, false},
		{"policy", "arptables-nft -P INPUT DROP", false, false},
		{"mangled", "arptables-nft -A OUTPUT -s 172.16.0.100 -j mangle --mangle-ip-s 10.0.0.7", false, true},
		{"by nft", "nft table arp t { chain i { type filter hook input priority 0; arp daddr ip 172.16.0.100 drop; }; }", false, false},
		{"requests by nft", "nft table arp t { chain i { type filter hook input priority 0; arp operation request arp daddr ip { 172.16.0.99, 172.16.0.100 } drop; }; }", false, false},
		{"as they come in", "nft table netdev t { chain i { type filter hook ingress device eth0 priority 0; arp daddr ip 172.16.0.100 drop; }; }", false, false},
		{"as they come in elsewhere", "nft table netdev t { chain i { type filter hook ingress device eth1 priority 0; ether type arp drop; }; }", true, false},
		{"IP alone as it comes in", "nft table netdev t { chain i { type filter hook ingress device eth0 priority 0; ip daddr 172.16.0.100 drop; }; }", true, false},
		{"as they leave", "nft table netdev t { chain o { type filter hook egress device eth0 priority 0; ether type arp arp saddr ip 172.16.0.100 drop; }; }", false, false},
		{"mangled by nft", "nft table arp t { chain o { type filter hook output priority 0; arp saddr ip 172.16.0.100 arp operation request arp saddr ip set 10.0.0.7; }; }", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh(t)
			for _, link := range []string{"eth0", "eth1"} {
				run(t, "ip", "link", "add", link, "type", "dummy")
			}
			program, words, _ := strings.Cut(c.words, " ")
			if program == "nft" {
				run(t, program, words)
			} else {
				run(t, program, strings.Fields(words)...)
			}
			rules, err := Filter{}.ARPRules()
			must(t, err)
			faults, err := rules.Faults(vip, "eth0")
			must(t, err)
			answers := faults == nil
			renames, err := rules.Renames(vip, "eth0")
			must(t, err)
			if answers != c.answers || renames != c.renames {
				t.Errorf("answers %v, renames %v; want %v, %v", answers, renames, c.answers, c.renames)
			}
			for _, f := range faults {
				words := strings.Fields(f.Remedy)
				run(t, words[0], words[1:]...)
			}
			rules, err = Filter{}.ARPRules()
			must(t, err)
			if left, err := rules.Faults(vip, "eth0"); left != nil || err != nil {
				t.Errorf("after the remedies: %+v, %v", left, err)
			}
		})
	}
}

// TestStockDevices has chains of nft that are asked before a packet is the
// machine's, or when it leaves, on one interface.
func TestStockDevices(t *testing.T) {
	for _, c := range []struct {
		name  string
		table string
		in    string
		want  []Fault
	}{
		{"this interface", "table netdev t { chain c { type filter hook ingress device eth0 priority 0; ip daddr VIP tcp dport 80 drop; }; }", "eth0",
			[]Fault{{Verdict: Drops, Hook: Ingress, Where: "netdev t c, handle 2", Remedy: "nft insert rule netdev t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"another interface", "table netdev t { chain c { type filter hook ingress device eth1 priority 0; ip daddr VIP drop; }; }", "eth0", nil},
		{"some interface", "table netdev t { chain c { type filter hook ingress device eth1 priority 0; ip daddr VIP drop; }; }", "",
			[]Fault{{Verdict: DropsSome, Hook: Ingress, Where: "netdev t c, handle 2", Remedy: "nft insert rule netdev t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"several interfaces", "table netdev t { chain c { type filter hook ingress devices = { eth0, eth1 } priority 0; tcp dport 80 drop; }; }", "eth0",
			[]Fault{{Verdict: Drops, Hook: Ingress, Where: "netdev t c, handle 2", Remedy: "nft insert rule netdev t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"of the family inet", "table inet t { chain c { type filter hook ingress device eth0 priority 0; ip daddr VIP drop; }; }", "eth0",
			[]Fault{{Verdict: Drops, Hook: Ingress, Where: "inet t c, handle 2", Remedy: "nft insert rule inet t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"port of a bridge", "table netdev t { chain c { type filter hook ingress device p0 priority 0; ip daddr VIP drop; }; }", "br0",
			[]Fault{{Verdict: Drops, Hook: Ingress, Where: "netdev t c, handle 2", Remedy: "nft insert rule netdev t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"bridge", "table bridge t { chain c { type filter hook input priority 0; iifname p0 accept; ip daddr VIP tcp dport 80 drop; }; }", "br0",
			[]Fault{{Verdict: DropsSome, Hook: Ingress, Where: "bridge t c, handle 3", Remedy: "nft insert rule bridge t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"what a bridge sends on", "table bridge t { chain c { type filter hook forward priority 0; drop; }; }", "br0", nil},
		{"another bridge", "table bridge t { chain c { type filter hook input priority 0; drop; }; }", "eth0", nil},
		{"outgoing", "table netdev t { chain c { type filter hook egress device eth0 priority 0; ip daddr VIP drop; }; }", "eth0",
			[]Fault{{Verdict: Drops, Hook: Egress, Where: "netdev t c, handle 2", Remedy: "nft insert rule netdev t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
		{"outgoing elsewhere", "table netdev t { chain c { type filter hook egress device eth1 priority 0; drop; }; }", "eth0", nil},
		{"outgoing of a bridge", "table bridge t { chain c { type filter hook output priority 0; ip daddr VIP drop; }; }", "br0",
			[]Fault{{Verdict: Drops, Hook: Egress, Where: "bridge t c, handle 2", Remedy: "nft insert rule bridge t c ip daddr 172.16.0.100 tcp dport 80 accept"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh(t)
			for _, link := range []string{"eth0", "eth1", "p0"} {
				run(t, "ip", "link", "add", link, "type", "dummy")
			}
			run(t, "nft", strings.ReplaceAll(c.table, "VIP", vip4))
			p := withDefaults(Packet{In: c.in, Out: c.in}, vip4)
			if c.in == "br0" {
				p.Bridge, p.Ports = true, []string{"p0"}
			}
			faults := func() []Fault {
				found, err := rulesFor(t, p).Faults(p, Ingress, Prerouting, Input, Output, Postrouting, Egress)
				must(t, err)
				return found
			}
			found := faults()
			if d := cmp.Diff(c.want, found); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, f := range found {
				words := strings.Fields(f.Remedy)
				run(t, words[0], words[1:]...)
			}
			if left := faults(); left != nil {
				t.Errorf("after the remedies: %+v", left)
			}
		})
	}
}

// TestStockRedirected follows a packet behind a REDIRECT, where another address
// stands in it.
func TestStockRedirected(t *testing.T) {
	for _, c := range []struct {
		name    string
		program string
		words   []string
		packet  Packet
		hook    Hook
		want    []want
	}{
		{"the VIP is gone", "iptables-nft", []string{"-A INPUT -d 172.16.0.100 -p tcp --dport 80 -j DROP"}, Packet{}, Input, nil},
		{"everything", "iptables-nft", []string{"-A INPUT -p tcp -j DROP"}, Packet{}, Input, []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
		{"everything, older", "iptables-legacy", []string{"-A INPUT -p tcp -j DROP"}, Packet{}, Input, []want{{Drops, Input, "rule 1 of chain INPUT (table filter)"}}},
		{"but what is redirected", "iptables-nft", []string{"-A INPUT -m conntrack --ctstate DNAT -j ACCEPT", "-A INPUT -j DROP"}, Packet{}, Input, nil},
		{"some port", "iptables-nft", []string{"-A INPUT -p tcp --dport 8080 -j ACCEPT", "-P INPUT DROP"}, Packet{}, Input, []want{{DropsSome, Input, "policy of chain INPUT (table filter)"}}},
		{"by nft", "nft", []string{"table inet t { chain c { type filter hook input priority 0; tcp dport 80 ct original ip daddr 172.16.0.101 accept; ip protocol tcp drop; }; }"}, Packet{}, Input,
			[]want{{Drops, Input, "c, handle 3"}}},
		{"answers", "iptables-nft", []string{"-A OUTPUT -s 172.16.0.100 -j DROP"}, answer, Output, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh(t)
			for _, w := range c.words {
				if c.program == "nft" {
					run(t, c.program, w)
				} else {
					run(t, c.program, strings.Fields(w)...)
				}
			}
			c.packet.Redirected = true
			p := withDefaults(c.packet, vip4)
			faults, err := rulesFor(t, p).Faults(p, c.hook)
			must(t, err)
			if d := cmp.Diff(c.want, withoutTables(faults)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, f := range faults {
				words := strings.Fields(f.Remedy)
				run(t, words[0], words[1:]...)
			}
			if left, err := rulesFor(t, p).Faults(p, c.hook); left != nil || err != nil {
				t.Errorf("after the remedies: %+v, %v", left, err)
			}
		})
	}
}

// TestKernelRedirectedBefore: IPVS does not see what is redirected before.
func TestKernelRedirectedBefore(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		want  string
	}{
		{"the port", []string{"-p tcp --dport 80 -j REDIRECT --to-ports 8080"}, "rule 1 of chain PREROUTING (table nat) redirects "},
		{"all but some", []string{"-s 10.0.0.0/8 -j RETURN", "-p tcp -j REDIRECT --to-ports 8080"}, "rule 2 of chain PREROUTING (table nat) redirects some "},
		{"some", []string{"-s 10.0.0.0/8 -p tcp -j REDIRECT --to-ports 8080"}, ""},
		{"another port", []string{"-p tcp --dport 443 -j REDIRECT --to-ports 8080"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh(t)
			for _, w := range c.words {
				run(t, "iptables-legacy", append([]string{"-t", "nat", "-A", "PREROUTING"}, strings.Fields(w)...)...)
			}
			p := withDefaults(Packet{Balanced: true}, vip4)
			said := ""
			for _, f := range faultsOf(t, p) {
				said += f.Where + " " + f.Does()
				words := strings.Fields(f.Remedy)
				run(t, words[0], words[1:]...)
			}
			if left := faultsOf(t, p); said != c.want || left != nil {
				t.Errorf("%q, want %q; after the remedy: %+v", said, c.want, left)
			}
		})
	}
}

// TestStockDiscovery has packets of neighbour discovery, and rules as firewalls have
// them.
func TestStockDiscovery(t *testing.T) {
	question := Packet{Protocol: 58, ICMP: 135, Dst: netip.MustParseAddr("ff02::1:ff00:100"), State: Untracked}
	for _, c := range []struct {
		name  string
		words []string // of nft or ip6tables-legacy, one command each
		want  []Fault
	}{
		{"everything dropped", []string{"ip6tables-legacy -A INPUT -p ipv6-icmp -j DROP"},
			[]Fault{{Verdict: Drops, Hook: Input, Where: "rule 1 of chain INPUT (table filter)", Remedy: "ip6tables-legacy -I INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT"}}},
		{"forgotten", []string{"ip6tables-legacy -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "ip6tables-legacy -A INPUT -p ipv6-icmp --icmpv6-type 128 -j ACCEPT",
			"ip6tables-legacy -P INPUT DROP"},
			[]Fault{{Verdict: Drops, Hook: Input, Where: "policy of chain INPUT (table filter)", Remedy: "ip6tables-legacy -I INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT"}}},
		{"from this link", []string{"ip6tables-legacy -A INPUT -p ipv6-icmp --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT", "ip6tables-legacy -P INPUT DROP"}, nil},
		{"from afar", []string{"ip6tables-legacy -A INPUT -p ipv6-icmp -m hl --hl-lt 255 -j DROP"}, nil},
		{"by nft", []string{"nft table inet t { chain i { type filter hook input priority 0; policy drop; icmpv6 type { nd-router-advert, nd-neighbor-solicit } ip6 hoplimit 255 accept; }; }"}, nil},
		{"forgotten by nft", []string{"nft table inet t { chain i { type filter hook input priority 0; policy drop; icmpv6 type echo-request accept; }; }"},
			[]Fault{{Verdict: Drops, Hook: Input, Where: "inet t i, policy", Remedy: "nft insert rule inet t i icmpv6 type 135 accept"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh(t)
			for _, words := range c.words {
				if program, table, ok := strings.Cut(words, " table"); ok {
					run(t, program, "table"+table)
					continue
				}
				all := strings.Fields(words)
				run(t, all[0], all[1:]...)
			}
			found, err := rulesFor(t, question).Faults(question, Ingress, Prerouting, Input)
			must(t, err)
			if d := cmp.Diff(c.want, found); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, f := range found {
				words := strings.Fields(f.Remedy)
				run(t, words[0], words[1:]...)
			}
			if left, err := rulesFor(t, question).Faults(question, Ingress, Prerouting, Input); left != nil || err != nil {
				t.Errorf("after the remedies: %+v, %v", left, err)
			}
		})
	}
}

// TestStockNotFollowed has matches that are not followed: what drops by one of them
// may drop everything.
func TestStockNotFollowed(t *testing.T) {
	for _, c := range []struct{ words, where string }{
		{"iptables-legacy -t raw -A PREROUTING -m rpfilter --invert -j DROP", "rule 1 of chain PREROUTING (table raw)"},
		{"iptables-legacy -A INPUT -m connlimit --connlimit-above 20 -j DROP", ""},
		{"iptables-legacy -A INPUT -s 10.0.0.0/8 -j DROP", ""},
		{"iptables-legacy -A INPUT -p udp -m socket -j DROP", ""},
		{"nft table inet t { chain p { type filter hook prerouting priority raw; fib saddr . iif oif missing drop; }; }", "inet t p, handle 2"},
		{"nft table inet t { chain i { type filter hook input priority 0; tcp dport 80 accept; meta nfproto ipv4 fib saddr . iif oif missing drop; }; }", ""},
		{"nft table inet t { chain i { type filter hook input priority 0; limit rate over 10/second drop; }; }", ""},
	} {
		fresh(t)
		program, words, _ := strings.Cut(c.words, " ")
		if program == "nft" {
			run(t, program, words)
		} else {
			run(t, program, strings.Fields(words)...)
		}
		p, said := withDefaults(Packet{}, vip4), ""
		for _, f := range faultsOf(t, p) {
			said += f.Where + f.Remedy
			if f.Verdict != DropsPerhaps {
				t.Errorf("%s: %+v", c.words, f)
			}
		}
		if said != c.where {
			t.Errorf("%s: %q, want %q", c.words, said, c.where)
		}
	}
}

// TestStockMarkBehind has a mark that is changed at INPUT, where IPVS takes packets
// later.
func TestStockMarkBehind(t *testing.T) {
	fresh(t)
	run(t, "iptables-legacy", strings.Fields("-t mangle -A PREROUTING -j MARK --set-mark 7")...)
	run(t, "iptables-nft", strings.Fields("-t mangle -A INPUT -p tcp -j MARK --set-mark 8")...)
	p := withDefaults(Packet{}, vip4)
	testMarks(t, rulesFor(t, p), p, "tcp", "udp/* sctp/*", &Marks{Values: []uint32{8}})
}
