package kernel

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
)

// The process's first thread stays out of the tests' namespaces: what is asked
// of its namespace by mistake shows.
func init() { runtime.LockOSThread() }

var (
	rs1MAC  = net.HardwareAddr{2, 0, 10, 0, 0, 7}
	rs2MAC  = net.HardwareAddr{2, 0, 10, 0, 0, 17}
	bareMAC = net.HardwareAddr{2, 0, 10, 0, 1, 8}
)

// wired is an interface of a machine on the LAN.
type wired struct {
	machine, link string
	mac           net.HardwareAddr
	addresses     []string
}

// lan makes network namespaces in the folder that it returns: the machines lvs,
// rs1 and rs2, and the bridge between them. The director's eth1 has no address,
// not even a link-local one.
func lan(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"bridge", "lvs", "rs1", "rs2"} {
		named(t, dir, name)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
	within(t, dir, "bridge", func() {
		must(t, netlink.LinkAdd(bridge))
		raise(t, "br0")
	})
	for _, w := range []wired{
		{"lvs", "eth0", ourMAC, []string{"10.0.0.8/24", "fd00::8/64"}},
		{"lvs", "eth1", bareMAC, nil},
		{"rs1", "eth0", rs1MAC, []string{"10.0.0.7/24", "fd00::7/64"}},
		{"rs2", "eth0", rs2MAC, []string{"10.0.0.17/24", "fd00::17/64"}},
	} {
		plug(t, dir, w, bridge)
	}
	return dir
}

// plug wires a new interface of a machine to the bridge.
func plug(t *testing.T, dir string, w wired, bridge *netlink.Bridge) {
	t.Helper()
	ns, err := os.Open(dir + "/" + w.machine)
	must(t, err)
	defer ns.Close()
	port := w.machine + w.link
	within(t, dir, "bridge", func() {
		must(t, netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: port, MasterIndex: bridge.Index},
			PeerName:  w.link, PeerHardwareAddr: w.mac, PeerNamespace: netlink.NsFd(ns.Fd()),
		}))
		raise(t, port)
	})
	within(t, dir, w.machine, func() {
		raise(t, "lo")
		must(t, Sysctl{}.Set("net.ipv6.conf."+w.link+".addr_gen_mode", 1))
		raise(t, w.link)
		awaitCarrier(t, w.link)
		for _, a := range w.addresses {
			must(t, NewHost().AddAddress(Address{Prefix: netip.MustParsePrefix(a), Interface: w.link}))
		}
	})
}

// give adds an address to an interface of a machine.
func give(t *testing.T, dir, machine, link, prefix string) {
	t.Helper()
	within(t, dir, machine, func() {
		must(t, NewHost().AddAddress(Address{Prefix: netip.MustParsePrefix(prefix), Interface: link}))
	})
}
