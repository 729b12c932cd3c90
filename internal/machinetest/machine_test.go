package machinetest

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestString(t *testing.T) {
	m := New()
	fresh := m.String()
	check(t, m.AddService(web))
	check(t, m.AddDestination(web, rs1))
	check(t, m.AddDestination(web, rs2))
	check(t, m.AddService(mark))
	check(t, m.AddAddress(vip4))
	check(t, m.AddAddress(vip6))
	check(t, m.Set("net.ipv4.conf.all.arp_ignore", 1))
	links, err := m.Facing(vip4.Prefix.Addr())
	check(t, err)
	for _, l := range links {
		check(t, m.Announce(l, vip4.Prefix.Addr()))
	}
	m.SetConnections(web, rs2, 3, 4)
	want := `service TCP 172.16.0.100:80 wrr
  -> 10.0.0.17:80 DirectRoute weight 1 connections 3 4
  -> 10.0.0.7:80 DirectRoute weight 1
service fwmark 7 INET sh
timeouts 900 120 300
link eth0 up
link lo up
address 10.0.0.8/24 dev eth0
address 127.0.0.1/8 dev lo
address 172.16.0.100/32 dev lo label lo:1
address ::1/128 dev lo
address fd00::100/128 dev lo deprecated
sysctl net.ipv4.conf.all.arp_ignore = 1
announced 172.16.0.100 on eth0
`
	if d := cmp.Diff(want, m.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}

	check(t, m.Set("net.ipv4.conf.all.arp_ignore", 0))
	check(t, m.DeleteAddress(vip6))
	check(t, m.DeleteAddress(vip4))
	check(t, m.Flush())
	got := strings.Replace(m.String(), "announced 172.16.0.100 on eth0\n", "", 1)
	if d := cmp.Diff(fresh, got); d != "" {
		t.Errorf("afterwards (-fresh +got):\n%s", d)
	}
}

func TestFailAt(t *testing.T) {
	refusal := errors.New("refused")
	vip := netip.MustParseAddr("172.16.0.100")
	for _, tt := range []struct {
		name string
		do   func(*Machine) error
	}{
		{"AddService", func(m *Machine) error { return m.AddService(mark) }},
		{"EditService", func(m *Machine) error { return m.EditService(web) }},
		{"DeleteService", func(m *Machine) error { return m.DeleteService(web) }},
		{"AddDestination", func(m *Machine) error { return m.AddDestination(web, rs2) }},
		{"EditDestination", func(m *Machine) error { return m.EditDestination(web, rs1) }},
		{"DeleteDestination", func(m *Machine) error { return m.DeleteDestination(web, rs1) }},
		{"Flush", (*Machine).Flush},
		{"Zero", (*Machine).Zero},
		{"ZeroService", func(m *Machine) error { return m.ZeroService(web) }},
		{"SetTimeouts", func(m *Machine) error { return m.SetTimeouts(ipvs.Timeouts{TCP: 1}) }},
		{"StartDaemon", func(m *Machine) error { return m.StartDaemon(master) }},
		{"StopDaemon", func(m *Machine) error { return m.StopDaemon(backup) }},
		{"AddAddress", func(m *Machine) error { return m.AddAddress(vip6) }},
		{"DeleteAddress", func(m *Machine) error { return m.DeleteAddress(vip4) }},
		{"Set", func(m *Machine) error { return m.Set("net.ipv4.ip_forward", 1) }},
		{"Announce", func(m *Machine) error { return m.Announce(host.Link{Name: "eth0"}, vip) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := New()
			check(t, m.AddService(web))
			check(t, m.AddDestination(web, rs1))
			check(t, m.AddAddress(vip4))
			check(t, m.StartDaemon(backup))
			before := m.String()
			m.FailAt(m.Calls()+1, refusal)
			if err := tt.do(m); err != refusal {
				t.Errorf("the call that was to fail: %v", err)
			}
			if d := cmp.Diff(before, m.String()); d != "" {
				t.Errorf("a failed call changed (-before +after):\n%s", d)
			}
			if err := tt.do(m); err != nil {
				t.Errorf("the call after it: %v", err)
			}
			if m.Calls() != 6 {
				t.Errorf("%d calls, want 6", m.Calls())
			}
		})
	}
}

func TestReadingIsNotCounted(t *testing.T) {
	m := New()
	m.FailAt(1, syscall.EPERM)
	_ = m.String()
	if _, err := m.Service(web); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("no service: %v, want ESRCH", err)
	}
	if _, err := m.Get("net.ipv4.conf.eth0/100.arp_ignore"); !errors.Is(err, syscall.ENOENT) || !strings.Contains(err.Error(), "/eth0.100/") {
		t.Errorf("no parameter: %v, want ENOENT and the file", err)
	}
	m.AddSysctl("net.ipv4.vs.expire_nodest_conn", 1)
	if value, err := m.Get("net.ipv4.vs.expire_nodest_conn"); err != nil || value != 1 {
		t.Errorf("added parameter: %d, %v", value, err)
	}
	if m.Calls() != 0 {
		t.Errorf("%d calls, want none", m.Calls())
	}
}

// TestListsAreCopies keeps a caller from changing the machine behind its back.
func TestListsAreCopies(t *testing.T) {
	m := New()
	check(t, m.AddService(web))
	check(t, m.AddDestination(web, rs1))
	before := m.String()
	services, _ := m.Services(ipvs.Everything)
	services[0].Scheduler = "rr"
	destinations, _ := m.Destinations(&ipvs.ServiceEntry{Service: web}, ipvs.Everything, nil)
	destinations[0].Weight = 9
	addresses, _ := m.Addresses()
	addresses[0] = vip6
	links, _ := m.Links()
	links[0].Name = "eth9"
	if d := cmp.Diff(before, m.String()); d != "" {
		t.Errorf("-before +after:\n%s", d)
	}
}

func TestConcurrentUse(t *testing.T) {
	m := New()
	const each = 50
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s := with(web, func(s *ipvs.Service) { s.Port = uint16(i) + 1 })
			for range each {
				check(t, m.AddService(s))
				check(t, m.AddDestination(s, rs1))
				_ = m.String()
				check(t, m.DeleteService(s))
			}
		})
	}
	wg.Wait()
	if m.Calls() != 8*each*3 {
		t.Errorf("%d calls, want %d", m.Calls(), 8*each*3)
	}
	if d := cmp.Diff(New().String(), m.String()); d != "" {
		t.Errorf("-fresh +got:\n%s", d)
	}
}
