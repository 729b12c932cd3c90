package lvsdr

import (
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

func TestDirector(t *testing.T) {
	d := newDesk(t, tutorial)
	before := d.text()
	lines := `ipvsadm -A -t 172.16.0.100:80 -s wrr
ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7 -g -w 1
ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.17 -g -w 1
ip addr add 172.16.0.100/32 dev lo label lo:1
arping -U -c 1 -I eth0 172.16.0.100
`
	d.expect("vs start --dry-run", result{lines, "", 3})
	d.looks("after start --dry-run", before)
	d.expect("vs start", result{vsReady, lines, 0})
	running := d.text()
	for _, want := range []string{
		"service TCP 172.16.0.100:80 wrr\n  -> 10.0.0.17:80 DirectRoute weight 1\n  -> 10.0.0.7:80 DirectRoute weight 1\n",
		"address 172.16.0.100/32 dev lo label lo:1\n",
	} {
		if !strings.Contains(running, want) {
			t.Errorf("started, but no %q in\n%s", want, running)
		}
	}
	if !strings.Contains(d.machine.String(), "announced 172.16.0.100 on eth0\n") {
		t.Error("the VIP was not announced")
	}
	calls := d.machine.Calls()
	d.expect("vs start", result{vsReady, vsNothing, 0})
	d.expect("vs diff", result{"", "", 0})
	if n := d.machine.Calls() - calls; n != 0 {
		t.Errorf("the second start changed the machine %d times", n)
	}
	d.looks("after the second start", running)
	lines = "ip addr del 172.16.0.100/32 dev lo label lo:1\nipvsadm -D -t 172.16.0.100:80\n"
	d.expect("vs stop --dry-run", result{lines, "", 3})
	d.expect("vs stop", result{vsCanceled, lines, 0})
	d.looks("after stop", before)
	d.expect("vs stop", result{vsCanceled, "lvsdr: vs stop: nothing to do\n", 0})
	d.noRecord()
}

// Every edit of the file costs its own step and no other, and leaves nothing
// for a second start.
func TestEdit(t *testing.T) {
	tests := []struct {
		name          string
		before, after string
		want          string
	}{
		{
			"weight", tutorial, "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 5}]",
			"ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.17 -g -w 5\n",
		},
		{
			"thresholds", tutorial, "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, upper: 9, lower: 5}]",
			"ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.17 -g -w 1 -x 9 -y 5\n",
		},
		{
			"real server more", tutorial, "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17, 10.0.0.27]",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.27 -g -w 1\n",
		},
		{
			"real server less", tutorial, "vip: 172.16.0.100\nreal_servers: [10.0.0.17]",
			"ipvsadm -d -t 172.16.0.100:80 -r 10.0.0.7\n",
		},
		{
			"real server another", tutorial, "vip: 172.16.0.100\nreal_servers: [10.0.0.17, 10.0.0.27]",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.27 -g -w 1\nipvsadm -d -t 172.16.0.100:80 -r 10.0.0.7\n",
		},
		{"order of real servers", tutorial, "vip: 172.16.0.100\nreal_servers: [10.0.0.17, 10.0.0.7]", vsNothing},
		{
			"scheduler", tutorial, tutorial + "services: [{port: 80, scheduler: sh, flags: [sh-port, sh-fallback]}]",
			"ipvsadm -E -t 172.16.0.100:80 -s sh -b sh-fallback,sh-port\n",
		},
		{
			"scheduler of no name's flags", tutorial, tutorial + "services: [{port: 80, flags: [flag-3]}]",
			"ipvsadm -E -t 172.16.0.100:80 -s wrr -b flag-3\n",
		},
		{
			"persistent", tutorial, tutorial + "services: [{port: 80, persistent: 300, netmask: 255.255.255.0}]",
			"ipvsadm -E -t 172.16.0.100:80 -s wrr -p 300 -M 255.255.255.0\n",
		},
		{
			"no longer persistent", tutorial + "services: [{port: 80, persistent: 300}]", tutorial,
			"ipvsadm -E -t 172.16.0.100:80 -s wrr\n",
		},
		{
			"forward", tutorial, tutorial + "services: [{port: 80, forward: tunnel}]",
			"ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.7 -i -w 1\nipvsadm -e -t 172.16.0.100:80 -r 10.0.0.17 -i -w 1\n",
		},
		{
			"masquerade with a port", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]",
			"vip: 172.16.0.100\nreal_servers: [{address: 10.0.0.7, port: 8080}]\nservices: [{port: 80, forward: masquerade}]",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7:8080 -m -w 1\nipvsadm -d -t 172.16.0.100:80 -r 10.0.0.7\n",
		},
		{
			"one packet", tutorial + "services: [{port: 53, protocol: udp}]",
			tutorial + "services: [{port: 53, protocol: udp, one_packet: true}]",
			"ipvsadm -E -u 172.16.0.100:53 -s wrr -o\n",
		},
		{
			"service more", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]",
			"vip: 172.16.0.100\nreal_servers: [10.0.0.7]\nservices: [{port: 80}, {port: 5060, protocol: sctp}]",
			"ipvsadm -A --sctp-service 172.16.0.100:5060 -s wrr\nipvsadm -a --sctp-service 172.16.0.100:5060 -r 10.0.0.7 -g -w 1\n",
		},
		{
			"VIP more", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\nservices: [{port: 80}, {fwmark: 7}]",
			"vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7]\nservices: [{port: 80}, {fwmark: 7}]",
			"ipvsadm -A -t 172.16.0.101:80 -s wrr\nipvsadm -a -t 172.16.0.101:80 -r 10.0.0.7 -g -w 1\n" +
				"ip addr add 172.16.0.101/32 dev lo label lo:1\narping -U -c 1 -I eth0 172.16.0.101\n",
		},
		{"nothing", tutorial, tutorial, vsNothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.before)
			before := d.text()
			d.succeed("vs start")
			d.configure(tt.after)
			d.expect("vs start", result{vsReady, tt.want, 0})
			d.expect("vs start", result{vsReady, vsNothing, 0})
			d.succeed("vs stop")
			d.looks("after stop", before)
		})
	}
}

func TestIPv6(t *testing.T) {
	d := newDesk(t, `vip: "2001:db8::100"
real_servers: ["fd00::7", "fd00::17"]
services: [{port: 80, persistent: 60, netmask: 64}, {fwmark: 7, family: ipv6}]
`)
	before := d.text()
	d.expect("vs start", result{vsReady, `ipvsadm -A -t [2001:db8::100]:80 -s wrr -p 60 -M 64
ipvsadm -a -t [2001:db8::100]:80 -r fd00::7 -g -w 1
ipvsadm -a -t [2001:db8::100]:80 -r fd00::17 -g -w 1
ipvsadm -A -f 7 -6 -s wrr
ipvsadm -a -f 7 -6 -r fd00::7 -g -w 1
ipvsadm -a -f 7 -6 -r fd00::17 -g -w 1
ip addr add 2001:db8::100/128 dev lo nodad preferred_lft 0
`, 0})
	if want := "address 2001:db8::100/128 dev lo deprecated\n"; !strings.Contains(d.text(), want) {
		t.Errorf("no %q in\n%s", want, d.text())
	}
	d.expect("vs start", result{vsReady, vsNothing, 0})
	d.expect("vs stop", result{vsCanceled, `ip addr del 2001:db8::100/128 dev lo
ipvsadm -D -f 7 -6
ipvsadm -D -t [2001:db8::100]:80
`, 0})
	d.looks("after stop", before)
	d.expect("rs start", result{rsReady, "lvsdr: rs start: warning: no service lists this machine as a real server (10.0.0.8); it gets 2001:db8::100 anyway\n" +
		"ip addr add 2001:db8::100/128 dev lo nodad preferred_lft 0\n", 0})
}

// A mark belongs to no VIP.
func TestMark(t *testing.T) {
	d := newDesk(t, "vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7]\nservices: [{fwmark: 7}]\nannounce: false")
	d.expect("vs start", result{vsReady, `ipvsadm -A -f 7 -s wrr
ipvsadm -a -f 7 -r 10.0.0.7 -g -w 1
ip addr add 172.16.0.100/32 dev lo label lo:1
ip addr add 172.16.0.101/32 dev lo label lo:1
`, 0})
	d.expect("vs start", result{vsReady, vsNothing, 0})
}

// foreign puts services there that no configuration knows.
func foreign(t *testing.T, d *desk) {
	other := ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: addr("172.16.0.200"), Port: 80, Scheduler: "rr", Netmask: 0xffffffff}
	must(t, d.machine.AddService(other))
	must(t, d.machine.AddDestination(other, ipvs.Destination{Family: ipvs.INET, Addr: addr("10.0.0.9"), Port: 80, Forward: ipvs.Tunnel, Weight: 3}))
	must(t, d.machine.AddService(ipvs.Service{Family: ipvs.INET, FWMark: 9, Scheduler: "wlc", Netmask: 0xffffffff}))
}

func TestForeign(t *testing.T) {
	d := newDesk(t, tutorial)
	foreign(t, d)
	before := d.text()
	d.succeed("vs start")
	d.succeed("vs stop")
	d.looks("after start and stop", before)
}

func TestExclusive(t *testing.T) {
	d := newDesk(t, tutorial)
	before := d.text()
	foreign(t, d)
	d.succeed("vs start")
	lines := "ipvsadm -D -f 9\nipvsadm -D -t 172.16.0.200:80\n"
	d.expect("vs start --exclusive --dry-run", result{lines, "", 3})
	d.expect("vs start --exclusive", result{vsReady, lines, 0})
	d.expect("vs start --exclusive", result{vsReady, vsNothing, 0})
	d.succeed("vs stop")
	d.looks("after stop", before)
}

// TestStopNeedsNoRealServers: what is there goes, whoever the real servers are.
func TestStopNeedsNoRealServers(t *testing.T) {
	d := newDesk(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	before := d.text()
	d.succeed("vs start")
	d.configure("vip: 172.16.0.100\n")
	d.succeed("vs stop")
	d.looks("after stop", before)
}
