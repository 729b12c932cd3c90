package ipvsadm

import (
	"cmp"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// savedRules renders a table as the command lines that make it. Other programs
// may have put entries there that no command line can make: -R would refuse their
// lines, and ipvsadm-restore all the others with them. Such a line is reported
// instead.
type savedRules struct {
	name   namer
	option []byte // the words for the last service, which its destinations repeat
	lost   bool   // the last service is not saved
	unsaid []byte // lines that are not saved
}

// leaveOut takes the last line back, which begins at start.
func (r *savedRules) leaveOut(b []byte, start int) []byte {
	r.unsaid = append(append(append(r.unsaid, msgNotSaved...), b[start:]...), '\n')
	return b[:start]
}

// restorable reports whether a command line can make a service.
func restorable(s *ipvs.Service) bool {
	persistent := s.Flags&ipvs.Persistent != 0
	known := s.FWMark != 0 || ipvs.ServiceOptions.Name(s.Protocol) != "" && (s.Port != 0 || persistent)
	return known && (!persistent || 1 <= s.Timeout && s.Timeout <= maxTimeout)
}

func (*savedRules) detail() ipvs.Detail { return ipvs.Tunnels | ipvs.Kept }

// service appends the command line that makes the service.
func (r *savedRules) service(b []byte, e *ipvs.ServiceEntry) []byte {
	s, start := &e.Service, len(b)
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
	if s.Flags&ipvs.OnePacket != 0 && (s.FWMark != 0 || s.Protocol == ipvs.UDP) { // elsewhere it has no effect
		b = append(b, " -o"...)
	}
	if s.Flags&ipvs.SchedulerFlags != 0 {
		b = append(b, " -b "...)
		b = append(b, strings.Join(ipvs.FlagNames(s.Scheduler, s.Flags), ",")...)
	}
	if r.lost = !restorable(s); r.lost {
		return r.leaveOut(b, start)
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
	d, start := &e.Destination, len(b)
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
	if r.lost || ipvs.MethodOptions.Name(d.Forward) == "" {
		return r.leaveOut(b, start)
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
		if d.TunnelType == ipvs.GUE { // gre cannot be given it
			b = append(b, " --tun-remcsum"...)
		}
	}
	return b
}
