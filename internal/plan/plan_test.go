package plan

import (
	"io"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/machinetest"
	"lvsdr/internal/status"
)

const tutorial = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 2}]\n"

var (
	director   = Claimant{Director, "/etc/lvsdr/lvsdr.yaml"}
	realServer = Claimant{RealServer, "/etc/lvsdr/lvsdr.yaml"}
)

// site is a machine in memory, and a record that is not written.
func site(t *testing.T) Site {
	t.Helper()
	r, err := LoadRecord(t.TempDir(), host.Namespace{ID: 4})
	must(t, err)
	return Site{Machine: machinetest.New(), Record: r}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, text string) config.Config {
	t.Helper()
	c, err := config.Load("lvsdr.yaml", []byte(text))
	must(t, err)
	return c
}

// lines compares a wish with the machine, and says the changes.
func (at Site) lines(t *testing.T, w Wish, planned func(Wish, State) (Plan, error)) (lines []string) {
	t.Helper()
	s, err := Look(at.Machine, w, at.Record)
	must(t, err)
	p, err := planned(w, s)
	must(t, err)
	for _, c := range p.Changes {
		lines = append(lines, c.Line)
	}
	return lines
}

// TestDifference: what start and stop lack follows from two values; nothing is
// changed by asking.
func TestDifference(t *testing.T) {
	vs := New(director, load(t, tutorial), nil, Options{})
	draining := New(director, load(t, tutorial), []netip.Addr{netip.MustParseAddr("10.0.0.17")}, Options{})
	rs := New(realServer, load(t, tutorial+"arp: {interfaces: [all]}\n"), nil, Options{})
	at := site(t)
	for _, tt := range []struct {
		name    string
		wish    Wish
		planned func(Wish, State) (Plan, error)
		want    []string
	}{
		{"director", vs, Start, []string{
			"ipvsadm -A -t 172.16.0.100:80 -s wrr",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7 -g -w 1",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.17 -g -w 2",
			"ip addr add 172.16.0.100/32 dev lo label lo:1",
			"arping -U -c 1 -I eth0 172.16.0.100",
		}},
		{"director, a real server drained", draining, Start, []string{
			"ipvsadm -A -t 172.16.0.100:80 -s wrr",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7 -g -w 1",
			"ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.17 -g -w 0",
			"ip addr add 172.16.0.100/32 dev lo label lo:1",
			"arping -U -c 1 -I eth0 172.16.0.100",
		}},
		{"director, nothing to stop", vs, Stop, nil},
		{"real server", rs, Start, []string{
			"sysctl -w net.ipv4.conf.all.arp_ignore=1",
			"sysctl -w net.ipv4.conf.all.arp_announce=2",
			"ip addr add 172.16.0.100/32 dev lo label lo:1",
		}},
	} {
		if d := cmp.Diff(tt.want, at.lines(t, tt.wish, tt.planned), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestVRRP: no VIP is put up or taken where VRRP moves it. One that start put on
// loopback before goes.
func TestVRRP(t *testing.T) {
	at := site(t)
	const file = "vip: 172.16.0.100\nwatch: {vip: vrrp}\n"
	own, vrrp := New(director, load(t, "vip: 172.16.0.100\n"), nil, Options{}), New(director, load(t, file), nil, Options{})
	rs := New(realServer, load(t, file+"arp: {interfaces: [all]}\n"), nil, Options{})
	vip := own.VIPs[0]
	moved := vip
	moved.Interface, moved.Label = "eth0", "eth0"
	expect := func(when string, w Wish, planned func(Wish, State) (Plan, error), want ...string) {
		t.Helper()
		if d := cmp.Diff(want, at.lines(t, w, planned), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", when, d)
		}
	}
	report := func() status.VIP {
		s, err := Look(at.Machine, vrrp, at.Record)
		must(t, err)
		st, err := Report(vrrp, s)
		must(t, err)
		return st.VIPs[0]
	}
	begin := func(w Wish) {
		s, err := Look(at.Machine, w, at.Record)
		must(t, err)
		p, err := Start(w, s)
		must(t, err)
		must(t, Apply(io.Discard, at, p))
	}
	begin(own)
	expect("the file leaves the VIP to VRRP", vrrp, Start, "ip addr del 172.16.0.100/32 dev lo label lo:1")
	begin(vrrp)
	if got := report(); got.State != status.OK || got.VRRP != status.NotHere {
		t.Errorf("VIP elsewhere: %+v", got)
	}
	must(t, at.AddAddress(moved))
	if got := report(); got.State != status.OK || got.VRRP != status.Here || got.Interface != "eth0" {
		t.Errorf("VIP here: %+v", got)
	}
	expect("VRRP has put the VIP here", vrrp, Start)
	expect("stop", vrrp, Stop, "ipvsadm -D -t 172.16.0.100:80")
	expect("real server, too", rs, Start,
		"sysctl -w net.ipv4.conf.all.arp_ignore=1", "sysctl -w net.ipv4.conf.all.arp_announce=2", "ip addr add 172.16.0.100/32 dev lo label lo:1")

	must(t, at.Record.SetClaim(Claim{Claimant: director, VIPs: []Place{placeOf(moved)}}))
	expect("start put the VIP where VRRP has it now", vrrp, Start)
	expect("stop then", vrrp, Stop)
}

// TestReport: the tree of a wish is the tree of its status.
func TestReport(t *testing.T) {
	at := site(t)
	w := New(director, load(t, tutorial), nil, Options{})
	s, err := Look(at.Machine, w, at.Record)
	must(t, err)
	st, err := Report(w, s)
	must(t, err)
	want := []status.Service{{Service: "-t 172.16.0.100:80", Called: "tcp/80", VIP: "172.16.0.100", Scheduler: "wrr", State: status.Missing, RealServers: []status.RealServer{
		{Address: "10.0.0.7", Port: 80, Forward: "direct", Configured: 1, State: status.Missing},
		{Address: "10.0.0.17", Port: 80, Forward: "direct", Configured: 2, State: status.Missing},
	}}}
	if d := cmp.Diff(want, st.Services); d != "" || st.InPlace {
		t.Errorf("in place %v, services (-want +got):\n%s", st.InPlace, d)
	}
}
