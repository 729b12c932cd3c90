package keepalived

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// checker is how keepalived asks real servers: a keyword and what is in its block,
// and what of the file's check it does not do.
type checker struct {
	keyword string // "": nobody is asked
	loop    string // delay_loop of the service, in seconds
	quiesce bool
	lines   []string
	url     []string
	lost    []string
}

func (c *checker) line(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *checker) lose(is bool, format string, args ...any) {
	if is {
		c.lost = append(c.lost, fmt.Sprintf(format, args...))
	}
}

// own is the checker for a check of the file.
func own(s *ipvs.Service, f *config.Check) *checker {
	c := &checker{loop: fmt.Sprint(f.Interval.Seconds()), quiesce: f.OnFailure == config.FailureQuiesce}
	preset := config.DefaultCheck()
	c.keyword = map[config.CheckType]string{
		config.CheckTCP: "TCP_CHECK", config.CheckTLS: "TCP_CHECK", config.CheckHTTP: "HTTP_GET", config.CheckHTTPS: "SSL_GET",
		config.CheckDNS: "DNS_CHECK", config.CheckUDP: "UDP_CHECK", config.CheckExec: "MISC_CHECK",
	}[f.Type]
	if c.keyword == "TCP_CHECK" && s.Protocol == ipvs.SCTP && f.Port == 0 {
		c.keyword = ""
		c.lose(true, "check: keepalived cannot ask over SCTP")
	}
	if c.keyword == "" {
		return c
	}
	if f.Port != 0 && f.Type != config.CheckExec {
		c.line("connect_port %d", f.Port)
	}
	c.line("retry %d", f.Fall-1)
	c.line("delay_before_retry %s", c.loop)
	switch f.Type {
	case config.CheckExec:
		c.program(f)
	default:
		c.line("connect_timeout %v", f.Timeout.Seconds())
	}
	c.lose(f.Type == config.CheckTLS, "check: type: tls: the port is checked, without TLS")
	switch f.Type {
	case config.CheckTCP, config.CheckTLS:
		c.lose(f.Send != "", "check: send")
		c.lose(f.Receive != "", "check: receive")
	case config.CheckUDP:
		if f.Send != "" {
			c.line("payload %s", hex.EncodeToString([]byte(f.Send)))
		}
		if f.Receive != "" {
			c.line("require_reply")
		}
		c.lose(f.Receive != "", "check: receive: any reply is good")
	case config.CheckDNS:
		c.line("type %s", f.Record)
		c.line("name %s", f.Name)
		c.lose(f.Answer != "", "check: answer: any answer is good")
	case config.CheckHTTP, config.CheckHTTPS:
		c.page(f)
	}
	if f.Type == config.CheckTLS || f.Type == config.CheckHTTPS {
		c.lose(f.Verify, "check: verify: no certificate is verified")
		c.lose(f.CA != "", "check: ca")
		c.lose(f.Name != "" && !slices.Contains(c.lines, "enable_sni"), "check: name")
	}
	c.lose(f.Rise != preset.Rise, "check: rise: one good answer brings a real server back")
	c.lose(f.VIP != nil && *f.VIP, "check: vip: only the real server's own address is asked")
	return c
}

// page asks for a page, and expects what the check does.
func (c *checker) page(f *config.Check) {
	say := func(key, word string, need bool) (said bool) {
		said = need && sayable(word)
		if said {
			c.url = append(c.url, key+" "+quoted(word))
		}
		c.lose(need && !said, "check: %s: characters that keepalived takes for its own", key)
		return said
	}
	if !say("path", f.Path, true) {
		c.url = append(c.url, "path /")
	}
	if say("virtualhost", f.Host, f.Host != "") && f.Type == config.CheckHTTPS && f.Name == f.Host {
		c.line("enable_sni")
	}
	var statuses []string
	for _, r := range f.Status {
		statuses = append(statuses, fmt.Sprintf("%d-%d", r.From, r.To))
	}
	c.url = append(c.url, "status_code "+strings.Join(statuses, " "))
	say("regex", f.Body, f.Body != "")
	c.lose(f.Method != "GET", "check: method: keepalived asks by GET")
	c.lose(len(f.Headers) > 0, "check: headers")
}

// program runs the check's own program.
func (c *checker) program(f *config.Check) {
	var words []string
	for _, word := range f.Command {
		if strings.ContainsAny(word, `'"\`) || !sayable(word) {
			c.keyword = ""
			c.lose(true, "check: command: characters that keepalived takes for its own")
			return
		}
		if strings.Trim(word, plain) != "" || word == "" {
			word = "'" + word + "'"
		}
		words = append(words, word)
	}
	c.line(`misc_path "%s"`, strings.Join(words, " "))
	c.line("misc_timeout %d", max(1, int(f.Timeout.Seconds()+0.5)))
	c.line("user %s", f.User)
	c.lose(true, "check: command: the program gets no variables LVSDR_NAME, and the same words for each real server")
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._%?&=+,:;@"

var parameter = regexp.MustCompile(`\$[A-Za-z_{]|~SEQ`)

// sayable reports whether keepalived reads a word as it stands, in quotes.
func sayable(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 && !parameter.MatchString(word)
}

// quoted is a word, in quotes if it needs them.
func quoted(word string) string {
	if strings.Trim(word, plain) == "" {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// block writes the checker into the block of a real server.
func (c *checker) block(t *text) {
	if c.quiesce {
		t.line("inhibit_on_failure")
	}
	t.block(c.keyword, func() {
		for _, line := range c.lines {
			t.line("%s", line)
		}
		if c.url != nil {
			t.block("url", func() {
				for _, line := range c.url {
					t.line("%s", line)
				}
			})
		}
	})
}
