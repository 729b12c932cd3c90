package host

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"lvsdr/internal/lantest"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

var cmpAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// cmpAddresses compares the types of netip, which have unexported fields.
var cmpAddresses = cmp.Options{cmpAddr, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}

func TestKernelLinks(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	lantest.Cable(t, "eth0", "eth1")
	got, err := h.Links()
	lantest.Must(t, err)
	// The modules of tunnels, once loaded, give every namespace a device.
	got = slices.DeleteFunc(got, func(l Link) bool { return l.Kind != "" && l.Kind != "veth" })
	for i := range got {
		got[i].Index = 0
	}
	want := []Link{
		{Name: "lo", Loopback: true},
		{Name: "eth1", Up: true, Broadcast: true, MAC: lantest.Other, Kind: "veth"},
		{Name: "eth0", Up: true, Broadcast: true, MAC: lantest.LVS, Kind: "veth"},
	}
	if d := cmp.Diff(want, got, cmpAddr); d != "" {
		t.Errorf("links (-want +got):\n%s", d)
	}
}

func TestKernelKinds(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
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
	lantest.Must(t, err)
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
	lantest.Fresh(t)
	h := NewHost()
	attrs := func(name string) netlink.LinkAttrs { return netlink.LinkAttrs{Name: name} }
	bond := netlink.NewLinkBond(attrs("bond7"))
	bridge, vrf := &netlink.Bridge{LinkAttrs: attrs("br7")}, &netlink.Vrf{LinkAttrs: attrs("vrf7"), Table: 7}
	want := map[string]bool{"lo": false}
	for _, master := range []netlink.Link{bridge, bond, vrf} {
		port := &netlink.Dummy{LinkAttrs: attrs("of-" + master.Attrs().Name)}
		for _, l := range []netlink.Link{master, port} {
			lantest.Must(t, netlink.LinkAdd(l))
			want[l.Attrs().Name] = false
		}
		lantest.Must(t, netlink.LinkSetMaster(port, master))
		want[port.Name] = master != netlink.Link(vrf)
	}
	links, err := h.Links()
	lantest.Must(t, err)
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
	lantest.Fresh(t)
	h := NewHost()
	lantest.Cable(t, "eth0", "eth1")
	vip := netip.MustParseAddr("172.16.0.100")
	facing := func() (names []string) {
		t.Helper()
		links, err := h.Facing(vip)
		lantest.Must(t, err)
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
		lantest.Must(t, step.do())
		if d := cmp.Diff(step.want, facing()); d != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, d)
		}
	}
}

func TestKernelRoutesOfSeveralHops(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	lantest.Cable(t, "eth0", "eth1")
	lantest.Must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0"}))
	lantest.Must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.1.0.8/24"), Interface: "eth1"}))
	_, everything, _ := net.ParseCIDR("0.0.0.0/0")
	lantest.Must(t, netlink.RouteAdd(&netlink.Route{Dst: everything, MultiPath: []*netlink.NexthopInfo{
		{Gw: net.IPv4(10, 0, 0, 200)}, {Gw: net.IPv4(10, 1, 0, 200)},
	}}))
	links, err := h.Links()
	lantest.Must(t, err)
	got, err := h.Routes(links)
	lantest.Must(t, err)
	var defaults []Route
	for _, r := range got {
		if r.Prefix.Bits() == 0 {
			defaults = append(defaults, r)
		}
	}
	anywhere := netip.MustParsePrefix("0.0.0.0/0")
	want := []Route{{Prefix: anywhere, Interface: "eth0", Gateway: true}, {Prefix: anywhere, Interface: "eth1", Gateway: true}}
	if d := cmp.Diff(want, defaults, cmpAddresses); d != "" {
		t.Errorf("default routes (-want +got):\n%s", d)
	}
}
