package plan

import (
	"maps"
	"net/netip"
	"slices"

	"lvsdr/internal/each"
	"lvsdr/internal/host"
)

// Claimant is on whose behalf something is there: a configuration in a role.
type Claimant struct {
	Role Role `json:"role"`
	// File is the configuration's absolute path, or [FlagsAlone].
	File string `json:"file"`
}

// isSomebody reports whether there is a claimant at all.
func (who Claimant) isSomebody() bool { return who != Claimant{} }

// called is what an administrator calls it.
func (who Claimant) called() string {
	if who.File == FlagsAlone {
		return "what flags alone say"
	}
	return who.File
}

// FlagsAlone stands for the file where there was none.
const FlagsAlone = "-"

// Claim is what a start has put there, or found as wanted, for a claimant. It
// is taken away when the last claimant drops it.
type Claim struct {
	Claimant
	VIPs     []Place          `json:"vips,omitempty"`
	Services []ClaimedService `json:"services,omitempty"`
	Sysctls  []string         `json:"sysctls,omitempty"`
	Timeouts []string         `json:"timeouts,omitempty"` // of connections
	Daemons  []string         `json:"daemons,omitempty"`  // of synchronisation, by role
	Drained  []netip.Addr     `json:"drained,omitempty"`
	Adverts  []host.Advert    `json:"adverts,omitempty"` // without their metric
}

// Place is where a VIP is: on an interface, by the label that was wanted there.
type Place struct {
	VIP       netip.Addr `json:"vip"`
	Interface string     `json:"interface"`
	Label     string     `json:"label,omitempty"`
	// Adopted: it was there when start came.
	Adopted bool `json:"adopted,omitempty"`
}

// ClaimedService is a virtual service with its real servers, in the words of
// ipvsadm.
type ClaimedService struct {
	Service     string   `json:"service"`
	RealServers []string `json:"real_servers,omitempty"`
	// Weights are those that real servers were last given and, while that is
	// changed, are going to be given. Any other one is somebody else's.
	Weights map[string][]uint32 `json:"weights,omitempty"`
}

// weigh adds a weight of a real server.
func (v *ClaimedService) weigh(server string, weight uint32) {
	if v.Weights == nil {
		v.Weights = map[string][]uint32{}
	}
	if !slices.Contains(v.Weights[server], weight) {
		v.Weights[server] = append(slices.Clone(v.Weights[server]), weight)
	}
}

// expecting is the claim, with the weights that a real server is going to be given
// where weights are claimed.
func (c Claim) expecting(w Wish, rs netip.Addr) Claim {
	c.Services = slices.Clone(c.Services)
	for _, v := range w.Services {
		i := slices.IndexFunc(c.Services, func(have ClaimedService) bool { return have.Service == ServiceWords(&v.Service) })
		if i < 0 || c.Services[i].Weights == nil {
			continue
		}
		c.Services[i].Weights = maps.Clone(c.Services[i].Weights)
		for _, d := range v.Destinations {
			if d.Addr == rs {
				c.Services[i].weigh(DestinationWords(&v.Service, &d.Destination), d.Weight)
			}
		}
	}
	return c
}

// service is what is claimed of a service.
func (c *Claim) service(words string) (v ClaimedService) {
	if c == nil {
		return v
	}
	if i := slices.IndexFunc(c.Services, func(v ClaimedService) bool { return v.Service == words }); i >= 0 {
		return c.Services[i]
	}
	return v
}

// Started reports whether a start has made the claim; a drain alone does not.
func (c *Claim) Started() bool {
	return c != nil && (len(c.VIPs) > 0 || len(c.Services) > 0 || len(c.Sysctls) > 0)
}

func (c *Claim) empty() bool { return !c.Started() && len(c.Drained) == 0 }

// place finds where a VIP is claimed on an interface.
func (c *Claim) place(vip netip.Addr, link string) (p Place, ok bool) {
	if c == nil {
		return p, false
	}
	i := slices.IndexFunc(c.VIPs, func(p Place) bool { return p.VIP == vip && p.Interface == link })
	if i < 0 {
		return p, false
	}
	return c.VIPs[i], true
}

// placeOf is where a VIP is wanted.
func placeOf(a host.Address) Place {
	return Place{VIP: a.Prefix.Addr(), Interface: a.Interface, Label: a.Label}
}

// claimOf is what the record holds of a wish once it has come true: everything
// but the machine's own addresses.
func claimOf(w Wish, s State) Claim {
	c, before := Claim{Claimant: w.Claimant}, s.Record.Claim(w.Claimant)
	for _, want := range w.VIPs {
		p := placeOf(want)
		old, claimed := before.place(p.VIP, p.Interface)
		for _, have := range s.addressesOf(p.VIP) {
			p.Adopted = p.Adopted || have.Interface == p.Interface
		}
		p.Adopted = p.Adopted && !(claimed && !old.Adopted)
		if !s.isOwn(w, want) && !(p.Adopted && s.stands(p) != "") {
			c.VIPs = append(c.VIPs, p)
		}
	}
	for _, v := range w.Services {
		one := ClaimedService{Service: ServiceWords(&v.Service)}
		for _, d := range v.Destinations {
			server := DestinationWords(&v.Service, &d.Destination)
			one.RealServers = append(one.RealServers, server)
			if w.Health != nil {
				one.weigh(server, d.Weight)
			}
		}
		for _, d := range slices.Concat(v.Destinations, v.Out) {
			if d.Draining && !slices.Contains(c.Drained, d.Addr) {
				c.Drained = append(c.Drained, d.Addr)
			}
		}
		c.Services = append(c.Services, one)
	}
	for _, want := range w.Sysctls {
		c.Sysctls = append(c.Sysctls, want.Name)
	}
	for _, t := range timeouts {
		if *t.of(&w.Timeouts) != 0 {
			c.Timeouts = append(c.Timeouts, t.name)
		}
	}
	for _, d := range w.Daemons {
		c.Daemons = append(c.Daemons, roles.Name(d.State))
	}
	c.Adverts = claimed(w.adverts())
	slices.SortFunc(c.Drained, netip.Addr.Compare)
	return c
}

// with is what both claims hold: what the record says while the one becomes the
// other.
func (c Claim) with(next Claim) Claim {
	both := next
	both.VIPs = slices.Clone(next.VIPs)
	for _, p := range c.VIPs {
		if !slices.ContainsFunc(next.VIPs, p.same) {
			both.VIPs = append(both.VIPs, p)
		}
	}
	index := map[string]int{}
	both.Services = slices.Clone(next.Services)
	for i, v := range next.Services {
		index[v.Service] = i
	}
	for _, v := range c.Services {
		i, known := index[v.Service]
		if !known {
			both.Services = append(both.Services, v)
			continue
		}
		both.Services[i].RealServers = each.Once(both.Services[i].RealServers, v.RealServers)
		both.Services[i].Weights = maps.Clone(both.Services[i].Weights)
		for server, weights := range v.Weights {
			for _, weight := range weights {
				both.Services[i].weigh(server, weight)
			}
		}
	}
	both.Sysctls = each.Once(next.Sysctls, c.Sysctls)
	both.Timeouts, both.Daemons = each.Once(next.Timeouts, c.Timeouts), each.Once(next.Daemons, c.Daemons)
	both.Drained = each.Once(next.Drained, c.Drained)
	both.Adverts = each.Once(next.Adverts, c.Adverts)
	return both
}

// leaving is the claim, but for some VIPs, which are claimed as before.
func (c Claim) leaving(vips []netip.Addr, before *Claim) Claim {
	if len(vips) == 0 {
		return c
	}
	c.VIPs = slices.DeleteFunc(slices.Clone(c.VIPs), func(p Place) bool { return slices.Contains(vips, p.VIP) })
	if before == nil {
		return c
	}
	for _, p := range before.VIPs {
		if slices.Contains(vips, p.VIP) {
			c.VIPs = append(c.VIPs, p)
		}
	}
	return c
}

// same reports whether two places are one, by whom ever it was filled.
func (p Place) same(other Place) bool {
	p.Adopted = other.Adopted
	return p == other
}

// others are the claims of everybody else.
func (r *Record) others(who Claimant) holders {
	h := holders{
		vips: map[netip.Addr]bool{}, places: map[Place]Claimant{}, services: map[string]Claimant{}, servers: map[[2]string]bool{},
		drained: map[drainage]bool{},
		sysctls: map[string]Claimant{}, timeouts: map[string]Claimant{}, daemons: map[string]Claimant{},
	}
	for _, c := range r.Claims {
		if c.Claimant == who {
			continue
		}
		for _, p := range c.VIPs {
			h.vips[p.VIP] = true
			h.places[Place{VIP: p.VIP, Interface: p.Interface}] = c.Claimant
		}
		for _, v := range c.Services {
			h.services[v.Service] = c.Claimant
			for _, rs := range v.RealServers {
				h.servers[[2]string{v.Service, rs}] = true
			}
		}
		for _, rs := range c.Drained {
			for _, v := range c.Services {
				h.drained[drainage{v.Service, rs}] = true
			}
		}
		h.adverts = append(h.adverts, c.Adverts...)
		c.hold(h.sysctls, c.Sysctls)
		c.hold(h.timeouts, c.Timeouts)
		c.hold(h.daemons, c.Daemons)
	}
	return h
}

func (who Claimant) hold(held map[string]Claimant, names []string) {
	for _, name := range names {
		held[name] = who
	}
}

// holders say who claims what.
type holders struct {
	places   map[Place]Claimant // of VIP and interface alone
	services map[string]Claimant
	servers  map[[2]string]bool // service, real server
	drained  map[drainage]bool
	adverts  []host.Advert

	vips                       map[netip.Addr]bool
	sysctls, timeouts, daemons map[string]Claimant
}

// drainage is a real server that is drained in a service.
type drainage struct {
	service string
	rs      netip.Addr
}

func (h holders) place(p Place) (Claimant, bool) {
	who, held := h.places[Place{VIP: p.VIP, Interface: p.Interface}]
	return who, held
}

// gone is what a claim has that the next one has no longer.
func (c Claim) gone(next Claim) Claim {
	left := Claim{Claimant: c.Claimant}
	for _, p := range c.VIPs {
		if !slices.ContainsFunc(next.VIPs, p.same) {
			left.VIPs = append(left.VIPs, p)
		}
	}
	kept := map[string]bool{}
	for _, v := range next.Services {
		kept[v.Service] = true
	}
	for _, v := range c.Services {
		if !kept[v.Service] {
			left.Services = append(left.Services, v)
		}
	}
	return left
}
