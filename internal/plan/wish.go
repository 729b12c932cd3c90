// Package plan compares what a machine should have with what it has.
//
// A [Wish] is what the configuration asks of a machine in its role; a [State]
// is what the machine looked like when a verb began. Both are plain values, and
// so is the difference: [Start] and [Stop] make the list of changes between
// them, [Report] what of the wish is in place. Only [Apply] changes anything;
// a change that fails undoes those before it.
//
// A [Record] is what has to outlive a run, in a folder for each network
// namespace; [Lock] keeps two runs from working at the same time.
package plan

import (
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// Role is what a machine is in the cluster.
type Role string

// The roles.
const (
	Director   Role = "vs"
	RealServer Role = "rs"
)

// Wish is what a machine should have, as a tree: a service holds its real
// servers.
type Wish struct {
	Claimant
	VIPs []host.Address
	// Masqueraded are the VIPs that no real server of a director has to have.
	Masqueraded []netip.Addr
	// Moved are the VIPs that VRRP puts on an interface of the active director, and
	// takes from the other one's.
	Moved    []netip.Addr
	Announce bool // tell the neighbours of a VIP that is added
	// Table is where a routing daemon looks for the VIPs to announce; zero: nowhere.
	// Worse says by how much this director is worse for a VIP than one that serves
	// all of its services.
	Table    int
	Worse    map[netip.Addr]int
	Services []Service     // of a director
	Timeouts ipvs.Timeouts // of a director's connections; zero leaves one alone
	Daemons  []ipvs.Daemon // of a director's synchronisation
	Sysctls  []Sysctl      // of a real server, or of a director that is watched

	Options
}

// Options go beyond the configuration.
type Options struct {
	Exclusive     bool // virtual services that are not wanted go
	FlushFirewall bool // the packet filter's rules go
	GoOn          bool // what cannot be planned is left out
	Retired       bool // VIPs are not announced: clients are to go to the other director
	// Homes are the interfaces of VIPs that [host.DirectorHome] has found another
	// one for than the label's.
	Homes map[netip.Addr]string
	// Directed are the VIPs that a real server is the director of.
	Directed map[netip.Addr]bool
	// Health is nil where nobody watches.
	Health *Health
}

// Service is a virtual service with its real servers.
type Service struct {
	Name string // "" if it has none
	ipvs.Service
	Destinations []Destination
	Out          []Destination      // real servers that have no entry while they are down
	Spare        []ipvs.Destination // who answers in place of real servers, and is not to, for some are up
	Instead      bool               // those of Destinations that are no real servers have the connections
	FailOpen     bool
}

// Destination is a real server of a service. One that is being drained has
// weight 0, whatever is configured.
type Destination struct {
	ipvs.Destination
	Configured uint32 // weight
	Draining   bool
	Fate       Fate
	Sorry      bool // it answers in place of real servers
}

// Sysctl is a parameter that must be at least so high.
type Sysctl struct {
	Name string
	Want int
}

// New is the wish of a configuration for a machine in a role, while some real
// servers are being drained.
func New(who Claimant, c config.Config, drained []netip.Addr, o Options) Wish {
	w, label := Wish{Claimant: who, Options: o}, c.Label
	if who.Role == Director {
		label = c.LabelOfDirector()
	}
	if c.Watch.VIP == config.VIPVRRP {
		w.Moved = c.AllVIPs()
	}
	for _, vip := range c.AllVIPs() {
		if who.Role == Director && len(w.Moved) > 0 {
			break
		}
		at := placed(vip, label)
		if home, known := o.Homes[vip]; known && who.Role == Director && c.DirectorLabel == "" {
			at.Interface = home
		}
		w.VIPs = append(w.VIPs, at)
		if who.Role == Director && c.Masquerades(vip) {
			w.Masqueraded = append(w.Masqueraded, vip)
		}
	}
	if who.Role == RealServer {
		w.Sysctls = sysctlsFor(c)
		return w
	}
	w.Announce, w.Timeouts, w.Daemons = c.Announce, c.Timeouts, c.Sync.Daemons()
	w.Table, w.Worse = int(c.AnnounceTable), map[netip.Addr]int{}
	if o.Health != nil {
		w.Sysctls = []Sysctl{whileWatched}
	}
	for _, wanted := range c.Wanted() {
		known := o.Health.of(ServiceWords(&wanted.Service))
		s := Service{Name: wanted.Name, Service: wanted.Service, Instead: known.Instead, FailOpen: known.FailOpen}
		for _, d := range wanted.Destinations {
			one := Destination{Destination: d, Configured: d.Weight, Draining: slices.Contains(drained, d.Addr)}
			if out := one.apply(known.RealServers[DestinationWords(&s.Service, &d)]); out {
				s.Out = append(s.Out, one)
			} else {
				s.Destinations = append(s.Destinations, one)
			}
		}
		if s.Instead || s.FailOpen {
			for _, vip := range wanted.VIPs {
				w.Worse[vip] = min(w.Worse[vip]+lame, lamest)
			}
		}
		if known.answered() {
			s.Spare = wanted.Sorry
		}
		for _, d := range known.Sorry {
			s.Destinations = append(s.Destinations, Destination{Destination: d, Configured: d.Weight, Sorry: true})
		}
		w.Services = append(w.Services, s)
	}
	return w
}

// isMoved reports whether an address is a VIP where VRRP has put it. It puts none
// on loopback.
func (w Wish) isMoved(s *State, a host.Address) bool {
	return slices.Contains(w.Moved, a.Prefix.Addr()) && !s.isSilent(a.Interface)
}

// placed is a VIP on the interface of its label.
func placed(vip netip.Addr, label string) host.Address {
	link, _, _ := strings.Cut(label, ":")
	a := host.Address{Prefix: netip.PrefixFrom(vip, vip.BitLen()), Interface: link, Label: label}
	if vip.Is6() {
		a.Label, a.Deprecated = "", true
	}
	return a
}

// arpValues keep a real server from answering for the VIP: arp_ignore 1 replies only
// for addresses of the interface that was asked, arp_announce 2 never announces
// another one (kernel: ip-sysctl.rst).
var arpValues = [...]Sysctl{{"arp_ignore", 1}, {"arp_announce", 2}}

// sysctlsFor keep a real server from answering for its VIPs. IPv6 has no such
// switches.
func sysctlsFor(c config.Config) (all []Sysctl) {
	if !slices.ContainsFunc(c.AllVIPs(), netip.Addr.Is4) {
		return nil
	}
	for _, arp := range arpValues {
		for _, link := range c.ARP.Interfaces {
			all = append(all, Sysctl{host.LinkParameter(link, arp.Name), arp.Want})
		}
	}
	return all
}

// drainedBy is the wish where others drain real servers of the same services.
func (w Wish) drainedBy(h holders) Wish {
	if len(h.drained) == 0 {
		return w
	}
	w.Services = slices.Clone(w.Services)
	for i := range w.Services {
		v := &w.Services[i]
		v.Destinations = slices.Clone(v.Destinations)
		for j := range v.Destinations {
			if d := &v.Destinations[j]; h.drained[drainage{ServiceWords(&v.Service), d.Addr}] {
				d.Draining, d.Weight = true, 0
			}
		}
	}
	return w
}

// sparing is the wish without connections for those who get none now, by whoever
// made the table, until they are asked: they may be down.
func (w Wish) sparing(s State) Wish {
	w.Services = slices.Clone(w.Services)
	for i := range w.Services {
		v := &w.Services[i]
		have, before := s.Service(v.Key()), s.Record.Claim(w.Claimant).service(ServiceWords(&v.Service))
		v.Destinations = slices.Clone(v.Destinations)
		for j := range v.Destinations {
			d := &v.Destinations[j]
			now := have.Destination(d.Key())
			if d.Fate.Standing == Unasked && now != nil && now.Weight == 0 && !before.handmade(DestinationWords(&v.Service, &d.Destination), 0, d.Weight) {
				d.Weight = 0
			}
		}
	}
	return w
}

// Serves reports whether the wish has a real server of that address.
func (w Wish) Serves(rs netip.Addr) bool {
	is := func(d Destination) bool { return d.Addr == rs && !d.Sorry }
	return slices.ContainsFunc(w.Services, func(s Service) bool {
		return slices.ContainsFunc(s.Destinations, is) || slices.ContainsFunc(s.Out, is)
	})
}
