package config

import (
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

func checkVIPs(c Config) *Fault {
	if i := repeated(c.VIPs); i >= 0 {
		return &Fault{at: path("vip").item(i), What: "the same VIP again", Want: "each VIP once"}
	}
	return nil
}

func checkInterfaces(c Config) *Fault {
	if i := repeated(c.ARP.Interfaces); i >= 0 {
		at := path("arp.interfaces").item(i)
		return &Fault{at: at, What: "the same interface again", Want: "each interface once"}
	}
	return nil
}

// repeated is the first value that was there before, or -1.
func repeated[T comparable](all []T) int {
	seen := make(map[T]bool, len(all))
	for i, v := range all {
		if seen[v] {
			return i
		}
		seen[v] = true
	}
	return -1
}

// checkSize bounds what the other checks and the kernel have to look through.
func checkSize(c Config) *Fault {
	entries := 0
	for _, s := range c.Services {
		entries += max(len(c.VIPs), 1) * (1 + len(c.servers(s)))
	}
	if entries > maxEntries {
		return &Fault{
			at: "services", also: []path{"vip", "real_servers"},
			What: fmt.Sprintf("a table of %d entries", entries), Want: fmt.Sprintf("at most %d", maxEntries),
		}
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
	if i := repeated(all); i >= 0 {
		return &Fault{at: path("services").item(i), What: "the same service again", Want: "each service once"}
	}
	return nil
}

// checkService looks at what a service says of itself.
func checkService(s Service, at path) *Fault {
	switch {
	case s.Port == 0 && s.FWMark == 0 && s.Persistent == 0:
		return &Fault{
			at: at.key("port"), also: []path{at.key("persistent")},
			What: "port 0 is every port, and needs persistence",
			Want: "a number from 1 to 65535, or persistent as well",
		}
	case s.Netmask != 0 && s.Persistent == 0:
		return &Fault{
			at: at.key("netmask"), also: []path{at.key("persistent")},
			What: "netmask without persistence", Want: "persistent as well",
		}
	case s.OnePacket && s.FWMark == 0 && s.Protocol != ipvs.UDP:
		return &Fault{
			at: at.key("one_packet"), also: []path{at.key("protocol")},
			What: "one_packet without UDP", Want: "protocol: udp, or fwmark",
		}
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
		if fault := checkList(s.RealServers, c.listOf(i), vips); fault != nil {
			return fault
		}
		if fault := checkPorts(c.servers(s), s, c.listOf(i), path("services").item(i)); fault != nil {
			return fault
		}
	}
	return nil
}

// checkList looks at real servers beside the VIPs, with their indices.
func checkList(list []RealServer, at path, vips map[netip.Addr]int) *Fault {
	for i, r := range list {
		if r.Lower > r.Upper {
			return &Fault{
				at: at.item(i).key("lower"), What: "above the upper threshold",
				Want: fmt.Sprintf("a number from 0 to %d", r.Upper),
			}
		}
		if j, ok := vips[r.Addr]; ok {
			return &Fault{
				at: at.item(i).key("address"), also: []path{at.item(i), path("vip").item(j)},
				What: fmt.Sprintf("%s is a VIP", r.Addr), Want: "the real server's own address",
			}
		}
	}
	return nil
}

// checkPorts looks at the ports of real servers for a service.
func checkPorts(list []RealServer, s Service, at, service path) *Fault {
	var all []netip.AddrPort
	for i, r := range list {
		if r.Port != 0 && s.Forward != ipvs.Masquerade {
			return &Fault{
				at: at.item(i).key("port"), also: []path{at.item(i), service.key("forward")},
				What: "a real server's port with forward: " + ipvs.Methods.Name(s.Forward),
				Want: "none, or forward: masquerade",
			}
		}
		all = append(all, netip.AddrPortFrom(r.Addr, r.port(s)))
	}
	if i := repeated(all); i >= 0 {
		return &Fault{
			at: at.item(i), also: []path{service},
			What: "the same real server again", Want: "each real server once",
		}
	}
	return nil
}
