package config

import (
	"cmp"
	"fmt"
	"net/netip"

	"lvsdr/internal/ipvs"
)

// maxEntries bounds the table: every VIP has every service, and that every real
// server.
const maxEntries = 1 << 20

// Validate reports what a director lacks or what cannot be. [Load] and
// [Overrides.Apply] have checked what they were given, but either may give what
// the other lacks.
func (c Config) Validate() error {
	if err := c.ValidateRealServer(); err != nil {
		return err
	}
	for i, s := range c.Services {
		if len(c.servers(s)) == 0 {
			at := path("services").item(i)
			return &Fault{Subject: string(at), What: "no real servers", Want: "some in the file or with --rs"}
		}
	}
	return nil
}

// ValidateRealServer is [Config.Validate] for a real server, which need not
// know the others.
func (c Config) ValidateRealServer() error {
	const want = "one in the file or with --vip"
	if len(c.AllVIPs()) == 0 {
		return &Fault{What: "no VIP", Want: want}
	}
	for i, s := range c.Services {
		if len(c.vips(s)) == 0 {
			return &Fault{Subject: string(path("services").item(i)), What: "no VIP", Want: want}
		}
	}
	if fault := c.check(); fault != nil {
		fault.Subject = string(fault.at)
		return fault
	}
	return nil
}

// check finds the first thing that cannot be, whatever may still be lacking.
// Who calls it says where the fault is.
func (c Config) check() *Fault {
	for _, check := range []func(Config) *Fault{
		checkVIPs, checkInterfaces, checkSize, checkServices, checkNames, checkServers, checkFamilies, checkUse,
		checkSync, checkChecks, checkSorry, checkTable,
	} {
		if fault := check(c); fault != nil {
			return fault
		}
	}
	return nil
}

// clash is a fault of the value at a place, and of others that have a share in
// it.
func clash(what, want string, at path, also ...path) *Fault {
	return &Fault{What: what, Want: want, at: at, also: also}
}

func checkInterfaces(c Config) *Fault { return once(c.ARP.Interfaces, "interface", "arp.interfaces") }

// once looks for a value that is in the list before.
func once[T comparable](list []T, name string, at path, also ...path) *Fault {
	seen := make(map[T]bool, len(list))
	for i, v := range list {
		if seen[v] {
			return clash("the same "+name+" again", "each "+name+" once", at.item(i), also...)
		}
		seen[v] = true
	}
	return nil
}

// checkTable keeps two daemons from moving the same VIP.
func checkTable(c Config) *Fault {
	if c.AnnounceTable != 0 && c.Watch.VIP == VIPVRRP {
		return clash("announce_table with VIPs that VRRP moves", "announce_table, or vip: vrrp in watch", "announce_table", "watch.vip")
	}
	return nil
}

// checkSize bounds what the other checks and the kernel have to look through.
func checkSize(c Config) *Fault {
	entries := 0
	for _, s := range c.Services {
		entries += max(len(c.vips(s)), 1) * (1 + len(c.servers(s)) + len(s.Sorry.Servers))
	}
	if entries > maxEntries {
		return clash(fmt.Sprintf("a table of %d entries", entries), fmt.Sprintf("at most %d", maxEntries),
			"services", "vip", "real_servers")
	}
	return nil
}

// checkServices looks at each service, and for two of the same identity.
func checkServices(c Config) *Fault {
	seen := map[ipvs.Key]bool{}
	for i, s := range c.Services {
		at := path("services").item(i)
		if fault := checkService(s, at); fault != nil {
			return fault
		}
		for _, key := range c.keys(s) {
			if seen[key] {
				return clash("the same service again", "each service once", at, at.key("vip"), "vip")
			}
			seen[key] = true
		}
	}
	return nil
}

// keys are the identities of a service: one on each VIP. While the VIPs are not
// known, a port has one without.
func (c Config) keys(s Service) []ipvs.Key {
	key := ipvs.Key{FWMark: s.FWMark, Family: s.Family, Protocol: s.Protocol, Port: s.Port}
	vips := c.vips(s)
	if s.FWMark != 0 || len(vips) == 0 {
		return []ipvs.Key{key}
	}
	var all []ipvs.Key
	for _, vip := range vips {
		key.Addr = vip
		all = append(all, key)
	}
	return all
}

// checkNames looks for two services of one name.
func checkNames(c Config) *Fault {
	seen := map[string]bool{}
	for i, s := range c.Services {
		if s.Name != "" && seen[s.Name] {
			return clash("the name of another service", "each name once", path("services").item(i).key("name"))
		}
		seen[s.Name] = true
	}
	return nil
}

// checkService looks at what a service says of itself.
func checkService(s Service, at path) *Fault {
	switch {
	case s.Port == 0 && s.FWMark == 0 && s.Persistent == 0:
		return clash("port 0 is every port, and needs persistence", "a number from 1 to 65535, or persistent as well",
			at.key("port"), at.key("persistent"))
	case s.Netmask != 0 && s.Netmask != ipvs.SingleClients(s.Netmask.Family()) && s.Persistent == 0:
		return clash("netmask without persistence", "persistent as well", at.key("netmask"), at.key("persistent"))
	case s.OnePacket && s.FWMark == 0 && s.Protocol != ipvs.UDP:
		return clash("one_packet without UDP", "protocol: udp, or fwmark", at.key("one_packet"), at.key("protocol"))
	}
	return nil
}

// checkServers looks at each list of real servers, and the services that use it.
func checkServers(c Config) *Fault {
	vips := c.vipPlaces()
	if fault := checkList(c.RealServers, "real_servers", vips); fault != nil {
		return fault
	}
	for i, s := range c.Services {
		at := c.listOf(i)
		fault := cmp.Or(checkList(s.RealServers, at, vips), checkPorts(c.servers(s), s, at, path("services").item(i)))
		if fault != nil {
			return fault
		}
	}
	return nil
}

// checkList looks at real servers beside the VIPs, with their places.
func checkList(list []RealServer, at path, vips map[netip.Addr]path) *Fault {
	for i, r := range list {
		if r.Lower > r.Upper {
			return clash("above the upper threshold", fmt.Sprintf("a number from 0 to %d", r.Upper), at.item(i).key("lower"))
		}
		if vip, ok := vips[r.Addr]; ok {
			return clash(fmt.Sprintf("%s is a VIP", r.Addr), "the real server's own address",
				at.item(i).key("address"), at.item(i), vip)
		}
	}
	return nil
}

// checkPorts looks at the ports of real servers for a service.
func checkPorts(list []RealServer, s Service, at, service path) *Fault {
	var all []netip.AddrPort
	for i, r := range list {
		if forward := r.forward(s); r.Port != 0 && forward != ipvs.Masquerade {
			return clash("a real server's port with forward: "+ipvs.Methods.Name(forward), "none, or forward: masquerade",
				at.item(i).key("port"), at.item(i), service.key("forward"))
		}
		all = append(all, netip.AddrPortFrom(r.Addr, r.port(s)))
	}
	return once(all, "real server", at, service)
}
