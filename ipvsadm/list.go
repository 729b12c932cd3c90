package ipvsadm

import (
	"cmp"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// layout is a set of columns.
type layout int

const (
	layoutDefault layout = iota
	layoutStats
	layoutRate
	layoutThresholds
	layoutPersistent
	layoutTunnel
)

// layoutOf chooses by precedence where several are asked for.
func layoutOf(o options) layout {
	switch {
	case o.has(optStats):
		return layoutStats
	case o.has(optRate):
		return layoutRate
	case o.has(optThresholds):
		return layoutThresholds
	case o.has(optPersistentConn):
		return layoutPersistent
	case o.has(optTunInfo):
		return layoutTunnel
	}
	return layoutDefault
}

// titles are the two title lines of each layout.
var titles = [...]string{
	layoutDefault: "Prot LocalAddress:Port Scheduler Flags\n" +
		"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
	layoutStats: "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n" +
		"  -> RemoteAddress:Port\n",
	layoutRate: "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n" +
		"  -> RemoteAddress:Port\n",
	layoutThresholds: "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n" +
		"  -> RemoteAddress:Port\n",
	layoutPersistent: "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n" +
		"  -> RemoteAddress:Port\n",
	layoutTunnel: "Prot LocalAddress:Port Scheduler Flags\n" +
		"  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n",
}

// appendBanner is the first line of a listing of the whole table.
func appendBanner(b []byte, info ipvs.Info) []byte {
	b = append(b, "IP Virtual Server version "...)
	b = appendVersion(b, info.Version)
	b = append(b, " (size="...)
	b = strconv.AppendInt(b, int64(int32(info.ConnSize)), 10)
	return append(b, ")\n"...)
}

func appendVersion(b []byte, v uint32) []byte {
	b = strconv.AppendUint(b, uint64(v>>16&0xff), 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(v>>8&0xff), 10)
	b = append(b, '.')
	return strconv.AppendUint(b, uint64(v&0xff), 10)
}

// format renders the lines of a listing.
type format struct {
	layout layout
	exact  bool
	name   namer
}

// Widths of a listing. Only IPv4 text is cut.
const (
	widthService     = 33
	widthDestination = 28
)

func (f format) detail() ipvs.Detail {
	switch f.layout {
	case layoutStats:
		return ipvs.Totals
	case layoutRate:
		return ipvs.Rates
	case layoutTunnel:
		return ipvs.Tunnels
	}
	return 0
}

// service appends the line of a virtual service.
func (f format) service(b []byte, s *ipvs.ServiceEntry) []byte {
	start := len(b)
	b = f.appendServiceName(b, &s.Service)
	if s.Family == ipvs.INET && len(b)-start > widthService {
		b = b[:start+widthService]
	}
	if f.layout == layoutStats || f.layout == layoutRate {
		b = pad(b, start, widthService)
		b = f.appendCounters(b, &s.Stats)
		return append(b, '\n')
	}
	b = append(b, ' ')
	b = appendScheduling(b, &s.Service)
	return append(b, '\n')
}

func (f format) appendServiceName(b []byte, s *ipvs.Service) []byte {
	if s.FWMark != 0 {
		b = append(b, "FWM  "...)
		b = strconv.AppendInt(b, int64(int32(s.FWMark)), 10)
		if s.Family == ipvs.INET6 {
			b = append(b, " IPv6"...)
		}
		return b
	}
	b = appendLeft(b, cmp.Or(ipvs.ProtocolTitles.Name(s.Protocol), "?"), 4)
	b = append(b, ' ')
	return f.name(b, s.Addr, s.Port, s.Protocol)
}

// appendScheduling appends the scheduler, its flags and the persistence. An
// engine is shown for a persistent service only.
func appendScheduling(b []byte, s *ipvs.Service) []byte {
	b = append(b, s.Scheduler...)
	if s.Flags&ipvs.SchedulerFlags != 0 {
		b = append(b, " ("...)
		b = append(b, listedFlags(s)...)
		b = append(b, ')')
	}
	if s.Flags&ipvs.Persistent != 0 {
		b = append(b, " persistent "...)
		b = strconv.AppendUint(b, uint64(s.Timeout), 10)
		b = appendNetmask(b, " mask ", s)
		if s.PE != "" {
			b = append(b, " pe "...)
			b = append(b, s.PE...)
		}
	}
	if s.Flags&ipvs.OnePacket != 0 {
		b = append(b, " ops"...)
	}
	return b
}

// listedFlags are the names of the scheduler flags that a listing shows: sh and
// mh, which have names of their own for the first two, have none for the third.
func listedFlags(s *ipvs.Service) string {
	flags := s.Flags
	if s.Scheduler == "sh" || s.Scheduler == "mh" {
		flags &^= ipvs.SchedulerFlag3
	}
	return strings.Join(ipvs.FlagNames(s.Scheduler, flags), ",")
}

// appendNetmask appends the granularity behind word unless it is the default.
func appendNetmask(b []byte, word string, s *ipvs.Service) []byte {
	if s.Netmask == ipvs.SingleClients(s.Family) {
		return b
	}
	return s.Netmask.Append(append(b, word...), s.Family)
}

// destination appends the line of a destination of s.
func (f format) destination(b []byte, d *ipvs.DestinationEntry, s *ipvs.ServiceEntry) []byte {
	b = append(b, "  -> "...)
	start := len(b)
	b = f.name(b, d.Addr, d.Port, s.Protocol)
	if d.Family == ipvs.INET && len(b)-start > widthDestination {
		b = b[:start+widthDestination]
	}
	b = pad(b, start, widthDestination)
	switch f.layout {
	case layoutStats:
		b = f.appendCounters(b, &d.Stats)
		return append(b, '\n')
	case layoutRate:
		return append(f.appendRates(b, &d.Stats), '\n')
	}
	b = append(b, ' ')
	switch f.layout {
	case layoutThresholds:
		b = appendLeftUint(b, d.Upper, 10)
		b = append(b, ' ')
		b = appendLeftUint(b, d.Lower, 10)
	case layoutPersistent:
		b = appendLeftUint(b, d.Weight, 9)
		b = append(b, ' ')
		b = appendLeftUint(b, d.Persistent, 11)
	default:
		b = append(b, forwardColumn(d.Forward)...)
		if f.layout == layoutTunnel {
			b = append(pad(appendTunnelInfo(b, &d.Destination), len(b), 13), ' ')
		}
		b = appendLeftInt(b, int32(d.Weight), 6)
	}
	b = append(b, ' ')
	b = appendLeftUint(b, d.Active, 10)
	b = append(b, ' ')
	b = appendLeftUint(b, d.Inactive, 10)
	return append(b, '\n')
}

// appendCounters appends five totals or, in the rate layout, five rates.
func (f format) appendCounters(b []byte, s *ipvs.Stats) []byte {
	v := [...]uint64{s.Connections, s.IncomingPackets, s.OutgoingPackets, s.IncomingBytes, s.OutgoingBytes}
	if f.layout == layoutRate {
		v = [...]uint64{s.ConnectionRate, s.IncomingPacketRate, s.OutgoingPacketRate, s.IncomingByteRate, s.OutgoingByteRate}
	}
	for _, n := range v {
		b = appendBig(b, n, f.exact)
	}
	return b
}

// appendRates appends the rates of a destination, of which the first three are
// never scaled.
func (f format) appendRates(b []byte, s *ipvs.Stats) []byte {
	for _, n := range [...]uint64{s.ConnectionRate, s.IncomingPacketRate, s.OutgoingPacketRate} {
		b = appendRight(append(b, ' '), n, 8)
	}
	b = appendBig(b, s.IncomingByteRate, f.exact)
	return appendBig(b, s.OutgoingByteRate, f.exact)
}

// forwardColumn is the name of a method and the blanks up to the next column.
func forwardColumn(m ipvs.Forward) string {
	switch m {
	case ipvs.Masquerade:
		return "Masq    "
	case ipvs.Local:
		return "Local   "
	case ipvs.Tunnel:
		return "Tunnel  "
	case ipvs.DirectRoute:
		return "Route   "
	}
	return "(null)  "
}

func appendTunnelInfo(b []byte, d *ipvs.Destination) []byte {
	if d.Forward != ipvs.Tunnel {
		return append(b, "n/a"...)
	}
	switch d.TunnelType {
	case ipvs.IPIP:
		return append(b, "ipip"...)
	case ipvs.GUE:
		b = append(b, "gue:"...)
		b = strconv.AppendUint(b, uint64(d.TunnelPort), 10)
		return append(append(b, ':'), tunnelFlagText(d.TunnelFlags)...)
	case ipvs.GRE:
		return append(append(b, "gre:"...), tunnelFlagText(d.TunnelFlags)...)
	}
	return append(b, "n/a"...)
}

func tunnelFlagText(f ipvs.TunnelFlags) string {
	switch f {
	case ipvs.TunnelNoChecksum:
		return "-c"
	case ipvs.TunnelChecksum:
		return "+c"
	case ipvs.TunnelRemoteChecksum:
		return "r+c"
	}
	return "n/a"
}
