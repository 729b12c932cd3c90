package plan

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
	line := fmt.Sprintf("ipvsadm %s %s", option, ServiceWords(s))
	if option == "-D" {
		return line
	}
	return line + " " + SchedulingWords(s)
}

// SchedulingWords say all of a service but its name: "-s wrr -p 300".
func SchedulingWords(s *ipvs.Service) string {
	words := "-s " + s.Scheduler
	if s.Flags&ipvs.Persistent != 0 {
		words += fmt.Sprintf(" -p %d", s.Timeout)
		if s.Netmask != ipvs.SingleClients(s.Family) {
			words += " -M " + s.Netmask.Text(s.Family)
		}
	}
	if s.PE != "" {
		words += " --pe " + s.PE
	}
	if s.Flags&ipvs.OnePacket != 0 {
		words += " -o"
	}
	if flags := ipvs.FlagNames(s.Scheduler, s.Flags); len(flags) > 0 {
		words += " -b " + strings.Join(flags, ",")
	}
	return words
}

// Called is what status, events and metrics call a service: its name or, where it
// has none, "tcp/80" or "fwmark/7".
func Called(name string, s *ipvs.Service) string {
	switch {
	case name != "":
		return name
	case s.FWMark != 0:
		return fmt.Sprintf("fwmark/%d", s.FWMark)
	}
	return fmt.Sprintf("%s/%d", ipvs.Protocols.Name(s.Protocol), s.Port)
}

// ServiceWords name a service: "-t 172.16.0.100:80", "-f 7 -6".
func ServiceWords(s *ipvs.Service) string {
	if s.FWMark != 0 {
		if s.Family == ipvs.INET6 {
			return fmt.Sprintf("-f %d -6", s.FWMark)
		}
		return fmt.Sprintf("-f %d", s.FWMark)
	}
	return fmt.Sprintf("%s %s", ipvs.ServiceOptions.Name(s.Protocol), netip.AddrPortFrom(s.Addr, s.Port))
}

func destinationLine(option string, s *ipvs.Service, d *ipvs.Destination) string {
	line := fmt.Sprintf("ipvsadm %s %s -r %s", option, ServiceWords(s), DestinationWords(s, d))
	if option == "-d" {
		return line
	}
	line += fmt.Sprintf(" %s -w %d", ipvs.MethodOptions.Name(d.Forward), d.Weight)
	if d.Upper != 0 || d.Lower != 0 {
		line += fmt.Sprintf(" -x %d -y %d", d.Upper, d.Lower)
	}
	return line
}

// DestinationWords name a real server; its port only where it is not the
// service's.
func DestinationWords(s *ipvs.Service, d *ipvs.Destination) string {
	if d.Port == s.Port {
		return d.Addr.String()
	}
	return netip.AddrPortFrom(d.Addr, d.Port).String()
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
