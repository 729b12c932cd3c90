package names

import (
	"os"
	"strconv"
	"strings"
)

// A servicesTable is the services file, both ways. Of several lines for one name
// or port the first counts.
type servicesTable struct {
	status status
	ports  map[serviceName]uint16
	names  map[servicePort]string
}

type serviceName struct{ name, protocol string }

type servicePort struct {
	port     uint16
	protocol string
}

// servicesFile is the services file, read once.
func (r *Resolver) servicesFile() *servicesTable {
	if r.services == nil {
		text, err := os.ReadFile(r.paths.services)
		r.services = parseServices(string(text))
		if err != nil {
			r.services.status = unavailable
		}
	}
	return r.services
}

// parseServices reads services(5): name, port/protocol, aliases. A line whose
// port cannot be read is ignored.
func parseServices(text string) *servicesTable {
	t := &servicesTable{
		status: notFound,
		ports:  make(map[serviceName]uint16),
		names:  make(map[servicePort]string),
	}
	for line := range strings.Lines(text) {
		words := fields(line)
		if len(words) < 2 {
			continue
		}
		number, protocol, ok := strings.Cut(words[1], "/")
		if !ok {
			continue
		}
		port, ok := parsePort(number)
		if !ok {
			continue
		}
		protocol = strings.TrimLeft(protocol, "/")
		putFirst(t.names, servicePort{port, protocol}, words[0])
		putFirst(t.ports, serviceName{words[0], protocol}, port)
		for _, alias := range words[2:] {
			putFirst(t.ports, serviceName{alias, protocol}, port)
		}
	}
	return t
}

// parsePort reads the number as strtoul(3) with base 0 does: octal, hexadecimal
// and a sign count, even a minus, modulo 2^64. The result must fit in 32 bits, of
// which 16 are kept: 65536/tcp is port 0.
func parsePort(s string) (uint16, bool) {
	s, negative := strings.CutPrefix(s, "-")
	if !negative {
		s = strings.TrimPrefix(s, "+")
	}
	base := 10
	switch {
	case len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X"):
		s, base = s[2:], 16
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	n, err := strconv.ParseUint(s, base, 64)
	if negative {
		n = -n
	}
	return uint16(n), err == nil && n>>32 == 0
}

func (t *servicesTable) port(service, protocol string) answer[uint16] {
	return look(t.ports, serviceName{service, protocol}, t.status)
}

func (t *servicesTable) service(port uint16, protocol string) answer[string] {
	return look(t.names, servicePort{port, protocol}, t.status)
}
