package machinetest

import (
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"lvsdr/internal/host"
)

// Links is [host.Host.Links].
func (m *Machine) Links() ([]host.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.links), nil
}

// Addresses is [host.Host.Addresses].
func (m *Machine) Addresses() ([]host.Address, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.addresses), nil
}

// AddressesOn is [host.Host.AddressesOn].
func (m *Machine) AddressesOn([]host.Link) ([]host.Address, error) { return m.Addresses() }

// Routes is [host.Host.Routes].
func (m *Machine) Routes([]host.Link) ([]host.Route, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.allRoutes(), nil
}

// allRoutes are those that were added, and those to the networks of addresses.
func (m *Machine) allRoutes() []host.Route {
	all := slices.Clone(m.routes)
	for _, a := range m.addresses {
		r := host.Route{Prefix: a.Prefix.Masked(), Interface: a.Interface}
		known := slices.ContainsFunc(all, func(b host.Route) bool { return b.Prefix == r.Prefix && b.Interface == r.Interface })
		if l, err := m.link(a.Interface); err != nil || l.Loopback || a.Prefix.IsSingleIP() || known {
			continue
		}
		if a.Prefix.Addr().Is4() {
			r.Source = a.Prefix.Addr()
		}
		all = append(all, r)
	}
	return all
}

// Facing is [host.Host.Facing].
func (m *Machine) Facing(vip netip.Addr) ([]host.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return host.FacingLinks(vip, m.links, m.addresses, m.allRoutes()), nil
}

// AddAddress is [host.Host.AddAddress].
func (m *Machine) AddAddress(a host.Address) error {
	return m.change(func() error {
		l, err := m.link(a.Interface)
		if err != nil {
			return err
		}
		if !l.Up {
			m.raise(l)
		}
		switch {
		case a.Prefix.Addr().Is6():
			a.Label = ""
		case a.Label == "":
			a.Label = a.Interface
		case len(a.Label) > maxLabel:
			return syscall.ERANGE
		}
		if m.clash(a) >= 0 {
			return syscall.EEXIST
		}
		m.addresses = append(m.addresses, a)
		return nil
	})
}

// maxLabel is IFNAMSIZ of linux/if.h without the final zero.
const maxLabel = 15

// clash finds the address that keeps a from being added: to IPv6 the same
// address with another prefix length is the same one.
func (m *Machine) clash(a host.Address) int {
	return slices.IndexFunc(m.addresses, func(b host.Address) bool {
		same := a.Prefix.Addr() == b.Prefix.Addr() && a.Interface == b.Interface
		return same && (a.Prefix.Addr().Is6() || a.Prefix.Bits() == b.Prefix.Bits())
	})
}

// DeleteAddress is [host.Host.DeleteAddress].
func (m *Machine) DeleteAddress(a host.Address) error {
	return m.change(func() error {
		if _, err := m.link(a.Interface); err != nil {
			return err
		}
		i := slices.IndexFunc(m.addresses, func(b host.Address) bool {
			labelled := a.Prefix.Addr().Is6() || a.Label == "" || a.Label == b.Label
			return labelled && a.Prefix == b.Prefix && a.Interface == b.Interface
		})
		if i < 0 {
			return syscall.EADDRNOTAVAIL
		}
		m.addresses = slices.Delete(m.addresses, i, i+1)
		return nil
	})
}

// Adverts is [host.Host.Adverts].
func (m *Machine) Adverts(table int) ([]host.Advert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.adverts), func(a host.Advert) bool { return a.Table != table }), nil
}

// Advertise is [host.Host.Advertise].
func (m *Machine) Advertise(a host.Advert) error {
	return m.change(func() error {
		if slices.Contains(m.adverts, a) {
			return syscall.EEXIST
		}
		m.adverts = append(m.adverts, a)
		return nil
	})
}

// Withdraw is [host.Host.Withdraw].
func (m *Machine) Withdraw(a host.Advert) error {
	return m.change(func() error {
		i := slices.Index(m.adverts, a)
		if i < 0 {
			return syscall.ESRCH
		}
		m.adverts = slices.Delete(m.adverts, i, i+1)
		return nil
	})
}

// Announce is [wire.Wire.Announce]: the Machine writes it down.
func (m *Machine) Announce(l host.Link, vip netip.Addr) error {
	return m.change(func() error {
		m.announced = append(m.announced, fmt.Sprintf("%s on %s", vip, l.Name))
		return nil
	})
}

// Get is [host.Sysctl.Get].
func (m *Machine) Get(name string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.sysctls[name]
	if !ok {
		return 0, noParameter(name)
	}
	return value, nil
}

// SetParameter gives the machine a parameter that it may not have had.
func (m *Machine) SetParameter(name string, value int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sysctls[name] = value
}

// Set is [host.Sysctl.Set].
func (m *Machine) Set(name string, value int) error {
	return m.change(func() error {
		if _, ok := m.sysctls[name]; !ok {
			return noParameter(name)
		}
		m.sysctls[name] = value
		return nil
	})
}

func noParameter(name string) error {
	file := strings.NewReplacer(".", "/", "/", ".").Replace(name)
	return &fs.PathError{Op: "open", Path: "/proc/sys/" + file, Err: syscall.ENOENT}
}
