package check

import (
	"net/netip"

	"lvsdr/internal/netfilter"
)

// redirected reports whether the packet filter rewrites the destination of all
// that comes in at an endpoint.
func (m *facts) redirected(e endpoint) (bool, error) {
	rules, err := m.rulesFor(e.packet())
	if err != nil {
		return false, err
	}
	return rules.Redirects(e.packet())
}

// takenByRule reports whether this real server takes what comes for a VIP without
// having it: all of its services are redirected to an address that it has.
func (m *facts) takenByRule(vip netip.Addr) bool {
	if m.Role != RealServer || held(vip, m.addresses.value) {
		return false
	}
	served, err := m.served()
	taken := false
	for _, e := range served {
		if e.addr.Addr() != vip {
			continue
		}
		if taken, err = m.redirected(e); !taken || err != nil {
			return false
		}
	}
	return taken && err == nil
}

// redirect parts a passage where the destination is rewritten: the hooks behind
// that see another one, or another source of the answer.
func redirect(p passage) []passage {
	before, behind := p, p
	before.hooks, behind.hooks = []netfilter.Hook{netfilter.Ingress, netfilter.Prerouting}, []netfilter.Hook{netfilter.Input}
	behind.packet.Redirected = true
	return []passage{before, behind}
}
