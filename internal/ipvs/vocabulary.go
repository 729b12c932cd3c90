// Package ipvs is the kernel's balancer: its vocabulary, and the exchange with
// it over netlink and getsockopt(2).
//
// The exchange is generic netlink, family "IPVS", version 1, as declared in
// the kernel header linux/ip_vs.h. The vocabulary (protocols, forwarding
// methods, flags) is that of github.com/cloudflare/ipvs. The exchange is our
// own: one socket carries any number of requests; a persistence engine, flush,
// zero and the synchronisation daemons can be said; an empty table and a
// malformed reply are ordinary results. A connection of [OpenShort] reads and
// changes through the older interface, getsockopt(2), what that tells as exactly.
//
// Every error that the kernel answered with unwraps to a [syscall.Errno]. A
// reply that cannot be understood unwraps to EINVAL.
package ipvs

import (
	"net/netip"

	"github.com/cloudflare/ipvs"
)

// The vocabulary of IPVS, shared with github.com/cloudflare/ipvs.
type (
	AddressFamily = ipvs.AddressFamily
	Protocol      = ipvs.Protocol
	Forward       = ipvs.ForwardType
	TunnelType    = ipvs.TunnelType
	TunnelFlags   = ipvs.TunnelFlags
	Flags         = ipvs.Flags
	// Stats counts connections, packets and bytes; the rates are per second.
	Stats = ipvs.Stats
)

// Values of the vocabulary (linux/ip_vs.h).
const (
	INET  = ipvs.INET
	INET6 = ipvs.INET6

	TCP  = ipvs.TCP
	UDP  = ipvs.UDP
	SCTP = ipvs.SCTP

	Masquerade  = ipvs.Masquerade
	Local       = ipvs.Local
	Tunnel      = ipvs.Tunnel
	DirectRoute = ipvs.DirectRoute

	IPIP = ipvs.IPIP
	GUE  = ipvs.GUE
	GRE  = ipvs.GRE

	TunnelNoChecksum     = ipvs.TunnelEncapNoChecksum
	TunnelChecksum       = ipvs.TunnelEncapChecksum
	TunnelRemoteChecksum = ipvs.TunnelEncapRemoteChecksum

	Persistent     = ipvs.ServicePersistent
	OnePacket      = ipvs.ServiceOnePacket
	SchedulerFlag1 = ipvs.ServiceSchedulerOpt1
	SchedulerFlag2 = ipvs.ServiceSchedulerOpt2
	SchedulerFlag3 = ipvs.ServiceSchedulerOpt3
)

// Service is a virtual service as it is configured. It is identified either
// by Protocol, Addr and Port or, with a non-zero FWMark, by that mark and
// Family alone.
type Service struct {
	Family    AddressFamily
	Protocol  Protocol   // zero in a firewall-mark service read from the kernel
	Addr      netip.Addr // the VIP; invalid in a firewall-mark service
	Port      uint16
	FWMark    uint32
	Scheduler string // at most 15 bytes
	PE        string // persistence engine; at most 16 bytes
	Flags     Flags
	Timeout   uint32 // of persistence, in seconds
	Netmask   Netmask
}

// ServiceEntry is a service of the kernel's table with its counters.
type ServiceEntry struct {
	Service
	Stats Stats

	count count // of its destinations
}

// Destination is a real server of a service as it is configured.
type Destination struct {
	Family      AddressFamily // may differ from the service's for Tunnel
	Addr        netip.Addr    // the RIP
	Port        uint16
	Forward     Forward
	Weight      uint32
	Upper       uint32 // connection thresholds; zero is none
	Lower       uint32
	TunnelType  TunnelType
	TunnelPort  uint16
	TunnelFlags TunnelFlags
}

// DestinationEntry is a destination of the kernel's table with its connection
// numbers and counters.
type DestinationEntry struct {
	Destination
	Active     uint32
	Inactive   uint32
	Persistent uint32
	Stats      Stats
}

// Info is what the kernel says about its IPVS.
type Info struct {
	Version  uint32 // 0x010201 is 1.2.1
	ConnSize uint32 // slots of the connection table
}

// Timeouts of connections in seconds; zero in a change leaves a value alone.
type Timeouts struct {
	TCP, TCPFin, UDP uint32
}

// DaemonState tells the two synchronisation daemons apart.
type DaemonState uint32

// The states of linux/ip_vs.h; the kernel keeps them as bits.
const (
	Master DaemonState = 1
	Backup DaemonState = 2
)

// Daemon is a synchronisation daemon. Zero values of MaxLen, Group, Port and
// TTL leave the choice to the kernel.
type Daemon struct {
	State     DaemonState
	Interface string // multicast interface; at most 15 bytes
	SyncID    uint32
	MaxLen    uint16     // bytes of a synchronisation message
	Group     netip.Addr // multicast group
	Port      uint16
	TTL       uint8
}
