// Package config is the configuration of lvsdr: the file, the environment and
// the flags become one checked [Config]. It has no side effects and asks no
// kernel.
//
// [Read] reads the file, [Overrides] holds what the command line and the
// environment say, and [Config.Wanted] returns what the director's table should
// hold. A [*Fault] says what is wrong in either, and where.
//
// text → nodes (parse.go, by the YAML library) → values (read.go, load.go;
// values.go has their kinds) → checks of one value against another (check.go,
// families.go). The keys for watching have files of their own for these steps:
// checks.go with checkkeys.go and checkvalues.go, sorry.go, watch.go.
package config

import (
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/ipvs"
)

// Config says how a cluster should look. The same one serves the director and
// the real servers.
type Config struct {
	VIPs          []netip.Addr // of every service without some of its own
	Label         string       // interface:alias of the IPv4 VIPs, which share it
	DirectorLabel string       // of the director, if it is another one there
	Services      []Service    // at least one, in the order of the file
	RealServers   []RealServer // for every service without some of its own
	ARP           ARP
	Announce      bool          // tell the network when the director has added a VIP
	AnnounceTable uint8         // where a routing daemon looks for VIPs; zero: nowhere
	Timeouts      ipvs.Timeouts // of the director's connections; zero leaves one alone
	Sync          *Sync         // nil: the file does not speak of it
	Check         *Check        // of every service, as far as it says nothing else; nil: none
	Watch         Watch
}

// Service is a virtual service: a port of every VIP or, with a non-zero FWMark,
// a firewall mark. Port zero, without a mark, is every port.
type Service struct {
	Name        string       // "" if the file gives none
	VIPs        []netip.Addr // instead of the common ones
	Port        uint16
	FWMark      uint32
	Family      ipvs.AddressFamily // of a mark; zero with a port
	Protocol    ipvs.Protocol      // of a port; zero with a mark
	Scheduler   string
	Forward     ipvs.Forward
	Persistent  uint32       // seconds; zero is not persistent
	Netmask     ipvs.Netmask // of persistence; zero is single clients
	Flags       ipvs.Flags   // of the scheduler
	OnePacket   bool
	RealServers []RealServer // instead of the common ones

	Check     *Check // the service's keys over the common ones; nil: real servers are not asked
	Minimum   Minimum
	Sorry     Sorry
	SlowStart time.Duration // over which a real server that comes back is ramped up
}

// RealServer is a machine that does the work of a service.
type RealServer struct {
	Addr    netip.Addr
	Port    uint16        // zero is the service's
	Forward *ipvs.Forward // nil is the service's
	Weight  uint32
	Upper   uint32 // thresholds; zero is none
	Lower   uint32
}

// ARP says where a real server is kept from answering for the VIP.
type ARP struct {
	Interfaces []string // whose arp_ignore and arp_announce are raised
}

// Default is the configuration of an empty file: the tutorial's, without a VIP
// and without real servers.
func Default() Config {
	return Config{
		Label:    "lo:1",
		Services: []Service{portService(ipvs.TCP, 80)},
		ARP:      ARP{Interfaces: []string{"all", "lo"}},
		Announce: true,
		Watch:    DefaultWatch(),
	}
}

// portService is a service with nothing but defaults.
func portService(p ipvs.Protocol, port uint16) Service {
	return Service{Port: port, Protocol: p, Scheduler: "wrr", Forward: ipvs.DirectRoute}
}

// Wanted is a virtual service with its real servers, as the kernel should have
// them.
type Wanted struct {
	Name         string // of the service; "" if the file gives none
	Service      ipvs.Service
	VIPs         []netip.Addr // the service's address; of a mark, all that it stands for
	Forward      ipvs.Forward // of real servers without a method of their own
	Destinations []ipvs.Destination
	Sorry        []ipvs.Destination // when none of them is left; not those of a page
	Of           *Service           // that it was made of
}

// Wanted returns the virtual services of all VIPs, by VIP, service and real
// server. A mark belongs to no VIP: it comes once, with the first of its
// service.
func (c Config) Wanted() []Wanted {
	offered := map[netip.Addr][]Service{}
	for _, s := range c.Services {
		vips := c.vips(s)
		if s.FWMark != 0 {
			vips = vips[:min(len(vips), 1)]
		}
		for _, vip := range vips {
			offered[vip] = append(offered[vip], s)
		}
	}
	var all []Wanted
	for _, vip := range c.AllVIPs() {
		for _, s := range offered[vip] {
			w := Wanted{Name: s.Name, Service: s.service(vip), VIPs: []netip.Addr{vip}, Forward: s.Forward, Of: &s}
			if s.FWMark != 0 {
				w.VIPs = slices.DeleteFunc(slices.Clone(c.vips(s)), func(vip netip.Addr) bool { return ipvs.FamilyOf(vip) != s.Family })
			}
			for _, r := range c.serve(s, w.Service.Family) {
				w.Destinations = append(w.Destinations, r.destination(s))
			}
			for _, r := range s.Sorry.Servers {
				if ipvs.FamilyOf(r.Addr) == w.Service.Family || r.forward(s) == ipvs.Tunnel {
					w.Sorry = append(w.Sorry, r.destination(s))
				}
			}
			all = append(all, w)
		}
	}
	return all
}

// service is the kernel's view of the service on the VIP.
func (s Service) service(vip netip.Addr) ipvs.Service {
	k := ipvs.Service{
		Family:    s.Family,
		FWMark:    s.FWMark,
		Scheduler: s.Scheduler,
		Flags:     s.Flags,
		Timeout:   s.Persistent,
		Netmask:   s.Netmask,
	}
	if s.FWMark == 0 {
		k.Family, k.Protocol, k.Addr, k.Port = ipvs.FamilyOf(vip), s.Protocol, vip, s.Port
	}
	if s.Persistent != 0 {
		k.Flags |= ipvs.Persistent
	}
	if s.OnePacket {
		k.Flags |= ipvs.OnePacket
	}
	if k.Netmask == 0 {
		k.Netmask = ipvs.SingleClients(k.Family)
	}
	return k
}

// destination is the kernel's view of a real server of the service.
func (r RealServer) destination(s Service) ipvs.Destination {
	return ipvs.Destination{
		Family:  ipvs.FamilyOf(r.Addr),
		Addr:    r.Addr,
		Port:    r.port(s),
		Forward: r.forward(s),
		Weight:  r.Weight,
		Upper:   r.Upper,
		Lower:   r.Lower,
	}
}

// port is where the real server listens for the service.
func (r RealServer) port(s Service) uint16 {
	if r.Port != 0 {
		return r.Port
	}
	return s.Port
}

// forward is how the service's packets reach the real server.
func (r RealServer) forward(s Service) ipvs.Forward {
	if r.Forward != nil {
		return *r.Forward
	}
	return s.Forward
}

// servers are the real servers of a service: its own or the common ones.
func (c Config) servers(s Service) []RealServer {
	if len(s.RealServers) > 0 {
		return s.RealServers
	}
	return c.RealServers
}

// everyone are the real servers of a service and its sorry servers.
func (c Config) everyone(s Service) []RealServer {
	return slices.Concat(c.servers(s), s.Sorry.Servers)
}

// serve picks the real servers of the service that serve an address family.
func (c Config) serve(s Service, family ipvs.AddressFamily) []RealServer {
	var picked []RealServer
	serves := c.serves(s, family)
	for _, r := range c.servers(s) {
		if serves(r) {
			picked = append(picked, r)
		}
	}
	return picked
}

// serves returns a function that reports whether a real server of the service serves
// an address family: it is of that family, or reached by a tunnel. A tunnel to the
// other family is used only if no VIP is of the real server's family, or no real
// server of the VIP's.
func (c Config) serves(s Service, family ipvs.AddressFamily) func(RealServer) bool {
	families := c.families(s)
	lacking := !slices.ContainsFunc(c.servers(s), func(r RealServer) bool { return ipvs.FamilyOf(r.Addr) == family })
	return func(r RealServer) bool {
		own := ipvs.FamilyOf(r.Addr)
		return own == family || r.forward(s) == ipvs.Tunnel && (lacking || !slices.Contains(families, own))
	}
}

// families are the address families that a service is offered in.
func (c Config) families(s Service) []ipvs.AddressFamily {
	if s.FWMark != 0 {
		return []ipvs.AddressFamily{s.Family}
	}
	var families []ipvs.AddressFamily
	for _, vip := range c.vips(s) {
		if f := ipvs.FamilyOf(vip); !slices.Contains(families, f) {
			families = append(families, f)
		}
	}
	return families
}
