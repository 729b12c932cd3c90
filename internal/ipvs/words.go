package ipvs

import (
	"net/netip"
	"slices"
	"strconv"
)

// The words of IPVS, each written down once: what a file, an option, a listing
// or another program calls the values of the vocabulary.

// Word is a name and the value that it stands for.
type Word[T comparable] struct {
	Name  string
	Value T
}

// Words are the names of some values.
type Words[T comparable] []Word[T]

// Value is what a name stands for; ok is false where it is none of the words.
func (w Words[T]) Value(name string) (value T, ok bool) {
	for i := range w {
		if w[i].Name == name {
			return w[i].Value, true
		}
	}
	return value, false
}

// Name is the word for a value; "" if it has none.
func (w Words[T]) Name(value T) string {
	for i := range w {
		if w[i].Value == value {
			return w[i].Name
		}
	}
	return ""
}

// Names are all the words, in order; two of one name stand together.
func (w Words[T]) Names() (names []string) {
	for i := range w {
		if i == 0 || w[i].Name != w[i-1].Name {
			names = append(names, w[i].Name)
		}
	}
	return names
}

// What the services database, iptables, nft and our own file call protocols;
// what the kernel's listings call them; and the options of ipvsadm(8) that a
// service is named with.
var (
	Protocols      = Words[Protocol]{{"tcp", TCP}, {"udp", UDP}, {"sctp", SCTP}}
	ProtocolTitles = Words[Protocol]{{"TCP", TCP}, {"UDP", UDP}, {"SCTP", SCTP}}
	ServiceOptions = Words[Protocol]{{"-t", TCP}, {"-u", UDP}, {"--sctp-service", SCTP}}
)

// Families are the address families in our own file.
var Families = Words[AddressFamily]{{"ipv4", INET}, {"ipv6", INET6}}

// FamilyOf is the family of an address.
func FamilyOf(addr netip.Addr) AddressFamily {
	if addr.Is4() {
		return INET
	}
	return INET6
}

// What our own file calls forwarding methods, and the options of ipvsadm(8). Old
// kernels call direct routing to the machine itself Local.
var (
	Methods       = Words[Forward]{{"direct", DirectRoute}, {"direct", Local}, {"tunnel", Tunnel}, {"masquerade", Masquerade}}
	MethodOptions = Words[Forward]{{"-g", DirectRoute}, {"-g", Local}, {"-i", Tunnel}, {"-m", Masquerade}}
)

// What ipvsadm(8) calls tunnels, and what is done about their checksums.
var (
	TunnelTypes     = Words[TunnelType]{{"ipip", IPIP}, {"gue", GUE}, {"gre", GRE}}
	TunnelChecksums = Words[TunnelFlags]{{"nocsum", TunnelNoChecksum}, {"csum", TunnelChecksum}, {"remcsum", TunnelRemoteChecksum}}
)

// MaglevHash is the scheduler whose choice depends on the client and on the entries
// alone, in the order in which they were added.
const MaglevHash = "mh"

// RefusesAtZero reports whether a service refuses the clients of a real server at
// weight 0, instead of giving them another one: sh and mh do without the flag for
// that, and dh always does (seen on Linux 6.1).
func (s *Service) RefusesAtZero() bool {
	return s.Scheduler == "dh" || s.Fallback() != "" && s.Flags&SchedulerFlag1 == 0
}

// Fallback is the scheduler's flag that gives the clients of a real server at weight 0
// another one, and "" where the scheduler has none.
func (s *Service) Fallback() string {
	if s.Scheduler == "sh" || s.Scheduler == MaglevHash {
		return s.Scheduler + "-fallback"
	}
	return ""
}

// Schedulers are those of the kernel, as net/netfilter/ipvs/Kconfig lists them.
var Schedulers = []string{"rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "twos"}

// SchedulerFlags are all flags of a scheduler (IP_VS_SVC_F_SCHED*).
const SchedulerFlags = SchedulerFlag1 | SchedulerFlag2 | SchedulerFlag3

// SchedulerFlag is a name of a scheduler flag, as ipvsadm -b takes it.
type SchedulerFlag struct {
	Scheduler string // whose name it is; "" is every scheduler's
	Name      string
	Flag      Flags
}

// schedulerFlags are in the order in which those of one scheduler are written.
var schedulerFlags = [...]SchedulerFlag{
	{"sh", "sh-fallback", SchedulerFlag1},
	{"sh", "sh-port", SchedulerFlag2},
	{"mh", "mh-fallback", SchedulerFlag1},
	{"mh", "mh-port", SchedulerFlag2},
	{"", "flag-1", SchedulerFlag1},
	{"", "flag-2", SchedulerFlag2},
	{"", "flag-3", SchedulerFlag3},
}

// FindSchedulerFlag finds a flag by its name, of whichever scheduler.
func FindSchedulerFlag(name string) (SchedulerFlag, bool) {
	for _, f := range schedulerFlags {
		if f.Name == name {
			return f, true
		}
	}
	return SchedulerFlag{}, false
}

// FlagsOf are the words for the flags of a scheduler; with general also those
// that every scheduler understands for a flag that has a name of its own.
func FlagsOf(scheduler string, general bool) []SchedulerFlag {
	own := slices.ContainsFunc(schedulerFlags[:], func(f SchedulerFlag) bool { return f.Scheduler == scheduler })
	var fit []SchedulerFlag
	for _, f := range schedulerFlags {
		if f.Scheduler == scheduler || f.Scheduler == "" && (general || !own || f.Flag == SchedulerFlag3) {
			fit = append(fit, f)
		}
	}
	return fit
}

// FlagNames are the names of the flags that are set: a scheduler's own names
// where it has some.
func FlagNames(scheduler string, flags Flags) (set []string) {
	for _, f := range FlagsOf(scheduler, false) {
		if flags&f.Flag != 0 {
			set = append(set, f.Name)
		}
	}
	return set
}

// Netmask is the granularity of persistence: for IPv4 the mask as a number
// (255.255.255.0 is 0xffffff00), for IPv6 the prefix length. No IPv4 mask is as
// small as a prefix length, for its ones lead.
type Netmask uint32

// The netmasks that tell all clients apart.
const (
	SingleIPv4 Netmask = 0xffffffff
	SingleIPv6 Netmask = 128
)

// SingleClients is the netmask that tells all clients of a family apart.
func SingleClients(family AddressFamily) Netmask {
	if family == INET6 {
		return SingleIPv6
	}
	return SingleIPv4
}

// Family is the family whose masks look like m.
func (m Netmask) Family() AddressFamily {
	if m > SingleIPv6 {
		return INET
	}
	return INET6
}

// Append appends the mask of a family: a dotted quad, or a prefix length, which
// is signed, as ipvsadm prints it.
func (m Netmask) Append(b []byte, family AddressFamily) []byte {
	if family == INET6 {
		return strconv.AppendInt(b, int64(int32(m)), 10)
	}
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)}).AppendTo(b)
}

// Text is the mask of a family as a word.
func (m Netmask) Text(family AddressFamily) string { return string(m.Append(nil, family)) }

// Key tells a service from all others of a table, whatever else is said of it.
type Key struct {
	Family   AddressFamily
	Protocol Protocol // zero with a mark
	Addr     netip.Addr
	Port     uint16
	FWMark   uint32
}

// Key is the identity of the service: a mark in its family, or a protocol, an
// address and a port.
func (s *Service) Key() Key {
	if s.FWMark != 0 {
		return Key{Family: s.Family, FWMark: s.FWMark}
	}
	return Key{Family: s.Family, Protocol: s.Protocol, Addr: s.Addr, Port: s.Port}
}

// Key tells the destination from all others of its service.
func (d *Destination) Key() netip.AddrPort { return netip.AddrPortFrom(d.Addr, d.Port) }
