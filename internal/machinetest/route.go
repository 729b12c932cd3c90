package machinetest

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"lvsdr/internal/host"
)

// RouteTo is [host.Host.RouteTo], by the longest prefix of the routes and of
// the networks that the addresses are in.
func (m *Machine) RouteTo(addr netip.Addr, _ []host.Link) (host.Hop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	routes := slices.Clone(m.routes)
	for _, a := range m.addresses {
		if a.Prefix.Addr() == addr {
			return host.Hop{Interface: "lo", Local: true, Source: addr}, nil
		}
		routes = append(routes, host.Route{Prefix: a.Prefix.Masked(), Interface: a.Interface})
	}
	best := -1
	for i, r := range routes {
		if r.Prefix.Contains(addr) && (best < 0 || r.Prefix.Bits() > routes[best].Prefix.Bits()) {
			best = i
		}
	}
	if best < 0 {
		return host.Hop{}, fmt.Errorf("route to %s: %w", addr, syscall.ENETUNREACH)
	}
	r := routes[best]
	return host.Hop{Interface: r.Interface, Gateway: r.Gateway, Source: m.source(r, addr)}, nil
}

// Delivers is [host.Host.Delivers]; there are no local routes.
func (m *Machine) Delivers(addr netip.Addr, _ uint32) (bool, error) {
	hop, err := m.RouteTo(addr, nil)
	return err == nil && hop.Local, nil
}

// Classifiers is [host.Host.Classifiers]; there are none.
func (m *Machine) Classifiers([]host.Link) ([]string, error) { return nil, nil }

// RouteFrom is [host.Host.RouteFrom]; there are no rules.
func (m *Machine) RouteFrom(_, addr netip.Addr, links []host.Link) (host.Hop, error) {
	return m.RouteTo(addr, links)
}

// source is the address of the interface that r leads out of: one in the network
// of addr if there is one.
func (m *Machine) source(r host.Route, addr netip.Addr) (found netip.Addr) {
	for _, a := range m.addresses {
		own := a.Prefix.Addr()
		if a.Interface != r.Interface || a.Deprecated || own.Is4() != addr.Is4() {
			continue
		}
		if a.Prefix.Contains(addr) {
			return own
		}
		if !found.IsValid() {
			found = own
		}
	}
	return found
}
