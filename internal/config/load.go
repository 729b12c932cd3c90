package config

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"lvsdr/internal/ipvs"
)

// Read reads a configuration file, as [Load] does. It reads no more than Load takes,
// and does not wait for a pipe to which nobody writes. An error that is not a [*Fault]
// is the system's.
func Read(path string) (Config, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	return Load(path, data)
}

// Load reads the data of a configuration file. Keys that are left out have their
// defaults. It may lack what the flags can still give, a VIP and real
// servers; [Config.Validate] insists on them. Every error is a [*Fault].
func Load(file string, data []byte) (Config, error) {
	text := strings.TrimPrefix(string(data), byteOrderMark)
	c, fault := load(text)
	if fault == nil {
		return c, nil
	}
	fault.pin(file, text)
	return Config{}, fault
}

func load(text string) (Config, *Fault) {
	root, fault := parse(text)
	if fault != nil {
		return Config{}, fault
	}
	r := reader{text: text, lines: []int{0}}
	c := r.config(root)
	if r.fault != nil {
		return Config{}, r.fault
	}
	if fault := c.check(); fault != nil {
		return Config{}, root.blame(fault)
	}
	return c, nil
}

const wantServers = "a list of real servers"

// maxTable is the last routing table before the kernel's own: default, main and
// local (linux/rtnetlink.h).
const maxTable = 252

// config reads the whole file.
func (r *reader) config(root value) Config {
	c := Default()
	arp := fields{{"interfaces", items(r, &c.ARP.Interfaces, "a list of interfaces", wordOf(r, interfaceName))}}
	r.mapping(root, fields{
		{"vip", oneOrMore(r, &c.VIPs, virtualAddress)},
		{"label", set(r, &c.Label, labelName)},
		{"director_label", set(r, &c.DirectorLabel, labelName)},
		{"services", some(r, &c.Services, "at least one service", items(r, &c.Services, "a list of services", r.service))},
		{"real_servers", items(r, &c.RealServers, wantServers, r.realServer)},
		{"arp", func(v value) { r.mapping(v, arp) }},
		{"announce", set(r, &c.Announce, boolean())},
		{"announce_table", set(r, &c.AnnounceTable, number[uint8](1, maxTable))},
		{"timeouts", r.timeouts(&c.Timeouts)},
		{"sync", r.sync(&c.Sync)},
		{"check", func(v value) { c.Check = r.check(v, DefaultCheck()) }},
		{"watch", r.watch(&c.Watch)},
	})
	if r.fault == nil {
		r.checks(root, &c)
	}
	return c
}

// service reads one virtual service. Its flags come last: they depend on the
// scheduler.
func (r *reader) service(v value) Service {
	s := portService(ipvs.TCP, 0)
	var flags value
	r.mapping(v, fields{
		{"port", r.port(&s.Port)},
		{"fwmark", set(r, &s.FWMark, number[uint32](1, 1<<32-1))},
		{"family", set(r, &s.Family, family())},
		{"protocol", set(r, &s.Protocol, protocol())},
		{"name", set(r, &s.Name, serviceName)},
		{"vip", oneOrMore(r, &s.VIPs, virtualAddress)},
		{"scheduler", set(r, &s.Scheduler, scheduler())},
		{"forward", set(r, &s.Forward, forward())},
		{"persistent", set(r, &s.Persistent, seconds())},
		{"netmask", set(r, &s.Netmask, netmask)},
		{"flags", func(v value) { flags = v }},
		{"one_packet", set(r, &s.OnePacket, boolean())},
		{"real_servers", items(r, &s.RealServers, wantServers, r.realServer)},
		{"check", func(value) {}}, // see checks
		{"minimum", set(r, &s.Minimum, minimum)},
		{"sorry", r.sorry(&s.Sorry)},
		{"slow_start", set(r, &s.SlowStart, slowStart)},
	})
	r.identify(v, &s)
	if flags.Node != nil {
		s.Flags = r.flags(flags, s.Scheduler)
	}
	return s
}

// port reads the port of a service, of which there is only one.
func (r *reader) port(to *uint16) func(value) {
	return func(v value) {
		if v.form() == listForm {
			r.refuse(v, several.what, several.want)
			return
		}
		*to = word(r, v, servicePort())
	}
}

// identify sees to it that the service is a port or a mark, not a bit of both.
func (r *reader) identify(v value, s *Service) {
	port, mark := v.part("port"), v.part("fwmark")
	family, protocol := v.part("family"), v.part("protocol")
	switch {
	case mark.Node == nil && port.Node == nil:
		r.refuse(v, "neither port nor fwmark", "one of them")
	case mark.Node == nil && family.Node != nil:
		r.refuse(family, "a port has the family of the VIP", "it only with fwmark")
	case mark.Node != nil && port.Node != nil:
		r.refuse(mark, "a port as well", "one of them")
	case mark.Node != nil && protocol.Node != nil:
		r.refuse(protocol, "a firewall mark has no protocol", "it only with port")
	case mark.Node != nil:
		s.Protocol = 0
		if s.Family == 0 {
			s.Family = ipvs.INET
		}
	}
}

// flags reads the scheduler flags, each of which may be there once.
func (r *reader) flags(v value, scheduler string) (flags ipvs.Flags) {
	items(r, new([]ipvs.Flags), "a list of scheduler flags", func(v value) ipvs.Flags {
		flag := word(r, v, flagOf(scheduler))
		if flags&flag != 0 {
			r.refuse(v, "a flag that is set already", "each flag once")
		}
		flags |= flag
		return flag
	})(v)
	return flags
}

// realServer reads an address, or a mapping with more than that.
func (r *reader) realServer(v value) RealServer {
	s := RealServer{Weight: 1}
	if v.form() != mappingForm {
		s.Addr = word(r, v, serverAddress)
		return s
	}
	r.mapping(v, fields{
		{"address", set(r, &s.Addr, serverAddress)},
		{"port", set(r, &s.Port, number[uint16](1, 65535))},
		{"forward", func(v value) { s.Forward = new(word(r, v, forward())) }},
		{"weight", set(r, &s.Weight, count())},
		{"upper", set(r, &s.Upper, count())},
		{"lower", set(r, &s.Lower, count())},
	})
	if v.part("address").Node == nil {
		r.refuse(v, "no address", "the address of the real server")
	}
	return s
}
