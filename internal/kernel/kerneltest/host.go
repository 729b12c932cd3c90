package kerneltest

import (
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"lvsdr/internal/kernel"
)

// Links is [kernel.Host.Links].
func (m *Machine) Links() ([]kernel.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.links), nil
}

// Addresses is [kernel.Host.Addresses].
func (m *Machine) Addresses() ([]kernel.Address, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.addresses), nil
}

// Routes is [kernel.Host.Routes]; addresses do not add to them.
func (m *Machine) Routes() ([]kernel.Route, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.routes), nil
}

// Facing is [kernel.Host.Facing].
func (m *Machine) Facing(vip netip.Addr) ([]kernel.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return kernel.FacingLinks(vip, m.links, m.addresses, m.routes), nil
}

// AddAddress is [kernel.Host.AddAddress].
func (m *Machine) AddAddress(a kernel.Address) error {
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
func (m *Machine) clash(a kernel.Address) int {
	return slices.IndexFunc(m.addresses, func(b kernel.Address) bool {
		same := a.Prefix.Addr() == b.Prefix.Addr() && a.Interface == b.Interface
		return same && (a.Prefix.Addr().Is6() || a.Prefix.Bits() == b.Prefix.Bits())
	})
}

// DeleteAddress is [kernel.Host.DeleteAddress].
func (m *Machine) DeleteAddress(a kernel.Address) error {
	return m.change(func() error {
		if _, err := m.link(a.Interface); err != nil {
			return err
		}
		i := slices.IndexFunc(m.addresses, func(b kernel.Address) bool {
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

// Announce is [kernel.Host.Announce]: the Machine writes it down.
func (m *Machine) Announce(l kernel.Link, vip netip.Addr) error {
	return m.change(func() error {
		m.announced = append(m.announced, fmt.Sprintf("%s on %s", vip, l.Name))
		return nil
	})
}

// Get is [kernel.Sysctl.Get].
func (m *Machine) Get(name string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.sysctls[name]
	if !ok {
		return 0, noParameter(name)
	}
	return value, nil
}

// Set is [kernel.Sysctl.Set].
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
