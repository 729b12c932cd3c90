package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/lantest"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"

	"lvsdr/internal/host"
)

// wired is the network of the tests.
var wired Wire

// cabled returns eth0, whose other end is eth1 in a namespace that is called
// "wire" in the folder dir, with addresses of the VIPs' networks.
func cabled(t *testing.T, h *host.Host) (eth0 host.Link, dir string) {
	t.Helper()
	dir = t.TempDir()
	lantest.Named(t, dir, "wire")
	lantest.Cable(t, "eth0", "eth1")
	ns, err := os.Open(dir + "/wire")
	lantest.Must(t, err)
	defer ns.Close()
	peer, err := netlink.LinkByName("eth1")
	lantest.Must(t, err)
	lantest.Must(t, netlink.LinkSetNsFd(peer, int(ns.Fd())))
	lantest.Within(t, dir, "wire", func() {
		lantest.Must(t, h.AddAddress(host.Address{Prefix: netip.MustParsePrefix("172.16.0.200/24"), Interface: "eth1"}))
		lantest.Must(t, h.AddAddress(host.Address{Prefix: netip.MustParsePrefix("fd00::200/64"), Interface: "eth1"}))
	})
	lantest.AwaitCarrier(t, "eth0")
	eth0, err = h.Link("eth0")
	lantest.Must(t, err)
	return eth0, dir
}

func TestKernelAnnounceFrames(t *testing.T) {
	lantest.Fresh(t)
	h := host.NewHost()
	eth0, dir := cabled(t, h)
	for _, vip := range []string{"172.16.0.100", "fd00::100"} {
		a := newAnnouncement(lantest.LVS, netip.MustParseAddr(vip))
		var heard *packet.Conn
		lantest.Within(t, dir, "wire", func() {
			eth1, err := h.Link("eth1")
			lantest.Must(t, err)
			heard, err = packet.Listen(&net.Interface{Index: eth1.Index}, packet.Raw, a.etherType, nil)
			lantest.Must(t, err)
		})
		defer heard.Close()
		lantest.Must(t, wired.Announce(eth0, netip.MustParseAddr(vip)))
		for _, p := range a.packets {
			want := append(append(bytes.Clone(a.to), lantest.LVS...), byte(a.etherType>>8), byte(a.etherType))
			want = append(want, p...)
			if d := cmp.Diff(hex.Dump(want), hex.Dump(nextFrame(t, heard, len(want)))); d != "" {
				t.Errorf("%s (-want +got):\n%s", vip, d)
			}
		}
	}
}

// nextFrame is the next frame of length n that eth0 sent; others are of the
// kernel's own multicast business.
func nextFrame(t *testing.T, c *packet.Conn, n int) []byte {
	t.Helper()
	lantest.Must(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	buf := make([]byte, 2048)
	for {
		got, _, err := c.ReadFrom(buf)
		lantest.Must(t, err)
		if got == n && bytes.Equal(buf[6:12], lantest.LVS) {
			return buf[:n]
		}
	}
}

// TestKernelAnnounceBelieved is the purpose: a neighbour who knew the VIP at
// another director's Ethernet address takes it for ours.
func TestKernelAnnounceBelieved(t *testing.T) {
	lantest.Fresh(t)
	h := host.NewHost()
	eth0, dir := cabled(t, h)
	for _, vip := range []string{"172.16.0.100", "fd00::100"} {
		var eth1 host.Link
		lantest.Within(t, dir, "wire", func() {
			var err error
			eth1, err = h.Link("eth1")
			lantest.Must(t, err)
			lantest.Must(t, netlink.NeighAdd(&netlink.Neigh{LinkIndex: eth1.Index, IP: net.ParseIP(vip), State: netlink.NUD_STALE,
				HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}}))
		})
		lantest.Must(t, wired.Announce(eth0, netip.MustParseAddr(vip)))
		var known string
		for range 100 {
			lantest.Within(t, dir, "wire", func() { known = neighbour(t, eth1, vip) })
			if known == lantest.LVS.String() {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if known != lantest.LVS.String() {
			t.Errorf("the neighbour has %s at %s, want %s", vip, known, lantest.LVS)
		}
	}
}

func neighbour(t *testing.T, l host.Link, vip string) string {
	t.Helper()
	list, err := netlink.NeighList(l.Index, 0)
	lantest.Must(t, err)
	for _, n := range list {
		if n.IP.String() == vip {
			return n.HardwareAddr.String()
		}
	}
	return "nowhere"
}

func TestKernelAnnounceErrors(t *testing.T) {
	lantest.Fresh(t)
	h := host.NewHost()
	lantest.Cable(t, "eth0", "eth1")
	eth0, err := h.Link("eth0")
	lantest.Must(t, err)
	vip := netip.MustParseAddr("172.16.0.100")
	lantest.Must(t, netlink.LinkSetDown(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: eth0.Index}}))
	if err := wired.Announce(eth0, vip); !errors.Is(err, syscall.ENETDOWN) {
		t.Errorf("interface down: %v, want ENETDOWN", err)
	}
	eth0.Index = 99
	if err := wired.Announce(eth0, vip); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("no interface: %v, want ENODEV", err)
	}
	err = wired.Announce(host.Link{Name: "ppp0"}, vip)
	if !errors.Is(err, syscall.EAFNOSUPPORT) || !strings.Contains(err.Error(), "ppp0") {
		t.Errorf("no Ethernet: %v, want EAFNOSUPPORT and the name", err)
	}
}
