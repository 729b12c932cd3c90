package ipvsadm

import (
	"cmp"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// savedRules renders a table as the command lines that make it.
type savedRules struct {
	name   namer
	option []byte // the words for the last service, which its destinations repeat
}

func (*savedRules) detail() ipvs.Detail { return ipvs.Tunnels }

// service appends the command line that makes the service.
func (r *savedRules) service(b []byte, e *ipvs.ServiceEntry) []byte {
	s := &e.Service
	r.option = appendServiceOption(r.option[:0], s, r.name)
	b = append(b, "-A "...)
	b = append(b, r.option...)
	b = append(b, " -s "...)
	b = append(b, s.Scheduler...)
	if s.Flags&ipvs.Persistent != 0 {
		b = append(b, " -p "...)
		b = strconv.AppendUint(b, uint64(s.Timeout), 10)
		b = appendNetmask(b, " -M ", s)
	}
	if s.PE != "" {
		b = append(b, " --pe "...)
		b = append(b, s.PE...)
	}
	if s.Flags&ipvs.OnePacket != 0 {
		b = append(b, " -o"...)
	}
	if s.Flags&ipvs.SchedulerFlags != 0 {
		b = append(b, " -b "...)
		b = append(b, strings.Join(ipvs.FlagNames(s.Scheduler, s.Flags), ",")...)
	}
	return append(b, '\n')
}

func appendServiceOption(b []byte, s *ipvs.Service, name namer) []byte {
	if s.FWMark != 0 {
		b = append(b, "-f "...)
		b = strconv.AppendUint(b, uint64(s.FWMark), 10)
		if s.Family == ipvs.INET6 {
			b = append(b, " -6"...)
		}
		return b
	}
	b = append(b, cmp.Or(ipvs.ServiceOptions.Name(s.Protocol), "--xxx-service")...)
	b = append(b, ' ')
	return name(b, s.Addr, s.Port, s.Protocol)
}

// destination appends the command line that adds the destination to the last
// service. Thresholds are the one thing that the original leaves out and this
// program does not.
func (r *savedRules) destination(b []byte, e *ipvs.DestinationEntry, s *ipvs.ServiceEntry) []byte {
	d := &e.Destination
	b = append(b, "-a "...)
	b = append(b, r.option...)
	b = append(b, " -r "...)
	b = r.name(b, d.Addr, d.Port, s.Protocol)
	b = append(b, ' ')
	b = append(b, cmp.Or(ipvs.MethodOptions.Name(d.Forward), "(null)")...)
	b = append(b, " -w "...)
	b = appendInt(b, int32(d.Weight))
	if d.Forward == ipvs.Tunnel {
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

func appendTunnelOptions(b []byte, d *ipvs.Destination) []byte {
	switch d.TunnelType {
	case ipvs.IPIP:
		return append(b, " --tun-type ipip"...)
	case ipvs.GUE:
		b = append(b, " --tun-type gue --tun-port "...)
		b = strconv.AppendUint(b, uint64(d.TunnelPort), 10)
	case ipvs.GRE:
		b = append(b, " --tun-type gre"...)
	default:
		return b
	}
	switch d.TunnelFlags {
	case ipvs.TunnelNoChecksum:
		b = append(b, " --tun-nocsum"...)
	case ipvs.TunnelChecksum:
		b = append(b, " --tun-csum"...)
	case ipvs.TunnelRemoteChecksum:
		b = append(b, " --tun-remcsum"...)
	}
	return b
}
