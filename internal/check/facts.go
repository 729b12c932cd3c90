package check

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/wire"
)

// Kernel is what is asked of the machine, of its neighbours and of its real
// servers.
type Kernel interface {
	Links() ([]host.Link, error)
	AddressesOn(links []host.Link) ([]host.Address, error)
	Routes(links []host.Link) ([]host.Route, error)
	RouteTo(addr netip.Addr, links []host.Link) (host.Hop, error)
	Classifiers(links []host.Link) ([]string, error)
	Delivers(addr netip.Addr, mark uint32) (bool, error)
	RouteFrom(source, addr netip.Addr, links []host.Link) (host.Hop, error)
	Neighbours(links []host.Link) ([]host.Neighbour, error)
	Get(sysctl string) (int, error)
	Release() (string, error)
	Listeners() ([]host.Listener, error)
	VRRP() (bool, error)
	Ask(questions []wire.Question, links []host.Link, own []host.Address, wait time.Duration) []wire.Reply
	Probe(probes []wire.Probe, wait time.Duration) []wire.ProbeReply
	Connect(p ipvs.Protocol, addrs []netip.AddrPort, wait time.Duration) ([]error, error)
	Rules(ipvs.AddressFamily) (netfilter.Rules, error)
	Redirection(p netfilter.Packet) (string, error)
	ARPRules() (netfilter.ARP, error)
	IPTables(ipvs.AddressFamily) (string, error)
}

// fact is what was learnt, or why it could not be.
type fact[T any] struct {
	value T
	err   error
}

func learn[T any](value T, err error) fact[T] { return fact[T]{value, err} }

func (f fact[T]) get() (T, error) { return f.value, f.err }

// facts are what is known when a site is judged. Those that its role's checks do
// not need are missing.
type facts struct {
	*Site
	links     fact[[]host.Link]
	addresses fact[[]host.Address]
	routes    fact[[]host.Route]
	sysctls   map[string]fact[int]
	rules     map[ipvs.AddressFamily]fact[netfilter.Rules]
	delivered map[netip.Addr]fact[bool] // VIPs that no interface has, by a route
	arp       fact[netfilter.ARP]
	programs  fact[[]string]                      // interfaces where they come before the packet filter
	iptables  map[ipvs.AddressFamily]fact[string] // of marks: the program for a new rule

	// Of a director.
	servers     []server
	hops        map[netip.Addr]fact[host.Hop] // to each real server
	neighbours  fact[[]host.Neighbour]
	answers     fact[map[string][]wire.Answer] // by interface
	connections map[endpoint]fact[error]       // nil: it was accepted
	probed      map[visit]fact[wire.Outcome]
	vrrp        fact[bool] // also of a real server whose file has watch.vip: vrrp
	release     fact[string]

	// Of a real server, or of a director that is one as well.
	listeners fact[[]host.Listener]

	ways  map[netip.Addr]fact[host.Hop] // to clients, by sender
	share config.Share

	// Of a real server.
	redirections map[endpoint]fact[string] // commands
}

// gather asks for everything that the checks of the site's role need, once.
func gather(s *Site, k Kernel, wait time.Duration) *facts {
	m := &facts{Site: s}
	m.links = learn(k.Links())
	m.addresses = learnNamed(m.links, k.AddressesOn)
	m.routes = learnNamed(m.links, k.Routes)
	if own, err := m.addresses.get(); err == nil {
		m.share = m.Config.ShareOf(addressesIn(own))
	}
	if s.Role == Director {
		m.gatherWays(k)
	}
	m.sysctls = map[string]fact[int]{}
	for _, name := range m.parameters() {
		if _, known := m.sysctls[name]; !known {
			m.sysctls[name] = learn(k.Get(name))
		}
	}
	m.rules = map[ipvs.AddressFamily]fact[netfilter.Rules]{}
	for _, family := range m.families() {
		m.rules[family] = learn(k.Rules(family))
	}
	m.delivered = map[netip.Addr]fact[bool]{}
	for _, vip := range m.vips() {
		if m.addresses.err == nil && !held(vip, m.addresses.value) {
			m.delivered[vip] = learn(m.deliversAll(vip, k))
		}
	}
	m.arp = learn(k.ARPRules())
	m.programs = learnNamed(m.links, k.Classifiers)
	m.iptables = map[ipvs.AddressFamily]fact[string]{}
	for _, s := range s.Config.Services {
		if _, known := m.iptables[s.Family]; !known && s.FWMark != 0 {
			m.iptables[s.Family] = learn(k.IPTables(s.Family))
		}
	}
	if s.Role == Director {
		m.gatherDirector(k, wait)
	} else {
		m.gatherRealServer(k, wait)
	}
	return m
}

// gatherWays asks for the ways to the real servers.
func (m *facts) gatherWays(k Kernel) {
	m.servers = m.Site.servers()
	m.hops = map[netip.Addr]fact[host.Hop]{}
	for _, r := range m.servers {
		m.hops[r.addr] = learnNamed(m.links, func(links []host.Link) (host.Hop, error) { return k.RouteTo(r.addr, links) })
	}
}

func (m *facts) gatherDirector(k Kernel, wait time.Duration) {
	m.gatherAnswers(k)
	m.vrrp = learn(k.VRRP())
	m.release = learn(k.Release())
	if wait == silence { // no packet is sent, and what it would take is not judged
		return
	}
	m.answers = learn(m.askNeighbours(k, wait))
	m.connections = m.connect(k, wait)
	if slices.ContainsFunc(m.servers, func(r server) bool { return m.isLocal(r.addr) }) {
		m.listeners = learn(k.Listeners())
	}
	m.probed = m.probe(k, wait)
	// Connections have the kernel look for its neighbours.
	m.neighbours = learnNamed(m.links, k.Neighbours)
}

func (m *facts) gatherRealServer(k Kernel, wait time.Duration) {
	m.listeners = learn(k.Listeners())
	if m.byVRRP() { // it may be a director as well
		m.vrrp = learn(k.VRRP())
	}
	m.redirections = map[endpoint]fact[string]{}
	served, _ := m.served()
	for _, e := range served {
		if on, elsewhere := m.listener(e); on == nil && elsewhere != nil && e.addr.Port() != 0 {
			m.redirections[e] = learn(k.Redirection(e.packet()))
		}
	}
	m.gatherAnswers(k)
	if wait == silence {
		return
	}
	m.answers = learn(m.askRouters(k, wait))
	m.neighbours = learnNamed(m.links, k.Neighbours)
}

// gatherAnswers asks for the ways to clients.
func (m *facts) gatherAnswers(k Kernel) {
	m.ways = map[netip.Addr]fact[host.Hop]{}
	for _, s := range m.senders() {
		if m.Role == RealServer || s.Is4() && held(s, m.addresses.value) { // a director sends nothing: rp_filter asks
			m.ways[s] = learnNamed(m.links, func(links []host.Link) (host.Hop, error) { return k.RouteFrom(s, faraway(s), links) })
		}
	}
}

// deliversAll reports whether packets for a VIP are this machine's by a route: all,
// or all that its services give marks.
func (m *facts) deliversAll(vip netip.Addr, k Kernel) (bool, error) {
	if all, err := k.Delivers(vip, 0); all || err != nil {
		return all, err
	}
	marked := false
	for _, w := range m.Config.Wanted() {
		if !slices.Contains(w.VIPs, vip) {
			continue
		}
		if w.Service.FWMark == 0 {
			return false, nil
		}
		if here, err := k.Delivers(vip, w.Service.FWMark); !here || err != nil {
			return false, err
		}
		marked = true
	}
	return marked, nil
}

func addressesIn(all []host.Address) (addrs []netip.Addr) {
	for _, a := range all {
		addrs = append(addrs, a.Prefix.Addr())
	}
	return addrs
}

// learnNamed asks for what the kernel tells with numbers of interfaces.
func learnNamed[T any](links fact[[]host.Link], ask func([]host.Link) (T, error)) fact[T] {
	if links.err != nil {
		return fact[T]{err: links.err}
	}
	return learn(ask(links.value))
}

// parameters are the names of the kernel parameters that the checks look at.
// Where it is not known which interfaces matter, no parameter of one does.
func (m *facts) parameters() []string {
	if m.Role == Director {
		var names []string
		for _, name := range []string{"rp_filter", "arp_ignore", "arp_filter"} {
			names = append(names, m.linkParameters(name, m.filtering())...)
		}
		for _, r := range m.masquerading() {
			names = append(names, forwarding(r.addr, m.hops[r.addr].value.Interface))
		}
		return append(names, expireNoDest, reuseMode, conntrack, tcpLoose, quiescent, backupOnly, sloppyTCP, dropEntry, dropPacket, estimation, mostConns)
	}
	names := m.linkParameters("rp_filter", append(m.tunnels(), m.taking()...))
	for _, name := range []string{"arp_ignore", "arp_announce"} {
		names = append(names, m.linkParameters(name, m.hearing())...)
	}
	return names
}

// linkParameters are the names of a parameter of interfaces and of "all".
func (m *facts) linkParameters(name string, links []host.Link) []string {
	var names []string
	for _, l := range links {
		names = append(names, host.LinkParameter(l.Name, name))
	}
	if names != nil {
		names = append(names, host.LinkParameter("all", name))
	}
	return names
}

func (m *facts) sysctl(name string) (int, error) {
	f, known := m.sysctls[name]
	if !known {
		return 0, fmt.Errorf("sysctl %s: nobody asked for it", name)
	}
	return f.get()
}

// effective is the value of a parameter that counts on an interface: the larger
// one of its own and of "all" (kernel: ip-sysctl.rst).
func (m *facts) effective(name, link string) (int, error) {
	all, err := m.sysctl(host.LinkParameter("all", name))
	if err != nil {
		return 0, err
	}
	own, err := m.sysctl(host.LinkParameter(link, name))
	return max(all, own), err
}
