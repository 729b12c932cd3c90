package check

import (
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/status"
	"lvsdr/internal/wire"
)

// perServer has VIPs of services, and real servers with a method of their own.
const perServer = "services:\n- {port: 80, vip: 172.16.0.100, forward: masquerade}\n" +
	"- {port: 80, vip: 172.16.0.101, real_servers: [10.0.0.7, {address: 10.0.0.17, forward: direct}], forward: tunnel}\n" +
	"- {port: 80, vip: 172.16.0.102, forward: tunnel}\nreal_servers: [10.0.0.7, 10.0.0.17]\n"

// byVRRP leaves the VIP to a VRRP daemon.
const byVRRP = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\nwatch: {vip: vrrp}\n"

// byBGP has a routing daemon announce the VIP.
const byBGP = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\nannounce_table: 179\n"

// ofMark is a service of a mark.
const ofMark = "vip: 172.16.0.100\nservices: [{fwmark: 7}]\nreal_servers: [10.0.0.7, 10.0.0.17]\n"

var (
	errNoWay       = syscall.ENETUNREACH
	errNoParameter = fs.ErrNotExist
)

// notWell are the results that are no pass, as text: outcome, name, what was
// seen; then a line for each remedy.
func notWell(r Report) []string {
	var lines []string
	for _, c := range r.Checks {
		if c.Outcome == Pass {
			continue
		}
		lines = append(lines, string(c.Outcome)+" "+c.Name+": "+c.Seen)
		for _, m := range c.Remedy {
			lines = append(lines, strings.TrimSpace("> "+m.On)+" "+m.Command)
		}
	}
	return lines
}

// service is the one of the tutorial's status.
func service(s *Site) *status.Service { return &s.Status.Services[0] }

func TestDirector(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config string
		change func(*Site, *fake)
		want   []string
	}{
		{name: "well", change: func(*Site, *fake) {}},
		{
			name:   "no IPVS",
			change: func(s *Site, _ *fake) { s.IPVS = syscall.ENOPROTOOPT },
			want: []string{
				"fail ipvs: the kernel has none loaded", "> modprobe ip_vs",
				"unknown services: the table of virtual services cannot be read",
				"unknown weights: the table of virtual services cannot be read",
			},
		},
		{
			name: "not root",
			change: func(s *Site, f *fake) {
				s.IPVS = syscall.EPERM
				f.err["Ask"], f.err["Rules ipv4"] = syscall.EPERM, syscall.EPERM
			},
			want: []string{
				"unknown ipvs: not permitted",
				"unknown services: the table of virtual services cannot be read",
				"unknown weights: the table of virtual services cannot be read",
				"unknown neighbours: not permitted",
				"unknown ports: not permitted",
				"unknown vip owner: not permitted",
				"unknown packet filter: not permitted",
			},
		},
		{
			name:   "VIP elsewhere",
			change: func(_ *Site, f *fake) { f.addresses[1] = addressOn("eth0", "172.16.0.100/24") },
			want: []string{
				"warn vip: 172.16.0.100/24 is on eth0",
				"> ip addr del 172.16.0.100/24 dev eth0", "> lvsdr vs start",
			},
		},
		{
			name:   "arp_ignore on the director",
			change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.conf.all.arp_ignore"] = 1 },
			want: []string{
				"fail vip answer: arp_ignore is 1 on eth0, where 172.16.0.100 is not",
				"> sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.eth0.arp_ignore=0",
			},
		},
		{
			name: "rules for ARP on the director", change: func(_ *Site, f *fake) { f.quiet = true },
			want: []string{"fail vip answer: rule 1 drops ARP for 172.16.0.100 on eth0", "> let it answer"},
		},
		{
			name: "packets dropped without a flood", change: func(_ *Site, f *fake) { f.sysctls[dropPacket] = 3 },
			want: []string{"fail settings: drop_packet is 3: the kernel drops some client packets even without a flood", "> sysctl -w net.ipv4.vs.drop_packet=0"},
		},
		{
			name: "packets dropped in a flood", change: func(_ *Site, f *fake) { f.sysctls[dropPacket] = 1 },
		},
		{
			name: "arp_filter, and no way to who asks",
			change: func(_ *Site, f *fake) {
				f.routes = f.routes[:1]
				f.sysctls["net.ipv4.conf.all.rp_filter"], f.sysctls["net.ipv4.conf.all.arp_filter"] = 0, 1
			},
			want: []string{"warn vip answer: arp_filter is 1 on eth0, and the route to whoever asks for 172.16.0.100 may not lead there",
				"> sysctl -w net.ipv4.conf.all.arp_filter=0 net.ipv4.conf.eth0.arp_filter=0"},
		},
		{
			name: "arp_filter", change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.conf.eth0.arp_filter"] = 1 },
		},
		{
			name: "no ARP on the interface", change: func(_ *Site, f *fake) { f.links[1].NoARP = true },
			want: []string{"fail vip answer: eth0 neither asks nor answers neighbours (NOARP)", "> ip link set eth0 arp on"},
		},
		{
			name: "clients' interface is unplugged, and real servers are on another one",
			change: func(_ *Site, f *fake) {
				between(f)
				f.links[1].Unplugged = true
			},
			want: []string{"fail vip answer: eth0 has no carrier: no client of 172.16.0.100 comes in by it"},
		},
		{
			name: "the only interface is unplugged", change: func(_ *Site, f *fake) { f.links[1].Unplugged = true },
			want: []string{
				"fail vip answer: eth0 has no carrier: no client of 172.16.0.100 comes in by it",
				"fail neighbours: 10.0.0.7 does not answer on eth0; 10.0.0.17 does not answer on eth0",
				"> lvsdr vs drain 10.0.0.7", "> lvsdr vs drain 10.0.0.17",
				"unknown ports: nothing to look at",
				"unknown vip owner: nobody can be asked for 172.16.0.100: no interface with a carrier leads to clients or real servers",
			},
		},
		{
			name: "one of two ways for clients is unplugged",
			change: func(_ *Site, f *fake) {
				between(f)
				f.links[2].Unplugged = true
				f.routes = append(f.routes, routeOn("eth1", "0.0.0.0/0", true))
			},
			want: []string{
				"warn vip answer: eth1 has no carrier: no client of 172.16.0.100 comes in by it",
				"fail neighbours: 10.0.0.7 does not answer on eth1; 10.0.0.17 does not answer on eth1",
				"> lvsdr vs drain 10.0.0.7", "> lvsdr vs drain 10.0.0.17",
				"unknown ports: nothing to look at",
			},
		},
		{
			name: "a bridge without a port beside the network",
			change: func(_ *Site, f *fake) {
				f.links = append(f.links, host.Link{Name: "docker0", Up: true, Broadcast: true, Unplugged: true, MAC: rs1MAC, Kind: "bridge"})
				f.addresses = append(f.addresses, addressOn("docker0", "172.17.0.1/16"))
				f.routes, f.sysctls["net.ipv4.conf.all.rp_filter"] = f.routes[:1], 0
				f.sysctls["net.ipv4.conf.docker0.rp_filter"], f.sysctls["net.ipv4.conf.docker0.arp_ignore"], f.sysctls["net.ipv4.conf.docker0.arp_filter"] = 0, 0, 0
			},
		},
		{
			name: "the interface of the VIP's network is down",
			change: func(_ *Site, f *fake) {
				between(f)
				f.links[1].Up = false
				f.addresses = append(f.addresses, addressOn("eth0", "172.16.0.8/24"))
				f.routes, f.sysctls["net.ipv4.conf.all.rp_filter"] = f.routes[:1], 0
			},
			want: []string{"fail vip answer: eth0, in whose network 172.16.0.100 is, is down", "> ip link set eth0 up"},
		},
		{
			name: "a network without Ethernet", config: "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\nservices: [{port: 80, forward: tunnel}]\n",
			change: func(_ *Site, f *fake) { f.links[1].MAC, f.links[1].Kind = nil, "gre" },
			want: []string{
				"unknown vip answer: which interface faces clients of 172.16.0.100 is unknown",
				"unknown on-link: nothing to look at",
				"unknown neighbours: nothing to look at",
				"unknown vip owner: nobody can be asked for 172.16.0.100: no interface with a carrier leads to clients or real servers",
				"unknown return route: which interface faces clients of 172.16.0.100 is unknown",
			},
		},
		{
			name: "the VIP's interface is down", change: func(_ *Site, f *fake) { f.links[0].Up = false },
			want: []string{"fail vip: 172.16.0.100/32 is on lo, which is down", "> ip link set lo up"},
		},
		{
			name: "an IPv6 VIP that another machine has had", config: "vip: fd00::100\ndirector_label: eth0:1\nreal_servers: [10.0.0.7, 10.0.0.17]\nservices: [{port: 80, forward: tunnel}]\n",
			change: func(_ *Site, f *fake) {
				taken := addressOn("eth0", "fd00::100/128")
				taken.Taken = true
				f.addresses = append(f.addresses[:1], taken)
			},
			want: []string{"fail vip: fd00::100/128 on eth0 is not used: when it was added, another machine had it", "> ip addr del fd00::100/128 dev eth0", "> lvsdr vs start", "unknown on-link: nothing to look at"},
		},
		{
			name: "a default route by a rule alone", change: func(_ *Site, f *fake) {
				f.routes = f.routes[:1]
				f.sysctls["net.ipv4.conf.eth0.rp_filter"] = 1
				f.hops["172.16.0.100"] = host.Hop{Interface: "eth0", Gateway: true}
			},
		},
		{
			name: "a rule that leads back nowhere", change: func(_ *Site, f *fake) { f.lost = true },
			want: []string{"fail return route: rp_filter is 1 on eth0, and there is no route to clients (" + errNoWay.Error() + ")",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0"},
		},
		{
			name: "what the filter does is not followed", change: func(_ *Site, f *fake) {
				f.faults = []netfilter.Fault{{Verdict: netfilter.DropsPerhaps, Where: "rule 3"}}
			},
			want: []string{"unknown packet filter: rule 3 may drop packets for 172.16.0.100:80/tcp"},
		},
		{
			name: "arp_ignore on a director that is a real server of others",
			change: func(_ *Site, f *fake) {
				f.sysctls["net.ipv4.conf.eth0.arp_ignore"] = 2
				f.addresses = append(f.addresses, addressOn("lo", "172.16.0.200/32"))
			},
			want: []string{
				"fail vip answer: arp_ignore is 2 on eth0, where 172.16.0.100 is not",
				"> sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1", "> ip addr add 172.16.0.100/32 dev eth0",
			},
		},
		{
			name: "a director that is a real server of others, and has its VIP twice",
			change: func(_ *Site, f *fake) {
				f.sysctls["net.ipv4.conf.eth0.arp_ignore"] = 1
				f.addresses = append(f.addresses, addressOn("lo", "172.16.0.200/32"), addressOn("eth0", "172.16.0.100/32"))
			},
		},
		{
			name: "IPv6 VIP of the LAN on lo", config: "vip: fd00::100\nreal_servers: ['fd00::7']\n",
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("lo", "fd00::100/128"), addressOn("eth0", "fd00::8/64")}
				f.routes, f.hops = []host.Route{routeOn("eth0", "fd00::/64", false)}, map[string]host.Hop{"fd00::7": {Interface: "eth0"}}
				f.answers["eth0"] = []wire.Answer{answerOf("fd00::7", rs1MAC)}
			},
			want: []string{
				"warn vip: fd00::100/128 is on lo", "> ip addr del fd00::100/128 dev lo", "> lvsdr vs start",
				"fail vip answer: neighbours on eth0 ask for fd00::100, which is on another interface",
				"> ip addr add fd00::100/128 dev eth0 nodad preferred_lft 0",
			},
		},
		{
			name: "another director has the VIP, which is not here",
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("eth0", "10.0.0.8/24")}
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", net.HardwareAddr{2, 0, 0, 0, 0, 9}))
			},
			want: []string{
				"warn vip: 172.16.0.100 is on no interface: a machine with the address 02:00:00:00:00:09 has it, and may be the active director",
				"unknown vip answer: 172.16.0.100 is on no interface",
				"warn vip owner: a machine with the address 02:00:00:00:00:09 answers for 172.16.0.100 on eth0, and this machine does not: " +
					"it may be the active director",
			},
		},
		{
			name: "each other's standby, and the other one is at work", config: "vip: 172.16.0.100\nreal_servers: [10.0.0.8, 10.0.0.17]\n",
			change: func(_ *Site, f *fake) {
				f.sysctls["net.ipv4.conf.all.arp_ignore"] = 1
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", rs2MAC))
				f.hops["10.0.0.8"] = host.Hop{Interface: "lo", Local: true}
				f.listeners = []host.Listener{{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort("0.0.0.0:80")}}
			},
			want: []string{
				"warn vip answer: this machine does not answer for 172.16.0.100, but 10.0.0.17 (00:0c:29:88:8f:74) does",
				"warn vip owner: 10.0.0.17 (00:0c:29:88:8f:74) answers for 172.16.0.100 on eth0, and this machine does not: it may be the active director",
			},
		},
		{
			name: "VIP elsewhere, and another address depends on it",
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("eth0", "172.16.0.100/24"), addressOn("eth0", "172.16.0.8/24")}
			},
			want: []string{"warn vip: 172.16.0.100/24 is this machine's own address on eth0, and 172.16.0.8/24 depends on it"},
		},
		{
			name: "VIP elsewhere, masqueraded", config: "vip: 172.16.0.100\nservices: [{port: 80, forward: masquerade}]\nreal_servers: [10.0.0.7, 10.0.0.17]\n",
			change: func(_ *Site, f *fake) { f.addresses[1] = addressOn("eth0", "172.16.0.100/24") },
			want:   []string{"unknown on-link: nothing to look at"},
		},
		{
			name: "differences that are no weights",
			change: func(s *Site, _ *fake) {
				service(s).State = status.Differs
				r := service(s).RealServers
				r[0].State, r[0].Weight, r[0].Differs = status.Differs, 9, []string{"forward", "weight", "thresholds"}
				r[1].State, r[1].Weight = status.Missing, 0
			},
			want: []string{
				"fail services: -t 172.16.0.100:80 is not as configured; " +
					"forward and thresholds of real server 10.0.0.7 of -t 172.16.0.100:80 is not as configured; " +
					"-t 172.16.0.100:80 lacks the real server 10.0.0.17",
				"> lvsdr vs start",
				"fail weights: -t 172.16.0.100:80: 10.0.0.7 has 9 (configured: 1)",
				"> lvsdr vs start",
			},
		},
		{
			name: "timeouts and daemons that are not as configured",
			change: func(s *Site, _ *fake) {
				s.Status.Timeouts = []status.Timeout{{Name: "tcp", Value: 900, Wanted: 60, State: status.Differs}, {Name: "udp", Value: 300, Wanted: 300, State: status.OK}}
				s.Status.Sync = []status.Daemon{{Role: "master", State: status.Missing}, {Role: "backup", State: status.Differs}}
			},
			want: []string{
				"fail services: the timeout tcp is 900, not 60; the master synchronisation daemon is missing; the backup synchronisation daemon is not as configured",
				"> lvsdr vs start",
			},
		},
		{
			name: "one that is down has an entry",
			change: func(s *Site, _ *fake) {
				r := &service(s).RealServers[0]
				r.State, r.Differs, r.Health = status.Differs, []string{"down"}, &status.Health{Verdict: status.Down, Why: "refused"}
			},
			want: []string{
				"fail services: -t 172.16.0.100:80 has the real server 10.0.0.7, which is down", "> lvsdr vs start",
				"warn weights: -t 172.16.0.100:80: 10.0.0.7 is down, but kept in: refused",
			},
		},
		{
			name:   "vs watch is silent",
			change: func(s *Site, _ *fake) { s.Status.Watch = &status.Watch{State: status.WatchSilent, Age: 7500} },
			want:   []string{"warn weights: vs watch was last heard of 2h5m0s ago: its verdicts no longer count"},
		},
		{
			name: "one weight differs",
			change: func(s *Site, _ *fake) {
				r := &service(s).RealServers[0]
				r.State, r.Weight, r.Differs = status.Differs, 9, []string{"weight"}
			},
			want: []string{"fail weights: -t 172.16.0.100:80: 10.0.0.7 has 9 (configured: 1)", "> lvsdr vs start"},
		},
		{
			name: "one is drained",
			change: func(s *Site, f *fake) {
				r := &service(s).RealServers[0]
				r.State, r.Weight = status.Draining, 0
				s.Drained = []netip.Addr{netip.MustParseAddr("10.0.0.7")}
				f.hops["10.0.0.7"] = host.Hop{Interface: "eth0", Gateway: true}
				f.connects = map[string]error{"10.0.0.7:80": syscall.ECONNREFUSED}
			},
		},
		{
			name: "all are drained",
			change: func(s *Site, _ *fake) {
				for i := range service(s).RealServers {
					r := &service(s).RealServers[i]
					r.State, r.Weight = status.Draining, 0
				}
				service(s).RealServers[0].Address = "10.0.0.7:8080"
				s.Drained = []netip.Addr{netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("10.0.0.17")}
			},
			want: []string{
				"fail weights: weight 0 for every real server of -t 172.16.0.100:80",
				"> lvsdr vs undrain 10.0.0.7", "> lvsdr vs undrain 10.0.0.17",
				"unknown on-link: nothing to look at",
				"unknown neighbours: nothing to look at",
				"unknown ports: nothing to look at",
			},
		},
		{
			name: "vs watch has one out",
			change: func(s *Site, _ *fake) {
				r := &service(s).RealServers[0]
				r.State, r.Weight, r.Health = status.IsDown, 0, &status.Health{Verdict: status.Down, Why: "VIP missing there", Remedy: []string{"lvsdr rs start"}, At: "10.0.0.7"}
			},
			want: []string{"warn weights: -t 172.16.0.100:80: vs watch has 10.0.0.7 out: VIP missing there", "> 10.0.0.7 lvsdr rs start"},
		},
		{
			name: "one is drained, and the scheduler refuses its clients",
			change: func(s *Site, _ *fake) {
				service(s).Scheduler = "sh"
				r := &service(s).RealServers[0]
				r.State, r.Weight, r.Refused = status.Draining, 0, &status.Refused{Fallback: "sh-fallback"}
				s.Drained = []netip.Addr{netip.MustParseAddr("10.0.0.7")}
			},
			want: []string{
				"fail weights: -t 172.16.0.100:80: sh refuses the clients of 10.0.0.7, which has weight 0, instead of giving them another real server (the flag sh-fallback does)",
				"> lvsdr vs undrain 10.0.0.7",
			},
		},
		{
			name: "vs watch has one at weight 0, and the scheduler refuses its clients",
			change: func(s *Site, _ *fake) {
				service(s).Scheduler = "dh"
				r := &service(s).RealServers[0]
				r.State, r.Weight, r.Refused = status.IsDown, 0, new(status.Refused)
				r.Health = &status.Health{Verdict: status.Down, Why: "refused"}
			},
			want: []string{"fail weights: -t 172.16.0.100:80: dh refuses the clients of 10.0.0.7, which has weight 0, instead of giving them another real server"},
		},
		{
			name: "vs watch has all out",
			change: func(s *Site, _ *fake) {
				for i := range service(s).RealServers {
					r := &service(s).RealServers[i]
					r.State, r.Weight, r.Health = status.IsDown, 0, &status.Health{Verdict: status.Down, Why: "refused"}
				}
			},
			want: []string{"fail weights: no real server of -t 172.16.0.100:80 is left; " +
				"-t 172.16.0.100:80: vs watch has 10.0.0.7 out: refused; -t 172.16.0.100:80: vs watch has 10.0.0.17 out: refused"},
		},
		{
			name: "all are down, and kept in",
			change: func(s *Site, _ *fake) {
				service(s).FailOpen = true
				for i := range service(s).RealServers {
					service(s).RealServers[i].Health = &status.Health{Verdict: status.Down, Why: "status 500"}
				}
				service(s).RealServers[1].Health.Remedy, service(s).RealServers[1].Health.At = []string{"lvsdr rs start"}, "10.0.0.17"
			},
			want: []string{
				"fail weights: no real server of -t 172.16.0.100:80 is left: all are kept in; " +
					"-t 172.16.0.100:80: 10.0.0.7 is down, but kept in: status 500; -t 172.16.0.100:80: 10.0.0.17 is down, but kept in: status 500",
				"> 10.0.0.17 lvsdr rs start",
			},
		},
		{
			name: "one is down, and kept in",
			change: func(s *Site, _ *fake) {
				r := service(s).RealServers
				r[0].Health, r[1].Health = &status.Health{Verdict: status.Down, Why: "status 500"}, &status.Health{Verdict: status.Up}
			},
			want: []string{"warn weights: -t 172.16.0.100:80: 10.0.0.7 is down, but kept in: status 500"},
		},
		{
			name: "the one that is down is kept in, and the other has weight 0 by hand",
			change: func(s *Site, _ *fake) {
				r := service(s).RealServers
				r[0].Health, r[1].Health = &status.Health{Verdict: status.Down, Why: "status 500"}, &status.Health{Verdict: status.Up}
				r[1].State, r[1].Weight, r[1].Differs = status.Differs, 0, []string{"weight"}
			},
			want: []string{
				"fail weights: no real server of -t 172.16.0.100:80 is left; -t 172.16.0.100:80: 10.0.0.7 is down, but kept in: status 500",
				"> lvsdr vs start",
			},
		},
		{
			name: "all are drained or down, and others answer",
			change: func(s *Site, _ *fake) {
				service(s).Sorry = true
				r := service(s).RealServers
				r[0].State, r[0].Weight, r[0].Health = status.Draining, 0, &status.Health{Verdict: status.Up}
				r[1].State, r[1].Weight, r[1].Health = status.Draining, 0, &status.Health{Verdict: status.Down, Why: "status 500"}
				service(s).RealServers = append(r, status.RealServer{Address: "10.0.0.27", Weight: 1, Configured: 1, State: status.OK, Sorry: true})
			},
			want: []string{"fail weights: no real server of -t 172.16.0.100:80 is left: others answer", "> lvsdr vs undrain 10.0.0.7"},
		},
		{
			name: "not asked yet",
			change: func(s *Site, _ *fake) {
				r := &service(s).RealServers[0]
				r.State, r.Weight, r.Health = status.IsDown, 0, &status.Health{Verdict: status.Unknown}
			},
			want: []string{"warn weights: -t 172.16.0.100:80: vs watch has 10.0.0.7 out: not asked yet"},
		},
		{
			name: "a service without entries",
			change: func(s *Site, _ *fake) {
				for i := range service(s).RealServers {
					r := &service(s).RealServers[i]
					r.State, r.Weight = status.Missing, 0
				}
			},
			want: []string{
				"fail services: -t 172.16.0.100:80 lacks the real server 10.0.0.7; -t 172.16.0.100:80 lacks the real server 10.0.0.17",
				"> lvsdr vs start",
				"fail weights: no real server of -t 172.16.0.100:80 is left",
			},
		},
		{
			name: "weight 0 by configuration",
			change: func(s *Site, _ *fake) {
				for i := range service(s).RealServers {
					service(s).RealServers[i].Weight, service(s).RealServers[i].Configured = 0, 0
				}
			},
			want: []string{"fail weights: weight 0 for every real server of -t 172.16.0.100:80"},
		},
		{
			name: "behind a router, and no way at all",
			change: func(_ *Site, f *fake) {
				f.hops = map[string]host.Hop{"10.0.0.7": {Interface: "eth0", Gateway: true}}
				f.routes = f.routes[1:]
				f.connects = map[string]error{"10.0.0.17:80": syscall.ENETUNREACH}
			},
			want: []string{
				"fail on-link: 10.0.0.7 is behind a router; there is no route to 10.0.0.17 (network is unreachable)",
				"> lvsdr vs drain 10.0.0.7", "> lvsdr vs drain 10.0.0.17",
				"unknown neighbours: nothing to look at",
				"fail ports: 10.0.0.17:80/tcp: network is unreachable", "> lvsdr vs drain 10.0.0.17",
			},
		},
		{
			name: "a route hides the link",
			change: func(_ *Site, f *fake) {
				f.hops["10.0.0.17"] = host.Hop{Interface: "eth0", Gateway: true}
				f.routes = append(f.routes, routeOn("eth0", "10.0.0.16/28", true))
			},
			want: []string{"fail on-link: 10.0.0.17 is behind a router", "> ip route del 10.0.0.16/28"},
		},
		{
			name: "tunnels lead past routers", config: "vip: 172.16.0.100\nservices: [{port: 80, forward: tunnel}]\nreal_servers: [10.0.0.7]\n",
			change: func(_ *Site, f *fake) { f.hops["10.0.0.7"] = host.Hop{Interface: "eth0", Gateway: true} },
			want:   []string{"unknown on-link: nothing to look at", "unknown neighbours: nothing to look at"},
		},
		{
			name: "this machine serves too",
			change: func(_ *Site, f *fake) {
				f.hops["10.0.0.7"] = host.Hop{Interface: "lo", Local: true}
				f.listeners = []host.Listener{{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort("172.16.0.100:80")}}
				f.connects = map[string]error{"10.0.0.7:80": syscall.ECONNREFUSED}
			},
		},
		{
			name: "no answer: its ports are not tried",
			change: func(_ *Site, f *fake) {
				f.answers["eth0"] = f.answers["eth0"][1:]
				f.connects = map[string]error{"10.0.0.7:80": syscall.EHOSTUNREACH}
			},
			want: []string{"fail neighbours: 10.0.0.7 does not answer on eth0", "> lvsdr vs drain 10.0.0.7"},
		},
		{
			name: "protocols that cannot be asked", config: "vip: 172.16.0.100\nservices: [{port: 53, protocol: udp}, {port: 9, protocol: sctp}, {fwmark: 7}]\nreal_servers: [10.0.0.7]\n",
			change: func(_ *Site, f *fake) { f.connects = map[string]error{"10.0.0.7:9": syscall.EPROTONOSUPPORT} },
			want: []string{"unknown ports: 10.0.0.7:53/udp: a udp port cannot be probed; 10.0.0.7:9/sctp: this kernel has no sctp loaded to connect with",
				"fail marks: no packet for 172.16.0.100 gets mark 7",
				"> iptables -t mangle -A PREROUTING -d 172.16.0.100 -p tcp --dport PORT -j MARK --set-mark 7",
				"unknown packet filter: which packets get mark 7 is unknown"},
		},
		{
			name: "others have the VIP",
			change: func(_ *Site, f *fake) {
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", rs2MAC),
					answerOf("172.16.0.100", routerMAC), answerOf("172.16.0.100", net.HardwareAddr{2, 0, 0, 0, 0, 9}))
			},
			want: []string{
				"fail vip owner: real server 10.0.0.17 (00:0c:29:88:8f:74) answers for 172.16.0.100 on eth0; " +
					"10.0.0.200 (00:0c:29:91:72:d3), which is no real server, answers for 172.16.0.100 on eth0; " +
					"a machine with the address 02:00:00:00:00:09 answers for 172.16.0.100 on eth0",
				"> 10.0.0.17 ip addr flush to 172.16.0.100", "> 10.0.0.17 lvsdr rs start",
				"> 10.0.0.200 ip addr flush to 172.16.0.100", "> 02:00:00:00:00:09 ip addr flush to 172.16.0.100",
			},
		},
		{
			name: "VRRP is active here, and the VIP is as configured",
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", routerMAC))
			},
			want: []string{
				"fail vip owner: 10.0.0.200 (00:0c:29:91:72:d3), which is no real server, answers for 172.16.0.100 on eth0",
				"> 10.0.0.200 ip addr flush to 172.16.0.100",
			},
		},
		{
			name: "VRRP has put the VIP elsewhere",
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.addresses[1] = addressOn("eth0", "172.16.0.100/32")
			},
		},
		{
			name: "VRRP has the VIP on another director",
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.addresses = f.addresses[:1]
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", routerMAC), answerOf("172.16.0.100", rs2MAC))
			},
			want: []string{
				"warn vip: 172.16.0.100 is on no interface: VRRP is active here, and may have it on another director",
				"fail vip owner: real server 10.0.0.17 (00:0c:29:88:8f:74) answers for 172.16.0.100 on eth0",
				"> 10.0.0.17 ip addr flush to 172.16.0.100", "> 10.0.0.17 lvsdr rs start",
			},
		},
		{
			name: "the file leaves the VIP to VRRP, which nobody speaks", config: byVRRP,
			change: func(_ *Site, f *fake) { f.addresses = f.addresses[:1] },
			want: []string{
				"fail vip: watch.vip is vrrp, and no program of this machine takes part in VRRP", "> systemctl start keepalived",
				"unknown vip answer: 172.16.0.100 is on no interface",
			},
		},
		{
			name: "the file leaves the VIP to VRRP, and start put it up before", config: byVRRP,
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", routerMAC))
			},
			want: []string{
				"fail vip: 172.16.0.100/32 on lo: this machine answers for it while VRRP has it elsewhere", "> ip addr del 172.16.0.100/32 dev lo",
			},
		},
		{
			name: "VRRP has the VIP here, as the file says", config: byVRRP,
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.addresses[1] = addressOn("eth0", "172.16.0.100/32")
			},
		},
		{
			name: "VRRP has the VIP on both directors", config: byVRRP,
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.addresses[1] = addressOn("eth0", "172.16.0.100/32")
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", routerMAC))
			},
			want: []string{"fail vip owner: 10.0.0.200 (00:0c:29:91:72:d3) answers for 172.16.0.100 on eth0 as well: the directors do not hear each other's VRRP"},
		},
		{
			name: "VRRP has the VIP on the other director, as the file says", config: byVRRP,
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.addresses = f.addresses[:1]
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", routerMAC))
			},
		},
		{
			name: "VRRP has the VIP on no director", config: byVRRP,
			change: func(_ *Site, f *fake) {
				f.vrrp = true
				f.addresses = f.addresses[:1]
			},
			want: []string{"warn vip owner: nobody answers for 172.16.0.100: VRRP has it on no director"},
		},
		{
			name: "routers have a route to each of several directors", config: byBGP,
			change: func(_ *Site, f *fake) {
				f.sysctls["net.ipv4.conf.all.arp_ignore"] = 1
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.100", routerMAC))
			},
			want: []string{"unknown vip answer: " + errRouted.Error(), "unknown vip owner: " + errRouted.Error()},
		},
		{
			name: "routers are told otherwise of the VIP", config: byBGP,
			change: func(s *Site, _ *fake) {
				s.Status.VIPs = []status.VIP{{Address: netip.MustParsePrefix("172.16.0.100/32"), State: status.Differs, Differs: []string{"route"}}}
			},
			want: []string{
				"fail vip answer: the route to 172.16.0.100 in table 179 is not as configured", "> lvsdr vs start",
				"unknown vip owner: " + errRouted.Error(),
			},
		},
		{
			name: "others on several interfaces",
			change: func(_ *Site, f *fake) {
				for _, name := range []string{"eth3", "eth1", "eth2"} {
					l := f.links[1]
					l.Name = name
					f.links, f.routes = append(f.links, l), append(f.routes, routeOn(name, "0.0.0.0/0", true))
					f.answers[name] = []wire.Answer{answerOf("172.16.0.100", net.HardwareAddr{2, 0, 0, 0, 0, 9})}
					f.sysctls["net.ipv4.conf."+name+".rp_filter"], f.sysctls["net.ipv4.conf."+name+".arp_ignore"] = 2, 0
				}
			},
			want: []string{
				"fail vip owner: a machine with the address 02:00:00:00:00:09 answers for 172.16.0.100 on eth1; " +
					"a machine with the address 02:00:00:00:00:09 answers for 172.16.0.100 on eth2; " +
					"a machine with the address 02:00:00:00:00:09 answers for 172.16.0.100 on eth3",
				"> 02:00:00:00:00:09 ip addr flush to 172.16.0.100",
			},
		},
		{
			name:   "no default route",
			change: func(_ *Site, f *fake) { f.routes = f.routes[:1] },
			want: []string{
				"fail return route: rp_filter is 1 on eth0, and there is no default route",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0",
			},
		},
		{
			name:   "default route of the other family",
			change: func(_ *Site, f *fake) { f.routes[1].Prefix = netip.MustParsePrefix("::/0") },
			want: []string{
				"fail return route: rp_filter is 1 on eth0, and there is no default route",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0",
			},
		},
		{
			name:   "default route on another interface",
			change: func(_ *Site, f *fake) { f.routes[1].Interface = "eth1" },
			want: []string{
				"warn return route: rp_filter is 1 on eth0, and the default route leads out of eth1",
				"> sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0",
			},
		},
		{
			name: "loose rp_filter",
			change: func(_ *Site, f *fake) {
				f.routes[1].Interface = "eth1"
				f.sysctls["net.ipv4.conf.eth0.rp_filter"] = 2
			},
		},
		{
			name: "IPv6 needs no way back", config: "vip: fd00::100\nreal_servers: ['fd00::7']\n",
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("lo", "fd00::100/128")}
				f.routes, f.hops = nil, map[string]host.Hop{"fd00::7": {Interface: "eth0"}}
				f.answers["eth0"] = []wire.Answer{answerOf("fd00::7", rs1MAC)}
			},
			want: []string{"unknown vip answer: which interface faces clients of fd00::100 is unknown"},
		},
		{
			name: "no rp_filter",
			change: func(_ *Site, f *fake) {
				f.routes, f.sysctls["net.ipv4.conf.all.rp_filter"] = f.routes[:1], 0
			},
		},
		{
			name: "packet filter",
			change: func(_ *Site, f *fake) {
				f.faults = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "rule 3", Remedy: "let it in"}}
				f.onward = []netfilter.Fault{{Verdict: netfilter.DropsSome, Where: "the policy", Remedy: "let it out"}}
			},
			want: []string{"fail packet filter: rule 3 drops packets for 172.16.0.100:80/tcp", "> let it in", "> let it out"},
		},
		{
			name: "packet filter where only some packets go on as they have come", config: perServer,
			change: func(_ *Site, f *fake) {
				f.addresses = append(f.addresses, addressOn("lo", "172.16.0.101/32"), addressOn("lo", "172.16.0.102/32"))
				f.onward = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "the policy", Remedy: "let it out"}}
			},
			want: []string{"unknown ports: this machine's packet filter drops what would ask its real servers", "fail packet filter: the policy drops packets for 10.0.0.7:80/tcp; the policy drops packets for 172.16.0.101:80/tcp; " +
				"the policy drops tunnelled packets for 10.0.0.7", "> let it out"},
		},
		{
			name: "masquerading without forwarding", config: perServer,
			change: func(_ *Site, f *fake) {
				f.addresses = append(f.addresses, addressOn("lo", "172.16.0.101/32"), addressOn("lo", "172.16.0.102/32"))
				f.sysctls["net.ipv4.conf.eth0.forwarding"] = 0
			},
			want: []string{"fail forwarding: net.ipv4.conf.eth0.forwarding is 0", "> sysctl -w net.ipv4.ip_forward=1"},
		},
		{
			name: "masquerading of IPv6 without forwarding", config: "vip: fd00::100\nservices: [{port: 80, forward: masquerade}]\nreal_servers: ['fd00::7']\n",
			change: func(_ *Site, f *fake) {
				f.addresses = []host.Address{addressOn("eth0", "fd00::100/128"), addressOn("eth0", "fd00::8/64")}
				f.routes, f.hops = []host.Route{routeOn("eth0", "fd00::/64", false)}, map[string]host.Hop{"fd00::7": {Interface: "eth0"}}
				f.answers["eth0"] = []wire.Answer{answerOf("fd00::7", rs1MAC)}
				f.sysctls["net.ipv6.conf.all.forwarding"] = 0
			},
			want: []string{
				"unknown on-link: nothing to look at",
				"fail forwarding: net.ipv6.conf.all.forwarding is 0", "> sysctl -w net.ipv6.conf.all.forwarding=1",
			},
		},
		{
			name: "a mark that nothing sets", config: ofMark, change: func(_ *Site, f *fake) { f.marks = []uint32{8} },
			want: []string{
				"unknown ports: nothing to look at",
				"fail marks: no packet for 172.16.0.100 gets mark 7, but mark 8",
				"> iptables -t mangle -A INPUT -d 172.16.0.100 -j MARK --set-mark 7",
				"unknown packet filter: which packets get mark 7 is unknown",
			},
		},
		{
			name: "a local route for the mark in place of the VIP", config: ofMark, change: func(_ *Site, f *fake) {
				f.addresses, f.delivers, f.mark, f.marked = slices.Delete(f.addresses, 1, 2), true, 7, []uint32{7}
			},
			want: []string{"unknown ports: nothing to look at"},
		},
		{
			name: "a local route for another mark", config: ofMark, change: func(_ *Site, f *fake) {
				f.addresses, f.delivers, f.mark, f.marked = slices.Delete(f.addresses, 1, 2), true, 8, []uint32{7}
			},
			want: []string{
				"fail vip: 172.16.0.100 is on no interface", "> lvsdr vs start", "unknown vip answer: 172.16.0.100 is on no interface",
				"unknown ports: nothing to look at",
			},
		},
		{
			name: "a mark of some packets", config: ofMark, change: func(_ *Site, f *fake) { f.marks = []uint32{7, 8} },
			want: []string{
				"unknown ports: nothing to look at", "unknown marks: whether clients' packets for 172.16.0.100 get mark 7 is unknown: some do",
				"unknown packet filter: which packets get mark 7 is unknown",
			},
		},
		{
			name: "a mark from elsewhere", config: ofMark, change: func(_ *Site, f *fake) { f.anyMark = true },
			want: []string{
				"unknown ports: nothing to look at",
				"unknown marks: which packets for 172.16.0.100 get mark 7 cannot be followed",
				"unknown packet filter: which packets get mark 7 is unknown",
			},
		},
		{
			name: "a marked port that is dropped", config: ofMark, change: func(_ *Site, f *fake) {
				f.marked = []uint32{7}
				f.faults = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "rule 3", Remedy: "let it in"}}
			},
			want: []string{"unknown ports: nothing to look at", "fail packet filter: rule 3 drops packets for 172.16.0.100:80/tcp", "> let it in"},
		},
		{
			name: "a program before the packet filter", change: func(_ *Site, f *fake) { f.programs = []string{"eth0", "lo", "docker0"} },
			want: []string{"unknown packet filter: what XDP or tc does with packets on eth0 cannot be followed"},
		},
		{
			name: "later packets", change: func(_ *Site, f *fake) {
				f.faultsOf = func(p netfilter.Packet) (found []netfilter.Fault) {
					switch p.Stage {
					case netfilter.First:
						found = []netfilter.Fault{{Verdict: netfilter.DropsSome, Where: "rule 2", Remedy: "let it in"}}
					case netfilter.Later, netfilter.Last:
						found = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "rule 3", Remedy: "let it in"}}
					}
					return found
				}
			},
			want: []string{"fail packet filter: rule 3 drops later packets of connections to 172.16.0.100:80/tcp", "> let it in"},
		},
		{
			name: "last packets", change: func(_ *Site, f *fake) {
				f.faultsOf = func(p netfilter.Packet) (found []netfilter.Fault) {
					if p.State == netfilter.Invalid {
						found = []netfilter.Fault{{Verdict: netfilter.Drops, Where: "rule 3", Remedy: "let it in"}}
					}
					return found
				}
			},
			want: []string{"warn packet filter: rule 3 drops the last packets of connections to 172.16.0.100:80/tcp", "> let it in"},
		},
		{
			name: "VIP of one service", config: perServer, change: func(_ *Site, f *fake) {
				f.addresses = append(f.addresses, addressOn("lo", "172.16.0.101/32"))
				f.answers["eth0"] = append(f.answers["eth0"], answerOf("172.16.0.102", rs2MAC))
			},
			want: []string{
				"fail vip: 172.16.0.102 is on no interface", "> lvsdr vs start",
				"unknown vip answer: 172.16.0.102 is on no interface",
				"fail vip owner: real server 10.0.0.17 (" + rs2MAC.String() + ") answers for 172.16.0.102 on eth0",
				"> 10.0.0.17 ip addr flush to 172.16.0.102", "> 10.0.0.17 lvsdr rs start",
			},
		},
		{
			name: "a router before real servers of each method", config: perServer, change: func(_ *Site, f *fake) {
				f.addresses = append(f.addresses, addressOn("lo", "172.16.0.101/32"), addressOn("lo", "172.16.0.102/32"))
				f.hops = map[string]host.Hop{"10.0.0.7": {Interface: "eth0", Gateway: true}, "10.0.0.17": {Interface: "eth0", Gateway: true}}
			},
			want: []string{
				"fail on-link: 10.0.0.17 is behind a router", "> lvsdr vs drain 10.0.0.17",
				"unknown neighbours: nothing to look at",
			},
		},
		{
			name: "the director's own label", config: "director_label: eth0:1\nvip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n",
			change: func(_ *Site, f *fake) { f.addresses[1] = addressOn("eth0", "172.16.0.100/32") },
		},
		{
			name: "packet filter with an allow-list",
			change: func(_ *Site, f *fake) {
				f.onward = []netfilter.Fault{{Verdict: netfilter.DropsSome, Where: "the policy", Remedy: "let it out"}}
			},
			want: []string{"warn packet filter: the policy drops some packets for 172.16.0.100:80/tcp", "> let it out"},
		},
		{
			name:   "the kernel's own settings",
			change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.vs.expire_nodest_conn"] = 0 },
			want: []string{
				"warn settings: expire_nodest_conn is 0: connections of a real server that was removed are sent nowhere until they are forgotten",
				"> sysctl -w net.ipv4.vs.expire_nodest_conn=1",
			},
		},
		{
			name: "ports used again, old kernel",
			change: func(_ *Site, f *fake) {
				f.release, f.sysctls["net.ipv4.vs.conntrack"] = "5.4.0-150-generic", 1
			},
			want: []string{
				"warn settings: conn_reuse_mode is 1 on Linux 5.4.0-150-generic: a client that reuses a port waits a second",
				"> sysctl -w net.ipv4.vs.conn_reuse_mode=0",
			},
		},
		{
			name:   "ports used again, old kernel that tracks nothing",
			change: func(_ *Site, f *fake) { f.release = "4.19.0" },
		},
		{
			name:   "ports used again, new kernel",
			change: func(_ *Site, f *fake) { f.sysctls["net.ipv4.vs.conn_reuse_mode"] = 0 },
			want: []string{
				"warn settings: conn_reuse_mode is 0: a client that reuses a port stays with its last real server, even one of weight 0",
				"> sysctl -w net.ipv4.vs.conn_reuse_mode=1",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := director()
			s := siteOf(t, Director, tt.config)
			tt.change(s, f)
			if diff := cmp.Diff(tt.want, notWell(Run(s, f, 0))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// between has the real servers on an interface of their own, eth1; clients come in by eth0.
func between(f *fake) {
	eth1 := f.links[1]
	eth1.Name, eth1.Index = "eth1", 3
	f.links = append(f.links, eth1)
	f.addresses[2].Interface, f.routes[0].Interface = "eth1", "eth1"
	f.hops = map[string]host.Hop{"10.0.0.7": {Interface: "eth1"}, "10.0.0.17": {Interface: "eth1"}}
	f.answers["eth1"], f.answers["eth0"] = f.answers["eth0"], nil
	for _, name := range []string{"rp_filter", "arp_ignore", "arp_filter"} {
		f.sysctls["net.ipv4.conf.eth1."+name] = 0
	}
}

// TestComesIn has the interface that clients' packets come in by, if there is no
// other choice.
func TestComesIn(t *testing.T) {
	docker := host.Link{Name: "docker0", Up: true, Broadcast: true, MAC: rs1MAC, Kind: "bridge"}
	port := host.Link{Name: "veth1", Up: true, Broadcast: true, MAC: rs1MAC, Kind: "veth", Port: true}
	other := host.Link{Name: "eth1", Up: true, Broadcast: true, MAC: rs1MAC}
	for _, tt := range []struct {
		name   string
		change func(*fake)
		want   netfilter.Packet
	}{
		{"one", func(*fake) {}, netfilter.Packet{In: "eth0", Out: "eth0"}},
		{"two", func(f *fake) { f.links = append(f.links, other) }, netfilter.Packet{}},
		{"docker", func(f *fake) { f.links = append(f.links, docker, port) }, netfilter.Packet{In: "eth0", Out: "eth0"}},
		{"a bridge", func(f *fake) {
			f.links[1].Kind = "bridge"
			f.links = append(f.links, port)
		}, netfilter.Packet{In: "eth0", Out: "eth0", Bridge: true, Ports: []string{"veth1"}}},
		{"a bond", func(f *fake) {
			f.links[1].Kind = "bond"
			f.links = append(f.links, port)
		}, netfilter.Packet{In: "eth0", Out: "eth0", Ports: []string{"veth1"}}},
	} {
		f := director()
		tt.change(f)
		m := gather(siteOf(t, Director, ""), f, silence)
		got := netfilter.Packet{Dst: netip.MustParseAddr("172.16.0.100")}
		tt.want.Dst = got.Dst
		m.comesIn(&got)
		if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestPassages has what is sent through the packet filter: hook, protocol, source and
// destination, stage, states.
func TestPassages(t *testing.T) {
	for _, tt := range []struct {
		name    string
		role    Role
		config  string
		sysctls map[string]int
		want    []string
	}{
		{"direct", Director, "", nil, []string{
			"501346 tcp >172.16.0.100:80 SYN NEW, sent UNTRACKED",
			"501346 tcp >172.16.0.100:80 ACK NEW, sent UNTRACKED",
			"501346 tcp >172.16.0.100:80 FIN INVALID, sent INVALID",
		}},
		{"direct, tracked", Director, "", map[string]int{conntrack: 1}, []string{
			"501346 tcp >172.16.0.100:80 SYN NEW, sent NEW",
			"501346 tcp >172.16.0.100:80 ACK INVALID, sent INVALID",
			"501346 tcp >172.16.0.100:80 FIN INVALID, sent INVALID",
		}},
		{"direct, not loose", Director, "", map[string]int{tcpLoose: 0}, []string{
			"501346 tcp >172.16.0.100:80 SYN NEW, sent UNTRACKED",
			"501346 tcp >172.16.0.100:80 ACK INVALID, sent INVALID",
			"501346 tcp >172.16.0.100:80 FIN INVALID, sent INVALID",
		}},
		{"UDP", Director, "vip: 172.16.0.100\nservices: [{port: 53, protocol: udp}]\nreal_servers: [10.0.0.7]\n", nil, []string{
			"501346 udp >172.16.0.100:53 SYN NEW, sent UNTRACKED",
		}},
		{"UDP, masqueraded", Director, "vip: 172.16.0.100\nservices: [{port: 53, protocol: udp, forward: masquerade}]\nreal_servers: [10.0.0.7]\n", nil, []string{
			"501 udp >172.16.0.100:53 SYN NEW, sent UNTRACKED",
			"346 udp >10.0.0.7:53 SYN , sent UNTRACKED",
			"502 udp 10.0.0.7:53> SYN/ACK NEW",
			"46 udp 172.16.0.100:53> SYN/ACK , sent UNTRACKED",
			"502 udp 10.0.0.7:53> ACK NEW",
			"46 udp 172.16.0.100:53> ACK , sent UNTRACKED",
		}},
		{"every port", Director, "vip: 172.16.0.100\nservices: [{port: 0, persistent: 60}]\nreal_servers: [10.0.0.7]\n", nil, []string{
			"501346 tcp >172.16.0.100:0 SYN NEW, sent UNTRACKED",
			"501346 tcp >172.16.0.100:0 ACK NEW, sent UNTRACKED",
			"501346 tcp >172.16.0.100:0 FIN INVALID, sent INVALID",
		}},
		{"tunnel", Director, byTunnel, nil, []string{
			"501 tcp >172.16.0.100:80 SYN NEW, sent UNTRACKED",
			"501 tcp >172.16.0.100:80 ACK NEW, sent UNTRACKED",
			"501 tcp >172.16.0.100:80 FIN INVALID, sent INVALID",
			"346  >10.0.0.7:0 SYN ",
			"346  172.16.0.100:0> SYN NEW|ESTABLISHED|INVALID|UNTRACKED",
		}},
		{"masquerade", Director, byMasquerade, nil, []string{
			"501 tcp >172.16.0.100:80 SYN NEW, sent UNTRACKED",
			"501 tcp >172.16.0.100:80 ACK NEW, sent UNTRACKED",
			"501 tcp >172.16.0.100:80 FIN INVALID, sent INVALID",
			"346 tcp >10.0.0.7:8080 SYN , sent UNTRACKED",
			"346 tcp >10.0.0.7:8080 ACK , sent UNTRACKED",
			"346 tcp >10.0.0.7:8080 FIN , sent INVALID",
			"502 tcp 10.0.0.7:8080> SYN/ACK INVALID",
			"46 tcp 172.16.0.100:80> SYN/ACK , sent INVALID",
			"502 tcp 10.0.0.7:8080> ACK NEW",
			"46 tcp 172.16.0.100:80> ACK , sent UNTRACKED",
		}},
		{"masquerade, tracked", Director, byMasquerade, map[string]int{conntrack: 1}, []string{
			"501 tcp >172.16.0.100:80 SYN NEW, sent NEW",
			"501 tcp >172.16.0.100:80 ACK ESTABLISHED, sent ESTABLISHED",
			"501 tcp >172.16.0.100:80 FIN ESTABLISHED, sent ESTABLISHED",
			"346 tcp >10.0.0.7:8080 SYN , sent NEW",
			"346 tcp >10.0.0.7:8080 ACK , sent ESTABLISHED",
			"346 tcp >10.0.0.7:8080 FIN , sent ESTABLISHED",
			"502 tcp 10.0.0.7:8080> SYN/ACK ESTABLISHED",
			"46 tcp 172.16.0.100:80> SYN/ACK , sent ESTABLISHED",
			"502 tcp 10.0.0.7:8080> ACK ESTABLISHED",
			"46 tcp 172.16.0.100:80> ACK , sent ESTABLISHED",
		}},
		{"real server", RealServer, "", nil, []string{
			"501 tcp >172.16.0.100:80 SYN ",
			"501 tcp >172.16.0.100:80 ACK ESTABLISHED",
			"501 tcp >172.16.0.100:80 FIN ESTABLISHED",
			"346 tcp 172.16.0.100:80> SYN/ACK ESTABLISHED",
			"346 tcp 172.16.0.100:80> ACK ESTABLISHED",
		}},
		{"real server, tunnel", RealServer, byTunnel, nil, []string{
			"501 tcp >172.16.0.100:80 SYN ",
			"501 tcp >172.16.0.100:80 ACK ESTABLISHED",
			"501 tcp >172.16.0.100:80 FIN ESTABLISHED",
			"346 tcp 172.16.0.100:80> SYN/ACK ESTABLISHED",
			"346 tcp 172.16.0.100:80> ACK ESTABLISHED",
			"501  >10.0.0.7:0 SYN ",
		}},
		{"real server, masquerade", RealServer, byMasquerade, nil, []string{
			"501 tcp >10.0.0.7:8080 SYN ",
			"501 tcp >10.0.0.7:8080 ACK ESTABLISHED",
			"501 tcp >10.0.0.7:8080 FIN ESTABLISHED",
			"346 tcp 10.0.0.7:8080> SYN/ACK ESTABLISHED",
			"346 tcp 10.0.0.7:8080> ACK ESTABLISHED",
		}},
	} {
		f, s := director(), siteOf(t, tt.role, tt.config)
		if tt.role == RealServer {
			f = realServer()
		}
		maps.Copy(f.sysctls, tt.sysctls)
		RunQuietly(s, f)
		if diff := cmp.Diff(tt.want, f.passed); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
