// Package machinetest is a machine in memory for tests: a [Machine] answers like
// [ipvs.Conn], [host.Host], [host.Sysctl], [wire.Wire] and [netfilter.Filter], with the
// error numbers of the real kernel, and prints its state as sorted text to
// compare. A test of this package runs one table of operations on both, a
// Machine and a kernel.
package machinetest

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/wire"
)

// Machine is a machine in memory. It is safe for concurrent use.
type Machine struct {
	mu        sync.Mutex
	links     []host.Link
	addresses []host.Address
	routes    []host.Route
	adverts   []host.Advert
	sysctls   map[string]int
	services  []service
	timeouts  ipvs.Timeouts
	daemons   []ipvs.Daemon
	announced []string
	network   network
	rules     int // of the packet filter
	faults    []netfilter.Fault
	redirects bool
	calls     int
	failures  map[int]error
	before    map[int]func()
}

// New returns the tutorial's director before anything is set up: lo and eth0,
// which has 10.0.0.8/24 and a default route. IPVS is there, and empty.
func New() *Machine {
	m := &Machine{
		sysctls:  map[string]int{"net.ipv4.ip_forward": 0},
		timeouts: ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300},
		failures: map[int]error{}, before: map[int]func(){},
		network: network{connects: map[netip.AddrPort]error{}, probes: map[string]wire.Outcome{}, release: "6.1.0"},
	}
	m.addParameters("all")
	m.addParameters("default")
	m.AddLink(host.Link{Name: "lo", Loopback: true, Up: true})
	m.AddLink(host.Link{Name: "eth0", Up: true, Broadcast: true, MAC: net.HardwareAddr{0x02, 0, 0x0a, 0, 0, 0x08}})
	m.addresses = append(m.addresses, host.Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0", Label: "eth0"})
	m.AddRoute(host.Route{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Interface: "eth0"})
	m.AddRoute(host.Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Interface: "eth0", Gateway: true})
	return m
}

// AddLink plugs an interface in, with its parameters in /proc/sys. It numbers
// the interface.
func (m *Machine) AddLink(l host.Link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l.Index = len(m.links) + 1
	m.links = append(m.links, l)
	m.addParameters(l.Name)
	if l.Up {
		m.raise(&m.links[len(m.links)-1])
	}
}

func (m *Machine) addParameters(conf string) {
	for _, name := range []string{"arp_ignore", "arp_announce", "rp_filter"} {
		m.sysctls["net.ipv4.conf."+conf+"."+name] = 0
	}
}

// AddRoute adds a route to the main table.
func (m *Machine) AddRoute(r host.Route) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.routes = append(m.routes, r)
}

// AddSysctl makes a parameter known, named with dots, or changes it without a
// counted call.
func (m *Machine) AddSysctl(name string, value int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sysctls[name] = value
}

// SetConnections says how many connections a destination has. It panics if
// there is no such destination.
func (m *Machine) SetConnections(s ipvs.Service, d ipvs.Destination, active, inactive uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, j := m.find(&s), -1
	if i >= 0 {
		j = m.services[i].find(&d)
	}
	if j < 0 {
		panic(fmt.Sprintf("machinetest: no destination %s:%d", d.Addr, d.Port))
	}
	m.services[i].destinations[j].Active, m.services[i].destinations[j].Inactive = active, inactive
}

// AddConnections counts connections that have come to a service. It panics if there
// is none.
func (m *Machine) AddConnections(s ipvs.Service, n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.services[m.find(&s)].Stats.Connections += n
}

// FailAt makes the n-th changing call since [New] fail with err, and do
// nothing. It may be told of several calls; from where a test stands, the next
// one is number Calls()+1.
func (m *Machine) FailAt(n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures[n] = err
}

// BeforeCall has something done before the n-th changing call since [New].
func (m *Machine) BeforeCall(n int, do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before[n] = do
}

// Calls counts the changing calls since [New], failed ones and announcements
// included.
func (m *Machine) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// change is a changing call.
func (m *Machine) change(do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if do := m.before[m.calls]; do != nil {
		do()
	}
	if err := m.failures[m.calls]; err != nil {
		return err
	}
	return do()
}

// link finds an interface; ENODEV: there is none of that name.
func (m *Machine) link(name string) (*host.Link, error) {
	for i := range m.links {
		if m.links[i].Name == name {
			return &m.links[i], nil
		}
	}
	return nil, fmt.Errorf("interface %q: %w", name, syscall.ENODEV)
}

// raise sets an interface up; loopback then gives itself its addresses.
func (m *Machine) raise(l *host.Link) {
	l.Up = true
	if !l.Loopback {
		return
	}
	for _, prefix := range []string{"127.0.0.1/8", "::1/128"} {
		a := host.Address{Prefix: netip.MustParsePrefix(prefix), Interface: l.Name}
		if a.Prefix.Addr().Is4() {
			a.Label = l.Name
		}
		if m.clash(a) < 0 {
			m.addresses = append(m.addresses, a)
		}
	}
}
