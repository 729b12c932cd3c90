package imports

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Ldirectord is the draft of a file of ldirectord(8).
func Ldirectord(text string, names Names) Draft {
	l := ldirectord{names: names, global: section{}}
	var virtuals []section
	in := l.global
	n := 0
	for line := range strings.Lines(text) {
		n++
		key, value, isSetting := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case key == "" || key[0] == '#':
			continue
		case !isSetting:
			l.draft.remark("line %d not imported: %s", n, key)
			continue
		case line[0] != ' ' && line[0] != '\t' && (key == "virtual" || key == "virtual6"):
			in = section{}
			virtuals = append(virtuals, in)
		case line[0] != ' ' && line[0] != '\t':
			in = l.global
		}
		in[key] = append(in[key], setting{n, value})
	}
	for _, v := range virtuals {
		l.virtual(v)
	}
	for _, key := range l.global.keys() {
		if !slices.Contains(ldirectordInherited, key) {
			l.global.unsaid(key, l.draft.remark)
		}
	}
	return l.draft
}

// A section is the settings of a virtual service, or the global ones.
type section map[string][]setting

type setting struct {
	line  int
	value string
}

// keys are in the order of the file.
func (s section) keys() (all []string) {
	for key := range s {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int { return s[a][0].line - s[b][0].line })
	return all
}

// instead is what does the work of some settings.
var instead = map[string]string{
	"emailalert": "watch: {on_event: [PROGRAM]} tells of events", "fallbackcommand": "watch: {on_event: [PROGRAM]} tells of sorry servers",
	"autoreload": "systemctl reload lvsdr-watch reads the file again", "callback": "nothing is called when the file changes",
	"maintenancedir": "lvsdr vs drain ADDRESS takes a real server out", "cleanstop": "vs watch leaves the table as it is; vs stop takes it away",
	"logfile": "vs watch tells events on its standard output, the journal's", "monitorfile": "vs watch tells events on its standard output, the journal's",
	"comment": "it is only a comment",
}

// unsaid remarks on settings that the file does not have.
func (s section) unsaid(key string, remark func(string, ...any)) {
	for _, one := range s[key] {
		what := fmt.Sprintf("line %d not imported: %s = %s", one.line, key, one.value)
		if key == "passwd" || key == "secret" {
			what = fmt.Sprintf("line %d not imported: %s", one.line, key)
		}
		if hint := instead[key]; hint != "" {
			what += ": " + hint
		}
		remark("%s", what)
	}
}

// What a virtual service takes from the global settings, and what else is read
// of its own.
var (
	ldirectordInherited = []string{"checktimeout", "negotiatetimeout", "checkinterval", "failurecount", "fallback", "fallback6", "quiescent"}
	ldirectordOwn       = []string{
		"virtual", "virtual6", "real", "real6", "scheduler", "schedflags", "persistent", "netmask", "protocol", "ops", "servicename",
		"checktype", "service", "checkport", "request", "receive", "httpmethod", "virtualhost", "checkcommand",
	}
)

type ldirectord struct {
	names  Names
	draft  Draft
	global section
}

// service is a virtual service on its way.
type service struct {
	*ldirectord
	Service
	own section
}

// get is the last value of a setting, without quotes.
func (s *service) get(key string) string {
	for _, in := range []section{s.own, s.global} {
		if all := in[key]; len(all) > 0 {
			return unquote(all[len(all)-1].value)
		}
	}
	return ""
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func (l *ldirectord) virtual(own section) {
	s := &service{ldirectord: l, own: own}
	six := ""
	if len(own["virtual6"]) > 0 {
		six = "6"
	}
	head := own["virtual"+six][0]
	if err := s.identify(head.value, six != ""); err != nil {
		l.draft.remark("line %d not imported: virtual%s = %s: %v", head.line, six, head.value, err)
		return
	}
	if s.get("checktype") == "off" {
		l.draft.remark("line %d not imported: virtual%s = %s: with checktype off nobody serves it", head.line, six, head.value)
		return
	}
	for _, real := range own["real"+six] {
		all, own, err := s.real(real.value)
		if err != nil {
			s.remark("line %d not imported: real = %s: %v", real.line, real.value, err)
		}
		if own != "" {
			s.remark("line %d: %s is of this real server: the file has one check for all of a service", real.line, own)
		}
		s.Destinations = append(s.Destinations, all...)
	}
	s.Forward = method(s.Destinations)
	if fallback := s.get("fallback" + six); fallback != "" {
		all, _, err := s.real(fallback)
		if err != nil {
			s.remark("fallback %s not imported: %v", fallback, err)
		}
		s.Sorry = all
	}
	s.check()
	for _, key := range own.keys() {
		if !slices.Contains(ldirectordInherited, key) && !slices.Contains(ldirectordOwn, key) {
			own.unsaid(key, s.remark)
		}
	}
	l.draft.Services = append(l.draft.Services, s.Service)
}

// identify reads everything of a service but its real servers.
func (s *service) identify(at string, six bool) (err error) {
	s.Family = ipvs.INET
	if six {
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
			s.remark("schedflags %s not imported: unknown", name)
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

func isYes(s string) bool {
	return strings.EqualFold(s, "yes") || strings.EqualFold(s, "true") || s == "1"
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// uniqueName makes a name of a text.
func (d *Draft) uniqueName(text string) string {
	base := strings.Trim(notInNames.ReplaceAllString(text, "-"), "-")
	name := base
	for i := 2; slices.ContainsFunc(d.Services, func(s Service) bool { return name != "" && s.Name == name }); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
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
	for i, word := range words[1:] {
		word = strings.Trim(word, "<>")
		number := func(digits string, to *uint32) {
			if n, wrong := parseNumber(digits); wrong == nil {
				*to = n
			} else if err == nil {
				err = wrong
			}
		}
		forward, isMethod := ldirectordMethods[word]
		switch lower, isLower := strings.CutPrefix(word, "l:"); {
		case i == 0 && isMethod:
			d.Forward = forward
		case isLower:
			number(lower, &d.Lower)
		case strings.HasPrefix(word, "u:"):
			number(word[2:], &d.Upper)
		default:
			number(word, &d.Weight)
		}
	}
	first, last, isRange := strings.Cut(words[0], "->")
	if !isRange {
		last = first
	}
	protocol := ipvs.Protocols.Name(s.Protocol)
	to, wrong := parseEndpoint(last, protocol, s.names)
	if err == nil {
		err = wrong
	}
	from := to.addr
	if isRange && err == nil {
		from, err = parseHost(first, s.names)
	}
	if err != nil {
		return nil, own, err
	}
	// A port of its own is for masquerading alone; ldirectord has it that way, too.
	d.Port = s.Port
	if to.hasPort && d.Forward == ipvs.Masquerade {
		d.Port = to.port
	} else if to.hasPort && to.port != s.Port && s.FWMark == 0 {
		s.remark("%s: port %d has no effect without masq", words[0], to.port)
	}
	const many = 1 << 12
	for addr := from; addr.IsValid() && addr.Compare(to.addr) <= 0; addr = addr.Next() {
		d.Addr, d.Family = addr, ipvs.FamilyOf(addr)
		if all = append(all, d); len(all) > many {
			return nil, own, fmt.Errorf("a range of more than %d addresses", many)
		}
	}
	if len(all) == 0 {
		err = fmt.Errorf("the range ends before it begins")
	}
	return all, own, err
}

// services are what ldirectord(8) asks by default, by the port.
var ldirectordServices = map[uint16]string{
	21: "ftp", 25: "smtp", 53: "dns", 80: "http", 110: "pop", 119: "nntp", 143: "imap", 389: "ldap", 443: "https", 587: "submission",
	636: "ldaps", 993: "imaps", 995: "pops", 1521: "oracle", 1812: "radius", 3128: "http_proxy", 3306: "mysql", 5432: "pgsql", 5060: "sip",
}

// greetings are how servers begin that speak first (RFC 959, 5321, 1939, 3501,
// 3977).
var greetings = map[string]string{
	"ftp": "^220", "smtp": "^220", "submission": "^220", "pop": `^\+OK`, "imap": `^\* OK`, "nntp": "^20[01]",
}

// check reads how the real servers are asked.
func (s *service) check() {
	kind := s.get("checktype")
	asked := s.get("service")
	if asked == "" {
		asked = ldirectordServices[s.Port]
	}
	if n, err := strconv.Atoi(kind); err == nil {
		s.remark("checktype %d: every question is a negotiation here, not only one of %d", n, n+1)
		kind = "negotiate"
	}
	c := config.DefaultCheck()
	c.Rise = 1
	s.pace(&c, kind == "" || kind == "negotiate")
	switch kind {
	case "on":
		return
	case "", "negotiate":
		if asked == "" || asked == "none" {
			return
		}
		s.negotiate(&c, asked)
	case "connect":
		if s.Protocol == ipvs.UDP {
			s.byPacket(&c)
		}
	case "ping":
		s.remark("checktype ping: the port is asked instead")
		if s.Protocol == ipvs.UDP {
			c.Type = config.CheckUDP
		}
	case "external", "external-perl":
		s.external(&c, kind)
	default:
		s.remark("checktype %s not imported: unknown", kind)
		return
	}
	if port := s.get("checkport"); port != "" {
		n, err := parsePort(port, ipvs.Protocols.Name(s.Protocol), s.names)
		if err != nil {
			s.remark("checkport not imported: %v", err)
		}
		if c.Port = n; n == s.Port {
			c.Port = 0
		}
	}
	if c.Port == 0 && s.Port == 0 && asked != "" {
		for port, name := range ldirectordServices {
			if name == asked {
				c.Port = port
			}
		}
	}
	s.Check = &c
}

func (s *service) byPacket(c *config.Check) {
	c.Type = config.CheckUDP
	s.remark("ldirectord pings where a service is of UDP; here its port is asked, and refused only if nothing listens")
}

// pace reads when and how often is asked. A timeout is at most the interval.
func (s *service) pace(c *config.Check, negotiates bool) {
	seconds := func(fallback time.Duration, keys ...string) time.Duration {
		for _, key := range keys {
			word := s.get(key)
			if n, err := strconv.ParseFloat(word, 64); err == nil && n > 0 {
				return time.Duration(n * float64(time.Second))
			} else if word != "" {
				s.remark("%s %s not imported: no number of seconds", key, word)
			}
		}
		return fallback
	}
	c.Interval = seconds(10*time.Second, "checkinterval")
	own := []string{"checktimeout", "negotiatetimeout"}
	c.Timeout = 5 * time.Second
	if negotiates {
		own = []string{"negotiatetimeout", "checktimeout"}
		c.Timeout = min(30*time.Second, c.Interval)
	}
	said := s.get(own[0]) + s.get(own[1])
	if c.Timeout = seconds(c.Timeout, own...); c.Timeout > c.Interval {
		text := fmt.Sprintf("a timeout of %v is more than the interval: here it is %v", c.Timeout, c.Interval)
		if said != "" && !slices.Contains(s.draft.Remarks, text) {
			s.draft.remark("%s", text)
		}
		c.Timeout = c.Interval
	}
	c.Fall = 1
	if word := s.get("failurecount"); word != "" {
		if n, err := parseNumber(word); err == nil && n > 0 {
			c.Fall = n
		} else {
			s.remark("failurecount %s not imported", word)
		}
	}
	c.OnFailure = config.FailureQuiesce
	if word := s.get("quiescent"); word != "" && !isYes(word) {
		c.OnFailure = config.FailureRemove
	}
}

// negotiate reads what is asked of a server of a kind.
func (s *service) negotiate(c *config.Check, kind string) {
	request, receive := s.get("request"), s.get("receive")
	switch kind {
	case "http", "https":
		if c.Type = config.CheckHTTP; kind == "https" {
			c.Type, c.Verify = config.CheckHTTPS, false
			s.remark("certificates are not verified; if they are good: check: {verify: true, name: NAME}")
		}
		s.web(c, request)
		s.pattern(&c.Body, receive)
		return
	case "dns":
		s.dns(c, request, receive)
		return
	case "simpletcp":
		c.Send = strings.ReplaceAll(request, `\n`, "\n")
		s.pattern(&c.Receive, receive)
		return
	case "imaps", "pops":
		c.Type, c.Verify = config.CheckTLS, false
		s.remark("service %s: no more than the handshake of TLS is asked", kind)
		return
	}
	c.Receive = greetings[kind]
	switch {
	case s.Protocol == ipvs.UDP:
		c.Type = config.CheckUDP
		s.remark("service %s: the port is asked by a packet, not by the protocol", kind)
	case c.Receive != "":
		s.remark("service %s: the server's greeting is waited for, and nobody logs in", kind)
	default:
		s.remark("service %s: a connection is all that is asked; check: {type: exec} runs a program that knows more", kind)
	}
}

// web reads the page that is asked for.
func (s *service) web(c *config.Check, request string) {
	if rest, absolute := strings.CutPrefix(request, string(c.Type)+"://"); absolute {
		host, path, _ := strings.Cut(rest, "/")
		s.remark("request %s: the page is asked of the real server itself, by host %s", request, host)
		c.Host, request = host, path
	}
	c.Path = "/" + strings.TrimPrefix(request, "/")
	if host := s.get("virtualhost"); host != "" {
		c.Host = host
	}
	if method := s.get("httpmethod"); method != "" {
		c.Method = strings.ToUpper(method)
	}
}

func (s *service) dns(c *config.Check, request, receive string) {
	c.Type, c.Name = config.CheckDNS, request
	if addr, err := netip.ParseAddr(request); err == nil {
		c.Record, c.Name = "PTR", reverse(addr)
	}
	// The answer is an expression there; of an address as it is written it means
	// just that.
	plain := strings.ReplaceAll(strings.Trim(receive, "^$"), `\`, "")
	addr, err := netip.ParseAddr(plain)
	switch {
	case receive == "":
	case err == nil && addr.Is4() && c.Record == "A", c.Record == "PTR" && notInNames.FindString(plain) == "":
		c.Answer = plain
	default:
		s.remark("receive %s: any answer will do here", receive)
	}
}

// reverse is the name that an address is looked up by (RFC 1035, 3.5; RFC 3596,
// 2.5).
func reverse(addr netip.Addr) string {
	name := ""
	if addr.Is4() {
		for _, b := range addr.As4() {
			name = strconv.Itoa(int(b)) + "." + name
		}
		return name + "in-addr.arpa"
	}
	bytes := addr.As16()
	for _, digit := range hex.EncodeToString(bytes[:]) {
		name = string(digit) + "." + name
	}
	return name + "ip6.arpa"
}

// pattern takes an expression that RE2 knows, too.
func (s *service) pattern(to *string, expression string) {
	if _, err := regexp.Compile(expression); err != nil {
		s.remark("receive %s not imported: %v", expression, err)
		return
	}
	*to = expression
}

func (s *service) external(c *config.Check, kind string) {
	c.Type, c.User = config.CheckExec, "root"
	c.Command = strings.Fields(s.get("checkcommand"))
	if len(c.Command) == 0 {
		c.Command = []string{"/bin/true"}
	}
	at, port := s.Addr.String(), strconv.Itoa(int(s.Port))
	if s.FWMark != 0 {
		at = strconv.FormatUint(uint64(s.FWMark), 10)
	}
	c.Command = append(c.Command, at, port)
	s.remark("checktype %s: the program finds the real server in its environment, LVSDR_REAL_SERVER and LVSDR_PORT, not as third and fourth argument; it runs as root", kind)
}
