package imports

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// Names translates names where a source has some; internal/names has them as
// this machine knows them.
type Names interface {
	Host4(name string) (netip.Addr, bool)
	Port(service, protocol string) (uint16, bool)
}

// Rules is the draft of rules as ipvsadm -S saves them.
func Rules(text string, names Names) Draft {
	t := table{names: names}
	d := Draft{InUse: true}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if err := t.line(line); err != nil {
			d.remark("line %d not imported: %s: %v", n, strings.TrimSpace(line), err)
		}
	}
	t.fill(&d)
	return d
}

// line does what a line of saved rules says.
func (t *table) line(rule string) error {
	words := strings.Fields(rule)
	if len(words) > 0 && words[0] == "ipvsadm" {
		words = words[1:]
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	return t.command(words)
}

// table is what commands of ipvsadm make.
type table struct {
	names    Names
	services []Service
	unnamed  []string // services that are not understood, as commands name them
	daemons  []ipvs.Daemon
	timeouts ipvs.Timeouts
}

// fill gives a draft what the commands have made.
func (t *table) fill(d *Draft) {
	d.Services, d.Daemons, d.Timeouts = t.services, t.daemons, t.timeouts
	for i := range d.Services {
		d.Services[i].Forward = method(d.Services[i].Destinations)
	}
}

// A call is a command of ipvsadm, taken apart.
type call struct {
	options map[string]string // by their long names
	rest    []string
}

// ipvsadmOptions are the long names by the short ones, and which take a value
// (ipvsadm(8)).
var (
	ipvsadmOptions = map[byte]string{
		'A': "add-service", 'E': "edit-service", 'D': "delete-service", 'C': "clear", 'R': "restore", 'S': "save",
		'a': "add-server", 'e': "edit-server", 'd': "delete-server", 'L': "list", 'l': "list", 'Z': "zero", 'h': "help", 'v': "version",
		't': "tcp-service", 'u': "udp-service", 'f': "fwmark-service", '6': "ipv6", 's': "scheduler", 'p': "persistent", 'M': "netmask",
		'o': "ops", 'b': "sched-flags", 'r': "real-server", 'g': "gatewaying", 'i': "ipip", 'm': "masquerading", 'w': "weight",
		'x': "u-threshold", 'y': "l-threshold", 'n': "numeric", 'c': "connection",
	}
	ipvsadmLong = []string{
		"set", "nosort", "sort", "stats", "rate", "exact", "thresholds", "persistent-conn", "timeout", "daemon", "tun-info",
		"tun-nocsum", "tun-csum", "tun-remcsum",
	}
	ipvsadmValues = []string{
		"tcp-service", "udp-service", "sctp-service", "fwmark-service", "scheduler", "netmask", "sched-flags", "pe", "real-server",
		"weight", "u-threshold", "l-threshold", "mcast-interface", "syncid", "sync-maxlen", "mcast-group", "mcast-port", "mcast-ttl",
		"tun-type", "tun-port", "start-daemon", "stop-daemon",
	}
)

// parseCall takes the words of a command apart, all of them whatever is wrong with
// one.
func parseCall(words []string) (c call, err error) {
	c.options = map[string]string{}
	fail := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf(format, args...)
		}
	}
	take := func(name, attached string, has bool) {
		optional := name == "persistent" && !has && len(words) > 0 && !strings.HasPrefix(words[0], "-")
		switch value := slices.Contains(ipvsadmValues, name); {
		case c.has(name):
			fail("--%s twice", name)
		case !has && value && len(words) == 0:
			fail("--%s without a value", name)
		case !has && value, optional:
			attached, words = words[0], words[1:]
		}
		c.options[name] = attached
	}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		long, isLong := strings.CutPrefix(word, "--")
		switch {
		case isLong:
			name, value, has := strings.Cut(long, "=")
			if !knownOption(name) {
				fail("unknown option --%s", name)
				continue
			}
			take(name, value, has)
		case len(word) > 1 && word[0] == '-':
			for letters := word[1:]; letters != ""; {
				name, known := ipvsadmOptions[letters[0]]
				if !known {
					fail("unknown option -%c", letters[0])
					break
				}
				letters = letters[1:]
				attached := ""
				if name == "persistent" || slices.Contains(ipvsadmValues, name) {
					attached, letters = letters, ""
				}
				take(name, attached, attached != "")
			}
		default:
			c.rest = append(c.rest, word)
		}
	}
	return c, err
}

func knownOption(name string) bool {
	if slices.Contains(ipvsadmLong, name) || slices.Contains(ipvsadmValues, name) {
		return true
	}
	for _, long := range ipvsadmOptions {
		if long == name {
			return true
		}
	}
	return false
}

func (c call) has(name string) bool { _, has := c.options[name]; return has }

// untold begins a word of which it is not known what it would be.
const untold = "\x00"

// lose has the service left out that a command would change which is not
// understood; every one, if it cannot be told which.
func (t *table) lose(c call) {
	s, _ := t.service(c)
	known := s.FWMark != 0 || s.Addr.IsValid()
	name := c.options["fwmark-service"]
	for _, p := range ipvs.Protocols {
		name = cmp.Or(c.options[p.Name+"-service"], name)
	}
	switch {
	case c.has("add-service") && !known:
		t.unnamed = append(t.unnamed, name)
		return
	case !c.has("edit-service") && !c.has("add-server") && !c.has("edit-server") && !c.has("delete-server"), slices.Contains(t.unnamed, name):
		return
	}
	for i := range t.services {
		if one := &t.services[i]; !known || one.Key() == s.Key() {
			one.partial = "a command for it is not understood"
		}
	}
}

// command does what ipvsadm would do with these words.
func (t *table) command(words []string) error {
	c, err := parseCall(words)
	switch {
	case err != nil:
		t.lose(c)
		return err
	case c.has("set"):
		return t.set(c.rest)
	case len(c.rest) > 0:
		t.lose(c)
		return fmt.Errorf("unexpected %q", c.rest[0])
	case c.has("clear"):
		t.services = nil
		return nil
	case c.has("start-daemon"):
		return t.startDaemon(c)
	case c.has("stop-daemon"):
		role := daemonRoles[c.options["stop-daemon"]]
		t.daemons = slices.DeleteFunc(t.daemons, func(d ipvs.Daemon) bool { return d.State == role })
		return nil
	case c.has("list"), c.has("save"), c.has("zero"), c.has("help"), c.has("version"):
		return nil
	}
	s, err := t.service(c)
	if err != nil {
		t.lose(c)
		return err
	}
	i := slices.IndexFunc(t.services, func(have Service) bool { return have.Key() == s.Key() })
	switch {
	case c.has("add-service") && i >= 0:
		return errors.New("the service exists")
	case c.has("add-service"):
		t.services = append(t.services, Service{Service: s})
		return nil
	case i < 0:
		return errors.New("there is no such service")
	case c.has("edit-service"):
		t.services[i].Service = s
		return nil
	case c.has("delete-service"):
		t.services = slices.Delete(t.services, i, i+1)
		return nil
	}
	return t.server(c, &t.services[i])
}

// server adds, edits or deletes a real server.
func (t *table) server(c call, s *Service) error {
	d, err := t.destination(c, &s.Service)
	if err != nil {
		s.partial = cmp.Or(s.partial, "a real server is not imported: "+err.Error())
		return err
	}
	i := slices.IndexFunc(s.Destinations, func(have ipvs.Destination) bool { return have.Key() == d.Key() })
	switch {
	case c.has("add-server") && i >= 0:
		return errors.New("the real server exists")
	case c.has("add-server"):
		s.Destinations = append(s.Destinations, d)
	case i < 0:
		return errors.New("there is no such real server")
	case c.has("edit-server"):
		s.Destinations[i] = d
	case c.has("delete-server"):
		s.Destinations = slices.Delete(s.Destinations, i, i+1)
	default:
		return errors.New("no command")
	}
	return nil
}

// defaultPersistence is what -p without a number means to ipvsadm.
const defaultPersistence = 360

// service is the one that a command names, as it describes it.
func (t *table) service(c call) (s ipvs.Service, err error) {
	s = ipvs.Service{Family: ipvs.INET, Scheduler: cmp.Or(c.options["scheduler"], "wlc"), PE: c.options["pe"]}
	for _, p := range ipvs.Protocols {
		if word, named := c.options[p.Name+"-service"]; named {
			at, err := parseEndpoint(word, p.Name, t.names)
			if err != nil {
				return s, err
			}
			s.Protocol, s.Addr, s.Port, s.Family = p.Value, at.addr, at.port, ipvs.FamilyOf(at.addr)
		}
	}
	if word, named := c.options["fwmark-service"]; named {
		if s.FWMark, err = parseNumber(word); err != nil || s.FWMark == 0 {
			return s, fmt.Errorf("%q is no mark", word)
		}
		if c.has("ipv6") {
			s.Family = ipvs.INET6
		}
	}
	if s.FWMark == 0 && !s.Addr.IsValid() {
		return s, errors.New("no service")
	}
	s.Netmask = ipvs.SingleClients(s.Family)
	if word, named := c.options["netmask"]; named {
		if s.Netmask, err = parseMask(word); err != nil {
			return s, err
		}
	}
	if word, named := c.options["persistent"]; named {
		s.Flags |= ipvs.Persistent
		s.Timeout = defaultPersistence
		if word != "" {
			if s.Timeout, err = parseNumber(word); err != nil {
				return s, err
			}
		}
	}
	if c.has("ops") {
		s.Flags |= ipvs.OnePacket
	}
	for _, name := range strings.FieldsFunc(c.options["sched-flags"], func(r rune) bool { return r == ',' }) {
		flag, known := ipvs.FindSchedulerFlag(name)
		if !known {
			return s, fmt.Errorf("unknown flag %q", name)
		}
		s.Flags |= flag.Flag
	}
	return s, nil
}

// destination is the real server that a command names. Its port is the service's
// but with masquerading or a mark, as ipvsadm has it.
func (t *table) destination(c call, s *ipvs.Service) (d ipvs.Destination, err error) {
	at, err := parseEndpoint(c.options["real-server"], ipvs.Protocols.Name(s.Protocol), t.names)
	if err != nil {
		return d, err
	}
	d = ipvs.Destination{Family: ipvs.FamilyOf(at.addr), Addr: at.addr, Port: at.port, Forward: ipvs.DirectRoute, Weight: 1}
	switch {
	case c.has("masquerading"):
		d.Forward = ipvs.Masquerade
	case c.has("ipip"):
		d.Forward = ipvs.Tunnel
	}
	if !at.hasPort || s.FWMark == 0 && d.Forward != ipvs.Masquerade {
		d.Port = s.Port
	}
	for name, to := range map[string]*uint32{"weight": &d.Weight, "u-threshold": &d.Upper, "l-threshold": &d.Lower} {
		if word, named := c.options[name]; named {
			if *to, err = parseNumber(word); err != nil {
				return d, err
			}
		}
	}
	if kind := c.options["tun-type"]; kind != "" && kind != "ipip" {
		d.TunnelType = ipvs.GUE // or GRE: the file has neither
	}
	return d, nil
}

func (t *table) set(words []string) error {
	if len(words) != 3 {
		return errors.New("--set takes three numbers")
	}
	for i, to := range []*uint32{&t.timeouts.TCP, &t.timeouts.TCPFin, &t.timeouts.UDP} {
		n, err := parseNumber(words[i])
		if err != nil {
			return err
		}
		if n != 0 {
			*to = n
		}
	}
	return nil
}

var daemonRoles = map[string]ipvs.DaemonState{"master": ipvs.Master, "backup": ipvs.Backup}

func (t *table) startDaemon(c call) (err error) {
	d := ipvs.Daemon{State: daemonRoles[c.options["start-daemon"]], Interface: cmp.Or(c.options["mcast-interface"], "eth0")}
	if d.State == 0 {
		return errors.New("neither master nor backup")
	}
	for _, n := range []struct {
		name string
		set  func(uint32)
	}{
		{"syncid", func(n uint32) { d.SyncID = n }}, {"sync-maxlen", func(n uint32) { d.MaxLen = uint16(n) }},
		{"mcast-port", func(n uint32) { d.Port = uint16(n) }}, {"mcast-ttl", func(n uint32) { d.TTL = uint8(n) }},
	} {
		if word, named := c.options[n.name]; named {
			number, err := parseNumber(word)
			if err != nil {
				return err
			}
			n.set(number)
		}
	}
	if word, named := c.options["mcast-group"]; named {
		if d.Group, err = netip.ParseAddr(word); err != nil {
			return fmt.Errorf("%q is no address", word)
		}
	}
	t.daemons = append(t.daemons, d)
	return nil
}

// endpoint is an address, and a port if there is one.
type endpoint struct {
	addr    netip.Addr
	port    uint16
	hasPort bool
}

// parseEndpoint reads HOST, HOST:PORT, an IPv6 address or [IPV6]:PORT.
func parseEndpoint(word, protocol string, names Names) (e endpoint, err error) {
	host, port := word, ""
	if in, isIn := strings.CutPrefix(word, "["); isIn {
		var closed bool
		if host, port, closed = strings.Cut(in, "]"); !closed {
			return e, fmt.Errorf("%q is no address", word)
		}
		if port, e.hasPort = strings.CutPrefix(port, ":"); !e.hasPort && port != "" {
			return e, fmt.Errorf("%q is no address", word)
		}
	} else if strings.Count(word, ":") < 2 {
		host, port, e.hasPort = strings.Cut(word, ":")
	}
	if e.addr, err = parseHost(host, names); err != nil {
		return e, err
	}
	if e.hasPort {
		e.port, err = parsePort(port, protocol, names)
	}
	return e, err
}

func parseHost(host string, names Names) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, nil
	}
	var addr netip.Addr
	found := false
	if !strings.HasPrefix(host, untold) {
		addr, found = names.Host4(host)
	}
	if !found {
		return addr, fmt.Errorf("%q is no address, nor a name that this machine knows", host)
	}
	return addr, nil
}

func parsePort(word, protocol string, names Names) (uint16, error) {
	if n, err := strconv.ParseUint(word, 10, 16); err == nil {
		return uint16(n), nil
	}
	port, found := names.Port(word, protocol)
	if !found {
		return 0, fmt.Errorf("%q is no port, nor a service that this machine knows", word)
	}
	return port, nil
}

func parseNumber(word string) (uint32, error) {
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", word)
	}
	return uint32(n), nil
}

// parseMask reads a mask as in 255.255.255.0, or a prefix length of IPv6.
func parseMask(word string) (ipvs.Netmask, error) {
	if addr, err := netip.ParseAddr(word); err == nil && addr.Is4() {
		v4 := addr.As4()
		return ipvs.Netmask(binary.BigEndian.Uint32(v4[:])), nil
	}
	n, err := strconv.ParseUint(word, 10, 8)
	if err != nil || n > uint64(ipvs.SingleIPv6) {
		return 0, fmt.Errorf("%q is no mask", word)
	}
	return ipvs.Netmask(n), nil
}
