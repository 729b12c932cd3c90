package machinetest

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// open makes the kernel's side of [New], with an eth1 that is down, in a fresh
// network namespace.
func open(t *testing.T) machine {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
	must(t, netlink.LinkSetUp(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: 1}})) // lo
	conn, err := ipvs.Open()
	if err != nil {
		t.Fatalf("no IPVS: %v (run this through lvsdr lab kernel)", err)
	}
	t.Cleanup(func() { conn.Close() })
	m := thisKernel{Conn: conn, Host: host.NewHost()}
	for _, name := range []string{"eth0", "eth1"} {
		must(t, netlink.LinkAdd(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: name}}))
		must(t, m.Set("net.ipv6.conf."+name+".addr_gen_mode", 1)) // no link-local address
	}
	must(t, m.AddAddress(host.Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0"}))
	must(t, netlink.RouteAdd(&netlink.Route{Gw: net.IPv4(10, 0, 0, 200)}))
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestKernelSameAsMachine makes every change on both machines and compares
// error numbers and states.
func TestKernelSameAsMachine(t *testing.T) {
	ours, theirs := New(), open(t)
	ours.AddLink(host.Link{Name: "eth1", Broadcast: true})
	sysctls := slices.Collect(maps.Keys(ours.sysctls))
	for _, name := range sysctls {
		must(t, theirs.Set(name, 0)) // a distribution's defaults may be others
	}
	same := true // what follows a difference differs as well
	compare := func(after string) {
		if !same {
			return
		}
		got, err := state(ours, sysctls)
		must(t, err)
		want, err := state(theirs, sysctls)
		must(t, err)
		if d := cmp.Diff(want, got); d != "" {
			same = false
			t.Errorf("state after %q (-kernel +machine):\n%s", after, d)
		}
	}
	compare("nothing")
	for _, op := range slices.Concat(serviceOperations(), serverOperations(), hostOperations()) {
		want, got := errnoOf(t, op.do(theirs)), errnoOf(t, op.do(ours))
		if got != want {
			t.Errorf("%s: %v, the kernel says %v", op.name, got, want)
		}
		compare(op.name)
	}
	must(t, theirs.StopDaemon(backup)) // lest it outlive the namespace
}

// errnoOf is the error number in err; zero is none.
func errnoOf(t *testing.T, err error) syscall.Errno {
	t.Helper()
	errno, ok := errors.AsType[syscall.Errno](err)
	if err != nil && !ok {
		t.Fatalf("no error number: %v", err)
	}
	return errno
}
