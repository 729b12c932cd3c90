package ipvsadm

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"lvsdr/internal/ipvs"
)

// Limits and defaults of values; ipvsadm(8) documents others for some of them.
const (
	maxTimeout        = 31 * 24 * 60 * 60 // seconds
	defaultPersistent = 360               // seconds
	maxInt            = 1<<31 - 1
	maxScheduler      = 15 // IP_VS_SCHEDNAME_MAXLEN of linux/ip_vs.h, less the NUL
	maxEngine         = 16 // IP_VS_PENAME_MAXLEN
	maxInterface      = 15 // IP_VS_IFNAME_MAXLEN, less the NUL
	maxSchedFlags     = 127
	defaultScheduler  = "wlc"
	defaultInterface  = "eth0"
)

// The take methods evaluate the value of an option into the command.

func forwardOf(letter byte) ipvs.Forward {
	switch letter {
	case 'i':
		return ipvs.Tunnel
	case 'm':
		return ipvs.Masquerade
	}
	return ipvs.DirectRoute
}

// takeNumber evaluates the options whose value is a plain number.
func (p *parser) takeNumber(o found) *failure {
	in := func(low, high int64, message string) (int64, *failure) {
		n, ok := number(o.value, low, high)
		if !ok {
			return 0, fail("%s", message)
		}
		return n, nil
	}
	var n int64
	var f *failure
	switch o.id {
	case optWeight:
		n, f = in(0, maxInt, msgWeight)
		p.dest.Weight = uint32(n)
	case optUpper:
		n, f = in(0, maxInt, msgUpper)
		p.dest.Upper = uint32(n)
	case optLower:
		n, f = in(0, maxInt, msgLower)
		p.dest.Lower = uint32(n)
	case optSyncID:
		n, f = in(0, 255, msgSyncID)
		p.daemon.SyncID = uint32(n)
	case optSyncMaxLen:
		n, f = in(1, 65507, msgSyncMaxLen)
		p.daemon.MaxLen = uint16(n)
	case optMcastPort:
		n, f = in(1, 65535, msgMcastPort)
		p.daemon.Port = uint16(n)
	case optMcastTTL:
		n, f = in(1, 255, msgMcastTTL)
		p.daemon.TTL = uint8(n)
	case optTunPort:
		n, f = in(1, 65535, msgTunnelPort)
		p.dest.TunnelPort = uint16(n)
	}
	return f
}

func (p *parser) takeFWMark(value string) *failure {
	n, ok := number(value, 1, 1<<32-1)
	if !ok {
		return fail(msgFWMark, value)
	}
	p.service.FWMark = uint32(n)
	p.service.Family, p.service.Protocol = ipvs.INET, ipvs.TCP
	p.protocol = ipvs.Protocols.Name(ipvs.TCP)
	return nil
}

func (p *parser) takeService(o found) *failure {
	s := &p.service
	switch o.short {
	case 't':
		s.Protocol = ipvs.TCP
	case 'u':
		s.Protocol = ipvs.UDP
	default:
		s.Protocol = ipvs.SCTP
	}
	p.protocol = ipvs.Protocols.Name(s.Protocol)
	e, ok := parseEndpoint(o.value, p.protocol, p.names)
	if !ok {
		return fail(msgVirtualServer)
	}
	s.Family, s.Addr, s.Port = ipvs.FamilyOf(e.addr), e.addr, e.port
	if s.Family == ipvs.INET6 {
		s.Netmask = ipvs.SingleIPv6
	}
	return nil
}

// takeServer evaluates -r. Without a port it takes the service's as it is at
// that moment: none before the service option.
func (p *parser) takeServer(value string) *failure {
	e, ok := parseEndpoint(value, p.protocol, p.names)
	if !ok {
		return fail(msgRealServer)
	}
	if !e.hasPort {
		e.port = p.service.Port
	}
	p.dest.Family, p.dest.Addr, p.dest.Port = ipvs.FamilyOf(e.addr), e.addr, e.port
	return nil
}

func (p *parser) takePersistent(o found) *failure {
	p.service.Flags |= ipvs.Persistent
	p.service.Timeout = defaultPersistent
	if !o.hasValue {
		return nil
	}
	n, ok := number(o.value, 1, maxTimeout)
	if !ok {
		return fail(msgTimeout, o.value)
	}
	p.service.Timeout = uint32(n)
	return nil
}

// takeNetmask evaluates -M, which means a prefix length where the service is
// known to be IPv6 and an address (or even a host name) otherwise.
func (p *parser) takeNetmask(value string) *failure {
	if p.service.Family == ipvs.INET6 {
		n := leadingNumber(value)
		if n < 1 || n > uint32(ipvs.SingleIPv6) {
			return fail(msgMask6)
		}
		p.service.Netmask = ipvs.Netmask(n)
		return nil
	}
	mask, ok := ipv4(value, p.names)
	if !ok {
		return fail(msgMask)
	}
	v4 := mask.As4()
	p.service.Netmask = ipvs.Netmask(binary.BigEndian.Uint32(v4[:]))
	return nil
}

func (p *parser) takeGroup(value string) *failure {
	group, err := netip.ParseAddr(value)
	if strings.Contains(value, ":") {
		if err != nil || !group.Is6() || group.Zone() != "" || !group.IsMulticast() || group.Is4In6() {
			return fail(msgMcastGroup6, value)
		}
	} else if err != nil || !group.IsMulticast() {
		return fail(msgMcastGroup4, value)
	}
	p.daemon.Group = group
	return nil
}

func (p *parser) takeTunnelType(value string) *failure {
	t, ok := ipvs.TunnelTypes.Value(value)
	if !ok {
		return fail(msgTunnelType)
	}
	p.dest.TunnelType = t
	return nil
}

// takeTimeouts evaluates the three words of --set.
func (p *parser) takeTimeouts() *failure {
	if len(p.scan.leftovers) < 3 {
		return fail(msgThreeTimeouts)
	}
	for i, to := range []*uint32{&p.timeouts.TCP, &p.timeouts.TCPFin, &p.timeouts.UDP} {
		word := p.scan.leftovers[i]
		n, ok := number(word, 0, maxTimeout)
		if !ok {
			return fail(msgTimeout, word)
		}
		*to = uint32(n)
	}
	p.scan.leftovers = p.scan.leftovers[3:]
	return nil
}

// takeSchedFlags evaluates -b, whatever the command.
func (p *parser) takeSchedFlags() *failure {
	if p.schedFlags == "" {
		return nil
	}
	scheduler := p.service.Scheduler
	if scheduler == "" {
		scheduler = defaultScheduler
	}
	pieces := strings.FieldsFunc(p.schedFlags, func(r rune) bool { return r == ',' })
	if len(pieces) == 0 {
		return fail(msgSchedFlag, "")
	}
	for _, piece := range pieces {
		flag, ok := ipvs.FindSchedulerFlag(piece)
		if !ok {
			return fail(msgSchedFlag, piece)
		}
		if flag.Scheduler != "" && flag.Scheduler != scheduler {
			return fail(msgSchedFlagOther, piece)
		}
		p.service.Flags |= flag.Flag
	}
	return nil
}
