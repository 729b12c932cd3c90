package lvsdr

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"lvsdr/internal/kernel"
)

// machine is what the verbs need of the machine they run on.
type machine interface {
	balancer
	Addresses() ([]kernel.Address, error)
	AddAddress(kernel.Address) error
	DeleteAddress(kernel.Address) error
	Facing(vip netip.Addr) ([]kernel.Link, error)
	Announce(kernel.Link, netip.Addr) error
	Get(sysctl string) (int, error)
	Set(sysctl string, value int) error
}

// balancer is the director's part of a machine.
type balancer interface {
	Services() ([]kernel.ServiceEntry, error)
	Destinations(kernel.Service, []kernel.DestinationEntry) ([]kernel.DestinationEntry, error)
	AddService(kernel.Service) error
	EditService(kernel.Service) error
	DeleteService(kernel.Service) error
	AddDestination(kernel.Service, kernel.Destination) error
	EditDestination(kernel.Service, kernel.Destination) error
	DeleteDestination(kernel.Service, kernel.Destination) error
}

// thisMachine is the machine of the current network namespace. A real server
// needs no IPVS: its balancer stays nil.
type thisMachine struct {
	balancer
	*kernel.Host
	kernel.Sysctl
}

// openMachine opens the doors that the role needs.
func openMachine(r role) (machine, error) {
	m := thisMachine{Host: kernel.NewHost()}
	if r == realServer {
		return m, nil
	}
	conn, err := kernel.Open()
	if err != nil && kernel.LoadModule(nil, nil, nil) {
		conn, err = kernel.Open()
	}
	switch {
	case errors.Is(err, syscall.ENOPROTOOPT):
		return nil, hinted(fmt.Errorf("ipvs: the kernel has none"), "modprobe ip_vs, or try it with: lvsdr lab kernel -- lvsdr vs start")
	case err != nil:
		return nil, fmt.Errorf("ipvs: %w", err)
	}
	m.balancer = conn
	return m, nil
}

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
	addresses []kernel.Address
}

// service is a virtual service of the kernel's table with its destinations.
type service struct {
	kernel.ServiceEntry
	destinations []kernel.DestinationEntry
}

func look(m machine, r role, rec *record) (*scene, error) {
	s := &scene{machine: m, record: rec}
	var err error
	if s.addresses, err = m.Addresses(); err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	if r == realServer {
		return s, nil
	}
	entries, err := m.Services()
	if err != nil {
		return nil, fmt.Errorf("read the ipvs table: %w", err)
	}
	for _, e := range entries {
		destinations, err := m.Destinations(e.Service, nil)
		if err != nil {
			return nil, fmt.Errorf("read the ipvs table: %w", err)
		}
		s.services = append(s.services, service{e, destinations})
	}
	return s, nil
}

// service finds the service of s's identity; nil: there is none.
func (s *scene) service(want *kernel.Service) *service {
	for i := range s.services {
		if sameService(&s.services[i].Service, want) {
			return &s.services[i]
		}
	}
	return nil
}

func sameService(a, b *kernel.Service) bool {
	if a.FWMark != 0 || b.FWMark != 0 {
		return a.FWMark == b.FWMark && a.Family == b.Family
	}
	return a.Protocol == b.Protocol && a.Addr == b.Addr && a.Port == b.Port
}

// destination finds the real server with want's address and port.
func (s *service) destination(want *kernel.Destination) *kernel.DestinationEntry {
	if s == nil {
		return nil
	}
	for i := range s.destinations {
		if d := &s.destinations[i]; d.Addr == want.Addr && d.Port == want.Port {
			return d
		}
	}
	return nil
}

// address finds the interface's address with that VIP; nil: it has none.
func (s *scene) address(vip netip.Addr) *kernel.Address {
	for i := range s.addresses {
		if s.addresses[i].Prefix.Addr() == vip {
			return &s.addresses[i]
		}
	}
	return nil
}
