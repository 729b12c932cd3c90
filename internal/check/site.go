package check

import (
	"net/netip"
	"slices"

	"lvsdr/internal/config"
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

	// Lvsdr is the command line of a verb with the flags of this run:
	// Lvsdr("vs", "start"). Words beyond the verb stand behind the flags.
	Lvsdr func(role, verb string, words ...string) string
}

// server is a real server with what it is asked for.
type server struct {
	addr      netip.Addr
	drained   bool // it gets no new connections
	forwards  []ipvs.Forward
	endpoints []endpoint
}

// endpoint is where packets for a service arrive: a port of an address.
type endpoint struct {
	protocol ipvs.Protocol
	addr     netip.AddrPort
}

// String names an endpoint as an operator does: a port means nothing without its
// protocol.
func (e endpoint) String() string { return e.addr.String() + "/" + ipvs.Protocols.Name(e.protocol) }

// packet is the first one of a client's connection to the endpoint.
func (e endpoint) packet() netfilter.Packet {
	return netfilter.Packet{Protocol: e.protocol, Dst: e.addr.Addr(), Port: e.addr.Port()}
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
	return all
}

func (r *server) add(s ipvs.Service, d ipvs.Destination) {
	if !slices.Contains(r.forwards, d.Forward) {
		r.forwards = append(r.forwards, d.Forward)
	}
	e := endpoint{s.Protocol, netip.AddrPortFrom(d.Addr, d.Port)}
	if s.FWMark == 0 && d.Port != 0 && !slices.Contains(r.endpoints, e) {
		r.endpoints = append(r.endpoints, e)
	}
}

// direct reports whether direct routing leads to the real server.
func (r server) direct() bool { return slices.Contains(r.forwards, ipvs.DirectRoute) }

// forwards reports whether some service is forwarded by one of these methods.
func (s *Site) forwards(methods ...ipvs.Forward) bool {
	return slices.ContainsFunc(s.Config.Services, func(v config.Service) bool { return slices.Contains(methods, v.Forward) })
}

// holdsVIP reports whether a real server needs the VIP itself.
func (s *Site) holdsVIP() bool { return s.forwards(ipvs.DirectRoute, ipvs.Tunnel) }
