package rehearse

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
)

// mostMachines is how many real servers a rehearsal has at most, sorry servers
// included.
const mostMachines = 32

// cluster is a configuration with the machines that it takes.
type cluster struct {
	config   config.Config
	machines []*machine
	services []*service
	talks    map[socket]talk
	director []netip.Prefix // its addresses, one in each network of real servers
	router   []netip.Prefix
}

// machine is a real server.
type machine struct {
	name        string
	addr        netip.Addr
	vips        []netip.Addr // that rs start puts there
	masqueraded bool         // its answers go by way of the director
	tunnelled   bool
	sockets     []socket
}

// service is a virtual service on one VIP.
type service struct {
	config.Wanted
	name    string
	at      netip.AddrPort // where clients ask
	socket  socket
	members []*member
}

// member is a real server of a service.
type member struct {
	ipvs.Destination
	machine *machine
	falls   int // so far, of those that the watch remembers
}

// String is the service with its VIP.
func (s *service) String() string { return s.name + " on " + s.at.Addr().String() }

// newCluster finds out what a configuration takes.
func newCluster(c config.Config) (*cluster, error) {
	l := &cluster{config: c, talks: map[socket]talk{}}
	for _, w := range c.Wanted() {
		if err := l.add(w); err != nil {
			return nil, err
		}
	}
	if len(l.machines) > mostMachines {
		return nil, fmt.Errorf("%d real servers; a rehearsal has at most %d", len(l.machines), mostMachines)
	}
	if !slices.ContainsFunc(l.services, func(s *service) bool { return s.inTurn() > 1 }) {
		return nil, errors.New("no service has two real servers that take connections: when the only one fails, nobody is left; expected two in a service")
	}
	for _, m := range l.machines {
		m.vips = c.ShareOf([]netip.Addr{m.addr}).VIPs
		if m.masqueraded && len(m.vips) > 0 {
			return nil, fmt.Errorf("%s is reached by masquerading and by another method: its one default route cannot serve both", m.addr)
		}
	}
	return l, l.locate()
}

// add adds a virtual service.
func (l *cluster) add(w config.Wanted) error {
	s := &service{Wanted: w, name: plan.Called(w.Name, &w.Service)}
	check := w.Of.Check
	switch {
	case w.Service.Protocol == ipvs.SCTP:
		return fmt.Errorf("%s: a service of protocol sctp cannot be rehearsed", s.name)
	case check.Asks() && check.Type == config.CheckExec:
		return fmt.Errorf("%s: a check of type exec cannot be rehearsed: its program asks a server of its own kind", s.name)
	case w.Service.Port == 0 && !check.Asks():
		return fmt.Errorf("%s: no single port to rehearse; expected a check with a port", s.name)
	}
	port := w.Service.Port
	if port == 0 {
		port = check.Port
	}
	s.at = netip.AddrPortFrom(w.VIPs[0], port)
	for _, d := range w.Destinations {
		if ipvs.FamilyOf(d.Addr) != ipvs.FamilyOf(s.at.Addr()) {
			return fmt.Errorf("%s: a tunnel to %s, of the other address family, cannot be rehearsed", s, d.Addr)
		}
		m, err := l.machine(d)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		s.members = append(s.members, &member{Destination: d, machine: m})
		if s.socket, err = l.equip(m, &d, w); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	for _, d := range w.Sorry {
		m, err := l.machine(d)
		if err == nil {
			_, err = l.equip(m, &d, w)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	l.services = append(l.services, s)
	return nil
}

// machine finds the machine of a destination, or adds it.
func (l *cluster) machine(d ipvs.Destination) (*machine, error) {
	if d.Addr.IsLoopback() {
		return nil, fmt.Errorf("%s is the director itself, which cannot be rehearsed as a real server", d.Addr)
	}
	i := slices.IndexFunc(l.machines, func(m *machine) bool { return m.addr == d.Addr })
	if i < 0 {
		i = len(l.machines)
		l.machines = append(l.machines, &machine{name: fmt.Sprintf("rs%d", i+1), addr: d.Addr})
	}
	m := l.machines[i]
	m.masqueraded = m.masqueraded || d.Forward == ipvs.Masquerade
	m.tunnelled = m.tunnelled || d.Forward == ipvs.Tunnel
	return m, nil
}

// equip gives a machine the server of a service, and the one that its check asks
// if that is another one.
func (l *cluster) equip(m *machine, d *ipvs.Destination, w config.Wanted) (served socket, err error) {
	check := w.Of.Check
	network := networkOf(w.Service.Protocol, check)
	served = socket{network, d.Port}
	if !check.Asks() {
		return served, l.listen(m, served, talk{})
	}
	asked := served
	if check.Port != 0 {
		asked = socket{networkOf(0, check), check.Port}
	}
	if served.port == 0 {
		served = asked
	}
	if served != asked {
		err = l.listen(m, served, talk{})
	}
	if err == nil {
		err = l.listen(m, asked, talkOf(check))
	}
	return served, err
}

func (l *cluster) listen(m *machine, at socket, t talk) error {
	merged, err := l.talks[at].with(t)
	if err != nil {
		return fmt.Errorf("%s port %d: %w", at.network, at.port, err)
	}
	l.talks[at] = merged
	if !slices.Contains(m.sockets, at) {
		m.sockets = append(m.sockets, at)
	}
	return nil
}

// inTurn is how many real servers take connections.
func (s *service) inTurn() (n int) {
	for _, m := range s.members {
		if m.Weight > 0 {
			n++
		}
	}
	return n
}

// The networks of the client, which are for such tests (RFC 2544, RFC 5180).
var clientNetworks = []netip.Prefix{netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("2001:2::/48")}

// locate finds addresses for the director and the router in the networks of the
// real servers: /24 of IPv4, /64 of IPv6.
func (l *cluster) locate() error {
	taken := map[netip.Addr]bool{}
	for _, vip := range l.config.AllVIPs() {
		taken[vip] = true
	}
	for _, m := range l.machines {
		taken[m.addr] = true
	}
	for addr := range taken {
		for _, n := range clientNetworks {
			if n.Contains(addr) {
				return fmt.Errorf("%s is in %s, the network of the rehearsal's client", addr, n)
			}
		}
	}
	for _, m := range l.machines {
		network := networkAround(m.addr)
		if slices.ContainsFunc(l.router, network.Overlaps) {
			continue
		}
		addr := network.Addr()
		for _, host := range []*[]netip.Prefix{&l.director, &l.router} {
			for addr = addr.Next(); taken[addr]; addr = addr.Next() {
			}
			if !network.Contains(addr.Next()) {
				return fmt.Errorf("%s has no address left for the director and the router", network)
			}
			*host = append(*host, netip.PrefixFrom(addr, network.Bits()))
		}
	}
	return nil
}

// networkAround is the network in which a real server is.
func networkAround(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits)
	return network
}

// near is the address of a host that has one in each network, as neighbours of
// addr know it.
func near(host []netip.Prefix, addr netip.Addr) netip.Addr {
	for _, p := range host {
		if p.Contains(addr) {
			return p.Addr()
		}
	}
	return first(host, addr)
}

// first is the first address of a host of the family of addr.
func first(host []netip.Prefix, addr netip.Addr) netip.Addr {
	for _, p := range host {
		if p.Addr().Is4() == addr.Is4() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// protocol is that of the service; a mark has what its check asks by.
func (s *service) protocol() ipvs.Protocol {
	if s.socket.network == "udp" {
		return ipvs.UDP
	}
	return ipvs.TCP
}
