package check

import (
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/each"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/status"
)

// Site is the machine that is looked at.
type Site struct {
	Role   Role
	Config config.Config

	// Status is what is in place of the configuration on a director. IPVS says
	// why it could not be asked; the Status then knows only addresses.
	Status  status.Status
	IPVS    error
	Drained []netip.Addr // real servers that are being drained
	// Directed are the VIPs that this machine is the director of: it answers for
	// them, and needs nothing else for its own share as a real server.
	Directed map[netip.Addr]bool

	// Lvsdr is the command line of a verb with the flags of this run:
	// Lvsdr("vs", "start"). Words beyond the verb stand behind the flags.
	Lvsdr func(role, verb string, words ...string) string
}

// server is a real server with what it is asked for.
type server struct {
	addr       netip.Addr
	drained    bool // it gets no new connections
	forwards   []ipvs.Forward
	deliveries []delivery
}

// delivery is how packets for a service of a port get to a real server.
type delivery struct {
	to      endpoint // as clients send them
	forward ipvs.Forward
	port    uint16 // of the real server
}

// endpoint is where packets for a service arrive: a port of an address. Port zero is every one.
type endpoint struct {
	protocol ipvs.Protocol // zero is every one, as for a mark
	addr     netip.AddrPort
}

// entrance is where clients' packets for a service of a port come in.
func entrance(s ipvs.Service) endpoint {
	return endpoint{s.Protocol, netip.AddrPortFrom(s.Addr, s.Port)}
}

// String names an endpoint as an operator does: a port means nothing without its
// protocol.
// Every port is "172.16.0.100/tcp", every protocol as well "172.16.0.100".
func (e endpoint) String() string {
	words := e.addr.String()
	if e.addr.Port() == 0 {
		words = e.addr.Addr().String()
	}
	if e.protocol == 0 {
		return words
	}
	return words + "/" + ipvs.Protocols.Name(e.protocol)
}

// packet is the first one of a client's connection to the endpoint.
func (e endpoint) packet() netfilter.Packet {
	return netfilter.Packet{Protocol: e.protocol, Dst: e.addr.Addr(), Port: e.addr.Port()}
}

// answer is the first packet of what is answered there.
func (e endpoint) answer() netfilter.Packet {
	return netfilter.Packet{Protocol: e.protocol, Src: e.addr.Addr(), SrcPort: e.addr.Port(), Stage: netfilter.Answer}
}

// endpointOf is where a client's packet goes to.
func endpointOf(p netfilter.Packet) endpoint {
	return endpoint{p.Protocol, netip.AddrPortFrom(p.Dst, p.Port)}
}

// servers are the real servers in the order of the configuration.
func (s *Site) servers() []server {
	var all []server
	index := map[netip.Addr]int{}
	for _, w := range s.Config.Wanted() {
		for _, d := range w.Destinations {
			i, known := index[d.Addr]
			if !known {
				i, index[d.Addr] = len(all), len(all)
				all = append(all, server{addr: d.Addr, drained: slices.Contains(s.Drained, d.Addr)})
			}
			all[i].add(w.Service, d)
		}
	}
	for i := range all {
		all[i].deliveries = each.Once(all[i].deliveries)
	}
	return all
}

func (r *server) add(s ipvs.Service, d ipvs.Destination) {
	if !slices.Contains(r.forwards, d.Forward) {
		r.forwards = append(r.forwards, d.Forward)
	}
	got := delivery{entrance(s), d.Forward, d.Port}
	if s.FWMark == 0 && d.Port != 0 {
		r.deliveries = append(r.deliveries, got)
	}
}

// endpoints are the ports of its own that the real server is asked for.
func (r server) endpoints() (all []endpoint) {
	for _, d := range r.deliveries {
		all = append(all, endpoint{d.to.protocol, netip.AddrPortFrom(r.addr, d.port)})
	}
	return each.Once(all)
}

// direct reports whether direct routing leads to the real server.
func (r server) direct() bool { return slices.Contains(r.forwards, ipvs.DirectRoute) }

// vips are the VIPs that this machine should have: on a director all, on a real
// server those of the services that list it. One that is not listed has a share
// in all.
func (m *facts) vips() []netip.Addr {
	all := m.Config.AllVIPs()
	if m.listed() {
		all = slices.Clone(m.share.VIPs)
	}
	return slices.DeleteFunc(all, func(vip netip.Addr) bool { return m.Role == RealServer && m.Directed[vip] })
}

// listed reports whether this machine is a real server that some service lists.
func (m *facts) listed() bool { return m.Role == RealServer && m.share.Listed }

// forwards reports whether one of these methods leads to some real server; of
// one that is listed, to that.
func (m *facts) forwards(methods ...ipvs.Forward) bool {
	if !m.listed() {
		return slices.ContainsFunc(methods, m.Config.Forwards)
	}
	mine, _ := m.mine() // the addresses are known: they are listed
	return slices.ContainsFunc(mine, func(w config.Wanted) bool {
		return slices.ContainsFunc(w.Destinations, func(d ipvs.Destination) bool { return slices.Contains(methods, d.Forward) })
	})
}

// arrives is what no service does by these methods: it may do so elsewhere.
func (m *facts) arrives(methods ...ipvs.Forward) string {
	if slices.ContainsFunc(methods, m.Config.Forwards) {
		return "reaches this machine"
	}
	return "is forwarded"
}

// holdsVIP reports whether a real server needs the VIP itself.
func (m *facts) holdsVIP() bool {
	return m.forwards(ipvs.DirectRoute, ipvs.Tunnel) && len(m.vips()) > 0
}

// start is the command that puts in place what is missing here.
func (m *facts) start() string {
	if m.Role == RealServer && m.Config.Lists() && !m.share.Listed && len(m.Config.AllVIPs()) > 1 {
		return m.Lvsdr(string(m.Role), "start", "--all-vips")
	}
	return m.Lvsdr(string(m.Role), "start")
}
