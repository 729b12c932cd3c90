package imports

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

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
	kind, asked := s.get("checktype"), s.get("service")
	if asked == "" {
		asked = ldirectordServices[s.Port]
	}
	if n, err := strconv.Atoi(kind); err == nil {
		s.note("checktype", "checktype %d: every check negotiates here, not only one in %d", n, n+1)
		kind = "negotiate"
	}
	if kind == "" {
		kind = "negotiate"
	}
	if kind == "on" || kind == "negotiate" && (asked == "" || asked == "none") {
		return
	}
	c := config.DefaultCheck()
	c.Rise = 1
	s.pace(&c, kind == "negotiate")
	switch kind {
	case "negotiate":
		s.negotiate(&c, asked)
	case "connect":
		if s.Protocol == ipvs.UDP {
			c.Type = config.CheckUDP
			s.note("checktype", "ldirectord pings the real servers of a UDP service; here the port is checked, which fails only if nothing listens")
		}
	case "ping":
		s.note("checktype", "checktype ping: the port is checked instead")
		if s.Protocol == ipvs.UDP {
			c.Type = config.CheckUDP
		}
	case "external", "external-perl":
		s.external(&c)
	default:
		s.note("checktype", "checktype %s not imported: unknown", kind)
		return
	}
	s.at(&c, asked)
	s.Check = &c
}

// at reads the port that is asked, which a service of all ports and a mark do not
// have.
func (s *service) at(c *config.Check, asked string) {
	if port := s.get("checkport"); port != "" {
		n, err := parsePort(port, ipvs.Protocols.Name(s.Protocol), s.names)
		if err != nil {
			s.note("checkport", "checkport not imported: %v", err)
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
}

// pace reads when and how often is asked. A timeout is at most the interval.
func (s *service) pace(c *config.Check, negotiates bool) {
	seconds := func(fallback time.Duration, keys ...string) time.Duration {
		for _, key := range keys {
			word := s.get(key)
			if n, err := strconv.ParseFloat(word, 64); err == nil && n > 0 && n < 1e6 {
				return time.Duration(n * float64(time.Second))
			} else if word != "" {
				s.note(key, "%s %s not imported: no number of seconds", key, word)
			}
		}
		return fallback
	}
	if !isYes(s.get("fork")) && len(s.own["checkinterval"]) > 0 {
		s.note("checkinterval", "checkinterval not imported: without fork = yes it takes effect only before the first virtual")
		delete(s.own, "checkinterval")
	}
	c.Interval = seconds(10*time.Second, "checkinterval")
	own := []string{"checktimeout", "negotiatetimeout"}
	c.Timeout = 5 * time.Second
	if negotiates {
		own = []string{"negotiatetimeout", "checktimeout"}
		c.Timeout = min(30*time.Second, c.Interval)
	}
	key := own[0]
	if s.get(key) == "" {
		key = own[1]
	}
	if c.Timeout = seconds(c.Timeout, own...); c.Timeout > c.Interval {
		text := fmt.Sprintf("line %d: a timeout of %v is more than the interval: here it is %v", s.setting(key).line, c.Timeout, c.Interval)
		if s.get(key) != "" && !slices.Contains(s.draft.Remarks, text) {
			s.draft.remark("%s", text)
		}
		c.Timeout = c.Interval
	}
	c.Fall = 1
	if word := s.get("failurecount"); word != "" {
		if n, err := parseNumber(word); err == nil && n > 0 {
			c.Fall = n
		} else {
			s.note("failurecount", "failurecount %s not imported", word)
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
			s.note("service", "certificates are not verified; if they are good: check: {verify: true, name: NAME}")
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
		s.note("service", "service %s: only the TLS handshake is checked", kind)
		return
	}
	c.Receive = greetings[kind]
	switch {
	case s.Protocol == ipvs.UDP:
		c.Type = config.CheckUDP
		s.note("service", "service %s: the port is checked with a packet, not with the protocol", kind)
	case c.Receive != "":
		s.note("service", "service %s: the check waits for the server's greeting and does not log in", kind)
	default:
		s.note("service", "service %s: the check only connects; check: {type: exec} runs a program that checks more", kind)
	}
}

// web reads the page that is asked for.
func (s *service) web(c *config.Check, request string) {
	if rest, absolute := strings.CutPrefix(request, string(c.Type)+"://"); absolute {
		host, path, _ := strings.Cut(rest, "/")
		s.note("request", "request %s: the page is requested from the real server itself, with host %s", request, host)
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
		s.note("receive", "receive %s: any answer counts here", receive)
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
func (s *service) pattern(to *string, text string) {
	if err := expression(text); err != nil {
		s.note("receive", "receive %s not imported: %v", text, err)
		return
	}
	*to = text
}

// external has a program ask, which is given the service and the real server as
// ldirectord(8) gives them.
func (s *service) external(c *config.Check) {
	c.Type, c.User = config.CheckExec, "root"
	command := strings.Fields(s.get("checkcommand"))
	if len(command) == 0 {
		command = []string{"/bin/true"}
	}
	at := s.Addr.String()
	if s.FWMark != 0 {
		at = strconv.FormatUint(uint64(s.FWMark), 10)
	}
	c.Command = slices.Concat([]string{"/bin/sh", "-c", `exec "$@" "$LVSDR_REAL_SERVER" "$LVSDR_PORT"`, "sh"}, command, []string{at, strconv.Itoa(int(s.Port))})
	s.note("checkcommand", "the program runs as root, as it does there; if the user nobody will do: check: {user: nobody}")
}
