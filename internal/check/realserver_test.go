package check

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/wire"
)

const (
	byTunnel = "vip: 172.16.0.100\nservices: [{port: 80, forward: tunnel}]\nreal_servers: [10.0.0.7]\n"
	// severalVIPs has one for each real server, and a third machine's by masquerading.
	severalVIPs = "services:\n- {port: 80, vip: 172.16.0.100, real_servers: [10.0.0.7, {address: 10.0.0.27, forward: masquerade, port: 8080}]}\n" +
		"- {port: 443, vip: [172.16.0.101, 2001:db8::101], real_servers: [10.0.0.17, 2001:db8::17, {address: 10.0.0.37, forward: tunnel}]}\n"
	byMasquerade = "vip: 172.16.0.100\nservices: [{port: 80, forward: masquerade}]\nreal_servers: [{address: 10.0.0.7, port: 8080}]\n"
)

func listening(addr string) []host.Listener {
	return []host.Listener{{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort(addr)}}
}

func TestRealServer(t *testing.T) {
	tunl0 := host.Link{Name: "tunl0", Index: 3, Up: true, Kind: "ipip"}
	ofAnother := host.Link{Name: "t1", Index: 4, Up: true, Kind: "ipip", Remote: netip.MustParseAddr("10.0.0.99")}
	for _, tt := range []struct {
		name   string
		config string
		change func(*Site, *fake)
		want   []string
	}{
		{name: "well", change: func(*Site, *fake) {}},
		{
			name: "arp_ignore on lo only",
			change: func(_ *Site, f *fake) {
				f.sysctls["net.ipv4.conf.all.arp_ignore"], f.sysctls["net.ipv4.conf.lo.arp_ignore"] = 0, 1
			},
			want: []string{"fail arp_ignore: 0 on eth0", "> lvsdr rs start"},
		},
		{
			name: "neither on two interfaces",
			change: func(_ *Site, f *fake) {
				vlan := f.links[1]
				vlan.Name = "eth0.100"
				f.links = append(f.links, vlan)
				for _, name := range []string{"arp_ignore", "arp_announce"} {
					f.sysctls["net.ipv4.conf.all."+name], f.sysctls["net.ipv4.conf.eth0/100."+name] = 0, 1
				}
			},
			want: []string{
				"fail arp_ignore: 0 on eth0", "> lvsdr rs start",
				"fail arp_announce: 0 on eth0; 1 on eth0.100", "> lvsdr rs start",
			},
		},
		{
			name: "the ports of a bond do not hear",
			change: func(_ *Site, f *fake) {
				f.links[1].Name, f.links[1].Kind = "bond0", "bond"
				f.links = append(f.links, host.Link{Name: "eth0", Up: true, Broadcast: true, Port: true, MAC: rs1MAC})
				for name, value := range map[string]int{"arp_ignore": 1, "arp_announce": 2} {
					f.sysctls["net.ipv4.conf.all."+name], f.sysctls["net.ipv4.conf.bond0."+name] = 0, value
				}
			},
		},
		{
			name: "start is configured to leave it", config: "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\narp: {interfaces: [lo]}\n",
			change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.conf.all.arp_ignore"] = 0 },
			want:   []string{"fail arp_ignore: 0 on eth0", "> sysctl -w net.ipv4.conf.eth0.arp_ignore=1"},
		},
		{
			name:   "a value that answers for lo",
			change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.conf.eth0.arp_ignore"] = 3 },
			want: []string{
				"fail arp_ignore: 3 on eth0",
				"> sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1",
			},
		},
		{
			name:   "a local route in place of the VIP",
			change: func(_ *Site, f *fake) { f.addresses, f.delivers = slices.Delete(f.addresses, 1, 2), true },
		},
		{
			name: "tunnel of the other family", config: "vip: 172.16.0.100\nservices: [{port: 80, forward: tunnel}]\nreal_servers: ['fd00::7']\n",
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, host.Link{Name: "ip6tnl0", Index: 3, Up: true, Kind: "ip6tnl"})
				f.sysctls["net.ipv4.conf.ip6tnl0.rp_filter"] = 0
				f.addresses = append(f.addresses, addressOn("eth0", "fd00::7/64"))
			},
		},
		{
			name: "3, and the VIP is of scope host",
			change: func(_ *Site, f *fake) {
				f.sysctls["net.ipv4.conf.eth0.arp_ignore"], f.addresses[1].Host = 3, true
			},
		},
		{
			name: "rules for ARP keep quiet",
			change: func(_ *Site, f *fake) {
				f.quiet, f.sysctls["net.ipv4.conf.all.arp_ignore"], f.sysctls["net.ipv4.conf.all.arp_announce"] = true, 0, 0
			},
		},
		{
			name: "rules for ARP that are not followed",
			change: func(_ *Site, f *fake) {
				f.err["Answers"], f.sysctls["net.ipv4.conf.all.arp_ignore"] = netfilter.ErrLegacyARP, 0
			},
			want: []string{"unknown arp_ignore: rules of arptables-legacy cannot be followed"},
		},
		{
			name: "no VIP where what comes for it is redirected",
			change: func(_ *Site, f *fake) {
				f.addresses, f.redirected = slices.Delete(f.addresses, 1, 2), true
				f.listeners, f.sysctls["net.ipv4.conf.all.arp_ignore"] = listening("10.0.0.7:80"), 0
			},
		},
		{
			name:   "stricter values",
			change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.conf.eth0.arp_ignore"] = 8 },
		},
		{
			name:   "VIP missing",
			change: func(_ *Site, f *fake) { f.addresses = slices.Delete(f.addresses, 1, 2) },
			want:   []string{"fail vip: 172.16.0.100 is on no interface", "> lvsdr rs start"},
		},
		{
			name: "VIP on eth0 too",
			change: func(_ *Site, f *fake) {
				f.addresses = append(f.addresses, addressOn("eth0", "172.16.0.100/24"))
			},
			want: []string{"fail vip: 172.16.0.100/24 is on eth0", "> ip addr del 172.16.0.100/24 dev eth0"},
		},
		{
			name:   "VIP on eth0 instead",
			change: func(_ *Site, f *fake) { f.addresses[1] = addressOn("eth0", "172.16.0.100/32") },
			want:   []string{"fail vip: 172.16.0.100/32 is on eth0", "> ip addr del 172.16.0.100/32 dev eth0", "> lvsdr rs start"},
		},
		{
			name:   "wrong netmask",
			change: func(_ *Site, f *fake) { f.addresses[1] = addressOn("lo", "172.16.0.100/16") },
			want: []string{
				"fail vip: 172.16.0.100/16 on lo claims its whole network: the mask should be /32",
				"> lvsdr rs start",
			},
		},
		{
			name: "nothing listens for two protocols", config: "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\nservices: [{port: 53}, {port: 53, protocol: udp}, {port: 53, protocol: sctp}]\n",
			change: func(*Site, *fake) {},
			want: []string{"fail listener: nothing listens on 172.16.0.100:53/tcp; nothing listens on 172.16.0.100:53/udp; " +
				"nothing listens on 172.16.0.100:53/sctp"},
		},
		{
			name:   "nothing listens",
			change: func(_ *Site, f *fake) { f.listeners = listening("127.0.0.1:80") },
			want:   []string{"fail listener: nothing listens on 172.16.0.100:80/tcp"},
		},
		{
			name: "another protocol and another port",
			change: func(_ *Site, f *fake) {
				f.listeners = listening("0.0.0.0:8080")
				f.listeners = append(f.listeners, host.Listener{Protocol: ipvs.UDP, Addr: netip.MustParseAddrPort("0.0.0.0:80")})
			},
			want: []string{"fail listener: nothing listens on 172.16.0.100:80/tcp"},
		},
		{name: "listens on the VIP", change: func(_ *Site, f *fake) { f.listeners = listening("172.16.0.100:80") }},
		{name: "listens on every address of both families", change: func(_ *Site, f *fake) { f.listeners = listening("[::]:80") }},
		{
			name: "listens on every address of IPv6",
			change: func(_ *Site, f *fake) {
				f.listeners = []host.Listener{{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort("[::]:80"), V6Only: true}}
			},
			want: []string{"fail listener: nothing listens on 172.16.0.100:80/tcp, only on [::]:80/tcp", "> redirect 172.16.0.100:80"},
		},
		{
			name:   "listens on the RIP only",
			change: func(_ *Site, f *fake) { f.listeners = listening("10.0.0.7:80") },
			want: []string{
				"fail listener: nothing listens on 172.16.0.100:80/tcp, only on 10.0.0.7:80/tcp",
				"> redirect 172.16.0.100:80",
			},
		},
		{
			name: "listens on the RIP only, but what comes in is redirected",
			change: func(_ *Site, f *fake) {
				f.listeners, f.redirected = listening("10.0.0.7:80"), true
			},
		},
		{
			name:   "no default route",
			change: func(_ *Site, f *fake) { f.routes = f.routes[:1] },
			want:   []string{"fail return route: there is no default route of IPv4", "> ip route add default via GATEWAY"},
		},
		{
			name: "IPv6", config: "vip: fd00::100\nreal_servers: ['fd00::7']\n",
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("lo", "fd00::100/128")}
				f.listeners = listening("[::]:80")
			},
			want: []string{"fail return route: there is no default route of IPv6", "> ip -6 route add default via GATEWAY"},
		},
		{
			name: "tunnel without an interface", config: byTunnel, change: func(*Site, *fake) {},
			want: []string{"fail tunnel: no tunnel interface is up", "> modprobe ipip", "> ip link set tunl0 up"},
		},
		{
			name: "tunnel with rp_filter", config: byTunnel,
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, tunl0)
				f.sysctls["net.ipv4.conf.tunl0.rp_filter"] = 1
			},
			want: []string{
				"fail tunnel: rp_filter is 1 on tunl0",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0",
			},
		},
		{
			name: "tunnel of something else beside it", config: byTunnel,
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, tunl0, ofAnother)
				f.sysctls["net.ipv4.conf.t1.rp_filter"] = 1
			},
		},
		{
			name: "tunnel from one machine alone", config: byTunnel,
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, ofAnother)
				f.sysctls["net.ipv4.conf.t1.rp_filter"] = 0
			},
			want: []string{"unknown tunnel: t1 unpacks only what comes from 10.0.0.99: whether that is the director is unknown"},
		},
		{
			name: "router that is not there", change: func(_ *Site, f *fake) { f.answers = map[string][]wire.Answer{"eth0": nil} },
			want: []string{"fail return route: answers from 172.16.0.100 go to 10.0.0.200, and nobody on eth0 has that address", "> ip route replace default via GATEWAY"},
		},
		{
			name: "router that was told by hand", change: func(_ *Site, f *fake) {
				f.answers = map[string][]wire.Answer{"eth0": nil}
				f.neighbours = []host.Neighbour{{Addr: netip.MustParseAddr("10.0.0.200"), MAC: routerMAC, Interface: "eth0"}}
			},
		},
		{
			name: "tunnel with a loose rp_filter", config: byTunnel,
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, tunl0)
				f.sysctls["net.ipv4.conf.all.rp_filter"], f.sysctls["net.ipv4.conf.tunl0.rp_filter"] = 1, 2
			},
			want: []string{
				"fail tunnel: rp_filter is 2 on tunl0",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0",
			},
		},
		{
			name: "tunnel with a loose rp_filter and an address", config: "label: tunl0:1\n" + byTunnel,
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, tunl0)
				f.addresses[1] = addressOn("tunl0", "172.16.0.100/32")
				f.sysctls["net.ipv4.conf.tunl0.rp_filter"] = 2
			},
		},
		{
			name: "masquerading needs no VIP here", config: byMasquerade,
			change: func(_ *Site, f *fake) {
				f.addresses[1] = addressOn("eth0", "10.0.0.7/24")
				f.listeners = listening("10.0.0.7:8080")
				f.sysctls = nil
				f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.200", routerMAC), answerOf("172.16.0.100", routerMAC)}}
			},
		},
		{
			name: "masqueraded, and answers go to another router", config: byMasquerade,
			change: func(_ *Site, f *fake) {
				f.addresses[1] = addressOn("eth0", "10.0.0.7/24")
				f.listeners = listening("10.0.0.7:8080")
				f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.200", routerMAC), answerOf("172.16.0.100", rs2MAC)}}
				f.neighbours = []host.Neighbour{{Addr: netip.MustParseAddr("172.16.0.100"), MAC: rs2MAC, Interface: "eth0"},
					{Addr: netip.MustParseAddr("10.0.0.8"), MAC: rs2MAC, Interface: "eth0"}}
			},
			want: []string{"warn return route: answers from 10.0.0.7 go to 10.0.0.200, which is not the director", "> ip route replace default via 10.0.0.8"},
		},
		{
			name: "masqueraded, and whose router it is cannot be told", config: byMasquerade,
			change: func(_ *Site, f *fake) {
				f.addresses[1] = addressOn("eth0", "10.0.0.7/24")
				f.listeners = listening("10.0.0.7:8080")
			},
			want: []string{"unknown return route: whether 10.0.0.200 is the director is unknown"},
		},
		{
			name: "somebody else has the VIP, too",
			change: func(_ *Site, f *fake) {
				f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.200", routerMAC), answerOf("172.16.0.100", rs2MAC), answerOf("172.16.0.100", routerMAC)}}
			},
		},
		{
			name: "answers go to the director",
			change: func(_ *Site, f *fake) {
				f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.200", rs2MAC), answerOf("172.16.0.100", rs2MAC)}}
			},
			want: []string{"fail return route: answers from 172.16.0.100 go to 10.0.0.200, which is the director and drops them", "> ip route replace default via GATEWAY"},
		},
		{
			name: "another rule for what is sent in the VIP's name", change: func(_ *Site, f *fake) { f.lost = true },
			want: []string{"fail return route: there is no route from 172.16.0.100 to clients (network is unreachable)", "> ip rule add from 172.16.0.100 lookup main priority 1"},
		},
		{
			name: "a rule alone leads to the clients", change: func(_ *Site, f *fake) {
				f.routes, f.hops = f.routes[:1], map[string]host.Hop{"172.16.0.100": {Interface: "eth0", Gateway: true}}
			},
		},
		{
			name: "routes to some clients", change: func(_ *Site, f *fake) { f.routes[1].Prefix = netip.MustParsePrefix("192.168.0.0/24") },
			want: []string{"warn return route: there is no default route of IPv4: only clients of 192.168.0.0/24 get answers", "> ip route add default via GATEWAY"},
		},
		{
			name:   "rp_filter where the default route leads elsewhere",
			change: func(_ *Site, f *fake) { f.routes[1].Interface, f.sysctls["net.ipv4.conf.eth0.rp_filter"] = "eth1", 1 },
			want: []string{
				"warn return route: rp_filter is 1 on eth0, and the default route leads out of eth1",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0",
			},
		},
		{
			name: "every port", config: "vip: 172.16.0.100\nservices: [{port: 0, persistent: 60}]\nreal_servers: [10.0.0.7]\n",
			change: func(_ *Site, f *fake) { f.listeners = listening("0.0.0.0:8080") },
		},
		{
			name: "nothing listens on any port", config: "vip: 172.16.0.100\nservices: [{port: 0, persistent: 60}]\nreal_servers: [10.0.0.7]\n",
			change: func(_ *Site, f *fake) { f.listeners = listening("10.0.0.7:80") },
			want:   []string{"fail listener: nothing listens on 172.16.0.100/tcp, only on 10.0.0.7:80/tcp"},
		},
		{
			name: "masquerading arrives at the RIP", config: byMasquerade,
			change: func(_ *Site, f *fake) {
				f.listeners = listening("172.16.0.100:8080")
				f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.200", routerMAC), answerOf("172.16.0.100", routerMAC)}}
			},
			want: []string{
				"fail listener: nothing listens on 10.0.0.7:8080/tcp, only on 172.16.0.100:8080/tcp",
				"> redirect 10.0.0.7:8080",
			},
		},
		{
			name: "only what this machine serves", config: "vip: 172.16.0.100\n" +
				"services: [{port: 80, real_servers: [10.0.0.7]}, {port: 443, real_servers: [10.0.0.17]}, {fwmark: 7, real_servers: [10.0.0.7]}]\n",
			change: func(*Site, *fake) {},
			want:   []string{"unknown listener: whether something listens where packets of the mark go to on 172.16.0.100 is unknown"},
		},
		{name: "only the VIPs of services that list this machine", config: severalVIPs, change: func(*Site, *fake) {}},
		{
			name: "VIPs of every service where none lists this machine", config: severalVIPs,
			change: func(_ *Site, f *fake) { f.addresses[2] = addressOn("eth0", "10.0.0.99/24") },
			want: []string{
				"fail vip: 172.16.0.101 is on no interface; 2001:db8::101 is on no interface",
				"> lvsdr rs start --all-vips",
				"fail listener: nothing listens on 10.0.0.27:8080/tcp; nothing listens on 172.16.0.101:443/tcp; nothing listens on [2001:db8::101]:443/tcp",
				"fail return route: there is no default route of IPv6",
				"> ip -6 route add default via GATEWAY",
				"fail tunnel: no tunnel interface is up", "> modprobe ipip", "> ip link set tunl0 up",
			},
		},
		{
			name: "a tunnel of this real server's own", config: severalVIPs,
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("lo", "172.16.0.101/32"), addressOn("lo", "2001:db8::101/128"), addressOn("wg0", "10.0.0.37/24")}
				f.routes = append(f.routes, routeOn("eth0", "::/0", true))
				f.listeners = listening("[::]:443")
			},
			want: []string{"fail tunnel: no tunnel interface is up", "> modprobe ipip", "> ip link set tunl0 up"},
		},
		{
			name: "masquerading for this real server alone", config: severalVIPs,
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("eth0", "10.0.0.27/24")}
				f.listeners = listening("10.0.0.27:8080")
				f.sysctls, f.routes = nil, f.routes[:1]
			},
			want: []string{
				"fail return route: there is no default route of IPv4", "> ip route add default via GATEWAY",
			},
		},
		{
			name: "packet filter",
			change: func(_ *Site, f *fake) {
				f.faults = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "rule 3", Remedy: "let it in"}}
				f.onward = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "rule 1", Remedy: "let it out"}}
			},
			want: []string{"fail packet filter: rule 3 drops packets for 172.16.0.100:80/tcp; rule 1 drops answers from 172.16.0.100:80/tcp", "> let it in", "> let it out"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := realServer()
			s := siteOf(t, RealServer, tt.config)
			tt.change(s, f)
			if diff := cmp.Diff(tt.want, notWell(Run(s, f, 0))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every address is asked for once, where it may be heard.
func TestQuestions(t *testing.T) {
	f := director()
	eth1 := f.links[1]
	eth1.Name = "eth1"
	ppp0 := host.Link{Name: "ppp0", Up: true}
	f.links = append(f.links, eth1, ppp0)
	f.hops = map[string]host.Hop{
		"10.0.0.7":  {Interface: "eth1"},
		"10.0.0.17": {Interface: "eth0", Gateway: true},
		"10.0.0.27": {Interface: "lo", Local: true},
		"10.0.0.37": {Interface: "ppp0"},
	}
	s := siteOf(t, Director, "vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7, 10.0.0.17, 10.0.0.27, 10.0.0.37, 10.0.0.47]\n")
	Run(s, f, 0)
	want := []string{
		"eth0 172.16.0.100", "eth0 172.16.0.101",
		"eth1 10.0.0.7", "eth1 172.16.0.100", "eth1 172.16.0.101",
	}
	if diff := cmp.Diff(want, f.questions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrint(t *testing.T) {
	r := Report{Role: Director, Checks: []Result{
		{Name: "ipvs", Outcome: Pass, Seen: "the kernel has it", Why: "not said"},
		{Name: "vip owner", Outcome: Fail, Seen: "10.0.0.7 answers", Why: "it takes clients away", Remedy: []Remedy{
			{Command: "first"}, {On: "10.0.0.7", Command: "lvsdr rs start"},
		}},
		{Name: "ports", Outcome: Unknown, Seen: "nothing to look at", Why: "not said either"},
	}}
	const whole = `checked as the director:
pass     ipvs           the kernel has it
fail     vip owner      10.0.0.7 answers
         why: it takes clients away
         mend: first
         mend on 10.0.0.7: lvsdr rs start
unknown  ports          nothing to look at
1 passed, 0 warned, 1 failed, 1 not checked
`
	var out bytes.Buffer
	r.Print(&out, false, false)
	if diff := cmp.Diff(whole, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out.Reset()
	r.Print(&out, true, true)
	lines := strings.SplitAfterN(whole, "\n", 3)
	brief := lines[0] + lines[2]
	brief = strings.Replace(brief, "fail   ", "\x1b[31mfail   \x1b[0m", 1)
	brief = strings.Replace(brief, "unknown", "\x1b[36munknown\x1b[0m", 1)
	if diff := cmp.Diff(brief, out.String()); diff != "" {
		t.Errorf("brief and coloured (-want +got):\n%s", diff)
	}
}
