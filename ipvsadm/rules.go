package ipvsadm

import (
	"strconv"

	"lvsdr/internal/kernel"
)

// savedRules renders a table as the command lines that make it.
type savedRules struct {
	name   namer
	option []byte // the words for the last service, which its destinations repeat
}

func (*savedRules) detail() kernel.Detail { return kernel.Tunnels }

// service appends the command line that makes the service.
func (r *savedRules) service(b []byte, e *kernel.ServiceEntry) []byte {
	s := &e.Service
	r.option = appendServiceOption(r.option[:0], s, r.name)
	b = append(b, "-A "...)
	b = append(b, r.option...)
	b = append(b, " -s "...)
	b = append(b, s.Scheduler...)
	if s.Flags&kernel.Persistent != 0 {
		b = append(b, " -p "...)
		b = strconv.AppendUint(b, uint64(s.Timeout), 10)
		b = appendNetmask(b, " -M ", s)
	}
	if s.PE != "" {
		b = append(b, " --pe "...)
		b = append(b, s.PE...)
	}
	if s.Flags&kernel.OnePacket != 0 {
		b = append(b, " -o"...)
	}
	if s.Flags&anySchedFlag != 0 {
		b = append(b, " -b "...)
		b = append(b, schedFlagNames(s.Scheduler, s.Flags, true)...)
	}
	return append(b, '\n')
}

func appendServiceOption(b []byte, s *kernel.Service, name namer) []byte {
	if s.FWMark != 0 {
		b = append(b, "-f "...)
		b = strconv.AppendUint(b, uint64(s.FWMark), 10)
		if s.Family == kernel.INET6 {
			b = append(b, " -6"...)
		}
		return b
	}
	switch s.Protocol {
	case kernel.TCP:
		b = append(b, "-t "...)
	case kernel.UDP:
		b = append(b, "-u "...)
	case kernel.SCTP:
		b = append(b, "--sctp-service "...)
	default:
		b = append(b, "--xxx-service "...)
	}
	return name(b, s.Addr, s.Port, s.Protocol)
}

// destination appends the command line that adds the destination to the last
// service. Thresholds are the one thing that the original leaves out and this
// program does not.
func (r *savedRules) destination(b []byte, e *kernel.DestinationEntry, s *kernel.ServiceEntry) []byte {
	d := &e.Destination
	b = append(b, "-a "...)
	b = append(b, r.option...)
	b = append(b, " -r "...)
	b = r.name(b, d.Addr, d.Port, s.Protocol)
	b = append(b, ' ')
	b = append(b, forwardOption(d.Forward)...)
	b = append(b, " -w "...)
	b = appendInt(b, int32(d.Weight))
	if d.Forward&kernel.ForwardMask == kernel.Tunnel {
		b = appendTunnelOptions(b, d)
	}
	if d.Upper != 0 || d.Lower != 0 {
		b = append(b, " -x "...)
		b = strconv.AppendUint(b, uint64(d.Upper), 10)
		b = append(b, " -y "...)
		b = strconv.AppendUint(b, uint64(d.Lower), 10)
	}
	return append(b, '\n')
}

func forwardOption(m kernel.Forward) string {
	switch m & kernel.ForwardMask {
	case kernel.Masquerade:
		return "-m"
	case kernel.Tunnel:
		return "-i"
	case kernel.DirectRoute, kernel.Local:
		return "-g"
	}
	return "(null)"
}

func appendTunnelOptions(b []byte, d *kernel.Destination) []byte {
	switch d.TunnelType {
	case kernel.IPIP:
		return append(b, " --tun-type ipip"...)
	case kernel.GUE:
		b = append(b, " --tun-type gue --tun-port "...)
		b = strconv.AppendUint(b, uint64(d.TunnelPort), 10)
	case kernel.GRE:
		b = append(b, " --tun-type gre"...)
	default:
		return b
	}
	switch d.TunnelFlags {
	case kernel.TunnelNoChecksum:
		b = append(b, " --tun-nocsum"...)
	case kernel.TunnelChecksum:
		b = append(b, " --tun-csum"...)
	case kernel.TunnelRemoteChecksum:
		b = append(b, " --tun-remcsum"...)
	}
	return b
}
