package ipvsadm

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"lvsdr/internal/kernel"
)

// Command is one command line of ipvsadm, understood and found legal.
type Command struct {
	action   action
	options  options
	service  kernel.Service
	dest     kernel.Destination
	daemon   kernel.Daemon
	timeouts kernel.Timeouts
}

// Limits of values (ipvsadm(8) documents others for some of them).
const (
	maxTimeout        = 31 * 24 * 60 * 60 // seconds
	defaultPersistent = 360               // seconds
	maxInt            = 1<<31 - 1
	maxScheduler      = 15 // IP_VS_SCHEDNAME_MAXLEN of linux/ip_vs.h, less the NUL
	maxEngine         = 16 // IP_VS_PENAME_MAXLEN
	maxInterface      = 15 // IP_VS_IFNAME_MAXLEN, less the NUL
	maxSchedFlags     = 127
	mask4             = 0xffffffff // no granularity: single clients
	mask6             = 128
	defaultScheduler  = "wlc"
	defaultInterface  = "eth0"
)

// parser collects a Command word by word.
type parser struct {
	Command
	scan       *scanner
	names      resolver
	protocol   string // whose port names count; "" before the service option
	schedFlags string // the value of -b: it needs the final scheduler
}

// Parse reads a command line. name is what the program was called; the words
// are those behind it. Names are looked up while they are met. The first fault
// in the order of the words is the one reported.
func Parse(name string, words []string, names resolver, lookupEnv func(string) (string, bool)) (Command, *failure) {
	p := &parser{scan: newScanner(words, lookupEnv), names: names}
	p.service = kernel.Service{Family: kernel.INET, Netmask: mask4}
	p.dest = kernel.Destination{Family: kernel.INET, Forward: kernel.DirectRoute, Weight: 1}

	first, ok, _ := p.scan.next()
	if !ok || first.action == none {
		return Command{}, tryHelp(name)
	}
	if f := p.start(first); f != nil {
		return Command{}, f
	}
	if p.action == help || p.action == version {
		return p.Command, nil
	}
	if f := p.rest(); f != nil {
		return Command{}, f
	}
	return p.finish()
}

// start takes the first option: the command.
func (p *parser) start(first found) *failure {
	p.action = first.action
	if first.arg != required {
		return nil
	}
	switch first.value {
	case "master":
		p.daemon.State = kernel.Master
	case "backup":
		p.daemon.State = kernel.Backup
	default:
		if p.action == startDaemon {
			return fail(msgStartDaemon)
		}
		return fail(msgStopDaemon)
	}
	return nil
}

// rest takes all other options.
func (p *parser) rest() *failure {
	for {
		o, ok, err := p.scan.next()
		switch {
		case err != nil:
			return refusedWord(p.scan.word, err)
		case !ok:
			return nil
		case o.action != none:
			return fail(msgInvalidOption, p.scan.word)
		case o.id < optCount && p.options.has(o.id):
			return fail(msgMultiple, o.id)
		}
		if o.id < optCount {
			p.options |= 1 << o.id
		}
		if f := p.take(o); f != nil {
			return f
		}
	}
}

// take evaluates one option.
func (p *parser) take(o found) *failure {
	switch o.id {
	case optService:
		if o.short == 'f' {
			return p.takeFWMark(o.value)
		}
		return p.takeService(o)
	case optIPv6:
		if p.service.FWMark == 0 {
			return fail(msgIPv6First)
		}
		p.service.Family, p.service.Netmask = kernel.INET6, mask6
	case optScheduler:
		p.service.Scheduler = cut(o.value, maxScheduler)
	case optPersistent:
		return p.takePersistent(o)
	case optNetmask:
		return p.takeNetmask(o.value)
	case optServer:
		return p.takeServer(o.value)
	case optForward:
		p.dest.Forward = forwards[o.short]
	case optPE:
		p.service.PE = cut(o.value, maxEngine)
	case optOnePacket:
		p.service.Flags |= kernel.OnePacket
	case optSchedFlags:
		p.schedFlags = cut(o.value, maxSchedFlags)
	case optMcastInterface:
		p.daemon.Interface = cut(o.value, maxInterface)
	case optMcastGroup:
		return p.takeGroup(o.value)
	case optTunType:
		return p.takeTunnelType(o.value)
	case optTunNoCsum:
		p.dest.TunnelFlags |= kernel.TunnelNoChecksum
	case optTunCsum:
		p.dest.TunnelFlags |= kernel.TunnelChecksum
	case optTunRemCsum:
		p.dest.TunnelFlags |= kernel.TunnelRemoteChecksum
	default:
		return p.takeNumber(o)
	}
	return nil
}

var forwards = map[byte]kernel.Forward{
	'g': kernel.DirectRoute, 'i': kernel.Tunnel, 'm': kernel.Masquerade,
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
	p.service.Family, p.service.Protocol = kernel.INET, kernel.TCP
	p.protocol = protocolName(kernel.TCP)
	return nil
}

func (p *parser) takeService(o found) *failure {
	s := &p.service
	switch o.short {
	case 't':
		s.Protocol = kernel.TCP
	case 'u':
		s.Protocol = kernel.UDP
	default:
		s.Protocol = kernel.SCTP
	}
	p.protocol = protocolName(s.Protocol)
	e, ok := parseEndpoint(o.value, p.protocol, p.names)
	if !ok {
		return fail(msgVirtualServer)
	}
	s.Family, s.Addr, s.Port = e.family(), e.addr, e.port
	if s.Family == kernel.INET6 {
		s.Netmask = mask6
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
	p.dest.Family, p.dest.Addr, p.dest.Port = e.family(), e.addr, e.port
	return nil
}

func (p *parser) takePersistent(o found) *failure {
	p.service.Flags |= kernel.Persistent
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
	if p.service.Family == kernel.INET6 {
		n := leadingNumber(value)
		if n < 1 || n > mask6 {
			return fail(msgMask6)
		}
		p.service.Netmask = n
		return nil
	}
	mask, ok := ipv4(value, p.names)
	if !ok {
		return fail(msgMask)
	}
	v4 := mask.As4()
	p.service.Netmask = binary.BigEndian.Uint32(v4[:])
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
	switch value {
	case "ipip":
		p.dest.TunnelType = kernel.IPIP
	case "gue":
		p.dest.TunnelType = kernel.GUE
	case "gre":
		p.dest.TunnelType = kernel.GRE
	default:
		return fail(msgTunnelType)
	}
	return nil
}

// finish is what has to wait for the last word.
func (p *parser) finish() (Command, *failure) {
	if p.action == setTimeouts {
		if f := p.takeTimeouts(); f != nil {
			return Command{}, f
		}
	}
	if len(p.scan.leftovers) > 0 {
		return Command{}, fail(msgUnexpected, p.scan.leftovers[0])
	}
	if p.action == addService || p.action == editService {
		if p.service.Scheduler == "" {
			p.service.Scheduler = defaultScheduler
		}
	}
	if f := p.takeSchedFlags(); f != nil {
		return Command{}, f
	}
	if f := p.check(); f != nil {
		return Command{}, f
	}
	return p.Command, nil
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
		flag, ok := schedFlagNamed(piece)
		if !ok {
			return fail(msgSchedFlag, piece)
		}
		if flag.scheduler != "" && flag.scheduler != scheduler {
			return fail(msgSchedFlagOther, piece)
		}
		p.service.Flags |= flag.flag
	}
	return nil
}

// schedFlag is a name of a scheduler flag; a name without a scheduler fits
// all of them.
type schedFlag struct {
	scheduler string
	name      string
	flag      kernel.Flags
}

var schedFlags = [...]schedFlag{
	{"", "flag-1", kernel.SchedulerFlag1},
	{"", "flag-2", kernel.SchedulerFlag2},
	{"", "flag-3", kernel.SchedulerFlag3},
	{"sh", "sh-fallback", kernel.SchedulerFlag1},
	{"sh", "sh-port", kernel.SchedulerFlag2},
	{"mh", "mh-fallback", kernel.SchedulerFlag1},
	{"mh", "mh-port", kernel.SchedulerFlag2},
}

func schedFlagNamed(name string) (schedFlag, bool) {
	for _, f := range schedFlags {
		if f.name == name {
			return f, true
		}
	}
	return schedFlag{}, false
}
