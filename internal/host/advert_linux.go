package host

import (
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Adverts returns those of a table, of both families.
func (h *Host) Adverts(table int) (all []Advert, err error) {
	wanted := &netlink.Route{Table: table, Type: unix.RTN_BLACKHOLE}
	found, err := whole(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_ALL, wanted, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_TYPE)
	})
	for _, r := range found {
		if prefix, ok := prefixOf(r.Dst); ok && prefix.IsSingleIP() {
			all = append(all, Advert{VIP: prefix.Addr(), Table: table, Metric: r.Priority})
		}
	}
	return all, err
}

// Advertise adds an advert. EEXIST: it is there.
func (h *Host) Advertise(a Advert) error { return netlink.RouteAdd(a.route()) }

// Withdraw deletes an advert. ESRCH: there is none.
func (h *Host) Withdraw(a Advert) error { return netlink.RouteDel(a.route()) }

func (a Advert) route() *netlink.Route {
	bits := a.VIP.BitLen()
	return &netlink.Route{
		Dst:   &net.IPNet{IP: a.VIP.AsSlice(), Mask: net.CIDRMask(bits, bits)},
		Table: a.Table, Type: unix.RTN_BLACKHOLE, Protocol: unix.RTPROT_STATIC, Priority: a.Metric,
	}
}
