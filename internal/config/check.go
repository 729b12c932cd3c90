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
	if len(c.VIPs) == 0 {
		return &Fault{What: "no VIP", Want: "one in the file or with --vip"}
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
		checkVIPs, checkInterfaces, checkSize, checkServices, checkServers, checkFamilies, checkUse,
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

func checkVIPs(c Config) *Fault { return once(c.VIPs, "VIP", "vip") }

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

// checkSize bounds what the other checks and the kernel have to look through.
func checkSize(c Config) *Fault {
	entries := 0
	for _, s := range c.Services {
		entries += max(len(c.VIPs), 1) * (1 + len(c.servers(s)))
	}
	if entries > maxEntries {
		return clash(fmt.Sprintf("a table of %d entries", entries), fmt.Sprintf("at most %d", maxEntries),
			"services", "vip", "real_servers")
	}
	return nil
}

func checkServices(c Config) *Fault {
	var all []ipvs.Key
	for i, s := range c.Services {
		if fault := checkService(s, path("services").item(i)); fault != nil {
			return fault
		}
		all = append(all, ipvs.Key{FWMark: s.FWMark, Family: s.Family, Protocol: s.Protocol, Port: s.Port})
	}
	return once(all, "service", "services")
}

// checkService looks at what a service says of itself.
func checkService(s Service, at path) *Fault {
	switch {
	case s.Port == 0 && s.FWMark == 0 && s.Persistent == 0:
		return clash("port 0 is every port, and needs persistence", "a number from 1 to 65535, or persistent as well",
			at.key("port"), at.key("persistent"))
	case s.Netmask != 0 && s.Persistent == 0:
		return clash("netmask without persistence", "persistent as well", at.key("netmask"), at.key("persistent"))
	case s.OnePacket && s.FWMark == 0 && s.Protocol != ipvs.UDP:
		return clash("one_packet without UDP", "protocol: udp, or fwmark", at.key("one_packet"), at.key("protocol"))
	}
	return nil
}

// checkServers looks at each list of real servers, and the services that use it.
func checkServers(c Config) *Fault {
	vips := map[netip.Addr]int{}
	for i, vip := range c.VIPs {
		vips[vip] = i
	}
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

// checkList looks at real servers beside the VIPs, with their indices.
func checkList(list []RealServer, at path, vips map[netip.Addr]int) *Fault {
	for i, r := range list {
		if r.Lower > r.Upper {
			return clash("above the upper threshold", fmt.Sprintf("a number from 0 to %d", r.Upper), at.item(i).key("lower"))
		}
		if j, ok := vips[r.Addr]; ok {
			return clash(fmt.Sprintf("%s is a VIP", r.Addr), "the real server's own address",
				at.item(i).key("address"), at.item(i), path("vip").item(j))
		}
	}
	return nil
}

// checkPorts looks at the ports of real servers for a service.
func checkPorts(list []RealServer, s Service, at, service path) *Fault {
	var all []netip.AddrPort
	for i, r := range list {
		if r.Port != 0 && s.Forward != ipvs.Masquerade {
			return clash("a real server's port with forward: "+ipvs.Methods.Name(s.Forward), "none, or forward: masquerade",
				at.item(i).key("port"), at.item(i), service.key("forward"))
		}
		all = append(all, netip.AddrPortFrom(r.Addr, r.port(s)))
	}
	return once(all, "real server", at, service)
}
