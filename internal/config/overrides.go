package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"lvsdr/internal/ipvs"
)

// Overrides is what the flags and the environment say. An empty field says
// nothing; any other replaces what the file has.
type Overrides struct {
	VIPs      []string // --vip
	Label     string   // --label
	Ports     []string // --port: PORT or PORT/PROTOCOL, a service with defaults each
	Scheduler string   // --scheduler, of every service
	Forward   string   // --forward, of every service
	// Persistent is --persistent, in seconds, of every service.
	Persistent string
	// RealServers are --rs: ADDRESS[:PORT][=WEIGHT], with the IPv6 address in
	// brackets if a port follows. They serve every service.
	RealServers []string
}

// Apply returns the configuration with the overrides in it; a zero one is taken
// for [Default]. Errors name the flag. What is still lacking is no error here:
// see [Config.Validate].
func (o Overrides) Apply(c Config) (Config, error) {
	if reflect.DeepEqual(c, Config{}) {
		c = Default()
	}
	a := applier{c: c, flags: map[path]string{}}
	a.c.Services = slices.Clone(c.Services)
	for _, set := range []func(Overrides) error{
		a.vips, a.label, a.ports, a.scheduler, a.forward, a.persistent, a.realServers,
	} {
		if err := set(o); err != nil {
			return Config{}, err
		}
	}
	if p := a.c.problem(); p != nil {
		return Config{}, a.name(p)
	}
	return a.c, nil
}

// An applier puts overrides into a configuration, and knows which flag a value
// is from.
type applier struct {
	c     Config
	flags map[path]string
}

// take reads the word of a flag.
func take[T any](flag, word, want string, parse func(string) (T, string)) (T, error) {
	value, wrong := parse(word)
	if wrong != "" {
		return value, flagError(flagWord(flag, word), wrong, want)
	}
	return value, nil
}

func flagWord(flag, word string) string { return flag + " " + quote(word) }

func flagError(flag, what, want string) error {
	return fmt.Errorf("%s: %s, expected %s", flag, what, want)
}

func (a *applier) vips(o Overrides) error {
	if len(o.VIPs) == 0 {
		return nil
	}
	a.c.VIPs = nil
	a.flags["vip"] = "--vip"
	for i, word := range o.VIPs {
		vip, err := take("--vip", word, virtualAddress.want, virtualAddress.parse)
		if err != nil {
			return err
		}
		a.c.VIPs = append(a.c.VIPs, vip)
		a.flags[path("vip").item(i)] = flagWord("--vip", word)
	}
	return nil
}

func (a *applier) label(o Overrides) (err error) {
	if o.Label != "" {
		a.c.Label, err = take("--label", o.Label, labelName.want, labelName.parse)
	}
	return err
}

func (a *applier) ports(o Overrides) error {
	if len(o.Ports) == 0 {
		return nil
	}
	a.c.Services = nil
	a.flags["services"] = "--port"
	for i, word := range o.Ports {
		s, err := take("--port", word, "PORT or PORT/PROTOCOL, as in 80 or 53/udp", parsePort)
		if err != nil {
			return err
		}
		a.c.Services = append(a.c.Services, s)
		a.flags[path("services").item(i)] = flagWord("--port", word)
	}
	return nil
}

func parsePort(s string) (Service, string) {
	port, protocolName, hasProtocol := strings.Cut(s, "/")
	n, wrong := number(0, 65535).parse(port)
	p := ipvs.TCP
	if hasProtocol && wrong == "" {
		if p, wrong = protocol().parse(protocolName); wrong != "" {
			wrong = "unknown protocol"
		}
	}
	return portService(p, uint16(n)), wrong
}

// forServices puts the value of a flag into every service.
func forServices[T any](a *applier, flag, word, key string, k kind[T], set func(*Service, T) error) error {
	if word == "" {
		return nil
	}
	value, err := take(flag, word, k.want, k.parse)
	if err != nil {
		return err
	}
	for i := range a.c.Services {
		if err := set(&a.c.Services[i], value); err != nil {
			return fmt.Errorf("%s: %w", flagWord(flag, word), err)
		}
		a.flags[path("services").item(i).key(key)] = flagWord(flag, word)
	}
	return nil
}

// scheduler refuses to carry flags over from one scheduler to another, where
// they mean something else.
func (a *applier) scheduler(o Overrides) error {
	return forServices(a, "--scheduler", o.Scheduler, "scheduler", scheduler(), func(s *Service, name string) error {
		if s.Flags != 0 && s.Scheduler != name {
			return errors.New("the file sets flags of scheduler " + s.Scheduler + ", expected no other")
		}
		s.Scheduler = name
		return nil
	})
}

func (a *applier) forward(o Overrides) error {
	return forServices(a, "--forward", o.Forward, "forward", forward(), func(s *Service, f ipvs.Forward) error {
		s.Forward = f
		return nil
	})
}

func (a *applier) persistent(o Overrides) error {
	return forServices(a, "--persistent", o.Persistent, "persistent", seconds(), func(s *Service, n uint32) error {
		s.Persistent = n
		return nil
	})
}

func (a *applier) realServers(o Overrides) error {
	if len(o.RealServers) == 0 {
		return nil
	}
	a.c.RealServers = nil
	a.flags["real_servers"] = "--rs"
	for i := range a.c.Services {
		a.c.Services[i].RealServers = nil
	}
	for i, word := range o.RealServers {
		r, err := take("--rs", word, "ADDRESS[:PORT][=WEIGHT]", parseRealServer)
		if err != nil {
			return err
		}
		a.c.RealServers = append(a.c.RealServers, r)
		a.flags[path("real_servers").item(i)] = flagWord("--rs", word)
	}
	return nil
}

func parseRealServer(s string) (r RealServer, wrong string) {
	r.Weight = 1
	s, weight, hasWeight := strings.Cut(s, "=")
	if hasWeight {
		if r.Weight, wrong = count().parse(weight); wrong != "" {
			return r, "weight is " + wrong
		}
	}
	r.Addr, r.Port, wrong = parseServer(s)
	return r, wrong
}

// parseServer reads ADDRESS[:PORT]; without a port that is zero.
func parseServer(s string) (addr netip.Addr, port uint16, wrong string) {
	host, digits, hasPort := cutPort(s)
	if hasPort {
		n, wrong := number(1, 65535).parse(digits)
		if wrong != "" {
			return addr, 0, "port is " + wrong
		}
		port = uint16(n)
	}
	addr, wrong = serverAddress.parse(host)
	return addr, port, wrong
}

// cutPort splits "v4", "v4:port", "v6", "[v6]" and "[v6]:port".
func cutPort(s string) (host, port string, hasPort bool) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		host, port, ok = strings.Cut(inner, "]")
		if addr, err := netip.ParseAddr(host); !ok || err != nil || !addr.Is6() {
			return s, "", false
		}
		if port == "" {
			return host, "", false
		}
		if port, ok = strings.CutPrefix(port, ":"); !ok {
			return s, "", false
		}
		return host, port, true
	}
	if strings.Count(s, ":") == 1 {
		return strings.Cut(s, ":")
	}
	return s, "", false
}

// name says a problem in terms of the flag that brought it about. The file was
// free of problems, so there is one.
func (a *applier) name(p *problem) error {
	for _, at := range append([]path{p.at}, p.also...) {
		for ; at != ""; at = at.parent() {
			if flag, ok := a.flags[at]; ok {
				return flagError(flag, p.what, p.want)
			}
		}
	}
	return p
}
