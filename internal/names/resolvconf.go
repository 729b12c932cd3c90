package names

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// A resolvConf is what resolv.conf(5) says. Of its options those that change
// answers or waiting times are honoured: ndots, timeout, attempts and use-vc.
type resolvConf struct {
	servers  []netip.Addr
	search   []string
	ndots    int
	timeout  time.Duration
	attempts int
	useTCP   bool
}

// maxServers is MAXNS of <resolv.h>; further name servers are ignored.
const maxServers = 3

// serversFile is resolv.conf, read once.
func (r *Resolver) serversFile() *resolvConf {
	if r.config == nil {
		text, _ := os.ReadFile(r.paths.config) // no file: only defaults
		host, _ := os.Hostname()
		r.config = parseResolvConf(string(text), host)
	}
	return r.config
}

// parseResolvConf reads resolv.conf. A keyword counts only at the beginning of a
// line, and of several search or domain lines the last. Without any, the domain
// of the host's own name is searched; without a server this host is asked.
func parseResolvConf(text, host string) *resolvConf {
	c := &resolvConf{ndots: 1, timeout: 5 * time.Second, attempts: 2}
	if _, domain, ok := strings.Cut(host, "."); ok {
		c.search = []string{domain}
	}
	for line := range strings.Lines(text) {
		keyword, rest := cutAny(line, " \t\n")
		words := strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' })
		if len(words) == 0 {
			continue
		}
		switch keyword {
		case "nameserver":
			addr, err := netip.ParseAddr(words[0])
			if err == nil && len(c.servers) < maxServers {
				c.servers = append(c.servers, addr)
			}
		case "domain":
			c.search = words[:1]
		case "search":
			c.search = words
		case "options":
			c.options(words)
		}
	}
	if len(c.servers) == 0 {
		c.servers = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return c
}

// options reads the words of one options line. The bounds are RES_MAXNDOTS,
// RES_MAXRETRANS and RES_MAXRETRY of <resolv.h>.
func (c *resolvConf) options(words []string) {
	for _, word := range words {
		key, value, _ := strings.Cut(word, ":")
		switch key {
		case "ndots":
			c.ndots = bounded(value, 15)
		case "timeout":
			c.timeout = time.Duration(bounded(value, 30)) * time.Second
		case "attempts":
			c.attempts = bounded(value, 5)
		case "use-vc":
			c.useTCP = true
		}
	}
}

// bounded is the number at the beginning of the text, 0 if there is none or if
// it is negative.
func bounded(text string, most int) int {
	end := strings.TrimLeft(text, "0123456789")
	n, _ := strconv.Atoi(strings.TrimSuffix(text, end)) // the greatest int if out of range
	return min(n, most)
}

// wait is how long the server at an index is given for one answer: later servers
// share what the C library doubles from one to the next.
func (c *resolvConf) wait(index int) time.Duration {
	d := c.timeout << index
	if index > 0 {
		d = d / time.Duration(len(c.servers))
	}
	return max(d.Truncate(time.Second), time.Second)
}
