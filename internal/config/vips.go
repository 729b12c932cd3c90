package config

import (
	"cmp"
	"net/netip"
	"slices"

	"lvsdr/internal/each"
	"lvsdr/internal/ipvs"
)

// vips are the VIPs of a service: its own or the common ones.
func (c Config) vips(s Service) []netip.Addr {
	if len(s.VIPs) > 0 {
		return s.VIPs
	}
	return c.VIPs
}

// AllVIPs are the common VIPs and those of the services, each once.
func (c Config) AllVIPs() []netip.Addr {
	lists := [][]netip.Addr{c.VIPs}
	for _, s := range c.Services {
		lists = append(lists, s.VIPs)
	}
	return each.Once(lists...)
}

// LabelOfDirector is the interface:alias that carries the VIPs on the director.
func (c Config) LabelOfDirector() string { return cmp.Or(c.DirectorLabel, c.Label) }

// Forwards reports whether a method leads to some real server of a service;
// where a service lists none, its own method counts.
func (c Config) Forwards(f ipvs.Forward) bool {
	return slices.ContainsFunc(c.Services, func(s Service) bool {
		servers := c.everyone(s)
		return len(servers) == 0 && s.Forward == f ||
			slices.ContainsFunc(servers, func(r RealServer) bool { return r.forward(s) == f })
	})
}

// Masquerades reports whether a VIP has services with real servers, and all of
// these are reached by masquerading: none of them has to have the VIP.
func (c Config) Masquerades(vip netip.Addr) bool {
	some := false
	for _, s := range c.Services {
		if !slices.Contains(c.vips(s), vip) {
			continue
		}
		for _, r := range c.everyone(s) {
			if r.forward(s) != ipvs.Masquerade {
				return false
			}
			some = true
		}
	}
	return some
}

// checkVIPs looks for a VIP that is in its list before, and for one of the file
// that no service is on.
func checkVIPs(c Config) *Fault {
	if fault := once(c.VIPs, "VIP", "vip"); fault != nil {
		return fault
	}
	common, used := false, map[netip.Addr]bool{}
	for i, s := range c.Services {
		common = common || len(s.VIPs) == 0
		if fault := once(s.VIPs, "VIP", path("services").item(i).key("vip")); fault != nil {
			return fault
		}
		for _, vip := range s.VIPs {
			used[vip] = true
		}
	}
	for i, vip := range c.VIPs {
		if !common && !used[vip] {
			return clash("no service uses it: each has a vip of its own", "none, or a service without vip", path("vip").item(i))
		}
	}
	return nil
}

// vipsOf is where the VIPs of a service are from.
func (c Config) vipsOf(service int) path {
	if len(c.Services[service].VIPs) > 0 {
		return path("services").item(service).key("vip")
	}
	return "vip"
}

// vipPlaces are the VIPs with the place of each.
func (c Config) vipPlaces() map[netip.Addr]path {
	places := map[netip.Addr]path{}
	note := func(vips []netip.Addr, at path) {
		for i, vip := range vips {
			if _, known := places[vip]; !known {
				places[vip] = at.item(i)
			}
		}
	}
	note(c.VIPs, "vip")
	for i, s := range c.Services {
		note(s.VIPs, path("services").item(i).key("vip"))
	}
	return places
}
