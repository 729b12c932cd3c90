package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"lvsdr/internal/ipvs"
)

// Load reads the data of a configuration file. What the file does not say has
// its default. It may lack what the flags can still give, a VIP and real
// servers; [Config.Validate] insists on them. Every error is a [*Fault].
func Load(file string, data []byte) (Config, error) {
	text := strings.TrimPrefix(string(data), byteOrderMark)
	c, fault := read(text)
	if fault == nil {
		return c, nil
	}
	fault.File = file
	fault.pin(text)
	return Config{}, fault
}

func read(text string) (Config, *Fault) {
	root, fault := parse(text)
	if fault != nil {
		return Config{}, fault
	}
	r := &reader{places: map[path]place{}}
	c := r.config(root)
	if r.fault == nil {
		if p := c.problem(); p != nil {
			r.fault = r.locate(p)
		}
	}
	return c, r.fault
}

// config reads the whole file.
func (r *reader) config(root ast.Node) Config {
	c := Default()
	r.mapping(root, "", fields{
		{"vip", func(n ast.Node, at path) { c.VIPs = oneOrMore(r, n, at, virtualAddress) }},
		{"label", func(n ast.Node, at path) { c.Label = scalar(r, n, at, labelName) }},
		{"services", func(n ast.Node, at path) {
			c.Services = list(r, n, at, "a list of services", r.service)
			r.refuseEmpty(n, at, len(c.Services), "at least one service")
		}},
		{"real_servers", func(n ast.Node, at path) { c.RealServers = r.realServers(n, at) }},
		{"arp", func(n ast.Node, at path) { r.arp(n, at, &c.ARP) }},
		{"announce", func(n ast.Node, at path) { c.Announce = scalar(r, n, at, boolean()) }},
	})
	return c
}

func (r *reader) arp(n ast.Node, at path, a *ARP) {
	r.mapping(n, at, fields{{"interfaces", func(n ast.Node, at path) {
		a.Interfaces = list(r, n, at, "a list of interfaces", func(n ast.Node, at path) string {
			return scalar(r, n, at, interfaceName)
		})
	}}})
}

// service reads one virtual service. Its flags come last: they depend on the
// scheduler.
func (r *reader) service(n ast.Node, at path) Service {
	s := portService(ipvs.TCP, 0)
	var flags ast.Node
	r.mapping(n, at, fields{
		{"port", func(n ast.Node, at path) { s.Port = uint16(scalar(r, n, at, number(0, 65535))) }},
		{"fwmark", func(n ast.Node, at path) { s.FWMark = scalar(r, n, at, number(1, 1<<32-1)) }},
		{"family", func(n ast.Node, at path) { s.Family = scalar(r, n, at, family()) }},
		{"protocol", func(n ast.Node, at path) { s.Protocol = scalar(r, n, at, protocol()) }},
		{"scheduler", func(n ast.Node, at path) { s.Scheduler = scalar(r, n, at, scheduler()) }},
		{"forward", func(n ast.Node, at path) { s.Forward = scalar(r, n, at, forward()) }},
		{"persistent", func(n ast.Node, at path) { s.Persistent = scalar(r, n, at, seconds()) }},
		{"netmask", func(n ast.Node, at path) { s.Netmask = scalar(r, n, at, netmask) }},
		{"flags", func(n ast.Node, _ path) { flags = n }},
		{"one_packet", func(n ast.Node, at path) { s.OnePacket = scalar(r, n, at, boolean()) }},
		{"real_servers", func(n ast.Node, at path) { s.RealServers = r.realServers(n, at) }},
	})
	r.identify(n, at, &s)
	if flags != nil {
		s.Flags = r.flags(flags, at.key("flags"), s.Scheduler)
	}
	return s
}

// identify sees to it that the service is a port or a mark, not a bit of both.
func (r *reader) identify(n ast.Node, at path, s *Service) {
	mark := r.has(at.key("fwmark"))
	switch {
	case !mark && !r.has(at.key("port")):
		r.refuse(n, at, "neither port nor fwmark", "one of them")
	case !mark && r.has(at.key("family")):
		r.fail(at.key("family"), "a port has the family of the VIP", "it only with fwmark")
	case mark && r.has(at.key("port")):
		r.fail(at.key("fwmark"), "a port as well", "one of them")
	case mark && r.has(at.key("protocol")):
		r.fail(at.key("protocol"), "a firewall mark has no protocol", "it only with port")
	case mark:
		s.Protocol = 0
		if s.Family == 0 {
			s.Family = ipvs.INET
		}
	}
}

// flags reads the scheduler flags, each of which may be there once.
func (r *reader) flags(n ast.Node, at path, scheduler string) (flags ipvs.Flags) {
	list(r, n, at, "a list of scheduler flags", func(n ast.Node, at path) ipvs.Flags {
		flag := scalar(r, n, at, flagOf(scheduler))
		if flags&flag != 0 {
			r.fail(at, "a flag that is set already", "each flag once")
		}
		flags |= flag
		return flag
	})
	return flags
}

func (r *reader) realServers(n ast.Node, at path) []RealServer {
	return list(r, n, at, "a list of real servers", r.realServer)
}

// realServer reads an address, or a mapping with more than that.
func (r *reader) realServer(n ast.Node, at path) RealServer {
	s := RealServer{Weight: 1}
	if !isMapping(n) {
		s.Addr = scalar(r, n, at, serverAddress)
		return s
	}
	r.mapping(n, at, fields{
		{"address", func(n ast.Node, at path) { s.Addr = scalar(r, n, at, serverAddress) }},
		{"port", func(n ast.Node, at path) { s.Port = uint16(scalar(r, n, at, number(1, 65535))) }},
		{"weight", func(n ast.Node, at path) { s.Weight = scalar(r, n, at, count()) }},
		{"upper", func(n ast.Node, at path) { s.Upper = scalar(r, n, at, count()) }},
		{"lower", func(n ast.Node, at path) { s.Lower = scalar(r, n, at, count()) }},
	})
	if !r.has(at.key("address")) {
		r.refuse(n, at, "no address", "the address of the real server")
	}
	return s
}

// locate makes a fault of a problem: at the value, or at one that has a share
// in it where the value is not in the file, or else at what it is part of.
func (r *reader) locate(p *problem) *Fault {
	for _, at := range append([]path{p.at}, p.also...) {
		if at != "" && r.has(at) {
			return r.places[at].fault(at, p.what, p.want)
		}
	}
	at := p.at
	for at != "" && !r.has(at) {
		at = at.parent()
	}
	return r.places[at].fault(at, p.what, p.want)
}

// fault is a fault at the place of a value.
func (l place) fault(at path, what, want string) *Fault {
	if subject := strings.TrimSpace(at.name() + " " + l.text); subject != "" {
		what = fmt.Sprintf("%s: %s", subject, what)
	}
	return &Fault{Line: l.line, Column: l.column, What: what, Want: want}
}
