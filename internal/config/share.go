package config

import (
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
)

// Share is what a configuration wants of one real server.
type Share struct {
	// VIPs are what it takes: those of the services that list one of its addresses
	// with direct routing or a tunnel, as a real server or a sorry one.
	VIPs   []netip.Addr
	Listed bool // some service lists it, if only with masquerading
}

// ShareOf is the share of the machine with these addresses. Loopback addresses
// do not count: every machine has them.
func (c Config) ShareOf(own []netip.Addr) Share {
	var share Share
	has := make(map[netip.Addr]bool, len(own))
	for _, a := range own {
		has[a] = !a.IsLoopback()
	}
	taken := map[netip.Addr]bool{}
	for _, s := range c.Services {
		for _, r := range c.everyone(s) {
			if !has[r.Addr] {
				continue
			}
			share.Listed = true
			if r.forward(s) == ipvs.Masquerade {
				continue
			}
			for _, vip := range c.vips(s) {
				taken[vip] = true
			}
			break
		}
	}
	share.VIPs = slices.DeleteFunc(c.AllVIPs(), func(vip netip.Addr) bool { return !taken[vip] })
	return share
}

// Lists reports whether some service has real servers.
func (c Config) Lists() bool {
	return slices.ContainsFunc(c.Services, func(s Service) bool { return len(c.servers(s)) > 0 })
}

// Carrying is the configuration of a real server that takes these VIPs alone.
func (c Config) Carrying(vips []netip.Addr) Config {
	c.VIPs, c.Services = vips, slices.Clone(c.Services)
	for i := range c.Services {
		c.Services[i].VIPs = nil
	}
	return c
}
