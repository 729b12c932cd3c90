package kernel

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestKernelListeners(t *testing.T) {
	dir := lan(t)
	give(t, dir, "rs1", "lo", "172.16.0.100/32")
	for _, s := range []struct{ network, addr string }{
		{"tcp4", "10.0.0.7:80"}, {"tcp4", "172.16.0.100:80"}, {"tcp4", "0.0.0.0:81"},
		{"tcp6", "[fd00::7]:80"}, {"tcp6", "[::]:82"}, {"tcp", ":83"},
	} {
		listenAt(t, dir, "rs1", s.network, s.addr)
	}
	var got []Listener
	within(t, dir, "rs1", func() {
		for _, s := range []struct{ network, addr string }{{"udp4", "172.16.0.100:53"}, {"udp6", "[::]:54"}, {"udp", ":55"}} {
			c, err := net.ListenPacket(s.network, s.addr)
			must(t, err)
			defer c.Close()
		}
		for _, s := range []struct{ network, addr string }{{"tcp4", "10.0.0.7:80"}, {"tcp6", "[fd00::7]:80"}, {"udp4", "172.16.0.100:53"}} {
			c, err := net.Dial(s.network, s.addr) // connected, and nobody else's
			must(t, err)
			defer c.Close()
		}
		var err error
		got, err = NewHost().Listeners()
		must(t, err)
	})
	at := func(p Protocol, addr string, v6Only bool) Listener {
		return Listener{p, netip.MustParseAddrPort(addr), v6Only}
	}
	want := []Listener{
		at(TCP, "0.0.0.0:81", false), at(TCP, "10.0.0.7:80", false), at(TCP, "172.16.0.100:80", false),
		at(TCP, "[::]:82", true), at(TCP, "[::]:83", false), at(TCP, "[fd00::7]:80", false),
		at(UDP, "172.16.0.100:53", false), at(UDP, "[::]:54", true), at(UDP, "[::]:55", false),
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
				must(t, err)
				defer unix.Close(fd)
			}
			got, err := NewHost().VRRP()
			must(t, err)
			if got != tt.want {
				t.Errorf("VRRP: %v, want %v", got, tt.want)
			}
		})
	}
}

// TestKernelListenersSharing: one of two servers at a port hears IPv4.
func TestKernelListenersSharing(t *testing.T) {
	h := fresh(t)
	listenRaw(t, TCP, "[::]:80", 0)
	listenRaw(t, TCP, "[::]:80", 1)
	got, err := h.Listeners()
	must(t, err)
	if len(got) != 2 || got[0].V6Only || got[1].V6Only {
		t.Errorf("%v; want two that are not said to hear IPv6 only", got)
	}
}
