package wire

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/lantest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/host"
)

// soon is long enough for neighbours of which all are on one processor.
const soon = 500 * time.Millisecond

func TestKernelAsk(t *testing.T) {
	dir := lantest.LAN(t)
	const vip, vip6 = "172.16.0.100", "fd00::100"
	lantest.Give(t, dir, "rs1", "lo", vip+"/32")
	lantest.Give(t, dir, "rs1", "eth0", vip6+"/128")
	lantest.Give(t, dir, "rs2", "lo", vip6+"/128") // IPv6 answers only for addresses of the interface
	is := func(addr string, mac net.HardwareAddr) Answer { return Answer{netip.MustParseAddr(addr), mac} }
	for _, step := range []struct {
		name   string
		before func()
		link   string
		asked  []netip.Addr
		want   []Answer
	}{
		{name: "neighbours", link: "eth0", asked: addrsOf("10.0.0.17", "10.0.0.7", "10.0.0.99"),
			want: []Answer{is("10.0.0.7", lantest.RS1), is("10.0.0.17", lantest.RS2)}},
		{name: "IPv6 neighbours", link: "eth0", asked: addrsOf("fd00::17", "fd00::7", "fd00::99"),
			want: []Answer{is("fd00::7", lantest.RS1), is("fd00::17", lantest.RS2)}},
		{name: "a VIP that a real server answers for", link: "eth0", asked: addrsOf(vip, vip6),
			want: []Answer{is(vip, lantest.RS1), is(vip6, lantest.RS1)}},
		{name: "IPv4 in IPv6's notation", link: "eth0", asked: addrsOf("::ffff:10.0.0.7"), want: []Answer{is("10.0.0.7", lantest.RS1)}},
		{name: "asked without an address", link: "eth1", asked: addrsOf("10.0.0.7", "fd00::7"),
			want: []Answer{is("10.0.0.7", lantest.RS1), is("fd00::7", lantest.RS1)}},
		{name: "our own other interface answers", link: "eth1", asked: addrsOf("10.0.0.8", "fd00::8")},
		{name: "nothing asked", link: "eth0"},
		{name: "two real servers", before: func() {
			lantest.Give(t, dir, "rs2", "lo", vip+"/32")
			lantest.Give(t, dir, "rs2", "eth0", vip6+"/128")
		}, link: "eth0", asked: addrsOf(vip, vip6),
			want: []Answer{is(vip, lantest.RS1), is(vip, lantest.RS2), is(vip6, lantest.RS1), is(vip6, lantest.RS2)}},
		{name: "the director has the VIP as well", before: func() {
			lantest.Give(t, dir, "lvs", "eth0", vip+"/24")
			lantest.Give(t, dir, "lvs", "eth0", vip6+"/64")
		}, link: "eth0", asked: addrsOf(vip, vip6),
			want: []Answer{is(vip, lantest.RS1), is(vip, lantest.RS2), is(vip6, lantest.RS1), is(vip6, lantest.RS2)}},
		{name: "a real server that keeps it to itself", before: func() {
			lantest.Within(t, dir, "rs1", func() { lantest.Must(t, host.Sysctl{}.Set("net.ipv4.conf.all.arp_ignore", 1)) })
		}, link: "eth0", asked: addrsOf(vip), want: []Answer{is(vip, lantest.RS2)}},
	} {
		if step.before != nil {
			step.before()
		}
		lantest.Within(t, dir, "lvs", func() {
			if d := cmp.Diff(step.want, asked(t, step.link, step.asked), cmpAddr, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s (-want +got):\n%s", step.name, d)
			}
		})
	}
}

func asked(t *testing.T, link string, who []netip.Addr) []Answer {
	t.Helper()
	h := host.NewHost()
	l, err := h.Link(link)
	lantest.Must(t, err)
	start := time.Now()
	got, err := wired.Ask(l, who, soon)
	lantest.Must(t, err)
	if took := time.Since(start); len(who) > 0 && took < soon {
		t.Errorf("answers were gathered for %v of %v", took, soon)
	}
	return got
}

// TestKernelAskTwice counts what goes out for an address that nobody has.
func TestKernelAskTwice(t *testing.T) {
	dir := lantest.LAN(t)
	var heard *packet.Conn
	lantest.Within(t, dir, "rs1", func() {
		eth0, err := host.NewHost().Link("eth0")
		lantest.Must(t, err)
		heard, err = packet.Listen(&net.Interface{Index: eth0.Index}, packet.Raw, etherARP, nil)
		lantest.Must(t, err)
	})
	defer heard.Close()
	lantest.Within(t, dir, "lvs", func() { asked(t, "eth0", addrsOf("10.0.0.99")) })
	first := nextFrame(t, heard, 42)
	if second := nextFrame(t, heard, 42); !bytes.Equal(first, second) {
		t.Errorf("asked with %x, then with %x", first, second)
	}
	lantest.Must(t, heard.SetReadDeadline(time.Now().Add(soon)))
	if n, _, err := heard.ReadFrom(make([]byte, 64)); err == nil {
		t.Errorf("asked a third time, with %d bytes", n)
	}
}

func TestKernelAskErrors(t *testing.T) {
	lantest.Fresh(t)
	h := host.NewHost()
	lantest.Cable(t, "eth0", "eth1")
	eth0, err := h.Link("eth0")
	lantest.Must(t, err)
	who := addrsOf("10.0.0.7")
	if _, err := wired.Ask(host.Link{Name: "ppp0"}, who, 0); !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("no Ethernet: %v, want EAFNOSUPPORT", err)
	}
	if _, err := wired.Ask(eth0, []netip.Addr{{}}, 0); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("no address: %v, want EINVAL", err)
	}
	lantest.Must(t, netlink.LinkSetDown(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: eth0.Index}}))
	if _, err := wired.Ask(eth0, who, 0); !errors.Is(err, syscall.ENETDOWN) {
		t.Errorf("interface down: %v, want ENETDOWN", err)
	}
	disarm(t)
	if _, err := wired.Ask(eth0, who, 0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("without CAP_NET_RAW: %v, want EPERM", err)
	}
}

// disarm takes every capability from the thread, which ends with the test.
func disarm(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	var none [2]unix.CapUserData
	lantest.Must(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
}
