package kernel

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

func TestKernelNeighbours(t *testing.T) {
	dir := lan(t)
	var got []Neighbour
	within(t, dir, "lvs", func() {
		h := NewHost()
		eth0, err := h.link("eth0")
		must(t, err)
		for addr, mac := range map[string]net.HardwareAddr{"10.0.0.7": rs1MAC, "fd00::7": rs1MAC, "10.0.0.17": rs2MAC, "10.0.0.99": nil} {
			n := &netlink.Neigh{LinkIndex: eth0.Index, IP: net.ParseIP(addr), HardwareAddr: mac, State: netlink.NUD_STALE}
			if mac == nil {
				n.State = netlink.NUD_FAILED
			}
			must(t, netlink.NeighAdd(n))
		}
		// A group becomes an entry by being sent to; it is nobody's address.
		must(t, netlink.NeighAdd(&netlink.Neigh{LinkIndex: eth0.Index, IP: net.ParseIP("ff02::7"),
			HardwareAddr: net.HardwareAddr{0x33, 0x33, 0, 0, 0, 7}, State: netlink.NUD_NOARP}))
		got, err = h.Neighbours()
		must(t, err)
	})
	slices.SortFunc(got, func(a, b Neighbour) int { return a.Addr.Compare(b.Addr) })
	want := []Neighbour{
		{netip.MustParseAddr("10.0.0.7"), rs1MAC, "eth0"},
		{netip.MustParseAddr("10.0.0.17"), rs2MAC, "eth0"},
		{netip.MustParseAddr("fd00::7"), rs1MAC, "eth0"},
	}
	if d := cmp.Diff(want, got, cmpAddr); d != "" {
		t.Errorf("neighbours (-want +got):\n%s", d)
	}
}
