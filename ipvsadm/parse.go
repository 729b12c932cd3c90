package ipvsadm

import "lvsdr/internal/ipvs"

// Command is one command line of ipvsadm, understood and found legal.
type Command struct {
	action   action
	options  options
	service  ipvs.Service
	dest     ipvs.Destination
	daemon   ipvs.Daemon
	timeouts ipvs.Timeouts
}

// parser collects a Command word by word.
type parser struct {
	Command
	scan       scanner
	names      resolver
	protocol   string // whose port names count; "" before the service option
	schedFlags string // the value of -b: it needs the final scheduler
}

// Parse reads a command line. name is what the program was called; the words
// are those behind it, of which the first that is no option ends the options if
// posix is set. Names are looked up while they are met. The first fault in the
// order of the words is the one reported.
func Parse(name string, words []string, names resolver, posix bool) (Command, *failure) {
	p := parser{scan: scanner{words: words, posix: posix}, names: names}
	p.service = ipvs.Service{Family: ipvs.INET, Netmask: ipvs.SingleIPv4}
	p.dest = ipvs.Destination{Family: ipvs.INET, Forward: ipvs.DirectRoute, Weight: 1}

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
		p.daemon.State = ipvs.Master
	case "backup":
		p.daemon.State = ipvs.Backup
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
		p.service.Family, p.service.Netmask = ipvs.INET6, ipvs.SingleIPv6
	case optScheduler:
		p.service.Scheduler = cut(o.value, maxScheduler)
	case optPersistent:
		return p.takePersistent(o)
	case optNetmask:
		return p.takeNetmask(o.value)
	case optServer:
		return p.takeServer(o.value)
	case optForward:
		p.dest.Forward = forwardOf(o.short)
	case optPE:
		p.service.PE = cut(o.value, maxEngine)
	case optOnePacket:
		p.service.Flags |= ipvs.OnePacket
	case optSchedFlags:
		p.schedFlags = cut(o.value, maxSchedFlags)
	case optMcastInterface:
		p.daemon.Interface = cut(o.value, maxInterface)
	case optMcastGroup:
		return p.takeGroup(o.value)
	case optTunType:
		return p.takeTunnelType(o.value)
	case optTunNoCsum:
		p.dest.TunnelFlags |= ipvs.TunnelNoChecksum
	case optTunCsum:
		p.dest.TunnelFlags |= ipvs.TunnelChecksum
	case optTunRemCsum:
		p.dest.TunnelFlags |= ipvs.TunnelRemoteChecksum
	default:
		return p.takeNumber(o)
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
