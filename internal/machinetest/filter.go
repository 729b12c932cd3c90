package machinetest

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// SetFilterRules says how many rules the packet filter has.
func (m *Machine) SetFilterRules(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rules = n
}

// SetFaults says what keeps packets from their service, any packet.
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

// Rules is [netfilter.Filter.Rules]; both families have the same.
func (m *Machine) Rules(ipvs.AddressFamily) (netfilter.Rules, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return rules{slices.Clone(m.faults), m.redirects}, nil
}

// rules are what a test said of the packet filter.
type rules struct {
	faults    []netfilter.Fault
	redirects bool
}

// Faults tells nothing that is found at other hooks than those asked for.
func (r rules) Faults(_ netfilter.Packet, hooks ...netfilter.Hook) ([]netfilter.Fault, error) {
	return slices.DeleteFunc(slices.Clone(r.faults), func(f netfilter.Fault) bool { return !slices.Contains(hooks, f.Hook) }), nil
}

// Marks tells that packets have none.
func (r rules) Marks(netfilter.Packet) (netfilter.Marks, error) {
	return netfilter.Marks{Values: []uint32{0}}, nil
}

func (r rules) Marked(netfilter.Packet, uint32) ([]netfilter.Packet, error) { return nil, nil }

func (r rules) Redirects(netfilter.Packet) (bool, error) { return r.redirects, nil }

// ARPRules is [netfilter.Filter.ARPRules], without rules.
func (m *Machine) ARPRules() (netfilter.ARP, error) { return loud{}, nil }

// IPTables is [netfilter.Filter.IPTables].
func (m *Machine) IPTables(ipvs.AddressFamily) (string, error) { return "iptables-legacy", nil }

// loud lets everything through.
type loud struct{}

func (loud) Faults(netip.Addr, string) ([]netfilter.Fault, error) { return nil, nil }
func (loud) Renames(netip.Addr, string) (bool, error)             { return false, nil }

// Redirection is [netfilter.Filter.Redirection], for a machine that has
// iptables-legacy.
func (m *Machine) Redirection(p netfilter.Packet) (string, error) {
	return fmt.Sprintf("iptables-legacy -t nat -A PREROUTING -d %s -p tcp --dport %d -j REDIRECT", p.Dst, p.Port), nil
}
