package imports

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// checkers are the kinds of keepalived.conf(5), with how often each asks again
// before a real server is out.
var checkers = map[string]struct {
	kind  config.CheckType
	retry int
}{
	"TCP_CHECK": {config.CheckTCP, 1}, "HTTP_GET": {config.CheckHTTP, 1}, "SSL_GET": {config.CheckHTTPS, 1}, "SMTP_CHECK": {config.CheckTCP, 1},
	"DNS_CHECK": {config.CheckDNS, 3}, "MISC_CHECK": {config.CheckExec, 0}, "UDP_CHECK": {config.CheckUDP, 1}, "PING_CHECK": {config.CheckTCP, 1},
}

// checker is a check on its way.
type checker struct {
	config.Check
	timing timing
	notes  *notes
	pages  int
	sni    bool
}

// check reads a checker; nil: there is none like it.
func (k *keepalived) check(s statement, v *virtualServer, t timing) *config.Check {
	n := &v.notes
	known, ok := checkers[s.keyword()]
	if !ok {
		n.unsaid(s)
		return nil
	}
	c := checker{Check: config.DefaultCheck(), timing: t, notes: n}
	c.Type, c.Rise = known.kind, 1
	c.begin(s, v.Protocol, k.user)
	for _, one := range s.body {
		if !c.timing.take(one) && !c.ask(one) && !c.run(one) && !k.understands(one) {
			n.unsaid(one)
		}
	}
	c.timing.pace(&c.Check, known.retry, func(text string) { n.add(s.at, text) })
	if c.Host == "" && (c.Type == config.CheckHTTP || c.Type == config.CheckHTTPS) {
		c.Host = c.timing.host
	}
	if c.sni {
		c.Name = c.timing.host
	}
	if c.Type == config.CheckExec && c.User == "root" {
		n.add(s.at, "the program runs as root, as with keepalived if no user is named and the user keepalived_script does not exist; if the user nobody will do: check: {user: nobody}")
	}
	return &c.Check
}

// begin is what a kind of check asks where its block says nothing.
func (c *checker) begin(s statement, protocol ipvs.Protocol, user string) {
	switch s.keyword() {
	case "SSL_GET":
		c.Verify = false
		c.notes.add(s.at, "certificates are not verified; if they are good: check: {verify: true, name: NAME}")
	case "SMTP_CHECK":
		c.Receive = greetings["smtp"]
	case "DNS_CHECK":
		c.Record, c.Name = "SOA", "."
	case "MISC_CHECK":
		c.User = user
	case "PING_CHECK":
		c.notes.add(s.at, "PING_CHECK: the port is checked instead")
		if protocol == ipvs.UDP {
			c.Type = config.CheckUDP
		}
	}
}

// ask reads a keyword that says what is asked; not ok: it is another one.
func (c *checker) ask(s statement) (ok bool) {
	switch word := s.keyword(); {
	case word == "connect_port":
		port, err := strconv.ParseUint(s.arg(1), 10, 16)
		if c.Port = uint16(port); err != nil {
			c.notes.add(s.at, "not imported: connect_port "+s.arg(1))
		}
	case word == "url":
		if c.pages++; c.pages == 1 {
			c.page(s)
		} else {
			c.notes.add(s.at, "not imported: a second url")
		}
	case word == "enable_sni":
		c.sni = isOn(s)
	case word == "type" && c.Type == config.CheckDNS:
		c.Record = strings.ToUpper(s.arg(1))
	case word == "name" && c.Type == config.CheckDNS:
		c.Name = s.arg(1)
	case word == "payload":
		if c.Send = string(bytesOf(s.words[1:])); !utf8.ValidString(c.Send) {
			c.Send = ""
			c.notes.add(s.at, "not imported: payload: not text")
		}
	case word == "require_reply":
		if c.Receive = "(?s)."; len(s.words) > 1 {
			c.notes.add(s.at, "any reply will do, not only "+strings.Join(s.words[1:], " "))
		}
	default:
		return false
	}
	return true
}

// run reads a keyword that says which program is run, and as whom; not ok: it is
// another one.
func (c *checker) run(s statement) (ok bool) {
	switch s.keyword() {
	case "misc_path":
		c.Command = parameters(strings.Join(s.words[1:], " "))
	case "user":
		c.User = s.arg(1)
		if group := s.arg(2); group != "" {
			c.notes.add(s.at, "not imported: the group "+group+": a check has the groups of its user")
		}
	default:
		return false
	}
	return true
}

// parameters are the words of a script that is to be run; what is between single
// quotes stays together.
func parameters(text string) (words []string) {
	for i, part := range strings.Split(text, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// page reads a url.
func (c *checker) page(url statement) {
	var pattern *statement
	options := ""
	for _, one := range url.body {
		switch one.keyword() {
		case "path":
			c.Path = one.arg(1)
		case "virtualhost":
			c.Host = one.arg(1)
		case "status_code":
			c.status(one)
		case "regex":
			pattern = &one
		case "regex_no_match":
			options = one.keyword()
		case "regex_options":
			options += c.options(one)
		default:
			c.notes.unsaid(one)
		}
	}
	if pattern == nil {
		return
	}
	if strings.Contains(options, "regex_no_match") {
		c.notes.add(pattern.at, "not imported: regex with regex_no_match: a body has to match here")
		return
	}
	if options != "" {
		options = "(?" + options + ")"
	}
	if err := expression(options + pattern.arg(1)); err != nil {
		c.notes.add(pattern.at, fmt.Sprintf("not imported: regex %s: %v", pattern.arg(1), err))
		return
	}
	c.Body = options + pattern.arg(1)
}

// options are the flags of RE2 for options of regular expressions.
func (c *checker) options(s statement) (flags string) {
	known := map[string]string{"caseless": "i", "multiline": "m", "dotall": "s", "ungreedy": "U", "utf": ""}
	for _, word := range s.words[1:] {
		flag, is := known[word]
		if !is {
			c.notes.add(s.at, "not imported: regex_options "+word)
		}
		flags += flag
	}
	return flags
}

// status reads the statuses of good answers.
func (c *checker) status(s statement) {
	c.Status = nil
	for _, word := range s.words[1:] {
		from, to, isRange := strings.Cut(word, "-")
		if !isRange {
			to = from
		}
		low, err := strconv.ParseUint(from, 10, 16)
		high, wrong := strconv.ParseUint(to, 10, 16)
		if err != nil || wrong != nil {
			c.notes.add(s.at, "not imported: status_code "+word)
			continue
		}
		c.Status = append(c.Status, config.StatusRange{From: uint16(low), To: uint16(high)})
	}
}

// bytesOf reads hexadecimal digits, in pairs or alone between blanks.
func bytesOf(words []string) (all []byte) {
	for _, w := range words {
		if len(w)%2 == 1 {
			w = w[:len(w)-1] + "0" + w[len(w)-1:]
		}
		b, _ := hex.DecodeString(w)
		all = append(all, b...)
	}
	return all
}
