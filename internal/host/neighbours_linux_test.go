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

func TestKernelNeighbours(t *testing.T) {
	dir := lantest.LAN(t)
	var got []Neighbour
	lantest.Within(t, dir, "lvs", func() {
		h := NewHost()
		eth0, err := h.Link("eth0")
		lantest.Must(t, err)
		for addr, mac := range map[string]net.HardwareAddr{"10.0.0.7": lantest.RS1, "fd00::7": lantest.RS1, "10.0.0.17": lantest.RS2, "10.0.0.99": nil} {
			n := &netlink.Neigh{LinkIndex: eth0.Index, IP: net.ParseIP(addr), HardwareAddr: mac, State: netlink.NUD_STALE}
			if mac == nil {
				n.State = netlink.NUD_FAILED
			}
			lantest.Must(t, netlink.NeighAdd(n))
		}
		// A group becomes an entry by being sent to; it is nobody's address.
		lantest.Must(t, netlink.NeighAdd(&netlink.Neigh{LinkIndex: eth0.Index, IP: net.ParseIP("ff02::7"),
			HardwareAddr: net.HardwareAddr{0x33, 0x33, 0, 0, 0, 7}, State: netlink.NUD_NOARP}))
		links, err := h.Links()
		lantest.Must(t, err)
		got, err = h.Neighbours(links)
		lantest.Must(t, err)
	})
	slices.SortFunc(got, func(a, b Neighbour) int { return a.Addr.Compare(b.Addr) })
	want := []Neighbour{
		{netip.MustParseAddr("10.0.0.7"), lantest.RS1, "eth0"},
		{netip.MustParseAddr("10.0.0.17"), lantest.RS2, "eth0"},
		{netip.MustParseAddr("fd00::7"), lantest.RS1, "eth0"},
	}
	if d := cmp.Diff(want, got, cmpAddr); d != "" {
		t.Errorf("neighbours (-want +got):\n%s", d)
	}
}
