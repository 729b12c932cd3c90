package keepalived

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
)

const byVRRP = "vip: [172.16.0.100, 2001:db8::100]\nreal_servers: [10.0.0.7, 2001:db8::7]\nwatch: {vip: vrrp, track_file: /run/lvsdr/track-2}\n" +
	"sync: {role: both}\ntimeouts: {tcp: 60}\n"

// TestWriteVRRPOnly: no services, and none of what vs watch does.
func TestWriteVRRPOnly(t *testing.T) {
	o := options
	o.VRRPOnly, o.Peers = true, []netip.Addr{netip.MustParseAddr("2001:db8::9"), netip.MustParseAddr("10.0.0.9")}
	var got []string
	for line := range strings.Lines(written(t, byVRRP, o)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			got = append(got, line)
		}
	}
	want := strings.Split(`global_defs {
router_id lvsdr
}
track_file lvsdr {
file /run/lvsdr/track-2
weight -1
init_file 100
}
vrrp_track_process lvsdr {
process lvsdr vs watch
param_match partial
terminate_delay 15
weight -5
}
vrrp_instance lvsdr_4 {
state BACKUP
interface eth0
virtual_router_id 51
priority 100
advert_int 1
unicast_peer {
10.0.0.9
}
track_file {
lvsdr
}
track_process {
lvsdr
}
virtual_ipaddress {
172.16.0.100/32
}
}
vrrp_instance lvsdr_6 {
state BACKUP
interface eth0
virtual_router_id 51
priority 100
advert_int 1
unicast_peer {
2001:db8::9
}
track_file {
lvsdr
}
track_process {
lvsdr
}
virtual_ipaddress {
2001:db8::100/128
}
}`, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVRRPOnlyRefused(t *testing.T) {
	peer, other := netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("10.0.0.10")
	for _, tt := range []struct {
		name, file string
		vrrpOnly   bool
		peers      []netip.Addr
		want       string
	}{
		{"VIPs of our own", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n", true, nil,
			`watch.vip "own": vs start and vs watch would put the VIP up on both directors, expected vrrp`},
		{"a peer alone", byVRRP, false, []netip.Addr{peer}, `--peer "10.0.0.9": without --vrrp-only, expected both`},
		{"two peers", byVRRP, true, []netip.Addr{peer, other}, `--peer "10.0.0.10": another one of the same address family, expected one for IPv4 and one for IPv6`},
	} {
		c, err := config.Load("lvsdr.yaml", []byte(tt.file))
		if err != nil {
			t.Fatal(err)
		}
		o := options
		o.VRRPOnly, o.Peers = tt.vrrpOnly, tt.peers
		if err := o.Validate(c); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
