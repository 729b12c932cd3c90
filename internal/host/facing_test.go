package host

import (
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFacingLinks(t *testing.T) {
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	lo := Link{Name: "lo", Up: true, Loopback: true, MAC: make(net.HardwareAddr, 6)}
	eth0 := Link{Name: "eth0", Up: true, Broadcast: true, MAC: mac}
	eth1 := Link{Name: "eth1", Up: true, Broadcast: true, MAC: mac}
	down := Link{Name: "down", Broadcast: true, MAC: mac}
	ppp0 := Link{Name: "ppp0", Up: true}
	ib0 := Link{Name: "ib0", Up: true, Broadcast: true, MAC: make(net.HardwareAddr, 20)}

	on := func(name, prefix string) Route { return Route{Prefix: netip.MustParsePrefix(prefix), Interface: name} }
	via := func(name, prefix string) Route {
		return Route{Prefix: netip.MustParsePrefix(prefix), Interface: name, Gateway: true}
	}
	has := func(name, prefix string) Address {
		return Address{Prefix: netip.MustParsePrefix(prefix), Interface: name}
	}
	for _, tt := range []struct {
		name      string
		vip       string
		links     []Link
		addresses []Address
		routes    []Route
		want      []string
	}{
		{name: "nothing", vip: "172.16.0.100"},
		{
			name: "on-link before default", vip: "172.16.0.100", links: []Link{lo, eth0, eth1},
			routes: []Route{via("eth1", "0.0.0.0/0"), on("eth0", "172.16.0.0/24")}, want: []string{"eth0"},
		},
		{
			name: "both on-link", vip: "172.16.0.100", links: []Link{eth0, eth1},
			routes: []Route{on("eth1", "172.16.0.0/16"), on("eth0", "172.16.0.0/24")}, want: []string{"eth0", "eth1"},
		},
		{
			name: "the tutorial's director", vip: "172.16.0.100", links: []Link{lo, eth0},
			addresses: []Address{has("eth0", "10.0.0.8/24")},
			routes:    []Route{via("eth0", "0.0.0.0/0"), on("eth0", "10.0.0.0/24")}, want: []string{"eth0"},
		},
		{
			name: "behind a router is not on-link", vip: "172.16.0.100", links: []Link{eth0, eth1},
			routes: []Route{via("eth0", "172.16.0.0/24"), via("eth1", "0.0.0.0/0")}, want: []string{"eth1"},
		},
		{
			name: "default route without a router", vip: "172.16.0.100", links: []Link{eth0, eth1},
			routes: []Route{on("eth1", "0.0.0.0/0")}, want: []string{"eth1"},
		},
		{
			name: "default route of the other family", vip: "fd00::100", links: []Link{eth0, eth1},
			addresses: []Address{has("eth0", "fe80::1/64"), has("eth1", "10.0.0.8/24")},
			routes:    []Route{via("eth1", "0.0.0.0/0")}, want: []string{"eth0"},
		},
		{
			name: "IPv6 default", vip: "fd00::100", links: []Link{eth0, eth1},
			routes: []Route{via("eth1", "::/0"), via("eth0", "0.0.0.0/0"), on("lo", "fd00::100/128")}, want: []string{"eth1"},
		},
		{
			name: "no route: every interface with an address", vip: "172.16.0.100", links: []Link{lo, eth0, eth1},
			addresses: []Address{has("lo", "127.0.0.1/8"), has("eth0", "10.0.0.8/24"), has("eth1", "10.1.0.8/24")},
			want:      []string{"eth0", "eth1"},
		},
		{
			name: "only where Ethernet is heard", vip: "172.16.0.100", links: []Link{lo, down, ppp0, ib0},
			addresses: []Address{has("down", "172.16.0.1/24"), has("ppp0", "172.16.0.1/24"), has("ib0", "172.16.0.1/24")},
			routes: []Route{on("lo", "172.16.0.100/32"), on("down", "172.16.0.0/24"), on("ppp0", "172.16.0.0/24"),
				on("ib0", "172.16.0.0/24"), via("ppp0", "0.0.0.0/0")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, l := range FacingLinks(netip.MustParseAddr(tt.vip), tt.links, tt.addresses, tt.routes) {
				got = append(got, l.Name)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}
