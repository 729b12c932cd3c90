package vnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
// Packets leave them with the checksums that they have on a wire: the ends do
// not leave that to hardware, which they are not.
func AddVeth(a, b End) error {
	target, err := os.Open(filepath.Join(Folder, b.Namespace))
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
