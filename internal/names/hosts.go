package names

import (
	"net/netip"
	"os"
	"strings"
)

// A hostsTable is the hosts file, both ways. Of several lines for one name or
// address the first counts.
type hostsTable struct {
	status status                // unavailable if the file cannot be read
	addrs  map[string]netip.Addr // lower-case name or alias → IPv4 address
	names  map[netip.Addr]string // address → first name of the line
}

// hostsFile is the hosts file, read once.
func (r *Resolver) hostsFile() *hostsTable {
	if r.hosts == nil {
		text, err := os.ReadFile(r.paths.hosts)
		r.hosts = parseHosts(string(text))
		if err != nil {
			r.hosts.status = unavailable
		}
	}
	return r.hosts
}

// parseHosts reads hosts(5). A line whose address inet_pton(3) refuses is
// ignored; a line without a name has one that is empty.
func parseHosts(text string) *hostsTable {
	t := &hostsTable{
		status: notFound,
		addrs:  make(map[string]netip.Addr),
		names:  make(map[netip.Addr]string),
	}
	for line := range strings.Lines(text) {
		words := fields(line)
		if len(words) == 0 {
			continue
		}
		addr, err := netip.ParseAddr(words[0])
		if err != nil || addr.Zone() != "" {
			continue
		}
		names := words[1:]
		if len(names) == 0 {
			names = []string{""}
		}
		t.add(addr, names)
	}
	return t
}

// add enters one line. An IPv4-mapped address is known in both families; ::1 is
// 127.0.0.1 to those who ask for IPv4.
func (t *hostsTable) add(addr netip.Addr, names []string) {
	putFirst(t.names, addr, names[0])
	switch {
	case addr.Is4In6():
		addr = addr.Unmap()
	case addr == netip.IPv6Loopback():
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case addr.Is6():
		return
	}
	putFirst(t.names, addr, names[0])
	for _, name := range names {
		putFirst(t.addrs, lower(name), addr)
	}
}

func (t *hostsTable) host4(name string) answer[netip.Addr] {
	return look(t.addrs, lower(name), t.status)
}

func (t *hostsTable) name(addr netip.Addr) answer[string] {
	return look(t.names, addr, t.status)
}

// look finds the key, or says why not.
func look[K comparable, V any](m map[K]V, key K, otherwise status) answer[V] {
	if v, ok := m[key]; ok {
		return found(v)
	}
	return answer[V]{status: otherwise}
}

// putFirst enters the value unless the key has one.
func putFirst[K comparable, V any](m map[K]V, key K, value V) {
	if _, taken := m[key]; !taken {
		m[key] = value
	}
}

// fields are the words of a line of hosts or services, as the C library cuts
// them: the line ends at a NUL or #, and only ASCII white space separates.
func fields(line string) []string {
	if end := strings.IndexAny(line, "#\x00"); end >= 0 {
		line = line[:end]
	}
	return strings.FieldsFunc(line, func(c rune) bool {
		return c == ' ' || '\t' <= c && c <= '\r'
	})
}

// lower is the name in lower case; bytes beyond ASCII are left alone, as by
// strcasecmp(3) in the C locale.
func lower(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c - 'A' + 'a'
		}
	}
	return string(b)
}
