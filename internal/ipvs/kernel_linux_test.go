package ipvs

import (
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cloudflare/ipvs"
	"github.com/cloudflare/ipvs/netmask"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// open connects to the IPVS of a fresh network namespace, which ends with the
// test's thread. The tests that call it need a kernel with IPVS: run them
// through "lvsdr lab kernel" as make test does.
func open(t *testing.T) *Conn {
	t.Helper()
	return openBy(t, Open)
}

// openShort is open through the older interface, whose errors count.
func openShort(t *testing.T) *Conn {
	t.Helper()
	return openBy(t, func() (*Conn, error) { return OpenShort(true) })
}

func openBy(t *testing.T, dial func() (*Conn, error)) *Conn {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
	raiseLoopback(t)
	c, err := dial()
	if err != nil {
		t.Fatalf("no IPVS: %v (run this through lvsdr lab kernel)", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// raiseLoopback gives the namespace its table of local addresses: without one
// the kernel refuses every IPv4 destination.
func raiseLoopback(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	must(t, err)
	lo.SetUint16(unix.IFF_UP)
	must(t, unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKernelEmpty(t *testing.T) {
	c := open(t)
	if v := c.Info().Version; v < 0x010201 {
		t.Errorf("version %#x", v)
	}
	services, err := c.Services(Everything)
	if err != nil || len(services) != 0 {
		t.Errorf("services %v, %v; want none", services, err)
	}
	daemons, err := c.Daemons()
	if err != nil || len(daemons) != 0 {
		t.Errorf("daemons %v, %v; want none", daemons, err)
	}
	_, err = c.Service(Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80})
	if !errors.Is(err, syscall.ESRCH) {
		t.Errorf("missing service: %v, want ESRCH", err)
	}
}

// TestKernelSameAsClient writes a table and reads it through the client of
// cloudflare/ipvs as well: two programs that know nothing of each other agree.
func TestKernelSameAsClient(t *testing.T) {
	c := open(t)
	client, err := ipvs.New()
	must(t, err)
	services := map[string]Service{
		"tcp":  {Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80, Scheduler: "wrr", Netmask: 0xffffffff},
		"udp":  {Family: INET, Protocol: UDP, Addr: netip.MustParseAddr("10.0.0.2"), Port: 53, Scheduler: "sh", Flags: OnePacket | SchedulerFlag2, Netmask: 0xffffffff},
		"v6":   {Family: INET6, Protocol: SCTP, Addr: netip.MustParseAddr("fd00::1"), Port: 80, Scheduler: "rr", Flags: Persistent, Timeout: 42, Netmask: 64},
		"mark": {Family: INET6, FWMark: 7, Scheduler: "rr", Netmask: 128},
	}
	for _, s := range services {
		must(t, c.AddService(s))
		if s.Family == INET {
			must(t, c.AddDestination(s, Destination{Family: INET, Addr: netip.MustParseAddr("10.0.1.1"), Port: s.Port, Forward: DirectRoute, Weight: 3, Upper: 9, Lower: 8}))
		}
		must(t, c.AddDestination(s, Destination{Family: INET6, Addr: netip.MustParseAddr("fd00::7"), Port: s.Port, Forward: Tunnel, Weight: 1, TunnelType: GUE, TunnelPort: 6080, TunnelFlags: TunnelChecksum}))
	}
	theirs, err := client.Services()
	must(t, err)
	ours, err := c.Services(Everything)
	must(t, err)
	if len(ours) != len(services) || len(theirs) != len(services) {
		t.Fatalf("%d services, the client %d, want %d", len(ours), len(theirs), len(services))
	}
	for i := range ours {
		theirs[i].Flags &^= hashed
		if d := cmp.Diff(theirs[i].Service, asClient(ours[i].Service), cmpAddr, cmp.Comparer(sameMask)); d != "" {
			t.Errorf("service (-client +ours):\n%s", d)
		}
		compareDestinationsWith(t, c, client, ours[i].Service, theirs[i].Service)
	}
}

func sameMask(a, b netmask.Mask) bool { return a.String() == b.String() }

func asClient(s Service) ipvs.Service {
	mask := netmask.MaskFrom(int(s.Netmask), 128)
	if s.Family == INET {
		mask = netmask.MaskFrom4([4]byte{byte(s.Netmask >> 24), byte(s.Netmask >> 16), byte(s.Netmask >> 8), byte(s.Netmask)})
	}
	return ipvs.Service{Address: s.Addr, Netmask: mask, Scheduler: s.Scheduler, Timeout: s.Timeout, Flags: s.Flags, Port: s.Port,
		FWMark: s.FWMark, Family: s.Family, Protocol: s.Protocol}
}

func compareDestinationsWith(t *testing.T, c *Conn, client ipvs.Client, s Service, theirService ipvs.Service) {
	t.Helper()
	theirs, err := client.Destinations(theirService)
	must(t, err)
	ours, err := c.Destinations(&ServiceEntry{Service: s}, Everything, nil)
	must(t, err)
	if len(ours) != len(theirs) {
		t.Fatalf("%d destinations, the client %d", len(ours), len(theirs))
	}
	for i, d := range ours {
		got := ipvs.DestinationExtended{
			Destination: ipvs.Destination{Address: d.Addr, FwdMethod: d.Forward, Weight: d.Weight, UpperThreshold: d.Upper, LowerThreshold: d.Lower,
				Port: d.Port, Family: d.Family, TunnelType: d.TunnelType, TunnelPort: d.TunnelPort, TunnelFlags: d.TunnelFlags},
			ActiveConnections: d.Active, InactiveConnections: d.Inactive, PersistentConnections: d.Persistent,
		}
		if diff := cmp.Diff(theirs[i], got, cmpAddr); diff != "" {
			t.Errorf("destination (-client +ours):\n%s", diff)
		}
	}
}

// TestKernelChanges makes the same changes through both interfaces.
func TestKernelChanges(t *testing.T) {
	t.Run("netlink", func(t *testing.T) { testChanges(t, open(t)) })
	t.Run("sockopt", func(t *testing.T) {
		testChanges(t, openShort(t))
	})
}

func testChanges(t *testing.T, c *Conn) {
	s := Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80, Scheduler: "rr", Netmask: 0xffffffff}
	d := Destination{Family: INET, Addr: netip.MustParseAddr("10.0.1.1"), Port: 80, Forward: Masquerade, Weight: 1}
	must(t, c.AddService(s))
	must(t, c.AddDestination(s, d))
	s.Scheduler, s.PE, s.Flags, s.Timeout = "wlc", "sip", Persistent, 60
	must(t, c.EditService(s))
	d.Weight, d.Forward = 0, DirectRoute
	must(t, c.EditDestination(s, d))
	must(t, c.ZeroService(s))
	must(t, c.Zero())

	got, err := c.Service(s)
	must(t, err)
	if diff := cmp.Diff(s, got.Service, cmpAddr); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
	list, err := c.Destinations(&ServiceEntry{Service: s}, Everything, nil)
	must(t, err)
	if len(list) != 1 || list[0].Destination != d {
		t.Errorf("destinations %+v, want %+v", list, d)
	}
	must(t, c.DeleteDestination(s, d))
	must(t, c.DeleteService(s))
	other, group, crossed := d, d, d
	other.Port, group.Addr, crossed.Port, crossed.Lower = 81, netip.MustParseAddr("224.0.0.1"), 82, 5
	s.PE, s.Flags = "", 0
	for _, test := range []struct {
		what      string
		got, want error
	}{
		{"edit a missing service", c.EditService(s), syscall.ESRCH},
		{"delete a missing service", c.DeleteService(s), syscall.ESRCH},
		{"destination without service", c.AddDestination(s, d), syscall.ESRCH},
		{"service", c.AddService(s), nil},
		{"service that is there", c.AddService(s), syscall.EEXIST},
		{"destination", c.AddDestination(s, d), nil},
		{"destination that is there", c.AddDestination(s, d), syscall.EEXIST},
		{"edit a missing destination", c.EditDestination(s, other), syscall.ENOENT},
		{"delete a missing destination", c.DeleteDestination(s, other), syscall.ENOENT},
		{"destination that is no unicast", c.AddDestination(s, group), syscall.EINVAL},
		{"thresholds out of range", c.AddDestination(s, crossed), syscall.ERANGE},
	} {
		if !errors.Is(test.got, test.want) {
			t.Errorf("%s: %v, want %v", test.what, test.got, test.want)
		}
	}
	testChangesOfMark(t, c)
	must(t, c.Flush())
	if list, err := c.Services(Everything); err != nil || len(list) != 0 {
		t.Errorf("after a flush: %v, %v", list, err)
	}
	must(t, c.SetTimeouts(Timeouts{TCP: 7, UDP: 9}))
	if to, err := c.Timeouts(); err != nil || to != (Timeouts{7, 120, 9}) {
		t.Errorf("timeouts %v, %v", to, err)
	}
}

func TestKernelDaemons(t *testing.T) {
	c := open(t)
	if err := c.StartDaemon(Daemon{State: Master, Interface: "nosuch"}); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("no interface: %v, want ENODEV", err)
	}
	if err := c.StopDaemon(Daemon{State: Backup}); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("not running: %v, want ESRCH", err)
	}
}

// TestKernelServiceComesBack: what was read from the table can be added to it
// again, and is found there.
func TestKernelServiceComesBack(t *testing.T) {
	c := open(t)
	s := Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80, Scheduler: "rr", Netmask: 0xffffffff}
	must(t, c.AddService(s))
	was, err := c.Service(s)
	must(t, err)
	must(t, c.DeleteService(s))
	must(t, c.AddService(was.Service))
	if _, err := c.Service(s); err != nil {
		t.Errorf("added again: %v", err)
	}
}

// TestKernelShortcut reads tables through both interfaces. The kernel has what
// the older one cannot tell, too.
func TestKernelShortcut(t *testing.T) {
	c := openShort(t)
	addr := netip.MustParseAddr
	v4 := Service{Family: INET, Protocol: TCP, Addr: addr("10.0.0.1"), Port: 80, Scheduler: "rr", Netmask: 0xffffffff}
	mark := Service{Family: INET, FWMark: 1 << 31, Scheduler: "wrr", Netmask: 0xffffffff}
	mixed, tunnels, empty, udp := v4, v4, v4, v4
	mixed.Addr, tunnels.Addr, empty.Addr, udp.Protocol = addr("10.0.0.2"), addr("10.0.0.3"), addr("10.0.0.4"), UDP
	v6 := Service{Family: INET6, Protocol: TCP, Addr: addr("fd00::1"), Port: 80, Scheduler: "rr", Netmask: 128}
	route := Destination{Family: INET, Addr: addr("10.0.1.1"), Port: 80, Forward: DirectRoute, Weight: 3, Upper: 9, Lower: 8}
	masq, tunnel := route, route
	masq.Addr, masq.Port, masq.Forward, masq.Weight = addr("10.0.1.2"), 8080, Masquerade, 1<<31-1
	tunnel.Addr, tunnel.Forward, tunnel.TunnelType, tunnel.TunnelPort = addr("10.0.1.3"), Tunnel, GUE, 6080
	tunnel6 := tunnel
	tunnel6.Family, tunnel6.Addr = INET6, addr("fd00::7")
	direct6 := Destination{Family: INET6, Addr: addr("fd00::8"), Port: 80, Forward: DirectRoute, Weight: 1}
	table := []struct {
		service      Service
		destinations []Destination
		exact        Detail // what the shortcut can tell of it
		none         bool   // it can tell nothing
	}{
		{v4, []Destination{route, masq}, Totals | Tunnels, false},
		{udp, []Destination{route, masq, tunnel}, Totals, false},
		{mark, []Destination{route}, Totals | Tunnels, false},
		{mixed, []Destination{route, tunnel6}, 0, true},
		{tunnels, []Destination{tunnel}, Totals, false},
		{empty, nil, Totals | Tunnels, false},
		{v6, []Destination{direct6}, 0, true},
	}
	for _, row := range table {
		must(t, c.AddService(row.service))
		for _, d := range row.destinations {
			must(t, c.AddDestination(row.service, d))
		}
	}
	var services []ServiceEntry
	grows := func(e ServiceEntry) bool { return e.Family == INET && !e.count.known }
	for range 50 { // both tell another order while a table grows (Linux 7)
		var err error
		services, err = c.Services(Everything)
		must(t, err)
		if !slices.ContainsFunc(services, grows) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, row := range table {
		i := slices.IndexFunc(services, func(e ServiceEntry) bool {
			return e.Service == row.service
		})
		if i < 0 {
			t.Fatalf("%+v is not in the list %+v", row.service, services)
		}
		for detail := range Certain {
			_, ok, err := c.short.destinations(&services[i], detail, nil)
			if want := !row.none && detail&^row.exact == 0; ok != want || err != nil {
				t.Errorf("%+v, detail %b: certain %v, %v; want %v", row.service, detail, ok, err, want)
			}
			quick, err := c.Destinations(&services[i], detail, nil)
			must(t, err)
			whole, err := c.Destinations(&ServiceEntry{Service: row.service}, detail, nil)
			must(t, err)
			for i := range whole { // netlink tells more than was asked for
				if ok {
					whole[i].TunnelType, whole[i].TunnelPort = 0, 0
				}
			}
			if d := cmp.Diff(whole, quick, cmpAddr); d != "" || len(whole) != len(row.destinations) {
				t.Errorf("%+v, detail %b (-netlink +shortcut):\n%s", row.service, detail, d)
			}
		}
	}
}

// testChangesOfMark is about a firewall mark, whose identity is another.
func testChangesOfMark(t *testing.T, c *Conn) {
	s := Service{Family: INET, FWMark: 1<<32 - 1, Scheduler: "sh", Flags: Persistent | SchedulerFlag1, Timeout: 60, Netmask: 0xffffff00}
	d := Destination{Family: INET, Addr: netip.MustParseAddr("10.0.1.1"), Port: 8080, Forward: Tunnel, Weight: 1<<31 - 1, Upper: 9, Lower: 8}
	must(t, c.AddService(s))
	must(t, c.AddDestination(s, d))
	got, err := c.Service(s)
	must(t, err)
	if diff := cmp.Diff(s, got.Service, cmpAddr); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
	list, err := c.Destinations(&got, Everything, nil)
	must(t, err)
	if len(list) != 1 || list[0].Destination != d {
		t.Errorf("destinations %+v, want %+v", list, d)
	}
}
