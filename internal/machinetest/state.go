package machinetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// reader is what the state of a machine is read from, in memory or real.
type reader interface {
	Services(ipvs.Detail) ([]ipvs.ServiceEntry, error)
	Destinations(*ipvs.ServiceEntry, ipvs.Detail, []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error)
	Timeouts() (ipvs.Timeouts, error)
	Daemons() ([]ipvs.Daemon, error)
	Links() ([]host.Link, error)
	Addresses() ([]host.Address, error)
	Adverts(table int) ([]host.Advert, error)
	Get(sysctl string) (int, error)
}

// String is the state of the machine as sorted lines: services with their
// destinations, timeouts, daemons, interfaces, addresses, adverts, parameters that are
// not zero, what was announced, and the packet filter if it has rules.
func (m *Machine) String() string {
	m.mu.Lock()
	names := slices.Collect(maps.Keys(m.sysctls))
	announced := slices.Sorted(slices.Values(m.announced))
	rules := m.rules
	m.mu.Unlock()
	text, err := state(m, names)
	if err != nil {
		return err.Error()
	}
	for _, a := range announced {
		text += "announced " + a + "\n"
	}
	if rules != 0 {
		text += fmt.Sprintf("filter rules %d\n", rules)
	}
	return text
}

func state(r reader, sysctls []string) (string, error) {
	var text strings.Builder
	for _, part := range []func(reader) ([]string, error){
		services, timeouts, daemons, links, addresses, adverts,
		func(r reader) ([]string, error) { return parameters(r, sysctls) },
	} {
		lines, err := part(r)
		if err != nil {
			return "", err
		}
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Fprintln(&text, line)
		}
	}
	return text.String(), nil
}

// services gives one entry of several lines for each service.
func services(r reader) ([]string, error) {
	list, err := r.Services(ipvs.Everything)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range list {
		destinations, err := r.Destinations(&s, ipvs.Everything, nil)
		if err != nil {
			return nil, err
		}
		var below []string
		for _, d := range destinations {
			below = append(below, "\n  "+destinationText(&d))
		}
		slices.Sort(below)
		lines = append(lines, serviceText(&s.Service)+strings.Join(below, ""))
	}
	return lines, nil
}

func serviceText(s *ipvs.Service) string {
	var identity string
	switch {
	case s.FWMark != 0:
		identity = fmt.Sprintf("fwmark %d %s", s.FWMark, s.Family)
	case s.Family == ipvs.INET6:
		identity = fmt.Sprintf("%s [%s]:%d", s.Protocol, s.Addr, s.Port)
	default:
		identity = fmt.Sprintf("%s %s:%d", s.Protocol, s.Addr, s.Port)
	}
	text := fmt.Sprintf("service %s %s", identity, s.Scheduler)
	if s.Flags != 0 {
		text += fmt.Sprintf(" flags %#x", uint32(s.Flags))
	}
	if s.Timeout != 0 {
		text += fmt.Sprintf(" timeout %d", s.Timeout)
	}
	if s.Netmask != ipvs.SingleClients(s.Family) {
		text += " netmask " + s.Netmask.Text(s.Family)
	}
	if s.PE != "" {
		text += " pe " + s.PE
	}
	return text
}

func destinationText(d *ipvs.DestinationEntry) string {
	text := fmt.Sprintf("-> %s:%d %s weight %d", d.Addr, d.Port, d.Forward, d.Weight)
	if d.Upper != 0 || d.Lower != 0 {
		text += fmt.Sprintf(" thresholds %d %d", d.Upper, d.Lower)
	}
	if d.TunnelType != ipvs.IPIP || d.TunnelPort != 0 || d.TunnelFlags != 0 {
		text += fmt.Sprintf(" tunnel %s port %d flags %d", d.TunnelType, d.TunnelPort, d.TunnelFlags)
	}
	if d.Active != 0 || d.Inactive != 0 {
		text += fmt.Sprintf(" connections %d %d", d.Active, d.Inactive)
	}
	return text
}

func timeouts(r reader) ([]string, error) {
	t, err := r.Timeouts()
	return []string{fmt.Sprintf("timeouts %d %d %d", t.TCP, t.TCPFin, t.UDP)}, err
}

func daemons(r reader) ([]string, error) {
	list, err := r.Daemons()
	var lines []string
	for _, d := range list {
		lines = append(lines, fmt.Sprintf("daemon %d %s id %d maxlen %d %s:%d ttl %d",
			d.State, d.Interface, d.SyncID, d.MaxLen, d.Group, d.Port, d.TTL))
	}
	return lines, err
}

func links(r reader) ([]string, error) {
	list, err := r.Links()
	var lines []string
	for _, l := range list {
		state := "down"
		if l.Up {
			state = "up"
		}
		lines = append(lines, fmt.Sprintf("link %s %s", l.Name, state))
	}
	return lines, err
}

func addresses(r reader) ([]string, error) {
	list, err := r.Addresses()
	var lines []string
	for _, a := range list {
		line := fmt.Sprintf("address %s dev %s", a.Prefix, a.Interface)
		if a.Label != "" && a.Label != a.Interface {
			line += " label " + a.Label
		}
		if a.Deprecated {
			line += " deprecated"
		}
		lines = append(lines, line)
	}
	return lines, err
}

// AdvertTable is the table whose adverts the text of a machine has.
const AdvertTable = 179

func adverts(r reader) (lines []string, err error) {
	list, err := r.Adverts(AdvertTable)
	for _, a := range list {
		lines = append(lines, fmt.Sprintf("advert %s table %d metric %d", a.VIP, a.Table, a.Metric))
	}
	return lines, err
}

func parameters(r reader, names []string) ([]string, error) {
	var lines []string
	for _, name := range names {
		value, err := r.Get(name)
		if err != nil {
			return nil, err
		}
		if value != 0 {
			lines = append(lines, fmt.Sprintf("sysctl %s = %d", name, value))
		}
	}
	return lines, nil
}
