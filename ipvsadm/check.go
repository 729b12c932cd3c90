package ipvsadm

import "lvsdr/internal/ipvs"

// rules say which options a command has to have, may have, and of which it may
// have one at most. Everything else is illegal with it.
type rules struct {
	required, optional, exclusive options
}

const (
	// tunnelOptions are all options that only a tunnel may have.
	tunnelOptions = 1<<optTunType | 1<<optTunPort | 1<<optTunNoCsum | 1<<optTunCsum | 1<<optTunRemCsum

	serviceOptions = 1<<optScheduler | 1<<optPersistent | 1<<optNetmask | 1<<optOnePacket | 1<<optPE | 1<<optSchedFlags
	serverOptions  = 1<<optForward | 1<<optWeight | 1<<optUpper | 1<<optLower | tunnelOptions
)

// legal has the rules of each command.
var legal = [...]rules{
	addService:    {required: 1 << optService, optional: serviceOptions},
	editService:   {required: 1 << optService, optional: serviceOptions},
	deleteService: {required: 1 << optService},
	flush:         {},
	list: {
		optional: 1<<optNumeric | 1<<optStats | 1<<optRate | 1<<optThresholds | 1<<optPersistentConn |
			1<<optNoSort | 1<<optSyncID | 1<<optExact | 1<<optTunInfo,
		exclusive: 1<<optConnection | 1<<optService | 1<<optTimeout | 1<<optDaemon,
	},
	addServer:    {required: 1<<optService | 1<<optServer, optional: serverOptions},
	deleteServer: {required: 1<<optService | 1<<optServer},
	editServer:   {required: 1<<optService | 1<<optServer, optional: serverOptions},
	setTimeouts:  {},
	startDaemon: {optional: 1<<optMcastInterface | 1<<optSyncID | 1<<optMcastGroup | 1<<optMcastPort |
		1<<optMcastTTL | 1<<optSyncMaxLen},
	stopDaemon: {optional: 1 << optSyncID},
	restore:    {},
	save:       {optional: 1 << optNumeric},
	zero:       {optional: 1 << optService},
}

// tunnelLegal has the rules of each tunnel type.
var tunnelLegal = [...]rules{
	ipvs.IPIP: {},
	ipvs.GUE:  {required: 1 << optTunPort, exclusive: 1<<optTunNoCsum | 1<<optTunCsum | 1<<optTunRemCsum},
	ipvs.GRE:  {exclusive: 1<<optTunNoCsum | 1<<optTunCsum},
}

// fault finds the first offence in the order of the options from first on. The
// name and kind ("command", "tunnel type") are the subject of the message.
func (r rules) fault(have options, first optionID, name, kind string) *failure {
	have &^= options(1)<<first - 1
	if r.required&^have == 0 && have&^(r.required|r.optional) == 0 {
		return nil
	}
	exclusive := optCount
	for o := first; o < optCount; o++ {
		if !have.has(o) && r.required.has(o) {
			return fail(msgMissing, o, name, kind)
		}
		if !have.has(o) || (r.required | r.optional).has(o) {
			continue
		}
		switch {
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
	if p.options.has(optOnePacket) && s.Protocol != ipvs.UDP {
		return fail(msgOnePacketUDP)
	}
	return nil
}

func (p *parser) checkServer() *failure {
	s, d := &p.service, &p.dest
	if s.FWMark == 0 && d.Forward != ipvs.Masquerade {
		d.Port = s.Port
	}
	if d.Forward != ipvs.Tunnel {
		if s.Family != d.Family {
			return fail(msgOtherFamily)
		}
		if p.options&tunnelOptions != 0 {
			return fail(msgTunnelForward)
		}
		return nil
	}
	options := p.options & tunnelOptions &^ (1 << optTunType)
	return tunnelLegal[d.TunnelType].fault(options, optTunPort, ipvs.TunnelTypes.Name(d.TunnelType), "tunnel type")
}

func (p *parser) checkList() *failure {
	other := p.options&(1<<optConnection|1<<optTimeout|1<<optDaemon) != 0
	counters := p.options&(1<<optStats|1<<optRate|1<<optThresholds) != 0
	noPersistent := p.options&(1<<optTimeout|1<<optDaemon) != 0 && p.options.has(optPersistentConn)
	if other && counters || noPersistent {
		return fail(msgListConflict)
	}
	return nil
}
