package host

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Addresses returns the addresses of all interfaces in the kernel's order.
func (h *Host) Addresses() ([]Address, error) {
	links, err := h.Links()
	if err != nil {
		return nil, err
	}
	return h.AddressesOn(links)
}

// AddressesOn is [Host.Addresses] for a caller that has the interfaces already.
func (h *Host) AddressesOn(links []Link) ([]Address, error) {
	names := namesOf(links)
	found, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	var addresses []Address
	for _, a := range found {
		prefix, ok := prefixOf(a.IPNet)
		if !ok {
			continue
		}
		addresses = append(addresses, Address{
			Prefix: prefix, Interface: names[a.LinkIndex], Label: a.Label, Deprecated: a.Flags&unix.IFA_F_DEPRECATED != 0,
			Host:  a.Scope == unix.RT_SCOPE_HOST && !prefix.Addr().IsLoopback(),
			Taken: a.Flags&unix.IFA_F_DADFAILED != 0,
		})
	}
	return addresses, nil
}

// AddAddress gives an interface an address, and first sets the interface up if it is
// down, as ifconfig does. An IPv6 address is usable at once: nobody is asked whether
// it is taken. EEXIST: the interface has it (IPv4: with that prefix length); ENODEV:
// there is no such interface; EACCES: IPv6 is disabled on it; EOPNOTSUPP: the kernel
// has none.
func (h *Host) AddAddress(a Address) error {
	l, err := h.Link(a.Interface)
	if err != nil {
		return err
	}
	if !l.Up {
		if err := netlink.LinkSetUp(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: l.Index}}); err != nil {
			return err
		}
	}
	req := addressRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, l.Index, a)
	if a.Deprecated {
		lifetimes := nl.IfaCacheInfo{IfaCacheinfo: unix.IfaCacheinfo{Valid: forever}}
		req.AddData(nl.NewRtAttr(unix.IFA_CACHEINFO, lifetimes.Serialize()))
	}
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// forever is the lifetime that does not end (net/addrconf.h).
const forever = 0xffffffff

// DeleteAddress takes an address away from an interface; with a Label only if
// that is its label. EADDRNOTAVAIL: the interface does not have it; ENODEV:
// there is no such interface.
func (h *Host) DeleteAddress(a Address) error {
	l, err := h.Link(a.Interface)
	if err != nil {
		return err
	}
	_, err = addressRequest(unix.RTM_DELADDR, 0, l.Index, a).Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// addressRequest is written here because the library's own adds a broadcast
// address that "ip addr add" does not, and has no lifetime without end where an
// int has 32 bits.
func addressRequest(typ, flags, index int, a Address) *nl.NetlinkRequest {
	addr := a.Prefix.Addr()
	msg := nl.NewIfAddrmsg(familyOf(addr))
	msg.Prefixlen = uint8(a.Prefix.Bits())
	msg.Index = uint32(index)
	if a.Host {
		msg.Scope = unix.RT_SCOPE_HOST
	}
	if addr.Is6() {
		msg.IfAddrmsg.Flags = unix.IFA_F_NODAD
	}
	req := nl.NewNetlinkRequest(typ, flags|unix.NLM_F_ACK)
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFA_LOCAL, addr.AsSlice()))
	req.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, addr.AsSlice()))
	if a.Label != "" && addr.Is4() {
		req.AddData(nl.NewRtAttr(unix.IFA_LABEL, nl.ZeroTerminated(a.Label)))
	}
	return req
}

func familyOf(addr netip.Addr) int {
	if addr.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
