package check

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/each"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// faraway stands for clients: an address of the public Internet of the sender's
// family, to which nothing is sent. A default route leads there.
func faraway(sender netip.Addr) netip.Addr {
	if sender.Is6() {
		return netip.MustParseAddr("2001:500:2f::f")
	}
	return netip.MustParseAddr("192.5.5.241")
}

// judgeRealServerRoute follows the answers to the clients.
func judgeRealServerRoute(m *facts, f *finding) error {
	if err := cmp.Or(m.routes.err, m.addresses.err); err != nil {
		return err
	}
	for _, is4 := range []bool{true, false} {
		senders := slices.DeleteFunc(m.senders(), func(a netip.Addr) bool { return a.Is4() != is4 })
		if len(senders) == 0 {
			continue
		}
		if links := defaultRoutes(senders[0], m.routes.value); len(links) > 0 {
			f.pass("default route of %s on %s", familyOf(senders[0]), strings.Join(links, ", "))
		}
		for _, s := range senders {
			if err := m.judgeWay(s, f); err != nil {
				return err
			}
		}
	}
	return m.judgeTaking(f)
}

func familyOf(addr netip.Addr) string {
	if addr.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// judgeWay judges the way of what is sent in the name of an address, which rules
// may have chosen ("ip rule").
func (m *facts) judgeWay(sender netip.Addr, f *finding) error {
	hop, err := m.ways[sender].get()
	family, option := familyOf(sender), ""
	if sender.Is6() {
		option = " -6"
	}
	defaults := len(defaultRoutes(sender, m.routes.value)) > 0
	switch {
	case !held(sender, m.addresses.value) && defaults: // what leaves in another's name cannot be asked for
		return nil
	case err == nil:
		if !defaults {
			f.pass("answers from %s go out of %s", sender, hop.Interface)
		}
		return m.judgeRouter(sender, hop, f)
	case defaults:
		f.fail("there is no route from %s to clients (%v)", sender, err).
			mend(fmt.Sprintf("ip%s rule add from %s lookup main priority 1", option, sender))
		return nil
	}
	if some := routed(sender, m.routes.value); some != "" {
		f.warn("there is no default route of %s: only clients of %s get answers", family, some)
	} else {
		f.fail("there is no default route of %s", family)
	}
	f.mend(fmt.Sprintf("ip%s route add default via GATEWAY", option))
	return nil
}

// routed are the networks behind routers that routes lead to.
func routed(sender netip.Addr, routes []host.Route) string {
	var words []string
	for _, r := range routes {
		if r.Gateway && r.Prefix.Addr().Is4() == sender.Is4() {
			words = append(words, r.Prefix.String())
		}
	}
	return strings.Join(words, ", ")
}

// judgeRouter looks whether the router that answers go to is the director, by the
// Ethernet address of whoever answers for the VIP. What is masqueraded has to go
// back that way. What is sent in the VIP's name must not: to the director it seems
// to come from itself, and is dropped (measured on Linux 6.1, with direct routing
// and tunnels).
func (m *facts) judgeRouter(sender netip.Addr, hop host.Hop, f *finding) error {
	masqueraded := !slices.Contains(m.vips(), sender)
	if !hop.Gateway || m.answers.value == nil && m.answers.err == nil {
		return nil // nobody was asked
	}
	if m.answers.err != nil {
		if !masqueraded {
			return nil
		}
		return m.answers.err
	}
	router, director := m.owners(hop.Interface, hop.Via), m.owners(hop.Interface, m.balancedBy(sender)...)
	same := slices.ContainsFunc(router, func(mac string) bool { return slices.Contains(director, mac) })
	option := ""
	if sender.Is6() {
		option = " -6"
	}
	_, asked := m.answers.value[hop.Interface]
	known := slices.ContainsFunc(m.neighbours.value, func(n host.Neighbour) bool { return n.Interface == hop.Interface && n.Addr == hop.Via })
	unplugged := slices.ContainsFunc(m.links.value, func(l host.Link) bool { return l.Name == hop.Interface && l.Unplugged })
	switch {
	case unplugged:
		f.unknown("%s has no carrier: whether %s is there is unknown", hop.Interface, hop.Via)
	case asked && len(router) == 0 && !known:
		f.fail("answers from %s go to %s, and nobody on %s has that address", sender, hop.Via, hop.Interface).
			mend(fmt.Sprintf("ip%s route replace default via GATEWAY", option))
	case masqueraded && (len(router) == 0 || len(director) != 1):
		f.unknown("whether %s is the director is unknown", hop.Via)
	case len(director) > 1: // which of them is, the director's own doctor says
	case masqueraded && !same:
		// A director that rewrites clients' addresses, too, gets the answers all the same.
		f.warn("answers from %s go to %s, which is not the director", sender, hop.Via).
			mend(fmt.Sprintf("ip%s route replace default via %s", option, m.neighbour(director, hop.Interface, sender)))
	case masqueraded:
		f.pass("answers from %s go to the director", sender)
	case same && len(each.Once(director)) == 1: // of several, one has the VIP that should not
		f.fail("answers from %s go to %s, which is the director and drops them", sender, hop.Via).
			mend(fmt.Sprintf("ip%s route replace default via GATEWAY", option))
	}
	return nil
}

// neighbour is an address that a machine has in the network of sender; DIRECTOR
// stands for it if it is not known.
func (m *facts) neighbour(macs []string, link string, sender netip.Addr) string {
	for _, n := range m.neighbours.value {
		near := slices.ContainsFunc(m.addresses.value, func(a host.Address) bool { return a.Interface == link && a.Prefix.Contains(n.Addr) })
		if near && n.Interface == link && n.Addr.Is4() == sender.Is4() && slices.Contains(macs, n.MAC.String()) {
			return n.Addr.String()
		}
	}
	return "DIRECTOR"
}

// owners are the Ethernet addresses of those who answer on an interface for one of
// the addresses.
func (m *facts) owners(link string, addrs ...netip.Addr) (macs []string) {
	for _, a := range m.answers.value[link] {
		if slices.Contains(addrs, a.Addr) {
			macs = append(macs, a.MAC.String())
		}
	}
	slices.Sort(macs)
	return slices.Compact(macs)
}

// balancedBy are the VIPs whose director answers are about: of a real server's own
// address those of the services that masquerade it.
func (m *facts) balancedBy(sender netip.Addr) (vips []netip.Addr) {
	for _, w := range m.Config.Wanted() {
		if slices.Contains(w.VIPs, sender) || slices.ContainsFunc(w.Destinations, func(d ipvs.Destination) bool { return d.Addr == sender }) {
			vips = append(vips, w.VIPs...)
		}
	}
	return vips
}

// askRouters asks who the routers are that answers go to, and who has the VIPs.
func (m *facts) askRouters(k Kernel, wait time.Duration) (map[string][]wire.Answer, error) {
	asked := map[string][]netip.Addr{}
	for _, s := range m.senders() {
		hop, err := m.ways[s].get()
		if err != nil || !hop.Gateway || !hop.Via.IsValid() {
			continue
		}
		for _, a := range append(m.balancedBy(s), hop.Via) {
			if !slices.Contains(asked[hop.Interface], a) {
				asked[hop.Interface] = append(asked[hop.Interface], a)
			}
		}
	}
	return m.ask(k, asked, wait)
}

// taking are the interfaces that take what a director routes directly to this real
// server, and whose rp_filter it has to pass.
func (m *facts) taking() (all []host.Link) {
	for _, l := range m.links.value {
		if !l.Loopback && slices.ContainsFunc(m.addresses.value, func(a host.Address) bool {
			return a.Interface == l.Name && m.directed(a.Prefix.Addr())
		}) {
			all = append(all, l)
		}
	}
	return all
}

// directed reports whether direct routing leads to an address of IPv4 here.
func (m *facts) directed(addr netip.Addr) bool {
	return addr.Is4() && m.Role == RealServer && slices.ContainsFunc(m.Config.Wanted(), func(w config.Wanted) bool {
		return slices.ContainsFunc(w.Destinations, func(d ipvs.Destination) bool { return d.Addr == addr && d.Forward == ipvs.DirectRoute })
	})
}

// judgeTaking judges the rp_filter of those: as on a director.
func (m *facts) judgeTaking(f *finding) error {
	for _, l := range m.taking() {
		defaults := defaultRoutes(netip.IPv4Unspecified(), m.routes.value)
		filter, err := m.effective("rp_filter", l.Name)
		switch {
		case err != nil:
			return err
		case filter == 1 && len(defaults) > 0 && !slices.Contains(defaults, l.Name):
			f.warn("rp_filter is 1 on %s, and the default route leads out of %s", l.Name, strings.Join(defaults, ", ")).mend(withoutFilter(l.Name))
		}
	}
	return nil
}

// senders are in whose name a real server replies: the VIPs or, where its packets
// are masqueraded, itself.
func (m *facts) senders() []netip.Addr {
	all := slices.Clone(m.vips())
	if !m.listed() {
		return all
	}
	mine, _ := m.mine() // the addresses are known: they are listed
	for _, w := range mine {
		for _, d := range w.Destinations {
			if d.Forward == ipvs.Masquerade && !slices.Contains(all, d.Addr) {
				all = append(all, d.Addr)
			}
		}
	}
	return all
}
