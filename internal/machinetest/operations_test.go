package machinetest

import (
	"net/netip"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// machine is all that can be asked of a machine.
type machine interface {
	reader
	Info() ipvs.Info
	Close() error
	Service(ipvs.Service) (ipvs.ServiceEntry, error)
	AddService(ipvs.Service) error
	EditService(ipvs.Service) error
	DeleteService(ipvs.Service) error
	AddDestination(ipvs.Service, ipvs.Destination) error
	EditDestination(ipvs.Service, ipvs.Destination) error
	DeleteDestination(ipvs.Service, ipvs.Destination) error
	Flush() error
	Zero() error
	ZeroService(ipvs.Service) error
	SetTimeouts(ipvs.Timeouts) error
	StartDaemon(ipvs.Daemon) error
	StopDaemon(ipvs.Daemon) error
	AddAddress(host.Address) error
	DeleteAddress(host.Address) error
	Advertise(host.Advert) error
	Withdraw(host.Advert) error
	AddressesOn(links []host.Link) ([]host.Address, error)
	Routes(links []host.Link) ([]host.Route, error)
	Facing(vip netip.Addr) ([]host.Link, error)
	Announce(host.Link, netip.Addr) error
	Neighbours(links []host.Link) ([]host.Neighbour, error)
	Ask([]wire.Question, []host.Link, []host.Address, time.Duration) []wire.Reply
	RouteTo(netip.Addr, []host.Link) (host.Hop, error)
	Listeners() ([]host.Listener, error)
	VRRP() (bool, error)
	Connect(ipvs.Protocol, []netip.AddrPort, time.Duration) ([]error, error)
	Release() (string, error)
	Set(sysctl string, value int) error
}

// thisKernel is the machine that the test runs on.
type thisKernel struct {
	*ipvs.Conn
	*host.Host
	host.Sysctl
	wire.Wire
}

var (
	_ machine = (*Machine)(nil)
	_ machine = thisKernel{}
)

// with returns v after a change.
func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

var (
	web  = ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: netip.MustParseAddr("172.16.0.100"), Port: 80, Scheduler: "wrr", Netmask: 0xffffffff}
	six  = ipvs.Service{Family: ipvs.INET6, Protocol: ipvs.UDP, Addr: netip.MustParseAddr("fd00::100"), Port: 53, Scheduler: "rr", Netmask: 128}
	mark = ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, FWMark: 7, Scheduler: "sh", Netmask: 0xffffffff}
	rs1  = ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 80, Forward: ipvs.DirectRoute, Weight: 1}
	rs2  = ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.17"), Port: 80, Forward: ipvs.DirectRoute, Weight: 1}
	rs6  = ipvs.Destination{Family: ipvs.INET6, Addr: netip.MustParseAddr("fd00::7"), Port: 53, Forward: ipvs.Masquerade, Weight: 1}
	vip4 = host.Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "lo", Label: "lo:1"}
	vip6 = host.Address{Prefix: netip.MustParsePrefix("fd00::100/128"), Interface: "lo", Deprecated: true}

	advert4 = host.Advert{VIP: netip.MustParseAddr("172.16.0.100"), Table: AdvertTable, Metric: 1}
	advert6 = host.Advert{VIP: netip.MustParseAddr("fd00::100"), Table: AdvertTable, Metric: 1}

	master = ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: 3}
	backup = ipvs.Daemon{State: ipvs.Backup, Interface: "eth0"}
)

// operation is a change that both machines make.
type operation struct {
	name string
	do   func(machine) error
}

func addService(name string, s ipvs.Service) operation {
	return operation{"add " + name, func(m machine) error { return m.AddService(s) }}
}

func editService(name string, s ipvs.Service) operation {
	return operation{"edit " + name, func(m machine) error { return m.EditService(s) }}
}

func deleteService(name string, s ipvs.Service) operation {
	return operation{"delete " + name, func(m machine) error { return m.DeleteService(s) }}
}

func addServer(name string, s ipvs.Service, d ipvs.Destination) operation {
	return operation{"add server " + name, func(m machine) error { return m.AddDestination(s, d) }}
}

func editServer(name string, s ipvs.Service, d ipvs.Destination) operation {
	return operation{"edit server " + name, func(m machine) error { return m.EditDestination(s, d) }}
}

func deleteServer(name string, s ipvs.Service, d ipvs.Destination) operation {
	return operation{"delete server " + name, func(m machine) error { return m.DeleteDestination(s, d) }}
}

func addAddress(name string, a host.Address) operation {
	return operation{"add address " + name, func(m machine) error { return m.AddAddress(a) }}
}

func deleteAddress(name string, a host.Address) operation {
	return operation{"delete address " + name, func(m machine) error { return m.DeleteAddress(a) }}
}

func advertise(name string, a host.Advert) operation {
	return operation{"advertise " + name, func(m machine) error { return m.Advertise(a) }}
}

func withdraw(name string, a host.Advert) operation {
	return operation{"withdraw " + name, func(m machine) error { return m.Withdraw(a) }}
}

func set(name string, value int) operation {
	return operation{"set " + name, func(m machine) error { return m.Set(name, value) }}
}

// serviceOperations are about virtual services.
func serviceOperations() []operation {
	return []operation{
		deleteService("nothing", web),
		editService("nothing", web),
		{"zero nothing", func(m machine) error { return m.ZeroService(web) }},
		addService("web", web),
		addService("web twice", web),
		addService("web twice with no scheduler", with(web, func(s *ipvs.Service) { s.Scheduler = "nosuch" })),
		addService("another port", with(web, func(s *ipvs.Service) { s.Port = 81 })),
		addService("another protocol", with(web, func(s *ipvs.Service) { s.Protocol = ipvs.UDP })),
		addService("sctp", with(web, func(s *ipvs.Service) { s.Protocol = ipvs.SCTP })),
		addService("unknown protocol", with(web, func(s *ipvs.Service) { s.Protocol, s.Port = 1, 82 })),
		addService("unknown scheduler", with(web, func(s *ipvs.Service) { s.Port, s.Scheduler = 82, "nosuch" })),
		addService("no scheduler", with(web, func(s *ipvs.Service) { s.Port, s.Scheduler = 82, "" })),
		addService("the scheduler that is none", with(web, func(s *ipvs.Service) { s.Port, s.Scheduler = 85, "none" })),
		addService("unknown engine", with(web, func(s *ipvs.Service) { s.Port, s.PE = 82, "nosuch" })),
		addService("engine", with(web, func(s *ipvs.Service) {
			s.Protocol, s.Port, s.PE, s.Flags, s.Timeout = ipvs.UDP, 5060, "sip", ipvs.Persistent, 60
		})),
		addService("every port", with(web, func(s *ipvs.Service) { s.Port, s.Flags, s.Timeout = 0, ipvs.Persistent, 300 })),
		addService("every port without persistence", with(web, func(s *ipvs.Service) { s.Addr, s.Port = netip.MustParseAddr("172.16.0.101"), 0 })),
		addService("granularity", with(web, func(s *ipvs.Service) { s.Port, s.Flags, s.Netmask = 83, ipvs.Persistent, 0xffffff00 })),
		addService("no address", with(web, func(s *ipvs.Service) { s.Addr = netip.IPv4Unspecified() })),
		addService("one packet", with(web, func(s *ipvs.Service) { s.Protocol, s.Port, s.Flags = ipvs.UDP, 84, ipvs.OnePacket })),
		addService("IPv6", six),
		addService("IPv6 twice", six),
		addService("IPv6 with a prefix of 0", with(six, func(s *ipvs.Service) { s.Port, s.Netmask = 54, 0 })),
		addService("IPv6 with a prefix of 129", with(six, func(s *ipvs.Service) { s.Port, s.Netmask = 54, 129 })),
		addService("mark", mark),
		addService("mark twice with another protocol", with(mark, func(s *ipvs.Service) { s.Protocol = ipvs.UDP })),
		addService("mark of the other family", with(mark, func(s *ipvs.Service) { s.Family, s.Netmask = ipvs.INET6, 128 })),
		editService("web", with(web, func(s *ipvs.Service) { s.Scheduler, s.Flags, s.Timeout = "wlc", ipvs.Persistent, 60 })),
		editService("web to an engine", with(web, func(s *ipvs.Service) { s.PE = "sip" })),
		editService("web to an unknown scheduler", with(web, func(s *ipvs.Service) { s.Scheduler = "nosuch" })),
		editService("web to an unknown engine", with(web, func(s *ipvs.Service) { s.PE = "nosuch" })),
		editService("IPv6 to a prefix of 0", with(six, func(s *ipvs.Service) { s.Netmask = 0 })),
		editService("web back", web),
		deleteService("sctp", with(web, func(s *ipvs.Service) { s.Protocol = ipvs.SCTP })),
		deleteService("mark", mark),
		deleteService("mark again", mark),
	}
}

// serverOperations are about real servers; they find the services above.
func serverOperations() []operation {
	return []operation{
		addServer("to nothing", mark, rs1),
		editServer("nothing", web, rs1),
		editServer("of nothing", mark, rs1),
		deleteServer("nothing", web, rs1),
		deleteServer("of nothing", mark, rs1),
		addServer("rs1", web, rs1),
		addServer("rs2", web, rs2),
		addServer("rs1 twice", web, with(rs1, func(d *ipvs.Destination) { d.Weight = 5 })),
		addServer("another port", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Forward = 8080, ipvs.Masquerade })),
		addServer("with thresholds", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Upper, d.Lower = 81, 9, 8 })),
		addServer("with a lower threshold alone", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Lower = 82, 8 })),
		addServer("with swapped thresholds", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Upper, d.Lower = 82, 8, 9 })),
		addServer("twice with swapped thresholds", web, with(rs1, func(d *ipvs.Destination) { d.Upper, d.Lower = 8, 9 })),
		addServer("too heavy", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Weight = 82, 1<<31 })),
		addServer("as heavy as can be", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Weight = 83, 1<<31-1 })),
		addServer("everywhere", web, with(rs1, func(d *ipvs.Destination) { d.Addr = netip.IPv4Unspecified() })),
		addServer("multicast", web, with(rs1, func(d *ipvs.Destination) { d.Addr = netip.MustParseAddr("224.0.0.1") })),
		addServer("broadcast", web, with(rs1, func(d *ipvs.Destination) { d.Addr = netip.MustParseAddr("255.255.255.255") })),
		addServer("the director itself", web, with(rs1, func(d *ipvs.Destination) { d.Addr = netip.MustParseAddr("10.0.0.8") })),
		addServer("local", web, with(rs1, func(d *ipvs.Destination) { d.Port, d.Forward = 84, ipvs.Local })),
		addServer("by tunnel", web, with(rs1, func(d *ipvs.Destination) {
			d.Port, d.Forward, d.TunnelType, d.TunnelPort, d.TunnelFlags = 85, ipvs.Tunnel, ipvs.GUE, 6080, ipvs.TunnelChecksum
		})),
		addServer("IPv6", six, rs6),
		addServer("IPv6 everywhere", six, with(rs6, func(d *ipvs.Destination) { d.Addr = netip.IPv6Unspecified() })),
		addServer("IPv6 multicast", six, with(rs6, func(d *ipvs.Destination) { d.Addr = netip.MustParseAddr("ff02::1") })),
		addServer("of the other family", web, rs6),
		addServer("of the other family by tunnel", web, with(rs6, func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel })),
		editServer("rs1", web, with(rs1, func(d *ipvs.Destination) { d.Weight, d.Forward = 0, ipvs.Tunnel })),
		editServer("rs1 with swapped thresholds", web, with(rs1, func(d *ipvs.Destination) { d.Upper, d.Lower = 8, 9 })),
		editServer("rs1 too heavy", web, with(rs1, func(d *ipvs.Destination) { d.Weight = 1 << 31 })),
		editServer("rs1 to the other family", web, with(rs6, func(d *ipvs.Destination) { d.Port = 80 })),
		deleteServer("rs1 by address and port", web, with(rs1, func(d *ipvs.Destination) { d.Weight, d.Forward = 9, ipvs.Masquerade })),
		deleteServer("rs1 again", web, rs1),
		addServer("rs1 again", web, rs1),
		{"zero web", func(m machine) error { return m.ZeroService(web) }},
		{"zero", func(m machine) error { return m.Zero() }},
		deleteService("web with its servers", web),
		{"flush", func(m machine) error { return m.Flush() }},
		{"flush again", func(m machine) error { return m.Flush() }},
		{"timeouts", func(m machine) error { return m.SetTimeouts(ipvs.Timeouts{TCP: 7, UDP: 9}) }},
		{"master", func(m machine) error { return m.StartDaemon(master) }},
		{"master twice", func(m machine) error { return m.StartDaemon(master) }},
		{"backup", func(m machine) error { return m.StartDaemon(backup) }},
		{"no master", func(m machine) error { return m.StopDaemon(master) }},
		{"no master twice", func(m machine) error { return m.StopDaemon(master) }},
		{"master nowhere", func(m machine) error { return m.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth9"}) }},
	}
}

// hostOperations are about everything else.
func hostOperations() []operation {
	return []operation{
		deleteAddress("not there", vip4),
		deleteAddress("IPv6 not there", vip6),
		addAddress("vip", vip4),
		addAddress("vip twice", vip4),
		addAddress("vip with another label", with(vip4, func(a *host.Address) { a.Label = "lo:2" })),
		addAddress("vip with another length", with(vip4, func(a *host.Address) { a.Prefix, a.Label = netip.PrefixFrom(a.Prefix.Addr(), 24), "lo:2" })),
		addAddress("vip elsewhere without label", with(vip4, func(a *host.Address) { a.Interface, a.Label = "eth0", "" })),
		addAddress("long label", with(vip4, func(a *host.Address) {
			a.Prefix, a.Label = netip.MustParsePrefix("172.16.0.101/32"), "lo:3456789012345"
		})),
		addAddress("longest label", with(vip4, func(a *host.Address) {
			a.Prefix, a.Label = netip.MustParsePrefix("172.16.0.102/32"), "lo:345678901234"
		})),
		addAddress("deprecated IPv4", with(vip4, func(a *host.Address) { a.Prefix, a.Deprecated = netip.MustParsePrefix("172.16.0.103/32"), true })),
		addAddress("nowhere", with(vip4, func(a *host.Address) { a.Interface = "eth9" })),
		addAddress("IPv6", vip6),
		addAddress("IPv6 twice", vip6),
		addAddress("IPv6 with another length", with(vip6, func(a *host.Address) { a.Prefix = netip.PrefixFrom(a.Prefix.Addr(), 64) })),
		addAddress("IPv6 elsewhere", with(vip6, func(a *host.Address) { a.Interface, a.Deprecated = "eth0", false })),
		addAddress("on what is down", with(vip4, func(a *host.Address) { a.Interface, a.Label = "eth1", "eth1:1" })),
		deleteAddress("with another label", with(vip4, func(a *host.Address) { a.Label = "lo:9" })),
		deleteAddress("with another length", with(vip4, func(a *host.Address) { a.Prefix = netip.PrefixFrom(a.Prefix.Addr(), 25) })),
		deleteAddress("IPv6 with another length", with(vip6, func(a *host.Address) { a.Prefix = netip.PrefixFrom(a.Prefix.Addr(), 64) })),
		deleteAddress("nowhere", with(vip4, func(a *host.Address) { a.Interface = "eth9" })),
		deleteAddress("vip", vip4),
		deleteAddress("vip without label", with(vip4, func(a *host.Address) { a.Interface, a.Label = "eth0", "" })),
		deleteAddress("IPv6", vip6),
		withdraw("nothing", advert4),
		withdraw("nothing of IPv6", advert6),
		advertise("vip", advert4),
		advertise("vip twice", advert4),
		advertise("vip with another metric", with(advert4, func(a *host.Advert) { a.Metric = 11 })),
		advertise("IPv6", advert6),
		advertise("IPv6 twice", advert6),
		advertise("IPv6 with another metric", with(advert6, func(a *host.Advert) { a.Metric = 11 })),
		withdraw("vip", advert4),
		withdraw("vip twice", advert4),
		withdraw("IPv6", advert6),
		withdraw("IPv6 in another table", with(advert6, func(a *host.Advert) { a.Table = 180 })),
		set("net.ipv4.conf.all.arp_ignore", 1),
		set("net.ipv4.conf.lo.arp_announce", 2),
		set("net.ipv4.conf.all.arp_ignore", 0),
		set("net.ipv4.conf.eth9.arp_ignore", 1),
		set("net.ipv4.no_such_thing", 1),
	}
}
