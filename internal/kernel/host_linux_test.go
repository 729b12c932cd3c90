package kernel

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// fresh puts the test into a network namespace of its own, in which nothing is
// up. Like open, it needs a kernel that lets it.
func fresh(t *testing.T) *Host {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
	return NewHost()
}

// named makes a network namespace of that name in dir, as "ip netns add" does.
func named(t *testing.T, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, nil, 0o600))
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with this goroutine
		made <- errors.Join(unix.Unshare(unix.CLONE_NEWNET), unix.Mount(threadNamespace, path, "", unix.MS_BIND, ""))
	}()
	if err := <-made; err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(path, unix.MNT_DETACH)) })
}

// within runs do in a named namespace.
func within(t *testing.T, dir, name string, do func()) {
	t.Helper()
	restore, err := enterNetNS(dir, name)
	must(t, err)
	defer func() { must(t, restore()) }()
	do()
}

var (
	ourMAC   = net.HardwareAddr{2, 0, 10, 0, 0, 8}
	theirMAC = net.HardwareAddr{2, 0, 10, 0, 0, 200}
)

// cable adds two interfaces of which the one is wired to the other; both are up.
func cable(t *testing.T, name, other string) {
	t.Helper()
	must(t, netlink.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: name, HardwareAddr: ourMAC}, PeerName: other, PeerHardwareAddr: theirMAC,
	}))
	raise(t, name)
	raise(t, other)
}

func raise(t *testing.T, name string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(l))
}

// cmpAddresses compares the types of netip, which have unexported fields.
var cmpAddresses = cmp.Options{cmpAddr, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}

func TestKernelLinks(t *testing.T) {
	h := fresh(t)
	cable(t, "eth0", "eth1")
	got, err := h.Links()
	must(t, err)
	// The modules of tunnels, once loaded, give every namespace a device.
	got = slices.DeleteFunc(got, func(l Link) bool { return l.Kind != "" && l.Kind != "veth" })
	for i := range got {
		got[i].Index = 0
	}
	want := []Link{
		{Name: "lo", Loopback: true},
		{Name: "eth1", Up: true, Broadcast: true, MAC: theirMAC, Kind: "veth"},
		{Name: "eth0", Up: true, Broadcast: true, MAC: ourMAC, Kind: "veth"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("links (-want +got):\n%s", d)
	}
}

func TestKernelKinds(t *testing.T) {
	h := fresh(t)
	local, remote := net.IPv4(10, 0, 0, 8), net.IPv4(10, 0, 0, 7)
	attrs := func(name string) netlink.LinkAttrs { return netlink.LinkAttrs{Name: name} }
	want := map[string]string{"lo": ""}
	for kind, l := range map[string]netlink.Link{
		"dummy":  &netlink.Dummy{LinkAttrs: attrs("d")},
		"bridge": &netlink.Bridge{LinkAttrs: attrs("b")},
		"veth":   &netlink.Veth{LinkAttrs: attrs("v"), PeerName: "w"},
		"ipip":   &netlink.Iptun{LinkAttrs: attrs("i"), Local: local, Remote: remote},
		"gre":    &netlink.Gretun{LinkAttrs: attrs("g"), Local: local, Remote: remote},
		"ip6tnl": &netlink.Ip6tnl{LinkAttrs: attrs("s"), Local: net.ParseIP("fd00::8"), Remote: net.ParseIP("fd00::7")},
	} {
		if err := netlink.LinkAdd(l); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		want[l.Attrs().Name] = kind
	}
	links, err := h.Links()
	must(t, err)
	for _, l := range links {
		if kind, ours := want[l.Name]; ours && l.Kind != kind {
			t.Errorf("the kind of %s is %q, want %q", l.Name, l.Kind, kind)
		}
		delete(want, l.Name)
	}
	if len(want) > 0 {
		t.Errorf("not seen: %v", want)
	}
}

// A port hears nothing itself; an interface that belongs to another one in
// another way does.
func TestKernelPorts(t *testing.T) {
	h := fresh(t)
	attrs := func(name string) netlink.LinkAttrs { return netlink.LinkAttrs{Name: name} }
	bond := netlink.NewLinkBond(attrs("bond7"))
	bridge, vrf := &netlink.Bridge{LinkAttrs: attrs("br7")}, &netlink.Vrf{LinkAttrs: attrs("vrf7"), Table: 7}
	want := map[string]bool{"lo": false}
	for _, master := range []netlink.Link{bridge, bond, vrf} {
		port := &netlink.Dummy{LinkAttrs: attrs("of-" + master.Attrs().Name)}
		for _, l := range []netlink.Link{master, port} {
			must(t, netlink.LinkAdd(l))
			want[l.Attrs().Name] = false
		}
		must(t, netlink.LinkSetMaster(port, master))
		want[port.Name] = master != netlink.Link(vrf)
	}
	links, err := h.Links()
	must(t, err)
	for _, l := range links {
		if port, ours := want[l.Name]; ours && l.Port != port {
			t.Errorf("%s is a port: %v, want %v", l.Name, l.Port, port)
		}
		delete(want, l.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// TestKindOfDevice has what user-mode-linux has no device for.
func TestKindOfDevice(t *testing.T) {
	if got := kind(&netlink.Tuntap{}); got != "tun" {
		t.Errorf("the kind of a tun is %q", got)
	}
	if got := kind(&netlink.Device{}); got != "" {
		t.Errorf("the kind of hardware is %q, want none", got)
	}
}

func TestKernelFacing(t *testing.T) {
	h := fresh(t)
	cable(t, "eth0", "eth1")
	vip := netip.MustParseAddr("172.16.0.100")
	facing := func() (names []string) {
		t.Helper()
		links, err := h.Facing(vip)
		must(t, err)
		for _, l := range links {
			names = append(names, l.Name)
		}
		return names
	}
	for _, step := range []struct {
		what string
		do   func() error
		want []string
	}{
		{"a VIP on lo alone", func() error {
			return h.AddAddress(Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "lo", Label: "lo:1"})
		}, nil},
		{"an address", func() error {
			return h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0"})
		}, []string{"eth0"}},
		{"another one", func() error {
			return h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.1.0.8/24"), Interface: "eth1"})
		}, []string{"eth1", "eth0"}},
		{"a default route", func() error {
			return netlink.RouteAdd(&netlink.Route{Gw: net.IPv4(10, 0, 0, 200)})
		}, []string{"eth0"}},
		{"a route of the VIP's network behind a router", func() error {
			_, network, _ := net.ParseCIDR("172.16.0.0/16")
			return netlink.RouteAdd(&netlink.Route{Dst: network, Gw: net.IPv4(10, 1, 0, 200)})
		}, []string{"eth0"}},
		{"an on-link network", func() error {
			return h.AddAddress(Address{Prefix: netip.MustParsePrefix("172.16.0.9/24"), Interface: "eth1"})
		}, []string{"eth1"}},
	} {
		must(t, step.do())
		if d := cmp.Diff(step.want, facing()); d != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, d)
		}
	}
}

func TestKernelRoutesOfSeveralHops(t *testing.T) {
	h := fresh(t)
	cable(t, "eth0", "eth1")
	must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0"}))
	must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.1.0.8/24"), Interface: "eth1"}))
	_, everything, _ := net.ParseCIDR("0.0.0.0/0")
	must(t, netlink.RouteAdd(&netlink.Route{Dst: everything, MultiPath: []*netlink.NexthopInfo{
		{Gw: net.IPv4(10, 0, 0, 200)}, {Gw: net.IPv4(10, 1, 0, 200)},
	}}))
	got, err := h.Routes()
	must(t, err)
	var defaults []Route
	for _, r := range got {
		if r.Prefix.Bits() == 0 {
			defaults = append(defaults, r)
		}
	}
	anywhere := netip.MustParsePrefix("0.0.0.0/0")
	want := []Route{{anywhere, "eth0", true}, {anywhere, "eth1", true}}
	if d := cmp.Diff(want, defaults, cmpAddresses); d != "" {
		t.Errorf("default routes (-want +got):\n%s", d)
	}
}
