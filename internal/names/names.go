// Package names translates between host names and addresses and between
// service names and ports, both ways. It is the only package that asks a
// resolver.
//
// A static binary cannot use the C library's resolver, so this package imitates
// it: the answers are those of gethostbyname2(3) for AF_INET, gethostbyaddr(3),
// getservbyname(3) and getservbyport(3) in glibc 2.36, as observed. The order of
// the sources comes from nsswitch.conf(5). Three of them are known here: "files"
// (hosts(5) and services(5)) and, for hosts, "dns". Every other one, such as
// "db", "myhostname" or "mdns4_minimal", is a shared object that a static binary
// cannot load; it counts as unavailable, as it does in glibc when its package is
// not installed.
//
// Left out, because they do not change the answers on an ordinary machine: the
// name service cache daemon, host.conf(5), the variables HOSTALIASES, LOCALDOMAIN
// and RES_OPTIONS, the resolv.conf(5) lines and options sortlist and rotate, and
// name servers written in any form but a full address.
package names

import (
	"net/netip"
	"strings"
)

// A Resolver answers questions about names. It reads each file when a question
// first needs it, once, and remembers every answer: a long listing asks for each
// address only once. It is for one goroutine.
type Resolver struct {
	paths paths
	dial  dialer

	order    *nsswitch
	hosts    *hostsTable
	services *servicesTable
	config   *resolvConf
	forward  map[string]answer[netip.Addr]
	reverse  map[netip.Addr]answer[string]
}

// paths are those of hosts(5), services(5), nsswitch.conf(5) and resolv.conf(5).
// A missing hosts or services file is an unavailable source; without the other
// two the defaults hold.
type paths struct {
	hosts, services, order, config string
}

// System is a new Resolver for the files of this machine, below /etc.
func System() *Resolver {
	return &Resolver{paths: paths{
		hosts:    "/etc/hosts",
		services: "/etc/services",
		order:    "/etc/nsswitch.conf",
		config:   "/etc/resolv.conf",
	}, dial: dial}
}

// An answer is what one source says, or all of them together.
type answer[T any] struct {
	value  T
	status status
}

func found[T any](value T) answer[T] { return answer[T]{value, success} }

// Host4 is the first IPv4 address of a host name, in the order of the hosts file
// or of the name server. Numeric forms are not names: the caller has already
// tried to read them, and what only looks like one is never found.
func (r *Resolver) Host4(name string) (netip.Addr, bool) {
	if numeric(name) {
		return netip.Addr{}, false
	}
	a, known := r.forward[name]
	if !known {
		a = ask(r.switchFile().hosts, map[string]func() answer[netip.Addr]{
			"files": func() answer[netip.Addr] { return r.hostsFile().host4(name) },
			"dns":   func() answer[netip.Addr] { return r.dnsHost4(name) },
		})
		if r.forward == nil {
			r.forward = make(map[string]answer[netip.Addr])
		}
		r.forward[name] = a
	}
	return a.value, a.status == success
}

// HostName is the canonical name of the host that has the address, IPv4 or IPv6.
// It is empty, and found, where a line of the hosts file holds only an address.
func (r *Resolver) HostName(addr netip.Addr) (string, bool) {
	a, known := r.reverse[addr]
	if !known {
		a = ask(r.switchFile().hosts, map[string]func() answer[string]{
			"files": func() answer[string] { return r.hostsFile().name(addr) },
			"dns":   func() answer[string] { return r.dnsName(addr) },
		})
		if r.reverse == nil {
			r.reverse = make(map[netip.Addr]answer[string])
		}
		r.reverse[addr] = a
	}
	return a.value, a.status == success
}

// Port is the port of a service, given by its official name or an alias, for the
// protocol: "tcp", "udp" or "sctp". Case matters. Without a protocol no service
// has a port.
func (r *Resolver) Port(service, protocol string) (uint16, bool) {
	if protocol == "" {
		return 0, false
	}
	a := ask(r.switchFile().services, map[string]func() answer[uint16]{
		"files": func() answer[uint16] { return r.servicesFile().port(service, protocol) },
	})
	return a.value, a.status == success
}

// Service is the official name of the first service listed with the port and the
// protocol.
func (r *Resolver) Service(port uint16, protocol string) (string, bool) {
	if protocol == "" {
		return "", false
	}
	a := ask(r.switchFile().services, map[string]func() answer[string]{
		"files": func() answer[string] { return r.servicesFile().service(port, protocol) },
	})
	return a.value, a.status == success
}

// numeric reports whether the C library takes the text for an address, good or
// bad, and so asks no source: digits and dots that do not end in a dot, or a
// colon in a text that begins with one or with a hexadecimal digit.
func numeric(name string) bool {
	if name == "" {
		return false
	}
	const digits = "0123456789"
	if strings.Contains(digits, name[:1]) &&
		strings.Trim(name, digits+".") == "" && !strings.HasSuffix(name, ".") {
		return true
	}
	return strings.Contains(digits+"abcdefABCDEF:", name[:1]) && strings.Contains(name, ":")
}
