package config

import (
	"slices"

	"lvsdr/internal/ipvs"
)

// Overrides is what the flags and the environment say. An empty field says
// nothing; any other replaces what the file has.
type Overrides struct {
	VIPs      []string // --vip, of every service
	Label     string   // --label, on the director as well
	Ports     []string // --port: PORT or PORT/PROTOCOL, a service with defaults each
	Scheduler string   // --scheduler, of every service
	Forward   string   // --forward, of every service and real server
	// Persistent is --persistent, in seconds, of every service.
	Persistent string
	// RealServers are --rs: ADDRESS[:PORT][=WEIGHT], with the IPv6 address in
	// brackets if a port follows. They serve every service.
	RealServers []string
}

// Apply returns the configuration with the overrides in it. A fault names the
// flag. What is still lacking is none here: see [Config.Validate].
func (o Overrides) Apply(c Config) (Config, error) {
	c.Services = slices.Clone(c.Services)
	a := applier{c: c, flags: map[path]string{}}
	a.vips(o.VIPs)
	if o.Label != "" {
		a.c.Label, a.c.DirectorLabel = accept(&a, "--label", o.Label, labelName), ""
	}
	replace(&a, "--port", o.Ports, "services", &a.c.Services, portAndProtocol)
	a.scheduler(o.Scheduler)
	a.forward(o.Forward)
	forServices(&a, "--persistent", o.Persistent, "persistent", seconds(), func(s *Service, n uint32) { s.Persistent = n })
	a.realServers(o.RealServers)
	for i := range a.c.Services {
		if s := &a.c.Services[i]; len(o.Ports) > 0 || s.Check == c.Check {
			s.Check = a.c.inherited(*s)
		}
	}
	if a.err != nil {
		return Config{}, a.err
	}
	if fault := a.c.check(); fault != nil {
		return Config{}, a.blame(fault)
	}
	return a.c, nil
}

// An applier puts overrides into a configuration, and knows which flag a value
// is from. It keeps the first fault.
type applier struct {
	c     Config
	flags map[path]string
	err   error
}

// take reads the word of a flag.
func take[T any](flag, word string, k kind[T]) (T, error) {
	value, err := k.parse(word)
	if err != nil {
		return value, &Fault{Subject: flagWord(flag, word), What: err.Error(), Want: k.expected(err)}
	}
	return value, nil
}

func flagWord(flag, word string) string { return flag + " " + quote(word) }

// accept takes the word of a flag, and notes what is wrong with it.
func accept[T any](a *applier, flag, word string, k kind[T]) T {
	value, err := take(flag, word, k)
	if a.err == nil {
		a.err = err
	}
	return value
}

// replace puts the words of a flag in place of a list.
func replace[T any](a *applier, flag string, words []string, at path, to *[]T, k kind[T]) {
	if len(words) == 0 {
		return
	}
	*to = nil
	a.flags[at] = flag
	for i, word := range words {
		*to = append(*to, accept(a, flag, word, k))
		a.flags[at.item(i)] = flagWord(flag, word)
	}
}

// forServices puts the value of a flag into every service.
func forServices[T any](a *applier, flag, word, key string, k kind[T], set func(*Service, T)) {
	if word == "" {
		return
	}
	value := accept(a, flag, word, k)
	for i := range a.c.Services {
		set(&a.c.Services[i], value)
		a.flags[path("services").item(i).key(key)] = flagWord(flag, word)
	}
}

// scheduler refuses to carry flags over from one scheduler to another, where
// they mean something else.
func (a *applier) scheduler(word string) {
	forServices(a, "--scheduler", word, "scheduler", scheduler(), func(s *Service, name string) {
		if a.err == nil && s.Flags != 0 && s.Scheduler != name {
			a.err = &Fault{
				Subject: flagWord("--scheduler", word),
				What:    "the file sets flags of scheduler " + s.Scheduler, Want: "no other",
			}
		}
		s.Scheduler = name
	})
}

// vips are for every service.
func (a *applier) vips(words []string) {
	replace(a, "--vip", words, "vip", &a.c.VIPs, virtualAddress)
	for i := range a.c.Services {
		if len(words) > 0 {
			a.c.Services[i].VIPs = nil
		}
	}
}

// forward is for every real server.
func (a *applier) forward(word string) {
	if word == "" {
		return
	}
	a.c.RealServers = withoutForward(a.c.RealServers)
	forServices(a, "--forward", word, "forward", forward(), func(s *Service, f ipvs.Forward) {
		s.Forward, s.RealServers, s.Sorry.Servers = f, withoutForward(s.RealServers), withoutForward(s.Sorry.Servers)
	})
}

func withoutForward(list []RealServer) []RealServer {
	list = slices.Clone(list)
	for i := range list {
		list[i].Forward = nil
	}
	return list
}

// realServers are to serve every service.
func (a *applier) realServers(words []string) {
	replace(a, "--rs", words, "real_servers", &a.c.RealServers, serverAndWeight)
	for i := range a.c.Services {
		if len(words) > 0 {
			a.c.Services[i].RealServers = nil
		}
	}
}

// blame gives the fault of a check the flag that brought it about. The file was
// free of faults, so there is one.
func (a *applier) blame(f *Fault) *Fault {
	for _, at := range append([]path{f.at}, f.also...) {
		for ; at != ""; at = at.parent() {
			if flag, ok := a.flags[at]; ok {
				f.Subject = flag
				return f
			}
		}
	}
	f.Subject = string(f.at)
	return f
}
