// Package lantest is a local network for tests: machines that are network
// namespaces, wired to a bridge or to each other. It needs a kernel that lets it
// make namespaces: run such tests through lvsdr lab kernel, as make test does.
//
// It uses none of the packages that are tested with it.
package lantest

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The process's first thread stays out of the tests' namespaces: what is asked
// of its namespace by mistake shows.
func init() { runtime.LockOSThread() }

// The Ethernet addresses of the machines.
var (
	LVS   = net.HardwareAddr{2, 0, 10, 0, 0, 8}
	Other = net.HardwareAddr{2, 0, 10, 0, 0, 200} // the far end of a [Cable]
	RS1   = net.HardwareAddr{2, 0, 10, 0, 0, 7}
	RS2   = net.HardwareAddr{2, 0, 10, 0, 0, 17}
	bare  = net.HardwareAddr{2, 0, 10, 0, 1, 8}
)

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Fresh puts the test into a network namespace of its own, in which nothing is
// up.
func Fresh(t testing.TB) {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
}

// Named makes a network namespace of that name in dir, as "ip netns add" does.
func Named(t testing.TB, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, name)
	Must(t, os.WriteFile(path, nil, 0o600))
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with this goroutine
		made <- errors.Join(unix.Unshare(unix.CLONE_NEWNET), unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""))
	}()
	if err := <-made; err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
	t.Cleanup(func() { Must(t, unix.Unmount(path, unix.MNT_DETACH)) })
}

// Within runs do in a named namespace.
func Within(t testing.TB, dir, name string, do func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	Must(t, err)
	defer home.Close()
	target, err := os.Open(filepath.Join(dir, name))
	Must(t, err)
	defer target.Close()
	Must(t, unix.Setns(int(target.Fd()), unix.CLONE_NEWNET))
	defer func() { Must(t, unix.Setns(int(home.Fd()), unix.CLONE_NEWNET)) }()
	do()
}

// Cable adds two interfaces of which the one is wired to the other; both are up.
func Cable(t testing.TB, name, other string) {
	t.Helper()
	Must(t, netlink.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: name, HardwareAddr: LVS}, PeerName: other, PeerHardwareAddr: Other,
	}))
	Raise(t, name)
	Raise(t, other)
}

// Raise sets an interface up.
func Raise(t testing.TB, name string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	Must(t, err)
	Must(t, netlink.LinkSetUp(l))
}

// AwaitCarrier waits until the kernel has noticed that the other end is up: what
// is sent before is lost without an error.
func AwaitCarrier(t testing.TB, name string) {
	t.Helper()
	for range 500 {
		l, err := netlink.LinkByName(name)
		Must(t, err)
		if l.Attrs().OperState == netlink.OperUp {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s has no carrier", name)
}

// wired is an interface of a machine on the LAN.
type wired struct {
	machine, link string
	mac           net.HardwareAddr
	addresses     []string
}

// LAN makes network namespaces in the folder that it returns: the machines lvs,
// rs1 and rs2, and the bridge between them. The director's eth1 has no address,
// not even a link-local one.
func LAN(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"bridge", "lvs", "rs1", "rs2"} {
		Named(t, dir, name)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
	Within(t, dir, "bridge", func() {
		Must(t, netlink.LinkAdd(bridge))
		Raise(t, "br0")
	})
	for _, w := range []wired{
		{"lvs", "eth0", LVS, []string{"10.0.0.8/24", "fd00::8/64"}},
		{"lvs", "eth1", bare, nil},
		{"rs1", "eth0", RS1, []string{"10.0.0.7/24", "fd00::7/64"}},
		{"rs2", "eth0", RS2, []string{"10.0.0.17/24", "fd00::17/64"}},
	} {
		plug(t, dir, w, bridge)
	}
	return dir
}

// plug wires a new interface of a machine to the bridge.
func plug(t testing.TB, dir string, w wired, bridge *netlink.Bridge) {
	t.Helper()
	ns, err := os.Open(filepath.Join(dir, w.machine))
	Must(t, err)
	defer ns.Close()
	port := w.machine + w.link
	Within(t, dir, "bridge", func() {
		Must(t, netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: port, MasterIndex: bridge.Index},
			PeerName:  w.link, PeerHardwareAddr: w.mac, PeerNamespace: netlink.NsFd(ns.Fd()),
		}))
		Raise(t, port)
	})
	Within(t, dir, w.machine, func() {
		Raise(t, "lo")
		SetSysctl(t, "net/ipv6/conf/"+w.link+"/addr_gen_mode", "1")
		Raise(t, w.link)
		AwaitCarrier(t, w.link)
	})
	for _, a := range w.addresses {
		Give(t, dir, w.machine, w.link, a)
	}
}

// SetSysctl changes a parameter below /proc/sys of the thread's namespace.
func SetSysctl(t testing.TB, path, value string) {
	t.Helper()
	Must(t, os.WriteFile(filepath.Join("/proc/sys", path), []byte(value), 0))
}

// Give adds an address to an interface of a machine. Nobody is asked whether it
// is taken.
func Give(t testing.TB, dir, machine, link, prefix string) {
	t.Helper()
	p := netip.MustParsePrefix(prefix)
	Within(t, dir, machine, func() {
		l, err := netlink.LinkByName(link)
		Must(t, err)
		a := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
		if p.Addr().Is6() {
			a.Flags = unix.IFA_F_NODAD
		}
		Must(t, netlink.AddrAdd(l, a))
	})
}

// Listen opens a socket in a machine until the test ends.
func Listen(t testing.TB, dir, machine, network, addr string) net.Listener {
	t.Helper()
	var l net.Listener
	Within(t, dir, machine, func() {
		var err error
		l, err = net.Listen(network, addr)
		Must(t, err)
	})
	t.Cleanup(func() { l.Close() })
	return l
}
