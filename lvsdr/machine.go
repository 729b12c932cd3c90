package lvsdr

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"lvsdr/internal/check"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/wire"
)

// machine is what the verbs need of the machine they run on.
type machine interface {
	balancer
	check.Kernel
	Addresses() ([]host.Address, error)
	Facing(vip netip.Addr) ([]host.Link, error)
	AddAddress(host.Address) error
	DeleteAddress(host.Address) error
	Announce(host.Link, netip.Addr) error
	Set(sysctl string, value int) error
	FilterRules() (int, error)
	FlushFilter() error
}

// balancer is the director's part of a machine.
type balancer interface {
	Services(ipvs.Detail) ([]ipvs.ServiceEntry, error)
	Destinations(*ipvs.ServiceEntry, ipvs.Detail, []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error)
	AddService(ipvs.Service) error
	EditService(ipvs.Service) error
	DeleteService(ipvs.Service) error
	AddDestination(ipvs.Service, ipvs.Destination) error
	EditDestination(ipvs.Service, ipvs.Destination) error
	DeleteDestination(ipvs.Service, ipvs.Destination) error
}

// thisMachine is the machine of the current network namespace.
type thisMachine struct {
	balancer
	*host.Host
	host.Sysctl
	wire.Wire
	netfilter.Filter
}

// openMachine opens the doors that the role needs. A real server needs no
// IPVS, and a director without it has nothing that could be stopped.
func openMachine(r role, a access) (machine, error) {
	m := thisMachine{balancer: noBalancer{}, Host: host.NewHost()}
	if r == realServer {
		return m, nil
	}
	conn, err := ipvs.Open()
	if err != nil && a != stopping && ipvs.LoadModule(nil, nil, nil) {
		conn, err = ipvs.Open()
	}
	switch {
	case err == nil:
		m.balancer = conn
	case !errors.Is(err, syscall.ENOPROTOOPT):
		return nil, fmt.Errorf("ipvs: %w", err)
	case a != stopping:
		return nil, hinted(errNoIPVS,
			"modprobe ip_vs; to try lvsdr all the same: lvsdr lab kernel -- bash")
	}
	return m, nil
}

var errNoIPVS = errors.New("ipvs: this kernel has none")

// noBalancer is the table of a kernel without IPVS: it is empty, and nobody
// asks for more.
type noBalancer struct{ balancer }

func (noBalancer) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) { return nil, nil }

// role is what a machine is in the cluster.
type role string

const (
	director   role = "vs"
	realServer role = "rs"
)

// scene is what the machine looks like when a verb begins. Steps compare it
// with what is wanted; they do not look again.
type scene struct {
	machine   machine
	record    *record
	services  []service
	links     []host.Link
	addresses []host.Address

	announcing []netip.Addr // VIPs that the plan announces
}

// service is a virtual service of the kernel's table with its destinations.
type service struct {
	ipvs.ServiceEntry
	destinations []ipvs.DestinationEntry
}

func look(m machine, rec *record) (*scene, error) {
	s := &scene{machine: m, record: rec}
	var err error
	if s.links, err = m.Links(); err != nil {
		return nil, fmt.Errorf("read interfaces: %w", err)
	}
	if s.addresses, err = m.Addresses(); err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	entries, err := m.Services(ipvs.Everything)
	if err != nil {
		return nil, fmt.Errorf("read the ipvs table: %w", err)
	}
	for _, e := range entries {
		destinations, err := m.Destinations(&e, ipvs.Everything, nil)
		if err != nil {
			return nil, fmt.Errorf("read the ipvs table: %w", err)
		}
		s.services = append(s.services, service{e, destinations})
	}
	return s, nil
}

// service finds the service of s's identity; nil: there is none.
func (s *scene) service(want *ipvs.Service) *service {
	for i := range s.services {
		if s.services[i].Key() == want.Key() {
			return &s.services[i]
		}
	}
	return nil
}

// destination finds the real server with want's address and port.
func (s *service) destination(want *ipvs.Destination) *ipvs.DestinationEntry {
	if s == nil {
		return nil
	}
	for i := range s.destinations {
		if d := &s.destinations[i]; d.Key() == want.Key() {
			return d
		}
	}
	return nil
}

// addressesOf are all addresses with that VIP: IPv4 has one for each prefix
// length, and each interface has its own.
func (s *scene) addressesOf(vip netip.Addr) []host.Address {
	return slices.DeleteFunc(slices.Clone(s.addresses), func(a host.Address) bool { return a.Prefix.Addr() != vip })
}

func (s *scene) hasLink(name string) bool {
	return slices.ContainsFunc(s.links, func(l host.Link) bool { return l.Name == name })
}
