package imports

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

var keepalivedMethods = map[string]ipvs.Forward{"NAT": ipvs.Masquerade, "DR": ipvs.DirectRoute, "TUN": ipvs.Tunnel}

// reach is how real servers are reached.
type reach struct {
	forward ipvs.Forward
	tunnel  ipvs.TunnelType
}

func reachOf(s statement) (r reach, known bool) {
	r.forward, known = keepalivedMethods[strings.ToUpper(s.arg(1))]
	if s.arg(2) == "type" && s.arg(3) != "ipip" {
		r.tunnel = ipvs.GUE // or GRE: the file has neither
	}
	return r, known
}

// over is a way of a real server's own, else the virtual server's.
func (r reach) over(own *reach) reach {
	if own != nil {
		return *own
	}
	return r
}

// virtualServer is a virtual server on its way.
type virtualServer struct {
	Service
	reach    reach
	timing   timing
	family   string // of a mark
	servers  []realServer
	sorry    []realServer
	sorryBy  *reach
	notes    notes
	schedule bool // said
}

// realServer is a real server, or a sorry server, on its way.
type realServer struct {
	ipvs.Destination
	at     string
	by     *reach // nil: the virtual server's
	timing timing
	said   []statement // its checkers
}

// virtual reads a virtual server, or those of a group.
func (k *keepalived) virtual(s statement) {
	v := virtualServer{reach: reach{forward: ipvs.Masquerade}, timing: defaultTiming()}
	v.Scheduler, v.Protocol = "wlc", ipvs.TCP
	for _, one := range s.body {
		if !v.balance(one) && !k.serve(&v, one) && !v.timing.take(one) && !k.understands(one) {
			v.notes.unsaid(one)
		}
		if addr, err := netip.ParseAddr(s.arg(1)); one.keyword() == "ip_family" && err == nil && addr.Is6() != (v.family == "inet6") {
			v.notes.add(one.at, "not imported: ip_family "+v.family+": the address is of the other family")
		}
	}
	if !v.schedule {
		v.notes.add(s.at, "no scheduler is named: wlc")
	}
	v.Name = k.draft.uniqueName(v.Name)
	v.Forward = v.reach.forward
	v.Destinations = destinations(v.servers, v.reach)
	v.Sorry = destinations(v.sorry, v.reach.over(v.sorryBy))
	v.ask(k)
	v.Remarks = v.notes.lines()
	k.offer(s, v.Service, v.family)
}

func destinations(all []realServer, by reach) (list []ipvs.Destination) {
	for _, r := range all {
		by := by.over(r.by)
		r.Forward, r.TunnelType = by.forward, by.tunnel
		list = append(list, r.Destination)
	}
	return list
}

// balance reads a keyword that says how connections are distributed; not ok: it
// is another one.
func (v *virtualServer) balance(s statement) (ok bool) {
	var err error
	known := true
	switch word := s.keyword(); word {
	case "lvs_sched", "lb_algo":
		v.Scheduler, v.schedule = s.arg(1), true
	case "lvs_method", "lb_kind":
		v.reach, known = reachOf(s)
	case "protocol":
		var p ipvs.Protocol
		if p, known = ipvs.ProtocolTitles.Value(strings.ToUpper(s.arg(1))); known {
			v.Protocol = p
		}
	case "ops":
		v.Flags |= ipvs.OnePacket
	case "persistence_engine":
		v.PE = s.arg(1)
	case "persistence_timeout":
		v.Flags |= ipvs.Persistent
		v.Timeout = defaultPersistence
		if s.arg(1) != "" {
			if v.Timeout, err = parseNumber(s.arg(1)); err != nil {
				v.partial = cmp.Or(v.partial, s.at+": "+strings.Join(s.words, " ")+": expected seconds")
				return true
			}
		}
	case "persistence_granularity":
		v.Netmask, err = parseMask(s.arg(1))
	case "ip_family":
		v.family, known = s.arg(1), s.arg(1) == "inet" || s.arg(1) == "inet6"
	case "snmp_name":
		v.Name = s.arg(1)
	case "quorum":
		return s.arg(1) == "1" // the default
	default:
		flag, isFlag := ipvs.FindSchedulerFlag(word)
		v.Flags |= flag.Flag
		return isFlag
	}
	if err != nil || !known {
		v.notes.add(s.at, "not imported: "+strings.Join(s.words, " "))
	}
	return true
}

// serve reads a keyword that says who serves; not ok: it is another one.
func (k *keepalived) serve(v *virtualServer, s statement) (ok bool) {
	known := true
	switch s.keyword() {
	case "real_server":
		r, err := k.server(s, &v.notes)
		if err == nil {
			v.servers = append(v.servers, r)
		} else {
			v.partial = cmp.Or(v.partial, s.at+": "+err.Error())
		}
	case "sorry_server":
		r := realServer{}
		r.Weight = 1
		if err := place(&r.Destination, s); err == nil {
			v.sorry = append(v.sorry, r)
		} else {
			v.notes.add(s.at, "not imported: "+err.Error())
		}
	case "sorry_server_lvs_method":
		var by reach
		by, known = reachOf(s)
		v.sorryBy = &by
	default:
		return false
	}
	if !known {
		v.notes.add(s.at, "not imported: "+strings.Join(s.words, " "))
	}
	return true
}

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

func (k *keepalived) server(v statement, n *notes) (realServer, error) {
	r := realServer{at: v.at, timing: timing{loop: -1, timeout: -1, retry: -1}}
	r.Weight = 1
	for _, one := range v.body {
		number, err := parseNumber(one.arg(1))
		word := one.keyword()
		switch {
		case r.timing.take(one), k.understands(one):
		case word == "weight" && err == nil:
			r.Weight = number
		case word == "uthreshold" && err == nil:
			r.Upper = number
		case word == "lthreshold" && err == nil:
			r.Lower = number
		case word == "lvs_method" || word == "lb_kind":
			by, known := reachOf(one)
			if r.by = &by; !known {
				return r, fmt.Errorf("%s: unknown method %q", one.at, one.arg(1))
			}
		case strings.HasSuffix(word, "_CHECK") || strings.HasSuffix(word, "_GET"):
			r.said = append(r.said, one)
		default:
			n.unsaid(one)
		}
	}
	return r, place(&r.Destination, v)
}

// ask gives a service the check of its real servers.
func (v *virtualServer) ask(k *keepalived) {
	for i, r := range v.servers {
		var c *config.Check
		for _, checker := range r.said {
			switch asked := k.check(checker, v, v.timing.over(r.timing)); {
			case asked != nil && c != nil:
				v.notes.add(checker.at, "not imported: "+checker.keyword()+": the file has one check for a service")
			case asked != nil:
				c = asked
			}
		}
		if i == 0 {
			v.Check = c
		} else if !reflect.DeepEqual(c, v.Check) {
			v.notes.add(r.at, fmt.Sprintf("%s is checked differently from %s: the file has one check for all of a service", r.Addr, v.servers[0].Addr))
		}
	}
}
