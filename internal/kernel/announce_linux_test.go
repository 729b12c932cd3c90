package kernel

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

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
)

// wire returns eth0, whose other end is eth1 in a namespace that is called
// "wire" in the folder dir, with addresses of the VIPs' networks.
func wire(t *testing.T, h *Host) (eth0 Link, dir string) {
	t.Helper()
	dir = t.TempDir()
	named(t, dir, "wire")
	cable(t, "eth0", "eth1")
	ns, err := os.Open(dir + "/wire")
	must(t, err)
	defer ns.Close()
	peer, err := netlink.LinkByName("eth1")
	must(t, err)
	must(t, netlink.LinkSetNsFd(peer, int(ns.Fd())))
	within(t, dir, "wire", func() {
		must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("172.16.0.200/24"), Interface: "eth1"}))
		must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("fd00::200/64"), Interface: "eth1"}))
	})
	awaitCarrier(t, "eth0")
	eth0, err = h.link("eth0")
	must(t, err)
	return eth0, dir
}

// awaitCarrier waits until the kernel has noticed that the other end is up:
// what is sent before is lost without an error.
func awaitCarrier(t *testing.T, name string) {
	t.Helper()
	for range 500 {
		l, err := netlink.LinkByName(name)
		must(t, err)
		if l.Attrs().OperState == netlink.OperUp {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s has no carrier", name)
}

func TestKernelAnnounceFrames(t *testing.T) {
	h := fresh(t)
	eth0, dir := wire(t, h)
	for _, vip := range []string{"172.16.0.100", "fd00::100"} {
		a := newAnnouncement(ourMAC, netip.MustParseAddr(vip))
		var heard *packet.Conn
		within(t, dir, "wire", func() {
			eth1, err := h.link("eth1")
			must(t, err)
			heard, err = packet.Listen(&net.Interface{Index: eth1.Index}, packet.Raw, a.etherType, nil)
			must(t, err)
		})
		defer heard.Close()
		must(t, h.Announce(eth0, netip.MustParseAddr(vip)))
		for _, p := range a.packets {
			want := append(append(bytes.Clone(a.to), ourMAC...), byte(a.etherType>>8), byte(a.etherType))
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
	must(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	buf := make([]byte, 2048)
	for {
		got, _, err := c.ReadFrom(buf)
		must(t, err)
		if got == n && bytes.Equal(buf[6:12], ourMAC) {
			return buf[:n]
		}
	}
}

// TestKernelAnnounceBelieved is the purpose: a neighbour who knew the VIP at
// another director's Ethernet address takes it for ours.
func TestKernelAnnounceBelieved(t *testing.T) {
	h := fresh(t)
	eth0, dir := wire(t, h)
	for _, vip := range []string{"172.16.0.100", "fd00::100"} {
		var eth1 Link
		within(t, dir, "wire", func() {
			var err error
			eth1, err = h.link("eth1")
			must(t, err)
			must(t, netlink.NeighAdd(&netlink.Neigh{LinkIndex: eth1.Index, IP: net.ParseIP(vip), State: netlink.NUD_STALE,
				HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}}))
		})
		must(t, h.Announce(eth0, netip.MustParseAddr(vip)))
		var known string
		for range 100 {
			within(t, dir, "wire", func() { known = neighbour(t, eth1, vip) })
			if known == ourMAC.String() {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if known != ourMAC.String() {
			t.Errorf("the neighbour has %s at %s, want %s", vip, known, ourMAC)
		}
	}
}

func neighbour(t *testing.T, l Link, vip string) string {
	t.Helper()
	list, err := netlink.NeighList(l.Index, 0)
	must(t, err)
	for _, n := range list {
		if n.IP.String() == vip {
			return n.HardwareAddr.String()
		}
	}
	return "nowhere"
}

func TestKernelAnnounceErrors(t *testing.T) {
	h := fresh(t)
	cable(t, "eth0", "eth1")
	eth0, err := h.link("eth0")
	must(t, err)
	vip := netip.MustParseAddr("172.16.0.100")
	must(t, netlink.LinkSetDown(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: eth0.Index}}))
	if err := h.Announce(eth0, vip); !errors.Is(err, syscall.ENETDOWN) {
		t.Errorf("interface down: %v, want ENETDOWN", err)
	}
	eth0.Index = 99
	if err := h.Announce(eth0, vip); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("no interface: %v, want ENODEV", err)
	}
	err = h.Announce(Link{Name: "ppp0"}, vip)
	if !errors.Is(err, syscall.EAFNOSUPPORT) || !strings.Contains(err.Error(), "ppp0") {
		t.Errorf("no Ethernet: %v, want EAFNOSUPPORT and the name", err)
	}
}
