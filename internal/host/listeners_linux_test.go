package host

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"lvsdr/internal/lantest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

func TestKernelListeners(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Give(t, dir, "rs1", "lo", "172.16.0.100/32")
	for _, s := range []struct{ network, addr string }{
		{"tcp4", "10.0.0.7:80"}, {"tcp4", "172.16.0.100:80"}, {"tcp4", "0.0.0.0:81"},
		{"tcp6", "[fd00::7]:80"}, {"tcp6", "[::]:82"}, {"tcp", ":83"},
	} {
		lantest.Listen(t, dir, "rs1", s.network, s.addr)
	}
	var got []Listener
	lantest.Within(t, dir, "rs1", func() {
		for _, s := range []struct{ network, addr string }{{"udp4", "172.16.0.100:53"}, {"udp6", "[::]:54"}, {"udp", ":55"}} {
			c, err := net.ListenPacket(s.network, s.addr)
			lantest.Must(t, err)
			defer c.Close()
		}
		for _, s := range []struct{ network, addr string }{{"tcp4", "10.0.0.7:80"}, {"tcp6", "[fd00::7]:80"}, {"udp4", "172.16.0.100:53"}} {
			c, err := net.Dial(s.network, s.addr) // connected, and nobody else's
			lantest.Must(t, err)
			defer c.Close()
		}
		var err error
		got, err = NewHost().Listeners()
		lantest.Must(t, err)
	})
	at := func(p ipvs.Protocol, addr string, v6Only bool) Listener {
		return Listener{p, netip.MustParseAddrPort(addr), v6Only}
	}
	want := []Listener{
		at(ipvs.TCP, "0.0.0.0:81", false), at(ipvs.TCP, "10.0.0.7:80", false), at(ipvs.TCP, "172.16.0.100:80", false),
		at(ipvs.TCP, "[::]:82", true), at(ipvs.TCP, "[::]:83", false), at(ipvs.TCP, "[fd00::7]:80", false),
		at(ipvs.UDP, "172.16.0.100:53", false), at(ipvs.UDP, "[::]:54", true), at(ipvs.UDP, "[::]:55", false),
	}
	slices.SortFunc(got, func(a, b Listener) int {
		return strings.Compare(a.Protocol.String()+a.Addr.String(), b.Protocol.String()+b.Addr.String())
	})
	if d := cmp.Diff(want, got, cmpAddrPort); d != "" {
		t.Errorf("listeners (-want +got):\n%s", d)
	}
}

// TestKernelVRRP: a raw socket of another protocol is not one of VRRP.
func TestKernelVRRP(t *testing.T) {
	const ospf, vrrp = 89, 112
	for _, tt := range []struct {
		name             string
		family, protocol int
		want             bool
	}{
		{"no socket", 0, 0, false},
		{"another protocol", unix.AF_INET, ospf, false},
		{"IPv4", unix.AF_INET, vrrp, true},
		{"IPv6", unix.AF_INET6, vrrp, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.family != 0 {
				fd, err := unix.Socket(tt.family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, tt.protocol)
				lantest.Must(t, err)
				defer unix.Close(fd)
			}
			got, err := NewHost().VRRP()
			lantest.Must(t, err)
			if got != tt.want {
				t.Errorf("VRRP: %v, want %v", got, tt.want)
			}
		})
	}
}

// TestKernelListenersSharing: one of two servers at a port hears IPv4.
func TestKernelListenersSharing(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	listenRaw(t, ipvs.TCP, "[::]:80", 0)
	listenRaw(t, ipvs.TCP, "[::]:80", 1)
	got, err := h.Listeners()
	lantest.Must(t, err)
	if len(got) != 2 || got[0].V6Only || got[1].V6Only {
		t.Errorf("%v; want two that are not said to hear IPv6 only", got)
	}
}
