package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
)

// Validate reports what a director lacks or what cannot be. [Load] and
// [Overrides.Apply] have checked what they were given, but either may give what
// the other lacks.
func (c Config) Validate() error {
	if err := c.ValidateRealServer(); err != nil {
		return err
	}
	for i, s := range c.Services {
		if len(c.servers(s)) == 0 {
			return fmt.Errorf("services[%d]: no real servers, expected some in the file or with --rs", i)
		}
	}
	return nil
}

// ValidateRealServer is [Config.Validate] for a real server, which need not
// know the others.
func (c Config) ValidateRealServer() error {
	if len(c.VIPs) == 0 {
		return errors.New("no VIP, expected one in the file or with --vip")
	}
	if p := c.problem(); p != nil {
		return p
	}
	return nil
}

// problem is the first thing that cannot be, whatever may still be lacking.
func (c Config) problem() *problem {
	for _, check := range []func(Config) *problem{
		checkVIPs, checkInterfaces, checkServices, checkServers, checkFamilies, checkUse,
	} {
		if p := check(c); p != nil {
			return p
		}
	}
	return nil
}

func checkVIPs(c Config) *problem {
	if i := repeated(c.VIPs); i >= 0 {
		return &problem{at: path("vip").item(i), what: "the same VIP again", want: "each VIP once"}
	}
	return nil
}

func checkInterfaces(c Config) *problem {
	if i := repeated(c.ARP.Interfaces); i >= 0 {
		at := path("arp.interfaces").item(i)
		return &problem{at: at, what: "the same interface again", want: "each interface once"}
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

func checkServices(c Config) *problem {
	type identity struct {
		mark     uint32
		family   ipvs.AddressFamily
		protocol ipvs.Protocol
		port     uint16
	}
	var all []identity
	for i, s := range c.Services {
		if p := checkService(s, path("services").item(i)); p != nil {
			return p
		}
		all = append(all, identity{s.FWMark, s.Family, s.Protocol, s.Port})
	}
	if i := repeated(all); i >= 0 {
		return &problem{at: path("services").item(i), what: "the same service again", want: "each service once"}
	}
	return nil
}

// checkService looks at what a service says of itself.
func checkService(s Service, at path) *problem {
	switch {
	case s.Port == 0 && s.FWMark == 0 && s.Persistent == 0:
		return &problem{
			at: at.key("port"), also: []path{at.key("persistent")},
			what: "port 0 is every port, and needs persistence",
			want: "a number from 1 to 65535, or persistent as well",
		}
	case s.Netmask != 0 && s.Persistent == 0:
		return &problem{
			at: at.key("netmask"), also: []path{at.key("persistent")},
			what: "netmask without persistence", want: "persistent as well",
		}
	case s.OnePacket && s.FWMark == 0 && s.Protocol != ipvs.UDP:
		return &problem{
			at: at.key("one_packet"), also: []path{at.key("protocol")},
			what: "one_packet without UDP", want: "protocol: udp, or fwmark",
		}
	}
	return nil
}

// checkServers looks at each list of real servers, and the services that use it.
func checkServers(c Config) *problem {
	if p := c.checkList(c.RealServers, "real_servers"); p != nil {
		return p
	}
	for i, s := range c.Services {
		service := path("services").item(i)
		at := path("real_servers")
		if len(s.RealServers) > 0 {
			at = service.key("real_servers")
			if p := c.checkList(s.RealServers, at); p != nil {
				return p
			}
		}
		if p := checkPorts(c.servers(s), s, at, service); p != nil {
			return p
		}
	}
	return nil
}

// checkList looks at real servers on their own.
func (c Config) checkList(list []RealServer, at path) *problem {
	for i, r := range list {
		if r.Lower > r.Upper {
			return &problem{
				at: at.item(i).key("lower"), what: "above the upper threshold",
				want: fmt.Sprintf("a number from 0 to %d", r.Upper),
			}
		}
		if j := slices.Index(c.VIPs, r.Addr); j >= 0 {
			return &problem{
				at: at.item(i).key("address"), also: []path{at.item(i), path("vip").item(j)},
				what: fmt.Sprintf("%s is a VIP", r.Addr), want: "the real server's own address",
			}
		}
	}
	return nil
}

// checkPorts looks at the ports of real servers for a service.
func checkPorts(list []RealServer, s Service, at, service path) *problem {
	var all []netip.AddrPort
	for i, r := range list {
		if r.Port != 0 && s.Forward != ipvs.Masquerade {
			return &problem{
				at: at.item(i).key("port"), also: []path{at.item(i), service.key("forward")},
				what: "a real server's port with forward: " + ipvs.Methods.Name(s.Forward),
				want: "none, or forward: masquerade",
			}
		}
		all = append(all, netip.AddrPortFrom(r.Addr, r.port(s)))
	}
	if i := repeated(all); i >= 0 {
		return &problem{
			at: at.item(i), also: []path{service},
			what: "the same real server again", want: "each real server once",
		}
	}
	return nil
}
