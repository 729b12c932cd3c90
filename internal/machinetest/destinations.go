package machinetest

import (
	"math"
	"net/netip"
	"slices"
	"syscall"

	"lvsdr/internal/ipvs"
)

// find returns the place of the destination with d's address and port, or -1.
func (s *service) find(d *ipvs.Destination) int {
	return slices.IndexFunc(s.destinations, func(have ipvs.DestinationEntry) bool {
		return d.Addr == have.Addr && d.Port == have.Port
	})
}

// Destinations is [ipvs.Conn.Destinations].
func (m *Machine) Destinations(s *ipvs.ServiceEntry, _ ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(&s.Service)
	if i < 0 {
		return buf, nil
	}
	return append(buf, m.services[i].destinations...), nil
}

// AddDestination is [ipvs.Conn.AddDestination].
func (m *Machine) AddDestination(s ipvs.Service, d ipvs.Destination) error {
	return m.with(s, func(i int) error {
		sv := &m.services[i]
		if err := objection(sv, &d); err != nil {
			return err
		}
		if sv.find(&d) >= 0 {
			return syscall.EEXIST
		}
		if !oneHost(d.Addr) {
			return syscall.EINVAL
		}
		sv.destinations = slices.Insert(sv.destinations, 0, ipvs.DestinationEntry{Destination: d})
		return nil
	})
}

// EditDestination is [ipvs.Conn.EditDestination].
func (m *Machine) EditDestination(s ipvs.Service, d ipvs.Destination) error {
	return m.with(s, func(i int) error {
		sv := &m.services[i]
		if err := objection(sv, &d); err != nil {
			return err
		}
		j := sv.find(&d)
		if j < 0 {
			return syscall.ENOENT
		}
		sv.destinations[j].Destination = d
		return nil
	})
}

// DeleteDestination is [ipvs.Conn.DeleteDestination].
func (m *Machine) DeleteDestination(s ipvs.Service, d ipvs.Destination) error {
	return m.with(s, func(i int) error {
		sv := &m.services[i]
		j := sv.find(&d)
		if j < 0 {
			return syscall.ENOENT
		}
		sv.destinations = slices.Delete(sv.destinations, j, j+1)
		return nil
	})
}

// objection is what the kernel says of a destination before it looks for it.
func objection(s *service, d *ipvs.Destination) error {
	if d.Family != s.Family && d.Forward != ipvs.Tunnel {
		return syscall.EINVAL
	}
	if d.Weight > math.MaxInt32 || d.Lower > d.Upper {
		return syscall.ERANGE
	}
	return nil
}

// oneHost reports whether an address can be a real server's. The kernel does
// not take its networks' broadcast addresses either.
func oneHost(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
