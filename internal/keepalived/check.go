package keepalived

import (
	"cmp"
	"strconv"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// CheckForms is what [ParseCheck] takes. A colon without a port may stand before
// the path as well: http:/health.
const CheckForms = "tcp[:PORT] or http[:PORT][/PATH], as in http/health or http:8080/health"

// Check is how real servers are asked whether they work: by a connection, or by
// a request.
type Check struct {
	Path string // of the request; "" is a connection alone
	Port uint16 // zero is the service's own
}

// ParseCheck reads a check, and says what is wrong of it.
func ParseCheck(s string) (c Check, wrong string) {
	method, rest := s, ""
	if end := strings.IndexAny(s, ":/"); end >= 0 {
		method, rest = s[:end], s[end:]
	}
	switch {
	case method == "http":
		c.Path = "/"
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			rest, c.Path = rest[:i], rest[i:]
		}
	case method != "tcp":
		return c, "unknown"
	case strings.Contains(rest, "/"):
		return c, "a path with tcp"
	}
	port, hasPort := strings.CutPrefix(rest, ":")
	switch {
	case !plainPath(c.Path):
		return c, "a path with characters that keepalived takes for its own"
	case hasPort && port == "" && !strings.Contains(s, "/"):
		return c, "nothing behind the colon"
	case port == "":
		return c, ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return c, "not a port"
	}
	c.Port = uint16(n)
	return c, ""
}

// plainPath reports whether keepalived reads a path as it stands: there are
// comments, parameters, quotes and braces in its files.
func plainPath(path string) bool {
	return strings.Trim(path, plain) == ""
}

const tlsPort = 443

// kind is the keyword of the check for a service; "" is that nobody can be
// asked, for a reason.
func (c Check) kind(s *ipvs.Service) (keyword, reason string) {
	port := c.Port
	if port == 0 {
		port = s.Port
		switch {
		case s.FWMark != 0:
			return "", "a mark has no port to ask at"
		case port == 0:
			return "", "every port is none to ask at"
		case s.Protocol == ipvs.SCTP:
			return "", "keepalived cannot ask over SCTP"
		case s.Protocol == ipvs.UDP:
			return "UDP_CHECK", ""
		}
	}
	switch {
	case c.Path == "":
		return "TCP_CHECK", ""
	case port == tlsPort:
		return "SSL_GET", ""
	}
	return "HTTP_GET", ""
}

// checker is the one for a service that this check asks for.
func (c Check) checker(keyword string) *checker {
	k := &checker{keyword: keyword, loop: "5"}
	if c.Port != 0 {
		k.line("connect_port %d", c.Port)
	}
	if keyword == "UDP_CHECK" {
		// A dead neighbour shows after three seconds without an answer to ARP.
		k.line("connect_timeout 5")
		return k
	}
	k.line("connect_timeout 3")
	if keyword != "TCP_CHECK" {
		k.url = []string{"path " + c.Path, "status_code 200"}
	}
	return k
}

// sorryFor is who stands in for the real servers of a service; not ok: nobody
// does. What else the file names is lost.
func (o Options) sorryFor(w config.Wanted) (sorry ipvs.Destination, lost []string, ok bool) {
	s := &w.Service
	for _, server := range o.Sorry {
		if server.Addr().Is4() != (s.Family == ipvs.INET) {
			continue
		}
		return ipvs.Destination{Addr: server.Addr(), Port: cmp.Or(server.Port(), s.Port), Forward: w.Forward}, nil, true
	}
	switch {
	case len(o.Sorry) > 0:
		return sorry, nil, false
	case w.Of.Sorry.Page != "":
		return sorry, []string{"sorry: keepalived has no page"}, false
	case len(w.Sorry) == 0:
		return sorry, nil, false
	case len(w.Sorry) > 1:
		lost = []string{"sorry: keepalived has one sorry server, the first"}
	}
	return w.Sorry[0], lost, true
}
