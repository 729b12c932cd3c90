package vnet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// SetUp sets an interface up. ENODEV: there is none of that name.
func SetUp(link string) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(l)
}

// Delete deletes an interface, and the other end of its cable.
func Delete(link string) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	return netlink.LinkDel(l)
}

// find finds an interface by its name.
func find(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		err = unix.ENODEV
	}
	if err != nil {
		return nil, fmt.Errorf("interface %q: %w", name, err)
	}
	return l, nil
}

// AddBridge makes a switch, and sets it up.
func AddBridge(name string) error {
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: named(name)}); err != nil {
		return fmt.Errorf("bridge %q: %w", name, err)
	}
	return SetUp(name)
}

func named(name string) netlink.LinkAttrs {
	attrs := netlink.NewLinkAttrs() // zero would be a queue of no packets
	attrs.Name = name
	return attrs
}

// AddVeth makes a pair of interfaces, each end in its namespace, that are down.
// Packets leave them with complete checksums, as on a wire: these ends have no hardware
// to compute them.
func AddVeth(a, b End) error {
	target, err := open(b.Namespace)
	if err != nil {
		return err
	}
	defer target.Close()
	pair := &netlink.Veth{
		LinkAttrs: named(a.Link), PeerName: b.Link, PeerHardwareAddr: b.MAC,
		PeerNamespace: netlink.NsFd(target.Fd()),
	}
	pair.HardwareAddr = a.MAC
	err = In(a.Namespace, func() error {
		if err := netlink.LinkAdd(pair); err != nil {
			return err
		}
		return checksum(a.Link)
	})
	if err == nil {
		err = In(b.Namespace, func() error { return checksum(b.Link) })
	}
	if err != nil {
		return fmt.Errorf("veth %q: %w", a.Link, err)
	}
	return nil
}

// Plug plugs an interface into a bridge.
func Plug(link, bridge string) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	b, err := find(bridge)
	if err != nil {
		return err
	}
	return netlink.LinkSetMaster(l, b)
}

// checksum has the kernel compute the checksums of what leaves by an interface:
// "ethtool -K LINK tx off", by ioctl (linux/ethtool.h).
func checksum(link string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	value := struct{ command, data uint32 }{unix.ETHTOOL_STXCSUM, 0}
	request := struct { // struct ifreq
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 && !errors.Is(errno, unix.EOPNOTSUPP) {
		return os.NewSyscallError("ioctl SIOCETHTOOL", errno)
	}
	return nil
}

// AddAddresses sets an interface up and gives it addresses. Nobody is asked
// whether they are taken.
func AddAddresses(link string, all ...netip.Prefix) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return err
	}
	for _, p := range all {
		a := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
		if p.Addr().Is6() {
			a.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(l, a); err != nil {
			return fmt.Errorf("address %s of %q: %w", p, link, err)
		}
	}
	return nil
}

// SetDown sets an interface down: the far end of its cable has no carrier.
func SetDown(link string) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	return netlink.LinkSetDown(l)
}

// AddDummy makes an interface that leads nowhere, and sets it up.
func AddDummy(name string) error {
	if err := netlink.LinkAdd(&netlink.Dummy{LinkAttrs: named(name)}); err != nil {
		return fmt.Errorf("dummy %q: %w", name, err)
	}
	return SetUp(name)
}

// SetUpTunnel sets up the interface that unpacks what comes to this machine in
// IP: tunl0 of IPv4, ip6tnl0 of IPv6. The kernel makes it with its module, in
// most namespaces; elsewhere it is made here.
func SetUpTunnel(v6 bool) error {
	link := netlink.Link(&netlink.Iptun{LinkAttrs: named("tunl0")})
	if v6 {
		link = &netlink.Ip6tnl{LinkAttrs: named("ip6tnl0"), Proto: unix.IPPROTO_IPV6}
	}
	name := link.Attrs().Name
	if err := SetUp(name); !errors.Is(err, unix.ENODEV) {
		return err
	}
	if err := netlink.LinkAdd(link); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("tunnel %q: %w", name, err)
	}
	return SetUp(name)
}

// ForgetNeighbours has an interface ask anew who its neighbours are.
func ForgetNeighbours(link string) error {
	l, err := find(link)
	if err != nil {
		return err
	}
	known, err := netlink.NeighList(l.Attrs().Index, netlink.FAMILY_ALL)
	for _, n := range known {
		if n.State&(unix.NUD_PERMANENT|unix.NUD_NOARP) == 0 {
			if gone := netlink.NeighDel(&n); !errors.Is(gone, unix.ENOENT) {
				err = errors.Join(err, gone)
			}
		}
	}
	return err
}
