package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"lvsdr/internal/lantest"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestKernelRouteTo(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Give(t, dir, "lvs", "lo", "172.16.0.100/32")
	lantest.Within(t, dir, "lvs", func() {
		links, err := NewHost().Links()
		lantest.Must(t, err)
		for _, r := range []struct {
			to, via string
			typ     int
		}{
			{"192.168.0.0/24", "10.0.0.200", unix.RTN_UNICAST}, {"fd05::/64", "fd00::200", unix.RTN_UNICAST},
			{"192.168.1.0/24", "", unix.RTN_UNREACHABLE}, {"fd05:1::/64", "", unix.RTN_UNREACHABLE},
			{"192.168.2.0/24", "", unix.RTN_BLACKHOLE}, {"fd05:2::/64", "", unix.RTN_BLACKHOLE},
			{"192.168.3.0/24", "", unix.RTN_PROHIBIT}, {"fd05:3::/64", "", unix.RTN_PROHIBIT},
		} {
			_, to, err := net.ParseCIDR(r.to)
			lantest.Must(t, err)
			lantest.Must(t, netlink.RouteAdd(&netlink.Route{Dst: to, Gw: net.ParseIP(r.via), Type: r.typ}))
		}
		for _, tt := range routeCases {
			got, err := NewHost().RouteTo(netip.MustParseAddr(tt.to), links)
			if hopText(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%s: %q, %v; want %q, %v", tt.to, hopText(got), err, tt.want, tt.err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "route to "+tt.to) {
				t.Errorf("%s: %v does not say what was asked", tt.to, err)
			}
		}
		if _, err := NewHost().RouteTo(netip.Addr{}, links); !errors.Is(err, unix.EINVAL) {
			t.Errorf("no address: %v, want EINVAL", err)
		}
	})
}

// TestKernelDelivers has packets that are the machine's by a route, without an
// address.
func TestKernelDelivers(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Give(t, dir, "lvs", "lo", "172.16.0.100/32")
	lantest.Within(t, dir, "lvs", func() {
		for _, words := range []string{"route add local 172.16.1.0/24 dev lo", "route add local default dev lo table 100", "rule add fwmark 7 lookup 100", "-6 route add local fd00:1::/64 dev lo"} {
			out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput()
			if err != nil {
				t.Fatalf("ip %s: %v\n%s", words, err, out)
			}
		}
		for _, tt := range []struct {
			addr string
			mark uint32
			want bool
		}{
			{"172.16.0.100", 0, true}, {"172.16.1.100", 0, true}, {"172.16.2.100", 0, false}, {"172.16.2.100", 7, true},
			{"172.16.2.100", 8, false}, {"10.0.0.7", 0, false}, {"fd00:1::100", 0, true}, {"fd00:2::100", 0, false},
		} {
			if got, err := NewHost().Delivers(netip.MustParseAddr(tt.addr), tt.mark); got != tt.want || err != nil {
				t.Errorf("%s, mark %d: %v, %v; want %v", tt.addr, tt.mark, got, err, tt.want)
			}
		}
	})
}

// TestKernelRouteFrom has a rule for what is sent in the name of an address.
func TestKernelRouteFrom(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Give(t, dir, "lvs", "lo", "172.16.0.100/32")
	lantest.Within(t, dir, "lvs", func() {
		links, err := NewHost().Links()
		lantest.Must(t, err)
		from := func(source string) (Hop, error) {
			return NewHost().RouteFrom(netip.MustParseAddr(source), netip.MustParseAddr("192.5.5.241"), links)
		}
		for _, words := range []string{"rule add from 172.16.0.100 lookup 100", "route add default via 10.0.0.200 table 100"} {
			out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput()
			if err != nil {
				t.Fatalf("ip %s: %v\n%s", words, err, out)
			}
		}
		hop, err := from("172.16.0.100")
		if err != nil || hop.Via != netip.MustParseAddr("10.0.0.200") || !hop.Gateway || hop.Interface != "eth0" {
			t.Errorf("from the VIP: %+v, %v", hop, err)
		}
		if hop, err := from("10.0.0.8"); !errors.Is(err, unix.ENETUNREACH) {
			t.Errorf("from another address: %+v, %v; want ENETUNREACH", hop, err)
		}
		if hop, err := from("10.9.9.9"); err == nil {
			t.Errorf("from an address that is not there: %+v", hop)
		}
	})
}

var routeCases = []struct {
	to, want string
	err      error
}{
	{"10.0.0.8", "local lo from 10.0.0.8", nil},
	{"172.16.0.100", "local lo from 172.16.0.100", nil},
	{"::ffff:172.16.0.100", "local lo from 172.16.0.100", nil},
	{"fd00::8", "local lo from fd00::8", nil},
	{"10.0.0.7", "link eth0 from 10.0.0.8", nil},
	{"fd00::7", "link eth0 from fd00::8", nil},
	{"192.168.0.6", "gateway eth0 from 10.0.0.8", nil},
	{"fd05::6", "gateway eth0 from fd00::8", nil},
	{"192.168.1.6", "", unix.EHOSTUNREACH},
	{"fd05:1::6", "", unix.EHOSTUNREACH},
	{"192.168.2.6", "", unix.EINVAL},
	{"fd05:2::6", "", unix.EINVAL},
	{"192.168.3.6", "", unix.EACCES},
	{"fd05:3::6", "", unix.EACCES},
	{"192.0.2.1", "", unix.ENETUNREACH},
	{"2001:db8::1", "", unix.ENETUNREACH},
}

func hopText(h Hop) string {
	switch {
	case h == Hop{}:
		return ""
	case h.Local:
		return fmt.Sprintf("local %s from %s", h.Interface, h.Source)
	case h.Gateway:
		return fmt.Sprintf("gateway %s from %s", h.Interface, h.Source)
	}
	return fmt.Sprintf("link %s from %s", h.Interface, h.Source)
}

func TestKernelRelease(t *testing.T) {
	want, err := exec.Command("uname", "-r").Output()
	lantest.Must(t, err)
	if got, err := NewHost().Release(); err != nil || got != strings.TrimSpace(string(want)) {
		t.Errorf("release %q, %v; want %q", got, err, want)
	}
}
