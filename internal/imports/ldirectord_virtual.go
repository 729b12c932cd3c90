package imports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lvsdr/internal/ipvs"
)

// What a virtual service takes from the global settings, and what else is read
// of its own.
var (
	ldirectordInherited = []string{"checktimeout", "negotiatetimeout", "checkinterval", "failurecount", "fallback", "fallback6", "quiescent", "fork"}
	ldirectordOwn       = []string{
		"virtual", "virtual6", "scheduler", "schedflags", "persistent", "netmask", "protocol", "ops", "servicename",
		"checktype", "service", "checkport", "request", "receive", "httpmethod", "virtualhost", "checkcommand",
	}
)

// service is a virtual service on its way.
type service struct {
	*ldirectord
	Service
	own section
	six string // the end of its keys: "6" for a service of virtual6
}

// setting is what counts of a key; its line is the service's where it is not said.
func (s *service) setting(key string) setting {
	if one, found := s.own.last(key); found {
		return one
	}
	if one, found := s.global.last(key); found && slices.Contains(ldirectordInherited, key) {
		return one
	}
	head, _ := s.own.last("virtual" + s.six)
	return setting{line: head.line}
}

// get is the value of a setting, without quotes.
func (s *service) get(key string) string { return unquote(s.setting(key).value) }

// note remarks on a setting, with its line.
func (s *service) note(key, format string, args ...any) {
	s.remark("line %d: %s", s.setting(key).line, fmt.Sprintf(format, args...))
}

func (l *ldirectord) virtual(own section) {
	s := &service{ldirectord: l, own: own}
	if len(own["virtual6"]) > 0 {
		s.six = "6"
	}
	head, _ := own.last("virtual" + s.six)
	refuse := func(why any) {
		l.draft.remark("line %d not imported: virtual%s = %s: %v", head.line, s.six, head.value, why)
	}
	if err := s.identify(head.value); err != nil {
		refuse(err)
		return
	}
	if s.get("checktype") == "off" {
		refuse("checktype off: it has no active server")
		return
	}
	s.staff()
	if l.servers += len(s.Destinations); l.servers > mostServers {
		refuse(fmt.Sprintf("more than %d real servers", mostServers))
		return
	}
	s.check()
	for _, key := range own.keys() {
		if !slices.Contains(ldirectordInherited, key) && !slices.Contains(ldirectordOwn, key) && key != "real"+s.six {
			own.unsaid(key, s.remark)
		}
	}
	l.draft.Services = append(l.draft.Services, s.Service)
}

// staff reads the real servers and the fallback.
func (s *service) staff() {
	for _, one := range s.own["real"+s.six] {
		all, own, err := s.real(one.value)
		if err != nil {
			s.partial = cmp.Or(s.partial, fmt.Sprintf("line %d: real = %s: %v", one.line, one.value, err))
		}
		if own != "" {
			s.remark("line %d: %s is of this real server: the file has one check for all of a service", one.line, own)
		}
		s.Destinations = append(s.Destinations, all...)
	}
	s.Forward = method(s.Destinations)
	other := "fallback"
	if s.six == "" {
		other = "fallback6"
	}
	if _, found := s.own.last(other); found {
		s.note(other, "%s is of the other address family", other)
	}
	key := "fallback" + s.six
	if fallback := s.get(key); fallback != "" {
		all, _, err := s.real(fallback)
		if err != nil {
			s.note(key, "fallback %s not imported: %v", fallback, err)
		}
		s.Sorry = all
	}
}

// identify reads everything of a service but its real servers.
func (s *service) identify(at string) (err error) {
	s.Family = ipvs.INET
	if s.six != "" {
		s.Family = ipvs.INET6
	}
	protocol := s.get("protocol")
	if mark, err := parseNumber(at); err == nil && mark != 0 {
		s.FWMark = mark
	} else {
		if protocol == "" && (strings.HasSuffix(at, ":53") || strings.HasSuffix(at, ":domain")) {
			protocol = "udp"
		} else if protocol == "" {
			protocol = "tcp"
		}
		var known bool
		if s.Protocol, known = ipvs.Protocols.Value(protocol); !known {
			return fmt.Errorf("protocol %q", protocol)
		}
		e, err := parseEndpoint(at, protocol, s.names)
		if err != nil {
			return err
		}
		s.Addr, s.Port, s.Family = e.addr, e.port, ipvs.FamilyOf(e.addr)
	}
	s.Scheduler = "wrr"
	if name := s.get("scheduler"); name != "" {
		s.Scheduler = name
	}
	for _, name := range strings.FieldsFunc(s.get("schedflags"), func(r rune) bool { return r == ',' || r == ' ' }) {
		flag, known := ipvs.FindSchedulerFlag(name)
		if !known {
			s.note("schedflags", "schedflags %s not imported: unknown", name)
		}
		s.Flags |= flag.Flag
	}
	s.Netmask = ipvs.SingleClients(s.Family)
	if word := s.get("persistent"); word != "" {
		if s.Timeout, err = parseNumber(word); err != nil {
			return err
		}
		s.Flags |= ipvs.Persistent
		if mask := s.get("netmask"); mask != "" {
			if s.Netmask, err = parseMask(mask); err != nil {
				return err
			}
		}
	}
	if isYes(s.get("ops")) {
		s.Flags |= ipvs.OnePacket
	}
	s.Name = s.draft.uniqueName(s.get("servicename"))
	return nil
}

var ldirectordMethods = map[string]ipvs.Forward{"gate": ipvs.DirectRoute, "masq": ipvs.Masquerade, "ipip": ipvs.Tunnel}

// real reads real servers, or a fallback: ADDRESS[->ADDRESS][:PORT] [METHOD]
// [WEIGHT] ["REQUEST", "RECEIVE"] [l:LOWER] [u:UPPER]. Own is what it has of a
// check of its own.
func (s *service) real(text string) (all []ipvs.Destination, own string, err error) {
	text, own, _ = strings.Cut(text, `"`)
	if own != "" {
		end := strings.LastIndexByte(own, '"')
		text, own = text+own[end+1:], `"`+own[:end+1]
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, own, fmt.Errorf("no address")
	}
	d := ipvs.Destination{Family: s.Family, Forward: ipvs.DirectRoute, Weight: 1}
	if err = weigh(&d, words[1:]); err == nil {
		all, err = s.span(d, words[0])
	}
	return all, own, err
}

// weigh reads what follows the address of a real server.
func weigh(d *ipvs.Destination, words []string) (err error) {
	for i, word := range words {
		if forward, isMethod := ldirectordMethods[word]; i == 0 && isMethod {
			d.Forward = forward
			continue
		}
		to := &d.Weight
		word = strings.Trim(word, "<>")
		if lower, is := strings.CutPrefix(word, "l:"); is {
			to, word = &d.Lower, lower
		} else if upper, is := strings.CutPrefix(word, "u:"); is {
			to, word = &d.Upper, upper
		}
		if *to, err = parseNumber(word); err != nil {
			return err
		}
	}
	return nil
}

// span are the real servers of ADDRESS[->ADDRESS][:PORT].
func (s *service) span(d ipvs.Destination, word string) (all []ipvs.Destination, err error) {
	first, last, isRange := strings.Cut(word, "->")
	if !isRange {
		last = first
	}
	to, err := parseEndpoint(last, ipvs.Protocols.Name(s.Protocol), s.names)
	from := to.addr
	if isRange && err == nil {
		from, err = parseHost(first, s.names)
	}
	if err != nil {
		return nil, err
	}
	// A port of its own is for masquerading alone; ldirectord has it that way, too.
	d.Port = s.Port
	if to.hasPort && d.Forward == ipvs.Masquerade {
		d.Port = to.port
	} else if to.hasPort && to.port != s.Port && s.FWMark == 0 {
		s.remark("%s: port %d has no effect without masq", word, to.port)
	}
	const many = 1 << 12
	for addr := from; addr.IsValid() && addr.Compare(to.addr) <= 0; addr = addr.Next() {
		d.Addr, d.Family = addr, ipvs.FamilyOf(addr)
		if all = append(all, d); len(all) > many {
			return nil, fmt.Errorf("a range of more than %d addresses", many)
		}
	}
	if len(all) == 0 {
		err = fmt.Errorf("the range ends before it begins")
	}
	return all, err
}
