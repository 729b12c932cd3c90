package config

import (
	"fmt"
	"slices"

	"lvsdr/internal/ipvs"
)

// checkFamilies looks at whether masks, marks and real servers fit the VIPs.
func checkFamilies(c Config) *Fault {
	for i, s := range c.Services {
		for _, f := range c.families(s) {
			if fault := c.checkFamily(i, s, f); fault != nil {
				return fault
			}
		}
	}
	return nil
}

// checkFamily looks at one service in one address family.
func (c Config) checkFamily(i int, s Service, f ipvs.AddressFamily) *Fault {
	at, name := path("services").item(i), familyName(f)
	switch {
	case s.Netmask != 0 && s.Netmask.Family() != f:
		return clash("the service is "+name, maskOf(f), at.key("netmask"), c.vipOf(i, f))
	case s.FWMark != 0 && len(c.vips(s)) > 0 && c.vipOf(i, f) == "":
		return clash("the mark is "+name+", but no VIP is", "the family of a VIP",
			at.key("fwmark"), at.key("family"), c.vipsOf(i).item(0))
	case len(c.servers(s)) > 0 && len(c.serve(s, f)) == 0:
		return clash("no real server is "+name+", but a VIP is", "a real server with "+name+", or forward: tunnel",
			c.listOf(i), c.vipOf(i, f), at.key("family"), at.key("forward"))
	}
	return nil
}

// checkUse looks for real servers that no VIP can use.
func checkUse(c Config) *Fault {
	if slices.ContainsFunc(c.Services, func(s Service) bool { return len(c.vips(s)) == 0 }) {
		return nil
	}
	used := map[*RealServer]bool{}
	for _, s := range c.Services {
		for _, f := range c.families(s) {
			serves, servers := c.serves(s, f), c.servers(s)
			for j := range servers {
				used[&servers[j]] = used[&servers[j]] || serves(servers[j])
			}
		}
	}
	for i, s := range c.Services {
		servers := c.servers(s)
		for j, r := range servers {
			if !used[&servers[j]] {
				return clash(fmt.Sprintf("%s is %s, but no VIP is", r.Addr, familyName(ipvs.FamilyOf(r.Addr))),
					"the family of a VIP, or forward: tunnel",
					c.listOf(i).item(j), c.vipsOf(i).item(0), path("services").item(i).key("forward"))
			}
		}
	}
	return nil
}

// listOf is where the real servers of a service are from.
func (c Config) listOf(service int) path {
	if len(c.Services[service].RealServers) > 0 {
		return path("services").item(service).key("real_servers")
	}
	return "real_servers"
}

// vipOf is a service's first VIP of an address family; "" if there is none.
func (c Config) vipOf(service int, f ipvs.AddressFamily) path {
	for i, vip := range c.vips(c.Services[service]) {
		if ipvs.FamilyOf(vip) == f {
			return c.vipsOf(service).item(i)
		}
	}
	return ""
}

func familyName(f ipvs.AddressFamily) string {
	if f == ipvs.INET6 {
		return "IPv6"
	}
	return "IPv4"
}

func maskOf(f ipvs.AddressFamily) string {
	if f == ipvs.INET6 {
		return "a prefix length from 1 to 128"
	}
	return "a mask like 255.255.255.0"
}
