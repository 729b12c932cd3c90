package lvsdr

import (
	"fmt"
	"net/netip"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// The functions of this file say a change as the command an administrator
// would type for it.

func serviceLine(option string, s *ipvs.Service) string {
	line := fmt.Sprintf("ipvsadm %s %s", option, serviceWords(s))
	if option == "-D" {
		return line
	}
	line += " -s " + s.Scheduler
	if s.Flags&ipvs.Persistent != 0 {
		line += fmt.Sprintf(" -p %d%s", s.Timeout, netmaskWords(s))
	}
	if s.PE != "" {
		line += " --pe " + s.PE
	}
	if s.Flags&ipvs.OnePacket != 0 {
		line += " -o"
	}
	if flags := schedulerFlagWords(s); flags != "" {
		line += " -b " + flags
	}
	return line
}

// serviceWords name a service: "-t 172.16.0.100:80", "-f 7 -6".
func serviceWords(s *ipvs.Service) string {
	if s.FWMark != 0 {
		if s.Family == ipvs.INET6 {
			return fmt.Sprintf("-f %d -6", s.FWMark)
		}
		return fmt.Sprintf("-f %d", s.FWMark)
	}
	option := "-t"
	switch s.Protocol {
	case ipvs.UDP:
		option = "-u"
	case ipvs.SCTP:
		option = "--sctp-service"
	}
	return fmt.Sprintf("%s %s", option, netip.AddrPortFrom(s.Addr, s.Port))
}

func netmaskWords(s *ipvs.Service) string {
	switch {
	case s.Family == ipvs.INET6 && s.Netmask != 128:
		return fmt.Sprintf(" -M %d", s.Netmask)
	case s.Family == ipvs.INET && s.Netmask != 0xffffffff:
		m := s.Netmask
		return fmt.Sprintf(" -M %d.%d.%d.%d", m>>24, m>>16&0xff, m>>8&0xff, m&0xff)
	}
	return ""
}

func schedulerFlagWords(s *ipvs.Service) string {
	names := [3]string{"flag-1", "flag-2", "flag-3"}
	if s.Scheduler == "sh" || s.Scheduler == "mh" {
		names[0], names[1] = s.Scheduler+"-fallback", s.Scheduler+"-port"
	}
	var set []string
	for i, flag := range []ipvs.Flags{ipvs.SchedulerFlag1, ipvs.SchedulerFlag2, ipvs.SchedulerFlag3} {
		if s.Flags&flag != 0 {
			set = append(set, names[i])
		}
	}
	return strings.Join(set, ",")
}

func destinationLine(option string, s *ipvs.Service, d *ipvs.Destination) string {
	line := fmt.Sprintf("ipvsadm %s %s -r %s", option, serviceWords(s), destinationWords(s, d))
	if option == "-d" {
		return line
	}
	line += fmt.Sprintf(" %s -w %d", forwardWord(d.Forward), d.Weight)
	if d.Upper != 0 || d.Lower != 0 {
		line += fmt.Sprintf(" -x %d -y %d", d.Upper, d.Lower)
	}
	return line
}

// destinationWords name a real server; its port only where it is not the
// service's.
func destinationWords(s *ipvs.Service, d *ipvs.Destination) string {
	if d.Port == s.Port {
		return d.Addr.String()
	}
	return netip.AddrPortFrom(d.Addr, d.Port).String()
}

func forwardWord(f ipvs.Forward) string {
	switch f & 7 {
	case ipvs.Masquerade:
		return "-m"
	case ipvs.Tunnel:
		return "-i"
	}
	return "-g"
}

func addressLine(verb string, a host.Address) string {
	line := fmt.Sprintf("ip addr %s %s dev %s", verb, a.Prefix, a.Interface)
	switch {
	case a.Label != "" && a.Label != a.Interface:
		line += " label " + a.Label
	case verb == "add" && a.Prefix.Addr().Is6():
		line += " nodad preferred_lft 0"
	}
	return line
}

func announceLine(l host.Link, vip netip.Addr) string {
	if vip.Is4() {
		return fmt.Sprintf("arping -U -c 1 -I %s %s", l.Name, vip)
	}
	return fmt.Sprintf("ndsend %s %s", vip, l.Name)
}

func sysctlLine(name string, value int) string {
	return fmt.Sprintf("sysctl -w %s=%d", name, value)
}
