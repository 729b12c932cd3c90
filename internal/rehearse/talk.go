package rehearse

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// socket is where a server listens, on every address of its machine.
type socket struct {
	network string // tcp or udp
	port    uint16
}

// networkOf is how a service is reached; a mark and a check's own port leave it to
// the check.
func networkOf(p ipvs.Protocol, c *config.Check) string {
	if p == ipvs.UDP || p == 0 && c.Asks() && (c.Type == config.CheckUDP || c.Type == config.CheckDNS) {
		return "udp"
	}
	return "tcp"
}

// talk is what a server says: what the checks that ask it want to hear. One that
// no check asks for anything is an echo.
type talk struct {
	kind   config.CheckType // "": echo
	checks []*config.Check
}

// talkOf is what a check wants to hear.
func talkOf(c *config.Check) talk {
	if c.Receive == "" && (c.Type == config.CheckTCP || c.Type == config.CheckUDP) {
		return talk{}
	}
	return talk{c.Type, []*config.Check{c}}
}

// with is a talk that suits others as well.
func (t talk) with(other talk) (talk, error) {
	switch {
	case other.kind == "":
		return t, nil
	case t.kind == "":
		_, err := other.specimen()
		return other, err
	case t.kind != other.kind:
		return t, fmt.Errorf("its checks use %s and %s", t.kind, other.kind)
	}
	next := other.checks[0]
	if t.speaks() && (t.checks[0].Receive != next.Receive || t.checks[0].Send != next.Send) {
		return t, fmt.Errorf("checks expect both %q and %q", t.checks[0].Receive, next.Receive)
	}
	_, err := other.specimen()
	return talk{t.kind, append(slices.Clone(t.checks), next)}, err
}

// speaks reports whether it says a text.
func (t talk) speaks() bool { return t.kind == config.CheckTCP || t.kind == config.CheckUDP }

// specimen is a text that suits the first check.
func (t talk) specimen() (string, error) {
	if len(t.checks) == 0 {
		return "", nil
	}
	return specimen(cmp.Or(t.checks[0].Receive, t.checks[0].Body))
}

// specimen makes a text that a regular expression finds something in.
func specimen(expression string) (string, error) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	write(&b, tree)
	if text := b.String(); regexp.MustCompile(expression).MatchString(text) {
		return text, nil
	}
	return "", fmt.Errorf("no text was found that matches %q; expected a simpler expression", expression)
}

// write writes the shortest text of an expression, as far as that is easily
// told: [specimen] looks whether it is.
func write(b *strings.Builder, e *syntax.Regexp) {
	switch e.Op {
	case syntax.OpLiteral:
		b.WriteString(string(e.Rune))
	case syntax.OpCharClass:
		b.WriteRune(member0(e.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCapture, syntax.OpPlus:
		write(b, e.Sub[0])
	case syntax.OpRepeat:
		for range e.Min {
			write(b, e.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range e.Sub {
			write(b, sub)
		}
	case syntax.OpAlternate:
		write(b, e.Sub[0])
	}
}

// member0 is a character of a class, a letter or a digit if there is one.
func member0(ranges []rune) rune {
	for _, wanted := range []rune{'x', 'X', '0', ' '} {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= wanted && wanted <= ranges[i+1] {
				return wanted
			}
		}
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}

// page answers a request by HTTP as the check wants it whose path and host it has.
func (t talk) page(w http.ResponseWriter, r *http.Request) {
	best, most := t.checks[0], -1
	for _, c := range t.checks {
		likeness := 0
		if target, err := url.ParseRequestURI(c.Path); err == nil && target.RequestURI() == r.URL.RequestURI() {
			likeness += 2
		}
		if c.Host == r.Host {
			likeness++
		}
		if likeness > most {
			best, most = c, likeness
		}
	}
	text, _ := specimen(best.Body)
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(statusOf(best))
	fmt.Fprint(w, text)
}

// statusOf is a status that a check takes: 200, if it does.
func statusOf(c *config.Check) int {
	for _, r := range c.Status {
		if r.From <= http.StatusOK && http.StatusOK <= r.To {
			return http.StatusOK
		}
	}
	return int(c.Status[0].From)
}

// patience is how long a client waits for an answer.
const patience = 3 * time.Second

// question is what a client asks of a server: what the first check asks, or an
// echo.
func (t talk) question(network string) *config.Check {
	q := config.DefaultCheck()
	if t.kind == "" {
		q.Type, q.Send, q.Receive = config.CheckType(network), "lvsdr\n", "^lvsdr\n$"
	} else {
		q = *t.checks[0]
	}
	q.Timeout, q.Verify, q.CA = patience, false, ""
	return &q
}
