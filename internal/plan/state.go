package plan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"lvsdr/internal/each"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// Machine is what is read and changed on a machine.
type Machine interface {
	Table
	Links() ([]host.Link, error)
	AddressesOn([]host.Link) ([]host.Address, error)
	Routes([]host.Link) ([]host.Route, error)
	AddAddress(host.Address) error
	DeleteAddress(host.Address) error
	Adverts(table int) ([]host.Advert, error)
	Advertise(host.Advert) error
	Withdraw(host.Advert) error
	Announce(host.Link, netip.Addr) error
	Get(sysctl string) (int, error)
	Set(sysctl string, value int) error
	FilterRules() (int, error)
	FlushFilter() error
}

// Table is the director's part of a machine: its IPVS.
type Table interface {
	Services(ipvs.Detail) ([]ipvs.ServiceEntry, error)
	Destinations(*ipvs.ServiceEntry, ipvs.Detail, []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error)
	AddService(ipvs.Service) error
	EditService(ipvs.Service) error
	DeleteService(ipvs.Service) error
	AddDestination(ipvs.Service, ipvs.Destination) error
	EditDestination(ipvs.Service, ipvs.Destination) error
	DeleteDestination(ipvs.Service, ipvs.Destination) error
	Timeouts() (ipvs.Timeouts, error)
	SetTimeouts(ipvs.Timeouts) error
	Daemons() ([]ipvs.Daemon, error)
	StartDaemon(ipvs.Daemon) error
	StopDaemon(ipvs.Daemon) error
}

// NoTable is the table of a machine that has no IPVS, or needs none: it is
// empty, and nobody asks for more.
type NoTable struct{ Table }

// Services returns none.
func (NoTable) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) { return nil, nil }

// Timeouts returns none.
func (NoTable) Timeouts() (ipvs.Timeouts, error) { return ipvs.Timeouts{}, nil }

// Daemons returns none.
func (NoTable) Daemons() ([]ipvs.Daemon, error) { return nil, nil }

// State is what a machine looks like when a verb begins.
type State struct {
	Links     []host.Link
	Addresses []host.Address
	Routes    []host.Route // where a VIP is to be announced, or is there already
	Sysctls   map[string]Reading
	Rules     int // of the packet filter, where they are to be flushed
	Record    Record

	vips     []netip.Addr // of the wish, and of all claims
	services []Entry
	byKey    map[ipvs.Key]*Entry
	words    map[string]*Entry
	timeouts ipvs.Timeouts // where the wish or the record has some
	daemons  []ipvs.Daemon // the same
	adverts  []host.Advert // the same
}

// Entry is a virtual service of the kernel's table with its destinations.
type Entry struct {
	ipvs.ServiceEntry
	Destinations []ipvs.DestinationEntry

	byKey map[netip.AddrPort]*ipvs.DestinationEntry
}

// Reading is the value of a sysctl, or why there is none.
type Reading struct {
	Value int
	Err   error
}

// Look takes from a machine what has to be known to compare it with a wish.
func Look(m Machine, w Wish, r *Record) (s State, err error) {
	s = State{Record: r.clone(), Sysctls: map[string]Reading{}}
	s.vips = vipsOf(w, r)
	if s.Links, err = m.Links(); err != nil {
		return s, fmt.Errorf("read interfaces: %w", err)
	}
	if s.Addresses, err = m.AddressesOn(s.Links); err != nil {
		return s, fmt.Errorf("read addresses: %w", err)
	}
	if w.Role == Director {
		if err := s.lookAtTable(m); err != nil {
			return s, fmt.Errorf("read the ipvs table: %w", err)
		}
	}
	if err := s.lookAtTimeouts(m, w); err != nil {
		return s, fmt.Errorf("read the timeouts of connections: %w", err)
	}
	if err := s.lookAtDaemons(m, w); err != nil {
		return s, fmt.Errorf("read the synchronisation daemons: %w", err)
	}
	if err := s.lookAtAdverts(m, w); err != nil {
		return s, err
	}
	if s.needsRoutes(w) {
		if s.Routes, err = m.Routes(s.Links); err != nil {
			return s, fmt.Errorf("read routes: %w", err)
		}
	}
	if w.FlushFirewall {
		if s.Rules, err = m.FilterRules(); err != nil {
			return s, fmt.Errorf("count the rules of the packet filter: %w", err)
		}
	}
	names := slices.Collect(maps.Keys(r.Sysctls))
	for _, want := range w.Sysctls {
		names = append(names, want.Name)
	}
	for _, name := range names {
		value, err := m.Get(name)
		if err != nil {
			err = fmt.Errorf("read %s: %w", name, err)
		}
		s.Sysctls[name] = Reading{value, err}
	}
	return s, nil
}

func vipsOf(w Wish, r *Record) (vips []netip.Addr) {
	for _, a := range w.VIPs {
		vips = append(vips, a.Prefix.Addr())
	}
	vips = append(vips, w.Moved...)
	for _, c := range r.Claims {
		for _, p := range c.VIPs {
			vips = append(vips, p.VIP)
		}
	}
	return each.Once(vips)
}

// needsRoutes reports whether routes matter: to whom a VIP is announced, and
// what stands on an address.
func (s *State) needsRoutes(w Wish) bool {
	there := map[netip.Addr]bool{}
	for _, a := range s.Addresses {
		there[a.Prefix.Addr()] = true
	}
	if c := s.Record.Claim(w.Claimant); c != nil && slices.ContainsFunc(c.VIPs, func(p Place) bool { return there[p.VIP] }) {
		return true
	}
	return slices.ContainsFunc(w.VIPs, func(a host.Address) bool {
		return there[a.Prefix.Addr()] || s.announces(w, a.Prefix.Addr())
	})
}

func (s *State) lookAtTable(t Table) error {
	entries, err := t.Services(ipvs.Everything)
	if err != nil {
		return err
	}
	s.services, s.byKey = make([]Entry, len(entries)), make(map[ipvs.Key]*Entry, len(entries))
	for i, e := range entries {
		destinations, err := t.Destinations(&e, ipvs.Everything, nil)
		if err != nil {
			return err
		}
		have := &s.services[i]
		*have = Entry{ServiceEntry: e, Destinations: destinations, byKey: make(map[netip.AddrPort]*ipvs.DestinationEntry, len(destinations))}
		for j := range destinations {
			have.byKey[destinations[j].Key()] = &destinations[j]
		}
		s.byKey[e.Key()] = have
	}
	return nil
}

// Service is the entry of a service; nil: there is none.
func (s *State) Service(k ipvs.Key) *Entry { return s.byKey[k] }

// byWords is the entry of a service by ipvsadm's words for it.
func (s *State) byWords(service string) *Entry {
	if s.words == nil {
		s.words = make(map[string]*Entry, len(s.services))
		for i := range s.services {
			s.words[ServiceWords(&s.services[i].Service)] = &s.services[i]
		}
	}
	return s.words[service]
}

// Destination is the entry of a real server; nil: there is none.
func (e *Entry) Destination(k netip.AddrPort) *ipvs.DestinationEntry {
	if e == nil {
		return nil
	}
	return e.byKey[k]
}

// addressesOf are all addresses with that VIP: IPv4 has one for each prefix
// length, and each interface has its own.
func (s *State) addressesOf(vip netip.Addr) []host.Address {
	return slices.DeleteFunc(slices.Clone(s.Addresses), func(a host.Address) bool { return a.Prefix.Addr() != vip })
}

// announces reports whether start tells the neighbours of a VIP: one that it
// puts here, or that a start which was killed has put here.
func (s *State) announces(w Wish, vip netip.Addr) bool {
	return w.Announce && (len(s.addressesOf(vip)) == 0 || slices.Contains(s.Record.Unannounced, vip))
}

// OwnAddress is an address of the machine that is no VIP, of a family; not valid:
// it has none.
func (s *State) OwnAddress(family ipvs.AddressFamily) (found netip.Addr) {
	for _, a := range s.Addresses {
		addr := a.Prefix.Addr()
		if ipvs.FamilyOf(addr) == family && !slices.Contains(s.vips, addr) && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() && !a.Deprecated {
			return addr
		}
	}
	return found
}

// Owns reports whether the machine has an address.
func (s *State) Owns(addr netip.Addr) bool { return len(s.addressesOf(addr)) > 0 }
