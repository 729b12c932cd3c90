package vnet

import (
	"net/netip"
	"testing"
)

func TestRouteString(t *testing.T) {
	gateway := netip.MustParseAddr("10.0.0.200")
	for _, c := range []struct {
		name  string
		route Route
		want  string
	}{
		{"default", Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Via: gateway}, "default via 10.0.0.200"},
		{"default with an interface", Route{netip.MustParsePrefix("0.0.0.0/0"), gateway, "eth0"}, "default via 10.0.0.200 dev eth0"},
		{"on the link", Route{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Link: "eth0"}, "10.0.0.0/24 dev eth0"},
		{"IPv6", Route{netip.MustParsePrefix("2001:db8::/32"), netip.MustParseAddr("fe80::1"), "eth0"}, "2001:db8::/32 via fe80::1 dev eth0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.route.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
