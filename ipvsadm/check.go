package ipvsadm

import "lvsdr/internal/kernel"

// rules say which options a command has to have, may have, and of which it may
// have one at most. Everything else is illegal with it.
type rules struct {
	required, optional, exclusive options
}

var (
	serviceOptions = setOf(optScheduler, optPersistent, optNetmask, optOnePacket, optPE, optSchedFlags)
	serverOptions  = setOf(optForward, optWeight, optUpper, optLower, optTunType, optTunPort,
		optTunNoCsum, optTunCsum, optTunRemCsum)
)

// legal has the rules of each command.
var legal = [...]rules{
	addService:    {required: setOf(optService), optional: serviceOptions},
	editService:   {required: setOf(optService), optional: serviceOptions},
	deleteService: {required: setOf(optService)},
	flush:         {},
	list: {
		optional: setOf(optNumeric, optStats, optRate, optThresholds, optPersistentConn, optNoSort, optSyncID,
			optExact, optTunInfo),
		exclusive: setOf(optConnection, optService, optTimeout, optDaemon),
	},
	addServer:    {required: setOf(optService, optServer), optional: serverOptions},
	deleteServer: {required: setOf(optService, optServer)},
	editServer:   {required: setOf(optService, optServer), optional: serverOptions},
	setTimeouts:  {},
	startDaemon: {optional: setOf(optMcastInterface, optSyncID, optMcastGroup, optMcastPort, optMcastTTL,
		optSyncMaxLen)},
	stopDaemon: {optional: setOf(optSyncID)},
	restore:    {},
	save:       {optional: setOf(optNumeric)},
	zero:       {optional: setOf(optService)},
}

// tunnelLegal has the rules of each tunnel type.
var tunnelLegal = [...]rules{
	kernel.IPIP: {},
	kernel.GUE:  {required: setOf(optTunPort), exclusive: setOf(optTunNoCsum, optTunCsum, optTunRemCsum)},
	kernel.GRE:  {exclusive: setOf(optTunNoCsum, optTunCsum)},
}

var tunnelNames = [...]string{kernel.IPIP: "ipip", kernel.GUE: "gue", kernel.GRE: "gre"}

// tunnelOptions are all options that only a tunnel may have.
var tunnelOptions = setOf(optTunType, optTunPort, optTunNoCsum, optTunCsum, optTunRemCsum)

// fault finds the first offence in the order of the options from first on. The
// name and kind ("command", "tunnel type") are the subject of the message.
func (r rules) fault(have options, first optionID, name, kind string) *failure {
	have &^= options(1)<<first - 1
	if r.required&^have == 0 && have&^(r.required|r.optional) == 0 {
		return nil
	}
	exclusive := optCount
	for o := first; o < optCount; o++ {
		switch {
		case !have.has(o) && r.required.has(o):
			return fail(msgMissing, o, name, kind)
		case !have.has(o) || (r.required | r.optional).has(o):
		case !r.exclusive.has(o):
			return fail(msgIllegal, o, name, kind)
		case exclusive != optCount:
			return fail(msgConflict, o, exclusive, name, kind)
		default:
			exclusive = o
		}
	}
	return nil
}

// check looks at the whole command. It also completes a destination: without
// masquerading the packet is not rewritten, so that the real server has to
// listen on the port of the service.
func (p *parser) check() *failure {
	if f := legal[p.action].fault(p.options, 0, p.action.String(), "command"); f != nil {
		return f
	}
	switch p.action {
	case addService, editService:
		return p.checkService()
	case addServer, editServer:
		return p.checkServer()
	case list:
		return p.checkList()
	case startDaemon:
		if p.daemon.Interface == "" {
			p.daemon.Interface = defaultInterface
		}
	}
	return nil
}

func (p *parser) checkService() *failure {
	s := &p.service
	if s.FWMark != 0 {
		return nil
	}
	if s.Port == 0 && !p.options.has(optPersistent) {
		return fail(msgZeroPort)
	}
	if p.options.has(optOnePacket) && s.Protocol != kernel.UDP {
		return fail(msgOnePacketUDP)
	}
	return nil
}

func (p *parser) checkServer() *failure {
	s, d := &p.service, &p.dest
	if s.FWMark == 0 && d.Forward != kernel.Masquerade {
		d.Port = s.Port
	}
	if d.Forward != kernel.Tunnel {
		if s.Family != d.Family {
			return fail(msgOtherFamily)
		}
		if p.options&tunnelOptions != 0 {
			return fail(msgTunnelForward)
		}
		return nil
	}
	options := p.options & tunnelOptions &^ setOf(optTunType)
	return tunnelLegal[d.TunnelType].fault(options, optTunPort, tunnelNames[d.TunnelType], "tunnel type")
}

func (p *parser) checkList() *failure {
	other := p.options&setOf(optConnection, optTimeout, optDaemon) != 0
	counters := p.options&setOf(optStats, optRate, optThresholds) != 0
	noPersistent := p.options&setOf(optTimeout, optDaemon) != 0 && p.options.has(optPersistentConn)
	if other && counters || noPersistent {
		return fail(msgListConflict)
	}
	return nil
}
