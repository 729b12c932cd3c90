package machinetest

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// cmpNet compares the types of netip, which have unexported fields.
var cmpNet = cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})

func TestAsk(t *testing.T) {
	m := New()
	links, err := m.Links()
	check(t, err)
	eth0, vip := links[1], web.Addr
	mac := net.HardwareAddr{2, 0, 10, 0, 0, 7}
	m.AddAnswer(vip, mac)
	m.AddAnswer(vip, eth0.MAC)
	m.AddAnswer(rs2.Addr, mac)
	questions := []wire.Question{{Link: eth0, Addrs: []netip.Addr{vip, rs1.Addr}}, {Link: links[0]}}
	got := m.Ask(questions, links, nil, 0)
	if d := cmp.Diff([]wire.Answer{{Addr: vip, MAC: mac}}, got[0].Answers, cmpNet); d != "" || got[0].Err != nil {
		t.Errorf("%v, -want +got:\n%s", got[0].Err, d)
	}
	if err := got[1].Err; !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("asked on lo: %v, want EAFNOSUPPORT", err)
	}
	m.SetAskError(syscall.EPERM)
	if err := m.Ask(questions, links, nil, 0)[0].Err; err != syscall.EPERM {
		t.Errorf("not permitted: %v, want EPERM", err)
	}
}

func TestConnect(t *testing.T) {
	m := New()
	to := []netip.AddrPort{netip.AddrPortFrom(rs1.Addr, 80), netip.AddrPortFrom(rs1.Addr, 81), netip.AddrPortFrom(rs2.Addr, 80)}
	m.SetConnect(to[0], nil)
	m.SetConnect(to[1], syscall.ECONNREFUSED)
	got, err := m.Connect(ipvs.TCP, to, 0)
	check(t, err)
	if d := cmp.Diff([]error{nil, syscall.ECONNREFUSED, syscall.ETIMEDOUT}, got, cmpopts.EquateErrors()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if _, err := m.Connect(ipvs.UDP, to, 0); err != syscall.EPROTONOSUPPORT {
		t.Errorf("UDP: %v, want EPROTONOSUPPORT", err)
	}
}

func TestProbe(t *testing.T) {
	m := New()
	mac, vip := net.HardwareAddr{2, 0, 0, 0, 0, 7}, netip.MustParseAddrPort("172.16.0.100:80")
	m.SetProbe(mac, vip, wire.Served)
	probes := []wire.Probe{{MAC: mac, Target: vip}, {MAC: mac, Target: netip.AddrPortFrom(vip.Addr(), 81)}, {Target: vip}}
	if got, want := m.Probe(probes, 0), []wire.ProbeReply{{Outcome: wire.Served}, {}, {}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	m.SetAskError(syscall.EPERM)
	if err := m.Probe(probes, 0)[0].Err; err != syscall.EPERM {
		t.Errorf("not permitted: %v, want EPERM", err)
	}
}

func TestRouteTo(t *testing.T) {
	m := New()
	check(t, m.AddAddress(host.Address{Prefix: netip.MustParsePrefix("172.16.0.9/24"), Interface: "eth0"}))
	m.AddRoute(host.Route{Prefix: netip.MustParsePrefix("192.168.0.0/16"), Interface: "eth1", Gateway: true})
	m.AddRoute(host.Route{Prefix: netip.MustParsePrefix("192.168.0.0/24"), Interface: "eth0"})
	for _, tt := range []struct {
		name, to string
		want     host.Hop
		err      error
	}{
		{"own address", "10.0.0.8", host.Hop{Interface: "lo", Local: true, Source: netip.MustParseAddr("10.0.0.8")}, nil},
		{"an address's network", "172.16.0.7", host.Hop{Interface: "eth0", Source: netip.MustParseAddr("172.16.0.9")}, nil},
		{"the default route", "192.0.2.1", host.Hop{Interface: "eth0", Gateway: true, Source: netip.MustParseAddr("10.0.0.8")}, nil},
		{"the longer prefix", "192.168.0.6", host.Hop{Interface: "eth0", Source: netip.MustParseAddr("10.0.0.8")}, nil},
		{"the shorter prefix", "192.168.1.6", host.Hop{Interface: "eth1", Gateway: true}, nil},
		{"no route", "fd00::7", host.Hop{}, syscall.ENETUNREACH},
	} {
		got, err := m.RouteTo(netip.MustParseAddr(tt.to), nil)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v; want %+v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

// TestTold asks for what was told, and changes the answer.
func TestTold(t *testing.T) {
	m := New()
	m.AddNeighbour(host.Neighbour{Addr: rs1.Addr, Interface: "eth0"})
	m.AddListener(host.Listener{Protocol: ipvs.TCP, Addr: netip.AddrPortFrom(web.Addr, 80)})
	m.SetRelease("4.19.0")
	m.StartVRRP()
	for range 2 {
		neighbours, err := m.Neighbours(nil)
		check(t, err)
		listeners, err := m.Listeners()
		check(t, err)
		release, err := m.Release()
		check(t, err)
		if vrrp, err := m.VRRP(); !vrrp || err != nil {
			t.Errorf("VRRP: %v, %v", vrrp, err)
		}
		if len(neighbours) != 1 || neighbours[0].Addr != rs1.Addr || len(listeners) != 1 || listeners[0].Addr.Port() != 80 || release != "4.19.0" {
			t.Errorf("%v, %v, %s", neighbours, listeners, release)
		}
		neighbours[0], listeners[0] = host.Neighbour{}, host.Listener{}
	}
	if m.Calls() != 0 {
		t.Errorf("%d calls were counted, want none", m.Calls())
	}
}
