package check

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
)

// TestDiscovery has what is sent through the packet filter so that neighbours of
// IPv6 find one another. Where the VIP is in no network of the director's, nobody
// asks for it.
func TestDiscovery(t *testing.T) {
	const ofIPv6 = "vip: fd00::100\nreal_servers: ['fd00::7']\n"
	lan := routeOn("eth0", "fd00::/64", false)
	on8 := []string{"[5 0 1] 135 > ff02::1:ff00:8", "[3 4 6] 136 fd00::8 >", "[3 4 6] 135 fd00::8 >", "[5 0 1] 136 > fd00::8"}
	onVIP := []string{"[5 0 1] 135 > ff02::1:ff00:100", "[3 4 6] 136 fd00::100 >", "[3 4 6] 135 fd00::100 >", "[5 0 1] 136 > fd00::100"}
	for _, tt := range []struct {
		name   string
		role   Role
		config string
		routes []host.Route
		want   []string
	}{
		{"IPv4", Director, "", nil, nil},
		{"director", Director, ofIPv6, []host.Route{lan}, append(onVIP, on8...)},
		{"director behind a router", Director, ofIPv6, nil, on8},
		{"real server", RealServer, "vip: fd00::100\nreal_servers: ['fd00::8']\n", []host.Route{lan}, on8},
	} {
		f := director()
		f.addresses = append(f.addresses, addressOn("eth0", "fd00::8/64"))
		f.routes = append(f.routes, tt.routes...)
		f.hops["fd00::7"] = host.Hop{Interface: "eth0", Source: netip.MustParseAddr("fd00::8")}
		var got []string
		for _, p := range gather(siteOf(t, tt.role, tt.config), f, silence).discovery() {
			words := fmt.Sprint(p.hooks, " ", p.packet.ICMP, " ")
			if p.packet.Src.IsValid() {
				words += p.packet.Src.String() + " >"
			} else {
				words += "> " + p.packet.Dst.String()
			}
			got = append(got, words)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
