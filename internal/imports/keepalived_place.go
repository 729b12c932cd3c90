package imports

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// Bounds of what a group makes of a virtual server: services, and real servers in
// all of them.
const (
	mostServices = 1 << 12
	mostServers  = 1 << 16
)

// offer adds the service by each address and mark that a virtual server names.
func (k *keepalived) offer(v statement, s Service, family string) {
	lines, head := []statement{{at: v.at, words: v.words[1:]}}, v.keyword()
	if v.arg(1) == "group" {
		group, known := k.groups[v.arg(2)]
		if !known {
			k.draft.remark("%s not imported: there is no group %s", v.at, v.arg(2))
			return
		}
		group.used = true
		lines, head = group.body, "virtual_server_group "+v.arg(2)+":"
	}
	for _, line := range lines {
		if len(line.words) == 0 {
			continue
		}
		all, err := offered(s, line, family)
		if err != nil {
			k.draft.remark("%s not imported: %s %s: %v", line.at, head, strings.Join(line.words, " "), err)
			continue
		}
		k.servers += len(all) * len(s.Destinations)
		if len(k.draft.Services)+len(all) > mostServices || k.servers > mostServers {
			k.notes.add(line.at, fmt.Sprintf("not imported: more than %d services, or %d real servers in them", mostServices, mostServers))
			return
		}
		for _, one := range all {
			k.add(one)
		}
	}
}

// offered is the service by the mark of a line, or by each of its addresses.
func offered(s Service, line statement, family string) (all []Service, err error) {
	if line.keyword() == "fwmark" {
		s.FWMark, err = parseNumber(line.arg(1))
		s.Protocol, s.Family = 0, markFamily(s, cmp.Or(line.arg(2), family))
		return []Service{s}, err
	}
	addrs, err := span(line.keyword())
	if port := line.arg(1); err == nil && port != "" {
		var n uint64
		if n, err = strconv.ParseUint(port, 10, 16); err != nil {
			err = fmt.Errorf("%q is no port", port)
		}
		s.Port = uint16(n)
	}
	for _, addr := range addrs {
		s.Addr, s.Family = addr, ipvs.FamilyOf(addr)
		all = append(all, s)
	}
	return all, err
}

// markFamily is the address family of a mark.
func markFamily(s Service, said string) ipvs.AddressFamily {
	tunnels := true
	for _, d := range s.Destinations {
		tunnels = tunnels && d.Forward == ipvs.Tunnel
	}
	switch {
	case said == "inet6":
		return ipvs.INET6
	case said == "inet" || len(s.Destinations) == 0:
		return ipvs.INET
	}
	for _, d := range s.Destinations {
		if d.Family != ipvs.INET6 && tunnels {
			return ipvs.INET
		}
	}
	return s.Destinations[0].Family
}

// add gives a service what depends on its address: the ports of its real servers,
// which are of their own with masquerading alone, and the mask.
func (k *keepalived) add(s Service) {
	if s.Netmask == 0 {
		s.Netmask = ipvs.SingleClients(s.Family)
	}
	if c := s.Check; c != nil && c.Port == 0 && s.Port == 0 {
		ports := map[uint16]bool{}
		for _, d := range s.Destinations {
			ports[d.Port] = true
		}
		if len(ports) == 1 && s.Destinations[0].Port != 0 {
			own := *c
			own.Port = s.Destinations[0].Port
			s.Check = &own
		}
	}
	s.Remarks = slices.Clone(s.Remarks)
	var vain []string
	for _, list := range []*[]ipvs.Destination{&s.Destinations, &s.Sorry} {
		*list = slices.Clone(*list)
		for i := range *list {
			d := &(*list)[i]
			if d.Port != 0 && d.Port != s.Port && d.Forward != ipvs.Masquerade {
				vain = append(vain, netip.AddrPortFrom(d.Addr, d.Port).String())
			}
			if d.Port == 0 || d.Forward != ipvs.Masquerade {
				d.Port = s.Port
			}
		}
	}
	if len(vain) > 0 {
		s.remark("a port has no effect without NAT: %s", strings.Join(vain, ", "))
	}
	if s.Check != nil && s.Check.Port == s.Port && s.Port != 0 {
		own := *s.Check
		own.Port = 0
		s.Check = &own
	}
	if i := slices.IndexFunc(k.draft.Services, func(have Service) bool { return s.Name != "" && have.Name == s.Name }); i >= 0 {
		s.Name = k.draft.uniqueName(s.Name)
	}
	k.draft.Services = append(k.draft.Services, s)
}

// span are the addresses of a range: 192.168.200.1-10, FIRST-LAST or PREFIX.
func span(word string) (all []netip.Addr, err error) {
	if prefix, err := netip.ParsePrefix(word); err == nil && prefix.Addr().BitLen()-prefix.Bits() <= 12 {
		for addr := prefix.Masked().Addr(); prefix.Contains(addr); addr = addr.Next() {
			all = append(all, addr)
		}
		return all, nil
	}
	first, last, isRange := strings.Cut(word, "-")
	wrong := fmt.Errorf("%q is no address", word)
	from, err := netip.ParseAddr(first)
	if err != nil {
		return nil, wrong
	}
	if !isRange {
		return []netip.Addr{from}, nil
	}
	to, err := netip.ParseAddr(last)
	if err != nil {
		cut := strings.LastIndexAny(first, ".:")
		if to, err = netip.ParseAddr(first[:cut+1] + last); err != nil {
			return nil, wrong
		}
	}
	for addr := from; addr.IsValid() && addr.Compare(to) <= 0; addr = addr.Next() {
		if all = append(all, addr); len(all) > 1<<12 {
			return nil, fmt.Errorf("a range of more than %d addresses", 1<<12)
		}
	}
	return all, nil
}
