package imports

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lvsdr/internal/config"
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

// check reads a checker; nil: there is none like it.
func check(s statement, t timing) (*config.Check, []string) {
	var remarks []string
	remark := func(at, format string, args ...any) {
		remarks = append(remarks, at+": "+fmt.Sprintf(format, args...))
	}
	known, ok := checkers[s.keyword()]
	if !ok {
		remark(s.at, "not imported: %s", s.keyword())
		return nil, remarks
	}
	c := config.DefaultCheck()
	c.Type, c.Rise = known.kind, 1
	switch s.keyword() {
	case "SSL_GET":
		c.Verify = false
		remark(s.at, "certificates are not verified; if they are good: check: {verify: true, name: NAME}")
	case "SMTP_CHECK":
		c.Receive = greetings["smtp"]
	case "DNS_CHECK":
		c.Record, c.Name = "SOA", "."
	case "MISC_CHECK":
		c.User = "root"
	case "PING_CHECK":
		remark(s.at, "PING_CHECK: the port is asked instead")
	}
	var others unsaid
	pages := 0
	for _, one := range s.body {
		word := one.keyword()
		switch {
		case t.take(one):
		case word == "connect_port":
			port, err := strconv.ParseUint(one.arg(1), 10, 16)
			if c.Port = uint16(port); err != nil {
				remark(one.at, "not imported: connect_port %s", one.arg(1))
			}
		case word == "url":
			if pages++; pages == 1 {
				page(&c, one, &t, remark)
			} else {
				remark(one.at, "not imported: a second url")
			}
		case word == "enable_sni":
			c.Name = t.host
		case word == "type" && c.Type == config.CheckDNS:
			c.Record = strings.ToUpper(one.arg(1))
		case word == "name" && c.Type == config.CheckDNS:
			c.Name = one.arg(1)
		case word == "misc_path":
			c.Command = strings.Fields(strings.Join(one.words[1:], " "))
		case word == "user":
			c.User = one.arg(1)
		case word == "payload":
			if c.Send = string(bytesOf(one.words[1:])); !utf8.ValidString(c.Send) {
				c.Send = ""
				remark(one.at, "not imported: payload %s: it is no text", strings.Join(one.words[1:], " "))
			}
		case word == "require_reply":
			c.Receive = "(?s)."
			if len(one.words) > 1 {
				remark(one.at, "any reply will do, not only %s", strings.Join(one.words[1:], " "))
			}
		default:
			if !isUnderstood(word) {
				others.add(one)
			}
		}
	}
	if len(others) > 0 {
		remark(s.at, "no counterpart in %s: %s", s.keyword(), strings.Join(others, ", "))
	}
	pace(&c, t, known.retry, func(format string, args ...any) { remark(s.at, format, args...) })
	if c.Host == "" && (c.Type == config.CheckHTTP || c.Type == config.CheckHTTPS) {
		c.Host = t.host
	}
	return &c, remarks
}

func isUnderstood(word string) bool {
	for _, w := range understood {
		if w == word {
			return true
		}
	}
	return false
}

// pace says when and how often is asked.
func pace(c *config.Check, t timing, retry int, remark func(string, ...any)) {
	seconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	c.Interval, c.Timeout = seconds(t.loop), seconds(t.timeout)
	if c.Timeout > c.Interval {
		if t.said {
			remark("a timeout of %v is more than the interval: here it is %v", c.Timeout, c.Interval)
		}
		c.Timeout = c.Interval
	}
	if t.retry >= 0 {
		retry = t.retry
	}
	c.Fall = uint32(1 + retry)
	c.OnFailure = config.FailureRemove
	if t.inhibit {
		c.OnFailure = config.FailureQuiesce
	}
}

// page reads a url.
func page(c *config.Check, url statement, t *timing, remark func(at, format string, args ...any)) {
	for _, one := range url.body {
		switch one.keyword() {
		case "path":
			c.Path = one.arg(1)
		case "virtualhost":
			c.Host = one.arg(1)
		case "status_code":
			c.Status = nil
			for _, word := range one.words[1:] {
				from, to, isRange := strings.Cut(word, "-")
				if !isRange {
					to = from
				}
				low, err := strconv.ParseUint(from, 10, 16)
				high, wrong := strconv.ParseUint(to, 10, 16)
				if err != nil || wrong != nil {
					remark(one.at, "not imported: status_code %s", word)
					continue
				}
				c.Status = append(c.Status, config.StatusRange{From: uint16(low), To: uint16(high)})
			}
		case "regex":
			if _, err := regexp.Compile(one.arg(1)); err != nil {
				remark(one.at, "not imported: regex %s: %v", one.arg(1), err)
				continue
			}
			c.Body = one.arg(1)
		default:
			remark(one.at, "not imported: %s", strings.Join(one.words, " "))
		}
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
