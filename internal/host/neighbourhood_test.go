package host

import (
	"net/netip"
	"testing"
)

func TestNeighbourhood(t *testing.T) {
	address := func(prefix, link string) Address {
		return Address{Prefix: netip.MustParsePrefix(prefix), Interface: link}
	}
	route := func(prefix, link, source string) Route {
		r := Route{Prefix: netip.MustParsePrefix(prefix), Interface: link}
		if source != "" {
			r.Source = netip.MustParseAddr(source)
		}
		return r
	}
	n := Neighbourhood{
		Links: []Link{{Name: "lo", Loopback: true}, {Name: "eth0"}},
		Addresses: []Address{
			address("127.0.0.1/8", "lo"), address("172.16.0.100/16", "lo"), address("172.16.0.101/16", "lo"), address("172.16.0.102/32", "lo"),
			address("10.0.0.8/24", "eth0"), address("10.0.0.100/24", "eth0"), address("10.0.0.101/32", "eth0"),
			address("10.1.0.8/24", "eth0"), address("10.2.0.8/32", "eth0"), address("10.3.0.8/24", "eth0"),
			address("fd00::8/64", "eth0"), address("fd00::100/64", "eth0"), address("fd01::100/64", "eth0"),
		},
		Routes: []Route{
			route("10.0.0.0/24", "eth0", "10.0.0.8"), route("10.1.0.0/24", "eth0", "10.1.0.8"),
			route("10.9.0.0/16", "eth0", "10.2.0.8"), route("fd00::/64", "eth0", ""), route("fd01::/64", "eth0", ""),
		},
	}
	for _, tt := range []struct {
		vip    Address
		fits   bool
		stands string
	}{
		{address("172.16.0.102/32", "lo"), true, ""},
		{address("172.16.0.101/16", "lo"), false, ""},
		{address("172.16.0.100/16", "lo"), false, "172.16.0.101/16"},
		{address("10.0.0.8/24", "eth0"), true, "10.0.0.100/24"},
		{address("10.0.0.100/24", "eth0"), true, ""},
		{address("10.0.0.101/32", "eth0"), true, ""},
		{address("10.1.0.8/24", "eth0"), false, "the route to 10.1.0.0/24"},
		{address("10.2.0.8/32", "eth0"), true, "the route to 10.9.0.0/16"},
		{address("10.3.0.8/24", "eth0"), false, ""},
		{address("fd00::100/64", "eth0"), true, ""},
		{address("fd00::8/64", "eth0"), true, ""},
		{address("fd01::100/64", "eth0"), false, "the route to fd01::/64"},
	} {
		n.VIPs = []netip.Addr{tt.vip.Prefix.Addr()}
		if got := n.Fits(tt.vip); got != tt.fits {
			t.Errorf("%s on %s fits: %v", tt.vip.Prefix, tt.vip.Interface, got)
		}
		if got := n.StandsOn(tt.vip); got != tt.stands {
			t.Errorf("on %s on %s stands %q, want %q", tt.vip.Prefix, tt.vip.Interface, got, tt.stands)
		}
	}

	// Two VIPs that came with their network go together.
	n.VIPs = []netip.Addr{netip.MustParseAddr("172.16.0.100"), netip.MustParseAddr("172.16.0.101")}
	if got := n.StandsOn(address("172.16.0.100/16", "lo")); got != "" {
		t.Errorf("on a VIP beside another one stands %q", got)
	}
}
