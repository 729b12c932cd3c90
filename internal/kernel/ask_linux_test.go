package kernel

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// soon is long enough for neighbours of which all are on one processor.
const soon = 500 * time.Millisecond

func TestKernelAsk(t *testing.T) {
	dir := lan(t)
	const vip, vip6 = "172.16.0.100", "fd00::100"
	give(t, dir, "rs1", "lo", vip+"/32")
	give(t, dir, "rs1", "eth0", vip6+"/128")
	give(t, dir, "rs2", "lo", vip6+"/128") // IPv6 answers only for addresses of the interface
	is := func(addr string, mac net.HardwareAddr) Answer { return Answer{netip.MustParseAddr(addr), mac} }
	for _, step := range []struct {
		name   string
		before func()
		link   string
		asked  []netip.Addr
		want   []Answer
	}{
		{name: "neighbours", link: "eth0", asked: addrsOf("10.0.0.17", "10.0.0.7", "10.0.0.99"),
			want: []Answer{is("10.0.0.7", rs1MAC), is("10.0.0.17", rs2MAC)}},
		{name: "IPv6 neighbours", link: "eth0", asked: addrsOf("fd00::17", "fd00::7", "fd00::99"),
			want: []Answer{is("fd00::7", rs1MAC), is("fd00::17", rs2MAC)}},
		{name: "a VIP that a real server answers for", link: "eth0", asked: addrsOf(vip, vip6),
			want: []Answer{is(vip, rs1MAC), is(vip6, rs1MAC)}},
		{name: "IPv4 in IPv6's notation", link: "eth0", asked: addrsOf("::ffff:10.0.0.7"), want: []Answer{is("10.0.0.7", rs1MAC)}},
		{name: "asked without an address", link: "eth1", asked: addrsOf("10.0.0.7", "fd00::7"),
			want: []Answer{is("10.0.0.7", rs1MAC), is("fd00::7", rs1MAC)}},
		{name: "our own other interface answers", link: "eth1", asked: addrsOf("10.0.0.8", "fd00::8")},
		{name: "nothing asked", link: "eth0"},
		{name: "two real servers", before: func() {
			give(t, dir, "rs2", "lo", vip+"/32")
			give(t, dir, "rs2", "eth0", vip6+"/128")
		}, link: "eth0", asked: addrsOf(vip, vip6),
			want: []Answer{is(vip, rs1MAC), is(vip, rs2MAC), is(vip6, rs1MAC), is(vip6, rs2MAC)}},
		{name: "the director has the VIP as well", before: func() {
			give(t, dir, "lvs", "eth0", vip+"/24")
			give(t, dir, "lvs", "eth0", vip6+"/64")
		}, link: "eth0", asked: addrsOf(vip, vip6),
			want: []Answer{is(vip, rs1MAC), is(vip, rs2MAC), is(vip6, rs1MAC), is(vip6, rs2MAC)}},
		{name: "a real server that keeps it to itself", before: func() {
			within(t, dir, "rs1", func() { must(t, Sysctl{}.Set("net.ipv4.conf.all.arp_ignore", 1)) })
		}, link: "eth0", asked: addrsOf(vip), want: []Answer{is(vip, rs2MAC)}},
	} {
		if step.before != nil {
			step.before()
		}
		within(t, dir, "lvs", func() {
			if d := cmp.Diff(step.want, asked(t, step.link, step.asked), cmpAddr, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s (-want +got):\n%s", step.name, d)
			}
		})
	}
}

func asked(t *testing.T, link string, who []netip.Addr) []Answer {
	t.Helper()
	h := NewHost()
	l, err := h.link(link)
	must(t, err)
	start := time.Now()
	got, err := h.Ask(l, who, soon)
	must(t, err)
	if took := time.Since(start); len(who) > 0 && took < soon {
		t.Errorf("answers were gathered for %v of %v", took, soon)
	}
	return got
}

// TestKernelAskTwice counts what goes out for an address that nobody has.
func TestKernelAskTwice(t *testing.T) {
	dir := lan(t)
	var heard *packet.Conn
	within(t, dir, "rs1", func() {
		eth0, err := NewHost().link("eth0")
		must(t, err)
		heard, err = packet.Listen(&net.Interface{Index: eth0.Index}, packet.Raw, etherARP, nil)
		must(t, err)
	})
	defer heard.Close()
	within(t, dir, "lvs", func() { asked(t, "eth0", addrsOf("10.0.0.99")) })
	first := nextFrame(t, heard, 42)
	if second := nextFrame(t, heard, 42); !bytes.Equal(first, second) {
		t.Errorf("asked with %x, then with %x", first, second)
	}
	must(t, heard.SetReadDeadline(time.Now().Add(soon)))
	if n, _, err := heard.ReadFrom(make([]byte, 64)); err == nil {
		t.Errorf("asked a third time, with %d bytes", n)
	}
}

func TestKernelAskErrors(t *testing.T) {
	h := fresh(t)
	cable(t, "eth0", "eth1")
	eth0, err := h.link("eth0")
	must(t, err)
	who := addrsOf("10.0.0.7")
	if _, err := h.Ask(Link{Name: "ppp0"}, who, 0); !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("no Ethernet: %v, want EAFNOSUPPORT", err)
	}
	if _, err := h.Ask(eth0, []netip.Addr{{}}, 0); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("no address: %v, want EINVAL", err)
	}
	must(t, netlink.LinkSetDown(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: eth0.Index}}))
	if _, err := h.Ask(eth0, who, 0); !errors.Is(err, syscall.ENETDOWN) {
		t.Errorf("interface down: %v, want ENETDOWN", err)
	}
	disarm(t)
	if _, err := h.Ask(eth0, who, 0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("without CAP_NET_RAW: %v, want EPERM", err)
	}
}

// disarm takes every capability from the thread, which ends with the test.
func disarm(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	var none [2]unix.CapUserData
	must(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
}
