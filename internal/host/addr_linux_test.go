package host

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"lvsdr/internal/lantest"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

var (
	vip4 = Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "lo", Label: "lo:1"}
	vip6 = Address{Prefix: netip.MustParsePrefix("fd00::100/128"), Interface: "lo", Deprecated: true}
)

func TestKernelAddresses(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	lantest.Must(t, h.AddAddress(vip4)) // sets lo up, which then has its own
	lantest.Must(t, h.AddAddress(vip6))
	lo, err := h.Link("lo")
	lantest.Must(t, err)
	if !lo.Up {
		t.Error("lo is down")
	}
	got, err := h.Addresses()
	lantest.Must(t, err)
	want := []Address{
		{Prefix: netip.MustParsePrefix("127.0.0.1/8"), Interface: "lo", Label: "lo"}, vip4,
		vip6, {Prefix: netip.MustParsePrefix("::1/128"), Interface: "lo"},
	}
	if d := cmp.Diff(want, got, cmpAddresses); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
	lantest.Must(t, h.DeleteAddress(vip4))
	lantest.Must(t, h.DeleteAddress(vip6))
	got, err = h.Addresses()
	lantest.Must(t, err)
	if d := cmp.Diff([]Address{want[0], want[3]}, got, cmpAddresses); d != "" {
		t.Errorf("addresses afterwards (-want +got):\n%s", d)
	}
}

// TestKernelAddressAsIP compares with what "ip addr add 172.16.0.100/32 dev lo
// label lo:1" leaves: scope global, no broadcast address, permanent.
func TestKernelAddressAsIP(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	lantest.Must(t, h.AddAddress(vip4))
	lantest.Must(t, h.AddAddress(vip6))
	found, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	lantest.Must(t, err)
	const permanent, noDAD, deprecated = 0x80, 0x02, 0x20 // linux/if_addr.h
	for _, a := range found {
		wantFlags := permanent
		switch {
		case a.IP.String() == "fd00::100":
			wantFlags = permanent | noDAD | deprecated
			if a.PreferedLft != 0 || uint32(a.ValidLft) != forever {
				t.Errorf("lifetimes of %s: preferred %d, valid %d", a, a.PreferedLft, a.ValidLft)
			}
		case a.IP.String() != "172.16.0.100":
			continue
		}
		if a.Scope != 0 || a.Broadcast != nil || a.Flags != wantFlags {
			t.Errorf("%s: scope %d, broadcast %v, flags %#x; want 0, none, %#x", a, a.Scope, a.Broadcast, a.Flags, wantFlags)
		}
	}
}

func TestKernelAddressErrors(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	lantest.Must(t, h.AddAddress(vip4))
	lantest.Must(t, h.AddAddress(vip6))
	nowhere, otherLabel, other := vip4, vip4, vip6
	nowhere.Interface = "lo9"
	otherLabel.Label = "lo:2"
	other.Prefix = netip.MustParsePrefix("fd00::101/128")
	for _, tt := range []struct {
		name string
		do   func(Address) error
		a    Address
		want syscall.Errno
	}{
		{"add twice", h.AddAddress, vip4, syscall.EEXIST},
		{"add IPv6 twice", h.AddAddress, vip6, syscall.EEXIST},
		{"add with another label", h.AddAddress, otherLabel, syscall.EEXIST},
		{"add to no interface", h.AddAddress, nowhere, syscall.ENODEV},
		{"delete from no interface", h.DeleteAddress, nowhere, syscall.ENODEV},
		{"delete with another label", h.DeleteAddress, otherLabel, syscall.EADDRNOTAVAIL},
		{"delete what is not there", h.DeleteAddress, other, syscall.EADDRNOTAVAIL},
	} {
		if err := tt.do(tt.a); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
