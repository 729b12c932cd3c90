package rehearse

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/lab"
	"lvsdr/internal/lab/vnet"
)

// The hosts beside the real servers. The client is this process itself, in the
// network namespace where it was started: requests need no namespace entered.
const (
	client   = ""
	router   = "router"
	director = "director"
	switched = "switch" // a namespace with a bridge, whose ports are named for the hosts
	bridge   = "br0"
)

// prefix is what the namespaces' names begin with.
const prefix = "lvsdr-rehearse-"

// namespace is that of a host.
func namespace(name string) string {
	if name == client {
		return ""
	}
	return prefix + name
}

// in does something on a host.
func in(name string, do func() error) error { return vnet.In(namespace(name), do) }

// tidy removes what another rehearsal left.
func (s *stage) tidy() error {
	left, err := filepath.Glob(filepath.Join(vnet.Folder, prefix+"*"))
	for _, path := range left {
		err = errors.Join(err, lab.RemoveHost(filepath.Base(path)))
	}
	return err
}

// clients is how many addresses the client has, each in a network of its own:
// persistence and source hashing tell them apart, whatever the netmask.
const clients = 32

// clientAddress is one of the client's addresses of the family of a VIP.
func clientAddress(vip netip.Addr, i int) netip.Addr {
	if vip.Is4() {
		return netip.AddrFrom4([4]byte{198, 18, byte(i), 2})
	}
	return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 3: 0x02, 7: byte(i), 15: 2})
}

// build builds the network.
func (s *stage) build() error {
	names := []string{switched, router, director}
	for _, m := range s.machines {
		names = append(names, m.name)
	}
	for _, name := range names {
		if err := vnet.AddNamespace(namespace(name)); err != nil {
			return err
		}
		if err := in(name, func() error { return setParameters(name == router || name == director) }); err != nil {
			return fmt.Errorf("kernel parameters of %s: %w", name, err)
		}
	}
	if err := in(switched, func() error { return vnet.AddBridge(bridge) }); err != nil {
		return err
	}
	if err := vnet.AddVeth(vnet.End{Namespace: namespace(router), Link: "eth1"}, vnet.End{Link: "eth0"}); err != nil {
		return err
	}
	for _, build := range []func() error{s.buildRouter, s.buildClient, s.buildDirector} {
		if err := build(); err != nil {
			return err
		}
	}
	for _, m := range s.machines {
		if err := s.buildMachine(m); err != nil {
			return fmt.Errorf("build %s: %w", m.addr, err)
		}
	}
	return nil
}

// setParameters sets kernel parameters that a new namespace may have from the
// machine around.
func setParameters(forward bool) error {
	value := 0
	if forward {
		value = 1
	}
	err := (host.Sysctl{}).Set("net.ipv4.ip_forward", value)
	for _, link := range []string{"all", "default", "lo"} {
		for _, name := range []string{"rp_filter", "arp_ignore", "arp_announce"} {
			err = errors.Join(err, host.Sysctl{}.Set(host.LinkParameter(link, name), 0))
		}
	}
	if forward {
		host.Sysctl{}.Set("net.ipv6.conf.all.forwarding", 1) // unless the kernel has no IPv6
	}
	return err
}

// plug gives a host an interface on the switch.
func plug(name, link string) error {
	err := vnet.AddVeth(vnet.End{Namespace: namespace(name), Link: link}, vnet.End{Namespace: namespace(switched), Link: name})
	if err != nil {
		return err
	}
	return in(switched, func() error { return errors.Join(vnet.Plug(name, bridge), vnet.SetUp(name)) })
}

// defaultRoutes leads to a gateway of each family.
func defaultRoutes(gateways ...netip.Addr) error {
	for _, g := range gateways {
		if g.IsValid() {
			r := vnet.Route{Prefix: netip.PrefixFrom(g, 0).Masked(), Via: g}
			if err := vnet.AddRoute(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// families are the client's networks of the VIPs' families.
func (l *cluster) families() []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(clientNetworks), func(n netip.Prefix) bool {
		return !slices.ContainsFunc(l.services, func(s *service) bool { return s.at.Addr().Is4() == n.Addr().Is4() })
	})
}

// gateway is the router as the client knows it.
func gateway(n netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(n.Addr().Next(), n.Bits())
}

// buildRouter has the router find the VIPs: those of IPv4, and those on a network
// interface of the director, on the wire; others are behind the director.
func (s *stage) buildRouter() error {
	if err := plug(router, "eth0"); err != nil {
		return err
	}
	onLoopback := interfaceOf(s.config.LabelOfDirector()) == "lo"
	return in(router, func() error {
		if err := vnet.AddAddresses("eth0", s.router...); err != nil {
			return err
		}
		for _, n := range s.families() {
			if err := vnet.AddAddresses("eth1", gateway(n)); err != nil {
				return err
			}
		}
		for _, vip := range s.config.AllVIPs() {
			r := vnet.Route{Prefix: netip.PrefixFrom(vip, vip.BitLen()), Link: "eth0"}
			if vip.Is6() && onLoopback {
				r.Via = first(s.director, vip)
			}
			if err := vnet.ReplaceRoute(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *stage) buildClient() error {
	return in(client, func() error {
		for _, n := range s.families() {
			var own []netip.Prefix
			for i := range clients {
				own = append(own, netip.PrefixFrom(clientAddress(n.Addr(), i), n.Bits()))
			}
			if err := vnet.AddAddresses("eth0", own...); err != nil {
				return err
			}
			if err := defaultRoutes(gateway(n).Addr()); err != nil {
				return err
			}
		}
		return nil
	})
}

// interfaceOf is the interface of a label.
func interfaceOf(label string) string {
	name, _, _ := strings.Cut(label, ":")
	return name
}

// buildDirector gives the director the interfaces that the file names: the first
// is on the switch.
func (s *stage) buildDirector() error {
	wanted := []string{interfaceOf(s.config.LabelOfDirector())}
	if s.config.Sync != nil {
		wanted = append(wanted, s.config.Sync.Interface)
	}
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "lo" || name == "" })
	if len(wanted) == 0 {
		wanted = []string{"eth0"}
	}
	if err := plug(director, wanted[0]); err != nil {
		return err
	}
	return in(director, func() error {
		if err := vnet.AddAddresses(wanted[0], s.director...); err != nil {
			return err
		}
		for _, name := range slices.Compact(wanted)[1:] {
			if err := vnet.AddDummy(name); err != nil {
				return err
			}
		}
		var to []netip.Addr
		for _, n := range clientNetworks {
			to = append(to, first(s.router, n.Addr()))
		}
		return defaultRoutes(to...)
	})
}

// buildMachine builds a real server.
func (s *stage) buildMachine(m *machine) error {
	var link string
	for _, name := range s.config.ARP.Interfaces {
		if name != "all" && name != "default" && name != "lo" {
			link = name
			break
		}
	}
	if link == "" {
		link = "eth0"
	}
	if err := plug(m.name, link); err != nil {
		return err
	}
	return in(m.name, func() error {
		if err := vnet.AddAddresses(link, netip.PrefixFrom(m.addr, networkAround(m.addr).Bits())); err != nil {
			return err
		}
		if m.tunnelled {
			if err := vnet.SetUpTunnel(m.addr.Is6()); err != nil {
				return err
			}
		}
		for _, name := range append(s.config.ARP.Interfaces, interfaceOf(s.config.Label)) {
			if err := missing(name, link); err != nil {
				return err
			}
		}
		to := near(s.router, m.addr)
		if m.masqueraded {
			to = near(s.director, m.addr)
		}
		return defaultRoutes(to)
	})
}

// missing makes an interface that the file names and a real server lacks.
func missing(name, link string) error {
	if name == "all" || name == "default" || name == link {
		return nil
	}
	if err := vnet.SetUp(name); err == nil {
		return nil
	}
	return vnet.AddDummy(name)
}
