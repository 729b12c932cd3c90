package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/lantest"
)

// shell runs commands in a machine, and returns what they print.
func shell(t *testing.T, dir, machine, commands string) (printed string) {
	t.Helper()
	lantest.Within(t, dir, machine, func() {
		out, err := exec.Command("sh", "-ec", commands).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %s: %v\n%s", machine, commands, err, out)
		}
		printed = string(out)
	})
	return printed
}

// With these commands a machine has the VIPs, for itself.
const haveVIP = "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; ip addr add 172.16.0.100/32 dev lo; ip addr add fd01::100/128 dev lo nodad; "

// cluster is a LAN whose director has the VIPs and a table with both real
// servers.
func cluster(t *testing.T) (dir string) {
	t.Helper()
	dir = lantest.LAN(t)
	for machine, own := range map[string]string{"lvs": "fe80::8", "rs1": "fe80::7", "rs2": "fe80::17"} {
		shell(t, dir, machine, "ip addr add "+own+"/64 dev eth0 nodad") // who forwards asks from it
	}
	shell(t, dir, "lvs", haveVIP+table("10.0.0.7", "10.0.0.17", "[fd00::7]", "[fd00::17]"))
	return dir
}

// table are the commands that fill IPVS's, for port 80 of the VIPs.
func table(servers ...string) string {
	rules := "-A -t 172.16.0.100:80 -s rr\n-A -t [fd01::100]:80 -s rr\n"
	for _, s := range servers {
		if strings.HasPrefix(s, "[") {
			rules += "-a -t [fd01::100]:80 -r " + s + ":80\n"
		} else {
			rules += "-a -t 172.16.0.100:80 -r " + s + ":80\n"
		}
	}
	return "ipvsadm -R <<END\n" + rules + "END\n"
}

// probesOf ask a real server for both VIPs, over eth0 of the director.
func probesOf(t *testing.T, dir string, mac net.HardwareAddr, port uint16) (probes []Probe) {
	t.Helper()
	lantest.Within(t, dir, "lvs", func() {
		eth0, err := host.NewHost().Link("eth0")
		lantest.Must(t, err)
		for _, a := range []struct{ from, to string }{{"10.0.0.8", vip4}, {"fd00::8", vip6}} {
			to := netip.AddrPortFrom(netip.MustParseAddr(a.to), port)
			probes = append(probes, Probe{eth0, mac, netip.MustParseAddr(a.from), to})
		}
	})
	return probes
}

// probe asks from the director, and returns how it was answered.
func probe(t *testing.T, dir string, probes ...Probe) (outcomes []Outcome) {
	t.Helper()
	return probeFor(t, dir, soon, probes...)
}

func probeFor(t *testing.T, dir string, wait time.Duration, probes ...Probe) (outcomes []Outcome) {
	t.Helper()
	lantest.Within(t, dir, "lvs", func() {
		asked(t, "eth0", addrsOf("10.0.0.7", "10.0.0.17", "fd00::7", "fd00::17"))
		for _, r := range wired.Probe(probes, wait) {
			lantest.Must(t, r.Err)
			outcomes = append(outcomes, r.Outcome)
		}
	})
	return outcomes
}

func TestKernelProbe(t *testing.T) {
	const (
		forwards = "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; "
		toLVS    = "ip route add 172.16.0.100 via 10.0.0.8; ip -6 route add fd01::100 via fd00::8; "
		bothDrop = "iptables-legacy -A INPUT -p tcp --dport 80 -j %s; ip6tables-legacy -A INPUT -p tcp --dport 80 -j %[1]s"
	)
	for _, tt := range []struct {
		name     string
		made     string // by these commands on rs1, which listens on every address
		director string // commands there
		port     uint16 // instead of 80
		want     Outcome
		want6    Outcome // of IPv6, where it is another
	}{
		{name: "served", made: haveVIP, want: Served},
		{name: "served, with cookies", made: haveVIP + "sysctl -qw net.ipv4.tcp_syncookies=2", want: Served},
		{name: "nothing listens", made: haveVIP, port: 81, want: Refused},
		{name: "no VIP", made: toLVS, want: Silent},
		{name: "no VIP, no route", made: "true", want: Silent, want6: Unrouted},
		{name: "no VIP, forwards", made: forwards + toLVS, want: Forwarded},
		{name: "no VIP, forwards, no route", made: forwards, want: Unrouted},
		{name: "no VIP, redirects", made: "iptables-legacy -t nat -A PREROUTING -p tcp -d 172.16.0.100 --dport 80 -j REDIRECT; " +
			"ip6tables-legacy -t nat -A PREROUTING -p tcp -d fd01::100 --dport 80 -j REDIRECT", want: Served},
		{name: "packet filter drops", made: haveVIP + fmt.Sprintf(bothDrop, "DROP"), want: Silent},
		{name: "packet filter rejects", made: haveVIP + fmt.Sprintf(bothDrop, "REJECT"), want: Rejected},
		{name: "packet filter resets", made: haveVIP + fmt.Sprintf(bothDrop, "REJECT --reject-with tcp-reset"), want: Refused},
		{name: "the answer is lost", made: haveVIP + "iptables-legacy -A OUTPUT -p tcp --sport 80 -j DROP; " +
			"ip6tables-legacy -A OUTPUT -p tcp --sport 80 -j DROP", want: Silent},
		{name: "asked by a standby director", made: haveVIP, director: "ip addr del 172.16.0.100/32 dev lo; ip addr del fd01::100/128 dev lo", want: Served},
		{name: "asked by a strict director", made: haveVIP, director: "sysctl -qw net.ipv4.conf.all.rp_filter=1; " +
			"iptables-legacy -P INPUT DROP; iptables-legacy -P OUTPUT DROP; ip6tables-legacy -P INPUT DROP; ip6tables-legacy -P OUTPUT DROP", want: Served},
		{name: "director of another server", made: haveVIP + table("10.0.0.17", "[fd00::17]"), want: Scheduled},
		{name: "director of us", made: haveVIP + table("10.0.0.8", "[fd00::8]"),
			director: "ipvsadm -D -t '[fd01::100]:80'", want: Scheduled}, // or IPv6's would know the SYN that comes back
		{name: "director that is a backup only", made: haveVIP + "ipvsadm --start-daemon backup --mcast-interface eth0; " +
			"sysctl -qw net.ipv4.vs.backup_only=1; " + table("10.0.0.17", "[fd00::17]"), want: Served},
		{name: "director of itself", made: haveVIP + table("10.0.0.7", "[fd00::7]"), want: Served},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := cluster(t)
			shell(t, dir, "rs2", haveVIP)
			lantest.Listen(t, dir, "rs2", "tcp", ":80")
			shell(t, dir, "rs1", tt.made)
			shell(t, dir, "lvs", cmp.Or(tt.director, "true"))
			server := lantest.Listen(t, dir, "rs1", "tcp", ":80")
			got := probe(t, dir, probesOf(t, dir, lantest.RS1, cmp.Or(tt.port, 80))...)
			if want := []Outcome{tt.want, cmp.Or(tt.want6, tt.want)}; !slices.Equal(got, want) {
				t.Errorf("IPv4, IPv6: %v, want %v", got, want)
			}
			leavesNothing(t, dir, server)
		})
	}
}

// leavesNothing looks for half connections, for connections that a server has
// seen, and for those that the director's IPVS knows.
func leavesNothing(t *testing.T, dir string, server net.Listener) {
	t.Helper()
	for _, machine := range []string{"rs1", "rs2"} {
		if left := shell(t, dir, machine, "ss -Htan state syn-recv"); left != "" {
			t.Errorf("half open on %s:\n%s", machine, left)
		}
	}
	if known := shell(t, dir, "lvs", "ipvsadm -Lnc | tail -n +3"); known != "" {
		t.Errorf("IPVS of the director knows\n%s", known)
	}
	lantest.Must(t, server.(*net.TCPListener).SetDeadline(time.Now()))
	if c, err := server.Accept(); err == nil {
		t.Errorf("the server saw a connection from %s", c.RemoteAddr())
	}
}

// TestKernelProbeContainer has rs1 translate what comes for a port to a
// container behind it, as container engines publish one.
func TestKernelProbeContainer(t *testing.T) {
	for _, tt := range []struct {
		name      string
		container string // commands there
		listens   bool
		want      Outcome
	}{
		{name: "served", container: "true", listens: true, want: Served},
		{name: "nothing listens", container: "true", want: Refused},
		{name: "silent", container: "iptables-legacy -P INPUT DROP; ip6tables-legacy -P INPUT DROP", want: PassedOn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := cluster(t)
			lantest.Named(t, dir, "container")
			shell(t, dir, "rs1", haveVIP+"sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0; "+
				"ip link add docker0 type veth peer name eth0 netns "+dir+"/container; ip link set docker0 up; "+
				"ip addr add 172.17.0.1/16 dev docker0; ip addr add fd17::1/64 dev docker0 nodad; "+
				"iptables-legacy -t nat -A PREROUTING -p tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination 172.17.0.2; "+
				"ip6tables-legacy -t nat -A PREROUTING -p tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination fd17::2")
			shell(t, dir, "container", "ip link set eth0 up; ip addr add 172.17.0.2/16 dev eth0; ip addr add fd17::2/64 dev eth0 nodad; "+
				"ip route add default via 172.17.0.1; ip -6 route add default via fd17::1; "+tt.container)
			server := lantest.Listen(t, dir, "container", "tcp", map[bool]string{true: ":80", false: ":81"}[tt.listens])
			got := probe(t, dir, probesOf(t, dir, lantest.RS1, 80)...)
			if want := []Outcome{tt.want, tt.want}; !slices.Equal(got, want) {
				t.Errorf("IPv4, IPv6: %v, want %v", got, want)
			}
			leavesNothing(t, dir, server)
			if left := shell(t, dir, "container", "ss -Htan state syn-recv"); left != "" {
				t.Errorf("half open in the container:\n%s", left)
			}
		})
	}
}

// TestKernelProbeOneHop shows what the one hop is for: rs1 has no VIP but
// forwards, to rs2 that is the active director.
func TestKernelProbeOneHop(t *testing.T) {
	dir := lantest.LAN(t)
	shell(t, dir, "rs1", "sysctl -qw net.ipv4.ip_forward=1; ip route add 172.16.0.100 via 10.0.0.17")
	shell(t, dir, "rs2", haveVIP+table("10.0.0.17", "[fd00::17]"))
	lantest.Listen(t, dir, "rs2", "tcp", ":80")
	p := probesOf(t, dir, lantest.RS1, 80)[0]
	if got := probe(t, dir, p)[0]; got != Forwarded {
		t.Errorf("one hop: %v, want %v", got, Forwarded)
	}
	lantest.Within(t, dir, "lvs", func() {
		var x exchange
		var reply ProbeReply
		x.add(p, 65000, &reply, func() {})
		x.probes[0].hops = 64
		s, err := listen(etherIPv4, x.filter())
		lantest.Must(t, err)
		defer s.Close()
		x.run(s, soon)
		if reply != (ProbeReply{Outcome: Served}) {
			t.Errorf("64 hops: %v; want the director's answer", reply)
		}
	})
}

// TestKernelProbeBacklog asks a server with a small backlog again and again:
// half connections that stay would fill it.
func TestKernelProbeBacklog(t *testing.T) {
	dir := cluster(t)
	shell(t, dir, "rs1", haveVIP+"sysctl -qw net.core.somaxconn=5")
	server := lantest.Listen(t, dir, "rs1", "tcp", ":80")
	probes := probesOf(t, dir, lantest.RS1, 80)
	probe(t, dir, probes...)
	lantest.Within(t, dir, "lvs", func() {
		for n := range 200 {
			for _, r := range wired.Probe(probes, soon) {
				if r != (ProbeReply{Outcome: Served}) {
					t.Fatalf("probe %d: %v", n, r)
				}
			}
		}
	})
	const counters = "TcpExtSyncookiesSent TcpExtListenDrops TcpExtListenOverflows TcpExtTCPReqQFullDoCookies TcpExtTCPReqQFullDrop"
	for _, line := range strings.Split(shell(t, dir, "rs1", "nstat -asz "+counters), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#kernel" && f[1] != "0" {
			t.Errorf("after 400 probes: %s", line)
		}
	}
	leavesNothing(t, dir, server)
}

// TestKernelProbeMany asks for many targets at once, as if rs1 were two real
// servers; a third of the ports answers.
func TestKernelProbeMany(t *testing.T) {
	const ports = 1000
	dir := cluster(t)
	shell(t, dir, "rs1", haveVIP)
	var probes []Probe
	both := probesOf(t, dir, lantest.RS1, 0)
	for n := range ports {
		if n%3 == 0 {
			lantest.Listen(t, dir, "rs1", "tcp", fmt.Sprintf(":%d", 10000+n))
		}
		for _, p := range []Probe{both[0], both[1], both[0]} {
			p.Target = netip.AddrPortFrom(p.Target.Addr(), uint16(10000+n))
			probes = append(probes, p)
		}
	}
	start, wrong := time.Now(), 0
	// A busy machine loses some of so many, which are asked again.
	for i, got := range probeFor(t, dir, 10*time.Second, probes...) {
		if want := []Outcome{Served, Refused, Refused}[i/3%3]; got != want {
			wrong++
		}
	}
	if took := time.Since(start); wrong > 0 || took > time.Minute {
		t.Errorf("%d of %d probes wrong after %v", wrong, len(probes), took)
	}
}

// TestKernelProbeLinks asks over everything that carries Ethernet.
func TestKernelProbeLinks(t *testing.T) {
	const up = "; ip link set lan up; ip addr add 10.1.0.%d/24 dev lan; ip addr add fd02::%[1]d/64 dev lan nodad" +
		"; until ip -br link show lan | grep -Eq ' (UP|UNKNOWN) '; do sleep 0.1; done"
	for _, tt := range []struct{ name, lvs, rs1 string }{
		{"VLAN", "ip link add link eth0 name lan type vlan id 10", "ip link add link eth0 name lan type vlan id 10"},
		{"VLAN of the server alone, on a bridge",
			"ip link add lan type bridge vlan_filtering 1 vlan_default_pvid 10; ip link set eth0 master lan; bridge vlan del dev eth0 vid 10; bridge vlan add dev eth0 vid 10",
			"ip link add link eth0 name lan type vlan id 10"},
		{"bridge", "ip link add lan type bridge; ip link set eth0 master lan", "ip link add lan type bridge; ip link set eth0 master lan"},
		{"bond", "ip link add lan type bond mode active-backup; ip link set eth0 down; ip link set eth0 master lan", "ip addr flush dev eth0; ip link set eth0 name lan 2>&1 || { ip link set eth0 down; ip link set eth0 name lan; }"},
		{"VLAN on a bond", "ip link add bond1 type bond mode active-backup; ip link set eth0 down; ip link set eth0 master bond1; ip link set bond1 up; " +
			"ip link add link bond1 name lan type vlan id 10", "ip link add link eth0 name lan type vlan id 10"},
		{"macvlan", "ip link add link eth0 name lan type macvlan mode bridge", "ip link add link eth0 name lan type macvlan mode bridge"},
		{"tunnel of Ethernet", "ip link add lan type gretap local 10.0.0.8 remote 10.0.0.7", "ip link add lan type gretap local 10.0.0.7 remote 10.0.0.8"},
		{"overlay", "ip link add lan type vxlan id 7 dev eth0 remote 10.0.0.7 dstport 4789", "ip link add lan type vxlan id 7 dev eth0 remote 10.0.0.8 dstport 4789"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := cluster(t)
			shell(t, dir, "lvs", tt.lvs+fmt.Sprintf(up, 8))
			shell(t, dir, "rs1", haveVIP+tt.rs1+fmt.Sprintf(up, 7))
			server := lantest.Listen(t, dir, "rs1", "tcp", ":80")
			lantest.Within(t, dir, "lvs", func() {
				lan, err := host.NewHost().Link("lan")
				lantest.Must(t, err)
				neighbours := asked(t, "lan", addrsOf("10.1.0.7", "fd02::7"))
				if len(neighbours) != 2 {
					t.Fatalf("neighbours: %v", neighbours)
				}
				got := wired.Probe([]Probe{
					{lan, neighbours[0].MAC, netip.MustParseAddr("10.1.0.8"), netip.MustParseAddrPort(vip4 + ":80")},
					{lan, neighbours[1].MAC, netip.MustParseAddr("fd02::8"), netip.MustParseAddrPort("[" + vip6 + "]:80")},
				}, soon)
				if want := []ProbeReply{{Served, nil}, {Served, nil}}; !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
			leavesNothing(t, dir, server)
		})
	}
}

func TestKernelProbeErrors(t *testing.T) {
	lantest.Fresh(t)
	h := host.NewHost()
	lantest.Cable(t, "eth0", "eth1")
	lantest.Must(t, h.AddAddress(host.Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0"}))
	lantest.AwaitCarrier(t, "eth0")
	eth0, err := h.Link("eth0")
	lantest.Must(t, err)
	from, to := netip.MustParseAddr("10.0.0.8"), netip.MustParseAddrPort("172.16.0.100:80")
	good := Probe{eth0, lantest.Other, from, to}
	with := func(change func(*Probe)) Probe {
		p := good
		change(&p)
		return p
	}
	down := eth0
	down.Index = 99
	for _, tt := range []struct {
		name string
		Probe
		want error
	}{
		{"well", good, nil},
		{"IPv4 in IPv6's notation", with(func(p *Probe) { p.Source = netip.MustParseAddr("::ffff:10.0.0.8") }), nil},
		{"no Ethernet", with(func(p *Probe) { p.Link = host.Link{Name: "tunl0"} }), syscall.EAFNOSUPPORT},
		{"no Ethernet address", with(func(p *Probe) { p.MAC = nil }), syscall.EINVAL},
		{"no source", with(func(p *Probe) { p.Source = netip.Addr{} }), syscall.EINVAL},
		{"no target", with(func(p *Probe) { p.Target = netip.AddrPort{} }), syscall.EINVAL},
		{"both families", with(func(p *Probe) { p.Source = netip.IPv6Loopback() }), syscall.EINVAL},
		{"from the VIP", with(func(p *Probe) { p.Source = to.Addr() }), syscall.EINVAL},
		{"from elsewhere", with(func(p *Probe) { p.Source = netip.MustParseAddr("10.0.0.9") }), syscall.EADDRNOTAVAIL},
		{"no interface", with(func(p *Probe) { p.Link = down }), syscall.ENXIO},
	} {
		if got := wired.Probe([]Probe{tt.Probe, good}, 0); !errors.Is(got[0].Err, tt.want) || got[1].Err != nil {
			t.Errorf("%s: %v, %v; want %v, then no error", tt.name, got[0].Err, got[1].Err, tt.want)
		}
	}
	if got := wired.Probe(nil, time.Hour); len(got) != 0 {
		t.Errorf("nothing asked: %v", got)
	}
	disarm(t)
	if err := wired.Probe([]Probe{good}, 0)[0].Err; !errors.Is(err, syscall.EPERM) {
		t.Errorf("without CAP_NET_RAW: %v, want EPERM", err)
	}
}
