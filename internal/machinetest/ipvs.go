package machinetest

import (
	"slices"
	"syscall"

	"lvsdr/internal/ipvs"
)

// service is a virtual service with its destinations, the newest first.
type service struct {
	ipvs.ServiceEntry
	destinations []ipvs.DestinationEntry
}

// schedulers are those of Linux 6.1; "none" stands for no scheduler.
var schedulers = []string{"dh", "fo", "lblc", "lblcr", "lc", "mh", "none", "nq", "ovf", "rr", "sed", "sh", "twos", "wlc", "wrr"}

// Info is [ipvs.Conn.Info]: IPVS 1.2.1 with 4096 slots.
func (m *Machine) Info() ipvs.Info { return ipvs.Info{Version: 0x010201, ConnSize: 4096} }

// Close is [ipvs.Conn.Close].
func (m *Machine) Close() error { return nil }

// find returns the place of the service of s's identity, or -1.
func (m *Machine) find(s *ipvs.Service) int {
	return slices.IndexFunc(m.services, func(have service) bool { return have.Key() == s.Key() })
}

// Services is [ipvs.Conn.Services], the newest first.
func (m *Machine) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []ipvs.ServiceEntry
	for _, s := range m.services {
		list = append(list, s.ServiceEntry)
	}
	return list, nil
}

// Service is [ipvs.Conn.Service].
func (m *Machine) Service(s ipvs.Service) (ipvs.ServiceEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(&s)
	if i < 0 {
		return ipvs.ServiceEntry{}, syscall.ESRCH
	}
	return m.services[i].ServiceEntry, nil
}

// stored is s as the kernel shows it, or its objection.
func stored(s ipvs.Service) (ipvs.Service, error) {
	if !slices.Contains(schedulers, s.Scheduler) || s.PE != "" && s.PE != "sip" {
		return s, syscall.ENOENT
	}
	if s.Family == ipvs.INET6 && (s.Netmask < 1 || s.Netmask > 128) {
		return s, syscall.EINVAL
	}
	if s.FWMark != 0 {
		s.Protocol, s.Port = 0, 0
	}
	return s, nil
}

// AddService is [ipvs.Conn.AddService].
func (m *Machine) AddService(s ipvs.Service) error {
	return m.change(func() error {
		if m.find(&s) >= 0 {
			return syscall.EEXIST
		}
		s, err := stored(s)
		if err == nil {
			m.services = slices.Insert(m.services, 0, service{ServiceEntry: ipvs.ServiceEntry{Service: s}})
		}
		return err
	})
}

// with runs do with the service of s's identity; ESRCH: there is none.
func (m *Machine) with(s ipvs.Service, do func(i int) error) error {
	return m.change(func() error {
		i := m.find(&s)
		if i < 0 {
			return syscall.ESRCH
		}
		return do(i)
	})
}

// EditService is [ipvs.Conn.EditService].
func (m *Machine) EditService(s ipvs.Service) error {
	return m.with(s, func(i int) error {
		s, err := stored(s)
		if err == nil {
			m.services[i].Service = s
		}
		return err
	})
}

// DeleteService is [ipvs.Conn.DeleteService].
func (m *Machine) DeleteService(s ipvs.Service) error {
	return m.with(s, func(i int) error {
		m.services = slices.Delete(m.services, i, i+1)
		return nil
	})
}

// Flush is [ipvs.Conn.Flush].
func (m *Machine) Flush() error {
	return m.change(func() error {
		m.services = nil
		return nil
	})
}

// Zero is [ipvs.Conn.Zero].
func (m *Machine) Zero() error {
	return m.change(func() error {
		for i := range m.services {
			m.services[i].zero()
		}
		return nil
	})
}

// ZeroService is [ipvs.Conn.ZeroService].
func (m *Machine) ZeroService(s ipvs.Service) error {
	return m.with(s, func(i int) error {
		m.services[i].zero()
		return nil
	})
}

func (s *service) zero() {
	s.Stats = ipvs.Stats{}
	for i := range s.destinations {
		s.destinations[i].Stats = ipvs.Stats{}
	}
}
