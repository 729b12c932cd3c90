package machinetest

import (
	"fmt"
	"slices"

	"lvsdr/internal/netfilter"
)

// SetFilterRules says how many rules the packet filter has.
func (m *Machine) SetFilterRules(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rules = n
}

// SetFaults says what keeps packets from their service, any packet; what is
// found at other hooks than those asked for is not told.
func (m *Machine) SetFaults(faults ...netfilter.Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = faults
}

// SetRedirects says whether the packet filter rewrites destinations.
func (m *Machine) SetRedirects(yes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.redirects = yes
}

// FilterRules is [netfilter.Filter.FilterRules].
func (m *Machine) FilterRules() (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rules, nil
}

// FlushFilter is [netfilter.Filter.FlushFilter].
func (m *Machine) FlushFilter() error {
	return m.change(func() error {
		m.rules = 0
		return nil
	})
}

// Faults is [netfilter.Filter.Faults].
func (m *Machine) Faults(p netfilter.Packet, hooks ...netfilter.Hook) ([]netfilter.Fault, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.faults), func(f netfilter.Fault) bool { return !slices.Contains(hooks, f.Hook) }), nil
}

// Redirects is [netfilter.Filter.Redirects].
func (m *Machine) Redirects(p netfilter.Packet) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.redirects, nil
}

// Redirection is [netfilter.Filter.Redirection], for a machine that has
// iptables-legacy.
func (m *Machine) Redirection(p netfilter.Packet) (string, error) {
	return fmt.Sprintf("iptables-legacy -t nat -A PREROUTING -d %s -p tcp --dport %d -j REDIRECT", p.Dst, p.Port), nil
}
