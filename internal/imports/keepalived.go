package imports

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Keepalived is the draft of a file of keepalived.conf(5) and of those that it
// includes.
func Keepalived(f Text, files Files) Draft {
	var d Draft
	var all []statement
	x := reader{files: files, remark: d.remark, parameters: map[string]string{}, open: []*[]statement{&all}}
	x.file(f, "")
	if len(x.open) > 1 {
		d.remark("the file ends within a block")
	}
	k := keepalived{draft: &d, groups: map[string]statement{}}
	for _, s := range all {
		if s.keyword() == "virtual_server_group" {
			k.groups[s.arg(1)] = s
		}
	}
	for _, s := range all {
		switch s.keyword() {
		case "virtual_server":
			k.virtual(s)
		case "virtual_server_group":
		case "global_defs":
			k.global(s)
		case "vrrp_instance":
			k.instance(s)
		default:
			d.remark("%s not imported: %s", s.at, strings.Join(s.words, " "))
		}
	}
	return d
}

type keepalived struct {
	draft  *Draft
	groups map[string]statement
}

// unsaid gathers what a file of ours has no counterpart of.
type unsaid []string

func (u *unsaid) add(s statement) {
	if word := s.keyword(); !slices.Contains(*u, word) {
		*u = append(*u, word)
	}
}

func (k keepalived) global(s statement) {
	var others unsaid
	for _, one := range s.body {
		switch one.keyword() {
		case "router_id": // a name for its own mails
		case "lvs_timeouts":
			for i := 1; i+1 < len(one.words); i += 2 {
				to := map[string]*uint32{"tcp": &k.draft.Timeouts.TCP, "tcpfin": &k.draft.Timeouts.TCPFin, "udp": &k.draft.Timeouts.UDP}[one.words[i]]
				if n, err := parseNumber(one.words[i+1]); err == nil && to != nil {
					*to = n
				} else {
					k.draft.remark("%s not imported: lvs_timeouts %s %s", one.at, one.words[i], one.words[i+1])
				}
			}
		case "lvs_sync_daemon":
			k.sync(one)
		default:
			others.add(one)
		}
	}
	if len(others) > 0 {
		k.draft.remark("not imported: global_defs: %s", strings.Join(others, ", "))
	}
}

// sync is both daemons: which of them runs follows VRRP there.
func (k keepalived) sync(s statement) {
	d := ipvs.Daemon{Interface: s.arg(1)}
	words := s.words[min(2, len(s.words)):]
	for len(words) > 0 {
		value := ""
		if len(words) > 1 {
			value = words[1]
		}
		n, err := strconv.ParseUint(value, 10, 16)
		switch words[0] {
		case "id":
			d.SyncID = uint32(n)
		case "maxlen":
			d.MaxLen = uint16(n)
		case "port":
			d.Port = uint16(n)
		case "ttl":
			d.TTL = uint8(n)
		case "group":
			d.Group, err = netip.ParseAddr(value)
		case "inst":
			err = nil
		default: // the instance
			words = words[1:]
			continue
		}
		if err != nil {
			k.draft.remark("%s not imported: lvs_sync_daemon: %s %s", s.at, words[0], value)
		}
		words = words[min(2, len(words)):]
	}
	for _, role := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		d.State = role
		k.draft.Daemons = append(k.draft.Daemons, d)
	}
}

// instance takes the VIPs of VRRP, which marks stand for.
func (k keepalived) instance(s statement) {
	for _, one := range s.body {
		if one.keyword() != "virtual_ipaddress" && one.keyword() != "virtual_ipaddress_excluded" {
			continue
		}
		for _, line := range one.body {
			addr, _, _ := strings.Cut(line.keyword(), "/")
			if vip, err := netip.ParseAddr(addr); err == nil {
				k.draft.VIPs = append(k.draft.VIPs, vip)
			} else {
				k.draft.remark("%s not imported: %s", line.at, strings.Join(line.words, " "))
			}
		}
	}
	k.draft.remark("%s: vrrp_instance %s stays keepalived's: this file has no second director", s.at, s.arg(1))
}

// What keepalived.conf(5) has where a file says nothing; and the times of a
// check, with what real servers may say over the virtual server, and checkers
// over both.
type timing struct {
	loop, timeout float64
	retry         int // -1: by the kind of check
	inhibit       bool
	said          bool // the timeout
	host          string
}

func defaultTiming() timing { return timing{loop: 60, timeout: 5, retry: -1} }

// take reads a keyword that is one of the times; not ok: it is another one.
func (t *timing) take(s statement) (ok bool) {
	number, err := strconv.ParseFloat(s.arg(1), 64)
	switch s.keyword() {
	case "delay_loop":
		t.loop = number
	case "connect_timeout", "misc_timeout":
		t.timeout, t.said = number, true
	case "retry", "nb_get_retry":
		t.retry = int(number)
	case "inhibit_on_failure":
		t.inhibit, err = isOn(s), nil
	case "virtualhost":
		t.host, err = s.arg(1), nil
	default:
		return false
	}
	return err == nil
}

// isOn reads a switch, which is on if it stands alone.
func isOn(s statement) bool { return !slices.Contains([]string{"off", "false", "no"}, s.arg(1)) }

var (
	keepalivedMethods = map[string]ipvs.Forward{"NAT": ipvs.Masquerade, "DR": ipvs.DirectRoute, "TUN": ipvs.Tunnel}
	understood        = []string{"alpha", "warmup", "delay_before_retry"} // vs watch does that anyway
)

// forward reads a method, with the kind of a tunnel.
func forward(s statement) (f ipvs.Forward, tunnel ipvs.TunnelType, known bool) {
	f, known = keepalivedMethods[strings.ToUpper(s.arg(1))]
	if s.arg(2) == "type" && s.arg(3) != "ipip" {
		tunnel = ipvs.GUE // or GRE: the file has neither
	}
	return f, tunnel, known
}

// server is a real server on its way.
type server struct {
	ipvs.Destination
	at     string
	timing timing
	said   []statement // its checkers
}

// virtual reads a virtual server, or those of a group.
func (k keepalived) virtual(v statement) {
	s := Service{Forward: ipvs.Masquerade}
	s.Scheduler, s.Protocol = "wlc", ipvs.TCP
	t := defaultTiming()
	var servers []server
	var others unsaid
	var sorry []statement
	var tunnel, sorryTunnel ipvs.TunnelType
	var sorryForward *ipvs.Forward
	family, scheduled := "", false
	for _, one := range v.body {
		word := one.keyword()
		flag, isFlag := ipvs.FindSchedulerFlag(word)
		switch {
		case t.take(one), slices.Contains(understood, word):
		case isFlag:
			s.Flags |= flag.Flag
		case word == "lvs_sched" || word == "lb_algo":
			s.Scheduler, scheduled = one.arg(1), true
		case word == "lvs_method" || word == "lb_kind":
			var known bool
			if s.Forward, tunnel, known = forward(one); !known {
				s.remark("%s: unknown method %s", one.at, one.arg(1))
			}
		case word == "sorry_server_lvs_method":
			f, kind, _ := forward(one)
			sorryForward, sorryTunnel = &f, kind
		case word == "protocol":
			s.Protocol, _ = ipvs.ProtocolTitles.Value(strings.ToUpper(one.arg(1)))
		case word == "ops":
			s.Flags |= ipvs.OnePacket
		case word == "persistence_engine":
			s.PE = one.arg(1)
		case word == "persistence_timeout":
			s.Flags |= ipvs.Persistent
			s.Timeout = defaultPersistence
			if n, err := parseNumber(one.arg(1)); err == nil {
				s.Timeout = n
			}
		case word == "persistence_granularity":
			mask, err := parseMask(one.arg(1))
			if s.Netmask = mask; err != nil {
				s.remark("%s not imported: %v", one.at, err)
			}
		case word == "ip_family":
			family = one.arg(1)
		case word == "snmp_name":
			s.Name = k.draft.uniqueName(one.arg(1))
		case word == "quorum" && one.arg(1) == "1":
		case word == "sorry_server":
			sorry = append(sorry, one)
		case word == "real_server":
			if r, err := k.server(one, &others); err == nil {
				servers = append(servers, r)
			} else {
				s.remark("%s not imported: %v", one.at, err)
			}
		default:
			others.add(one)
		}
	}
	if !scheduled {
		s.remark("%s names no scheduler: wlc", v.at)
	}
	if len(others) > 0 {
		s.remark("%s: no counterpart: %s", v.at, strings.Join(others, ", "))
	}
	for _, r := range servers {
		if r.Forward == unsaidMethod {
			r.Forward, r.TunnelType = s.Forward, tunnel
		}
		s.Destinations = append(s.Destinations, r.Destination)
	}
	for _, one := range sorry {
		d := ipvs.Destination{Forward: s.Forward, Weight: 1, TunnelType: tunnel}
		if sorryForward != nil {
			d.Forward, d.TunnelType = *sorryForward, sorryTunnel
		}
		if err := place(&d, one); err != nil {
			s.remark("%s not imported: %v", one.at, err)
			continue
		}
		s.Sorry = append(s.Sorry, d)
	}
	s.ask(servers, t)
	k.offer(v, s, family)
}

// unsaidMethod is of a real server that has the virtual server's.
const unsaidMethod = ipvs.Forward(255)

// place reads an address and, if there is one, a port.
func place(d *ipvs.Destination, s statement) (err error) {
	if d.Addr, err = netip.ParseAddr(s.arg(1)); err != nil {
		return fmt.Errorf("%s %s: no address", s.keyword(), s.arg(1))
	}
	d.Family = ipvs.FamilyOf(d.Addr)
	if port := s.arg(2); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("%s %s: no port", s.keyword(), port)
		}
		d.Port = uint16(n)
	}
	return nil
}

func (k keepalived) server(v statement, others *unsaid) (server, error) {
	r := server{at: v.at, timing: timing{loop: -1, timeout: -1, retry: -1}}
	r.Weight, r.Forward = 1, unsaidMethod
	for _, one := range v.body {
		number, err := parseNumber(one.arg(1))
		word := one.keyword()
		switch {
		case r.timing.take(one), slices.Contains(understood, word):
		case word == "weight" && err == nil:
			r.Weight = number
		case word == "uthreshold" && err == nil:
			r.Upper = number
		case word == "lthreshold" && err == nil:
			r.Lower = number
		case word == "lvs_method" || word == "lb_kind":
			r.Forward, r.TunnelType, _ = forward(one)
		case strings.HasSuffix(word, "_CHECK") || strings.HasSuffix(word, "_GET"):
			r.said = append(r.said, one)
		default:
			others.add(one)
		}
	}
	return r, place(&r.Destination, v)
}

// offer adds the service by each address and mark that a virtual server names.
func (k keepalived) offer(v statement, s Service, family string) {
	lines := []statement{{at: v.at, words: v.words[1:]}}
	if v.arg(1) == "group" {
		group, known := k.groups[v.arg(2)]
		if !known {
			k.draft.remark("%s not imported: there is no group %s", v.at, v.arg(2))
			return
		}
		lines = group.body
	}
	for _, line := range lines {
		if len(line.words) == 0 {
			continue
		}
		if line.keyword() == "fwmark" {
			mark, err := parseNumber(line.arg(1))
			if err != nil {
				k.draft.remark("%s not imported: %v", line.at, err)
				continue
			}
			one := s
			one.FWMark, one.Protocol = mark, 0
			one.Family = markFamily(s, cmp.Or(line.arg(2), family))
			k.add(one)
			continue
		}
		addrs, err := span(line.keyword())
		port := uint64(0)
		if err == nil && line.arg(1) != "" {
			port, err = strconv.ParseUint(line.arg(1), 10, 16)
		}
		if err != nil {
			k.draft.remark("%s not imported: virtual_server %s: %v", line.at, strings.Join(line.words, " "), err)
			continue
		}
		for _, addr := range addrs {
			one := s
			one.Addr, one.Port, one.Family = addr, uint16(port), ipvs.FamilyOf(addr)
			k.add(one)
		}
	}
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
func (k keepalived) add(s Service) {
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
	from, err := netip.ParseAddr(first)
	if err != nil || !isRange {
		return []netip.Addr{from}, err
	}
	to, err := netip.ParseAddr(last)
	if err != nil {
		cut := strings.LastIndexAny(first, ".:")
		if to, err = netip.ParseAddr(first[:cut+1] + last); err != nil {
			return nil, err
		}
	}
	for addr := from; addr.IsValid() && addr.Compare(to) <= 0; addr = addr.Next() {
		if all = append(all, addr); len(all) > 1<<12 {
			return nil, fmt.Errorf("a range of more than %d addresses", 1<<12)
		}
	}
	return all, nil
}

// ask gives a service the check of its real servers.
func (s *Service) ask(servers []server, t timing) {
	for i, r := range servers {
		var c *config.Check
		var remarks []string
		for _, checker := range r.said {
			asked, said := check(checker, t.over(r.timing))
			if asked != nil && c != nil {
				said = append(said, fmt.Sprintf("%s not imported: %s: the file has one check for a service", checker.at, checker.keyword()))
			} else if asked != nil {
				c = asked
			}
			remarks = append(remarks, said...)
		}
		switch {
		case i == 0:
			s.Check = c
		case !reflect.DeepEqual(c, s.Check):
			s.remark("%s: %s is asked in another way than %s: the file has one check for all of a service", r.at, r.Addr, servers[0].Addr)
		}
		for _, text := range remarks {
			if _, what, _ := strings.Cut(text, ": "); !slices.ContainsFunc(s.Remarks, func(have string) bool { return strings.HasSuffix(have, what) }) {
				s.Remarks = append(s.Remarks, text)
			}
		}
	}
}

// over are times where a real server has some of its own.
func (t timing) over(own timing) timing {
	if own.loop >= 0 {
		t.loop = own.loop
	}
	if own.timeout >= 0 {
		t.timeout, t.said = own.timeout, own.said
	}
	if own.retry >= 0 {
		t.retry = own.retry
	}
	if own.host != "" {
		t.host = own.host
	}
	t.inhibit = t.inhibit || own.inhibit
	return t
}
