package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
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
	l, err := host.NewHost().Link(link)
	lantest.Must(t, err)
	start := time.Now()
	got := askAll(t, []Question{{l, who}}, soon)[0]
	lantest.Must(t, got.Err)
	if took := time.Since(start); len(who) > 0 && took < soon {
		t.Errorf("answers were gathered for %v of %v", took, soon)
	}
	return got.Answers
}

// askAll asks from the machine as it is.
func askAll(t *testing.T, questions []Question, wait time.Duration) []Reply {
	t.Helper()
	links, err := host.NewHost().Links()
	lantest.Must(t, err)
	own, err := host.NewHost().AddressesOn(links)
	lantest.Must(t, err)
	return wired.Ask(questions, links, own, wait)
}

// TestKernelAskEverywhere asks on many interfaces as fast as on one: behind each
// is another machine with the same address.
func TestKernelAskEverywhere(t *testing.T) {
	const interfaces = 100
	dir := t.TempDir()
	lantest.Named(t, dir, "far")
	lantest.Fresh(t)
	far, err := os.Open(filepath.Join(dir, "far"))
	lantest.Must(t, err)
	defer far.Close()
	for i := range interfaces {
		name := fmt.Sprintf("eth%d", i)
		lantest.Must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name, TxQLen: 1000},
			PeerName: name, PeerHardwareAddr: macOf(i), PeerNamespace: netlink.NsFd(far.Fd())}))
		lantest.Raise(t, name)
	}
	lantest.Within(t, dir, "far", func() {
		for i := range interfaces {
			lantest.Raise(t, fmt.Sprintf("eth%d", i))
		}
		lantest.Must(t, host.NewHost().AddAddress(host.Address{Prefix: netip.MustParsePrefix("10.0.0.7/32"), Interface: "lo"}))
	})
	var questions []Question
	var want []Reply
	links, err := host.NewHost().Links()
	lantest.Must(t, err)
	for _, l := range links {
		if l.Loopback {
			continue
		}
		lantest.AwaitCarrier(t, l.Name)
		questions = append(questions, Question{l, addrsOf("10.0.0.7")})
		want = append(want, Reply{Answers: []Answer{{netip.MustParseAddr("10.0.0.7"), macOf(len(want))}}})
	}
	const wait = 3 * soon
	start := time.Now()
	if d := cmp.Diff(want, askAll(t, questions, wait), cmpAddr); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if took := time.Since(start); len(questions) != interfaces || took > 10*wait {
		t.Errorf("%d interfaces took %v, want %d in about %v", len(questions), took, interfaces, wait)
	}
}

func macOf(n int) net.HardwareAddr { return net.HardwareAddr{2, 0, 10, 1, byte(n >> 8), byte(n)} }

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
	all := askAll(t, []Question{{host.Link{Name: "ppp0"}, who}, {eth0, []netip.Addr{{}}}, {eth0, who}}, 0)
	if err := all[0].Err; !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("no Ethernet: %v, want EAFNOSUPPORT", err)
	}
	if err := all[1].Err; !errors.Is(err, syscall.EINVAL) {
		t.Errorf("no address: %v, want EINVAL", err)
	}
	if err := all[2].Err; err != nil {
		t.Errorf("beside them: %v", err)
	}
	lantest.Must(t, netlink.LinkSetDown(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: eth0.Index}}))
	if err := askAll(t, []Question{{eth0, who}}, 0)[0].Err; !errors.Is(err, syscall.ENETDOWN) {
		t.Errorf("interface down: %v, want ENETDOWN", err)
	}
	disarm(t)
	if err := askAll(t, []Question{{eth0, who}}, 0)[0].Err; !errors.Is(err, syscall.EPERM) {
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
