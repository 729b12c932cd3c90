package check

import (
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/status"
	"lvsdr/internal/wire"
)

// Kernel is what the probes ask of the machine and of its neighbours.
type Kernel interface {
	Links() ([]host.Link, error)
	Addresses() ([]host.Address, error)
	Routes() ([]host.Route, error)
	RouteTo(netip.Addr) (host.Hop, error)
	Facing(vip netip.Addr) ([]host.Link, error)
	Neighbours() ([]host.Neighbour, error)
	Get(sysctl string) (int, error)
	Release() (string, error)
	Listeners() ([]host.Listener, error)
	VRRP() (bool, error)
	Ask(l host.Link, addrs []netip.Addr, wait time.Duration) ([]wire.Answer, error)
	Connect(p ipvs.Protocol, addrs []netip.AddrPort, wait time.Duration) ([]error, error)
	Faults(p netfilter.Packet, hooks ...netfilter.Hook) ([]netfilter.Fault, error)
	Redirects(p netfilter.Packet) (bool, error)
	Redirection(p netfilter.Packet) (string, error)
}

// Site is the machine that is looked at.
type Site struct {
	Role   Role
	Config config.Config
	Kernel Kernel

	// Status is what is in place of the configuration on a director. IPVS says
	// why it could not be asked; the Status then knows only addresses.
	Status  status.Status
	IPVS    error
	Drained []netip.Addr // real servers that are being drained

	// Lvsdr is the command line of a verb with the flags of this run:
	// Lvsdr("vs", "start"). Words beyond the verb stand behind the flags.
	Lvsdr func(role, verb string, words ...string) string
	// Wait is how long answers from the network are waited for.
	Wait time.Duration

	wire *neighbourhood
}

// server is a real server with what it is asked for.
type server struct {
	addr     netip.Addr
	drained  bool // it gets no new connections
	forwards []ipvs.Forward
	ports    []port
}

// port is where a real server serves a service.
type port struct {
	protocol ipvs.Protocol
	addr     netip.AddrPort
}

// servers are the real servers in the order of the configuration.
func (s *Site) servers() []server {
	var all []server
	for _, w := range s.Config.Wanted() {
		for _, d := range w.Destinations {
			i := slices.IndexFunc(all, func(r server) bool { return r.addr == d.Addr })
			if i < 0 {
				i, all = len(all), append(all, server{addr: d.Addr, drained: slices.Contains(s.Drained, d.Addr)})
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
	p := port{s.Protocol, netip.AddrPortFrom(d.Addr, d.Port)}
	if s.FWMark == 0 && d.Port != 0 && !slices.Contains(r.ports, p) {
		r.ports = append(r.ports, p)
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

// mine are the configured services that this machine serves as a real server:
// those that list one of its addresses or, where none does, all.
func (s *Site) mine() ([]config.Wanted, error) {
	addresses, err := s.Kernel.Addresses()
	if err != nil {
		return nil, err
	}
	here := func(d ipvs.Destination) bool {
		return slices.ContainsFunc(addresses, func(a host.Address) bool { return a.Prefix.Addr() == d.Addr })
	}
	all := s.Config.Wanted()
	var mine []config.Wanted
	for _, w := range all {
		w.Destinations = slices.DeleteFunc(slices.Clone(w.Destinations), func(d ipvs.Destination) bool { return !here(d) })
		if len(w.Destinations) > 0 {
			mine = append(mine, w)
		}
	}
	if mine == nil {
		return all, nil
	}
	return mine, nil
}

// effective is the value that counts on an interface: the larger one of its
// own and of "all" (kernel: ip-sysctl.rst).
func (s *Site) effective(name, link string) (int, error) {
	all, err := s.Kernel.Get(host.LinkParameter("all", name))
	if err != nil {
		return 0, err
	}
	own, err := s.Kernel.Get(host.LinkParameter(link, name))
	return max(all, own), err
}
