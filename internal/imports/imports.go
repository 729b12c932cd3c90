// Package imports turns what others wrote or set up into a configuration: a table
// of the kernel, rules of ipvsadm, scripts, and the files of ldirectord and
// keepalived. It asks no kernel and runs nothing.
//
// Each source has a few files here, with its grammar apart from its meaning. It
// makes a [Draft]: the table that the source stands for, in the kernel's terms, and
// what the source says beyond that. [Draft.File] turns a draft into our file. To find
// out whether our file can describe a service, it writes the service, reads it again
// and compares. What cannot be described becomes a remark; nothing is dropped
// silently.
package imports

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Draft is what a source says.
type Draft struct {
	Services []Service
	// VIPs are what marks stand for, and what a real server has where there are no
	// services.
	VIPs          []netip.Addr
	Label         string // "": the default
	DirectorLabel string
	ARP           []string // interfaces of a real server's; nil: the default
	Timeouts      ipvs.Timeouts
	Daemons       []ipvs.Daemon
	OnEvent       []string
	Remarks       []string // of no service
	// InUse: it is what a kernel has, where weight 0 may be of a moment.
	InUse bool
}

// Service is a virtual service as the kernel is to have it.
type Service struct {
	ipvs.Service
	Destinations []ipvs.Destination
	Forward      ipvs.Forward // of real servers that say nothing else

	Name    string
	VIPs    []netip.Addr // that a mark stands for
	Check   *config.Check
	Sorry   []ipvs.Destination
	Page    string // of a sorry page
	Minimum config.Minimum
	Remarks []string
	guessed bool   // VIPs
	partial string // why it is not all of the source's: vs start would remove the rest
}

// remark says something of a service that the file does not.
func (s *Service) remark(format string, args ...any) {
	s.Remarks = append(s.Remarks, fmt.Sprintf(format, args...))
}

func (d *Draft) remark(format string, args ...any) {
	d.Remarks = append(d.Remarks, fmt.Sprintf(format, args...))
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// uniqueName makes a name of a text.
func (d *Draft) uniqueName(text string) string {
	base := strings.Trim(notInNames.ReplaceAllString(text, "-"), "-")
	name := base
	for i := 2; slices.ContainsFunc(d.Services, func(s Service) bool { return name != "" && s.Name == name }); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
}

// expression reports why RE2 does not know an expression.
func expression(text string) error {
	_, err := regexp.Compile(text)
	if wrong, is := err.(*syntax.Error); is {
		return fmt.Errorf("%s: %q", wrong.Code, wrong.Expr)
	}
	return err
}

// words name a service as ipvsadm does.
func words(s *ipvs.Service) string {
	switch {
	case s.FWMark != 0 && s.Family == ipvs.INET6:
		return fmt.Sprintf("-f %d -6", s.FWMark)
	case s.FWMark != 0:
		return fmt.Sprintf("-f %d", s.FWMark)
	}
	return fmt.Sprintf("%s %s", ipvs.ServiceOptions.Name(s.Protocol), netip.AddrPortFrom(s.Addr, s.Port))
}

// File is the configuration of a draft, with what it cannot say.
type File struct {
	Config  config.Config
	Remarks []Remark
	none    bool // of the source's services
}

// Err tells why no service of a source that has some is in the file, which is
// worth nothing then.
func (f File) Err() error {
	if !f.none {
		return nil
	}
	all := []error{errors.New("no service can be imported")}
	for _, r := range f.Remarks {
		if strings.Contains(r.Text, "not imported") {
			all = append(all, errors.New(comment(r.Text)))
		}
	}
	return errors.Join(all...)
}

// Remark is a comment: on a service of the configuration, or on no one.
type Remark struct {
	Service int // -1: none
	Text    string
}

// Remark adds a remark on no service.
func (f *File) Remark(text string) { f.Remarks = append(f.Remarks, Remark{-1, text}) }

// File makes the configuration.
func (d Draft) File() File {
	f := File{Config: config.Default()}
	c := &f.Config
	c.Services = nil
	for _, text := range d.Remarks {
		f.Remark(text)
	}
	d.knowVIPs()
	seen := map[ipvs.Key]bool{}
	vips := d.allVIPs()
	for _, s := range d.Services {
		said, ok := config.Service{}, false
		if seen[s.Key()] {
			s.remark("it is there twice; this is the second one")
		} else {
			said, ok = d.say(&s, vips)
		}
		if !ok {
			last := len(s.Remarks) - 1 // decides
			f.Remark("not imported: " + words(&s.Service) + ": " + strings.Join(slices.Insert(s.Remarks[:last:last], 0, s.Remarks[last]), "; "))
			continue
		}
		seen[s.Key()] = true
		i := merge(c, said)
		for _, text := range s.Remarks {
			if r := (Remark{i, text}); !slices.Contains(f.Remarks, r) {
				f.Remarks = append(f.Remarks, r)
			}
		}
	}
	if len(c.Services) == 0 {
		f.none = len(d.Services) > 0
		c.Services, c.VIPs = config.Default().Services, d.VIPs
	}
	c.Label, c.DirectorLabel = cmp.Or(d.Label, c.Label), d.DirectorLabel
	if d.ARP != nil {
		c.ARP.Interfaces = d.ARP
	}
	c.Watch.OnEvent = d.OnEvent
	c.Timeouts = d.Timeouts
	factor(c)
	d.sync(&f)
	return f
}

// knowVIPs gives the marks their VIPs: those that the source knows of without a
// service, else all of its family.
func (d *Draft) knowVIPs() {
	all := d.allVIPs()
	free := slices.DeleteFunc(slices.Clone(d.VIPs), func(vip netip.Addr) bool { return slices.Contains(all, vip) })
	for i := range d.Services {
		s := &d.Services[i]
		if s.FWMark == 0 || len(s.VIPs) > 0 {
			continue
		}
		for _, known := range [][]netip.Addr{free, d.VIPs, all} {
			if len(s.VIPs) == 0 {
				s.stand(known)
			}
		}
		s.guessed = true
	}
}

// Mark says which VIPs the marks stand for.
func (d *Draft) Mark(vips []netip.Addr) {
	for i := range d.Services {
		if d.Services[i].FWMark != 0 {
			d.Services[i].stand(vips)
		}
	}
}

// stand has a mark stand for those of some VIPs that are of its family.
func (s *Service) stand(vips []netip.Addr) {
	s.VIPs = nil
	for _, vip := range vips {
		if ipvs.FamilyOf(vip) == s.Family && !slices.Contains(s.VIPs, vip) {
			s.VIPs = append(s.VIPs, vip)
		}
	}
}

func (d *Draft) allVIPs() (all []netip.Addr) {
	add := func(vip netip.Addr) {
		if vip.IsValid() && !slices.Contains(all, vip) {
			all = append(all, vip)
		}
	}
	for i := range d.Services {
		if s := &d.Services[i]; s.FWMark == 0 {
			add(s.Addr)
		}
		for _, vip := range d.Services[i].VIPs {
			add(vip)
		}
	}
	return all
}

// say makes a service of the file; what that cannot be becomes remarks. Not ok:
// there is nothing to say it by.
func (d Draft) say(s *Service, vips []netip.Addr) (config.Service, bool) {
	if s.FWMark != 0 && len(s.VIPs) == 0 {
		s.remark("no VIP is known that the mark stands for; say which: lvsdr import --vip ADDRESS")
		return config.Service{}, false
	}
	if why := cmp.Or(s.partial, sayingAlone(s)); why != "" {
		s.remark("%s", why)
		return config.Service{}, false
	}
	whole := s.Destinations
	s.Destinations = d.sayable(s, whole, vips, func(why string) { s.partial = cmp.Or(s.partial, "real server "+why) })
	s.Sorry = d.sayable(s, s.Sorry, vips, func(why string) { s.remark("sorry server %s", why) })
	switch {
	case s.partial != "":
		s.remark("%s", s.partial)
		return config.Service{}, false
	case len(s.Destinations) == 0:
		s.remark("no real servers")
		return config.Service{}, false
	}
	d.remarkGuesses(s)
	said, why := saying(s)
	if why == "" {
		return said, true
	}
	for _, less := range []struct {
		what         string
		check, sorry bool
	}{{"check", true, false}, {"sorry server", false, true}, {"check and sorry server", true, true}} {
		without := *s
		if less.check {
			without.Check = nil
		}
		if less.sorry {
			without.Sorry, without.Page = nil, ""
		}
		if said, still := saying(&without); still == "" {
			s.remark("%s left out: %s", less.what, why)
			return said, true
		}
	}
	s.remark("%s", why)
	return config.Service{}, false
}

// sayable are those of some destinations that the file can say; why tells of each
// other one.
func (d Draft) sayable(s *Service, all []ipvs.Destination, vips []netip.Addr, why func(string)) (kept []ipvs.Destination) {
	alone := Service{Service: s.Service, VIPs: s.VIPs, Forward: s.Forward, Destinations: all}
	_, some := saying(&alone)
	seen := map[netip.AddrPort]bool{}
	for _, one := range all {
		wrong := ""
		switch {
		case seen[one.Key()]:
			s.remark("%s is there twice; this is the second one", netip.AddrPortFrom(one.Addr, one.Port))
			continue
		case slices.Contains(vips, one.Addr):
			wrong = "it is a VIP"
		case some != "":
			alone.Destinations = []ipvs.Destination{one}
			_, wrong = saying(&alone)
		}
		if wrong != "" {
			why(fmt.Sprintf("%s: %s", netip.AddrPortFrom(one.Addr, one.Port), wrong))
			continue
		}
		seen[one.Key()] = true
		kept = append(kept, one)
	}
	return kept
}

// sayingAlone tells what is wrong with a service, whatever its real servers are.
func sayingAlone(s *Service) string {
	loopback := netip.IPv6Unspecified().Next()
	if s.Family == ipvs.INET {
		loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	anyone := ipvs.Destination{Family: s.Family, Addr: loopback, Port: s.Port, Weight: 1, Forward: ipvs.Masquerade}
	_, why := saying(&Service{Service: s.Service, VIPs: s.VIPs, Name: s.Name, Forward: s.Forward, Destinations: []ipvs.Destination{anyone}})
	return why
}

// remarkGuesses tells what may have been meant in another way.
func (d Draft) remarkGuesses(s *Service) {
	if s.guessed {
		s.remark("nothing tells which VIPs the mark stands for; if not these, say so: lvsdr import --vip ADDRESS")
	}
	for _, one := range s.Destinations {
		if d.InUse && one.Weight == 0 {
			s.remark("%s has weight 0: if it was only drained, or was down, give its real weight", one.Addr)
		}
	}
}

// saying writes a service, reads that again, and compares; why tells what is
// wrong.
func saying(s *Service) (said config.Service, why string) {
	said = draw(s)
	c := config.Default()
	c.Services = []config.Service{said}
	loaded, err := config.Load("", c.YAML())
	if err == nil {
		err = loaded.Validate()
	}
	if fault, is := err.(*config.Fault); is {
		return said, fault.Subject + ": " + fault.What
	} else if err != nil {
		return said, err.Error()
	}
	return said, lost(s, loaded.Wanted()[0])
}

// lost tells what of a service the file does not say.
func lost(s *Service, w config.Wanted) string {
	have, want := s.Service, w.Service
	const flags = ipvs.Persistent | ipvs.OnePacket | ipvs.SchedulerFlags
	switch {
	case have.PE != "":
		return fmt.Sprintf("the file has no persistence engine (%q)", have.PE)
	case have.Key() != want.Key():
		return "it would be " + words(&want)
	case have.Scheduler != want.Scheduler || have.Flags&flags != want.Flags&flags:
		return "flags that the file does not have"
	case have.Flags&ipvs.Persistent != 0 && (have.Timeout != want.Timeout || have.Netmask != want.Netmask):
		return "persistence that the file does not have"
	}
	if why := lostOf(s.Destinations, w.Destinations); why != "" {
		return why
	}
	return lostOf(s.Sorry, w.Sorry)
}

func lostOf(have, want []ipvs.Destination) string {
	for i, one := range have {
		switch {
		case i >= len(want):
			return one.Addr.String() + " is of another family"
		case one.TunnelType != want[i].TunnelType || one.TunnelPort != want[i].TunnelPort || one.TunnelFlags != want[i].TunnelFlags:
			return "the file has no tunnels but IPIP"
		case one != want[i]:
			return netip.AddrPortFrom(one.Addr, one.Port).String() + " would be " + netip.AddrPortFrom(want[i].Addr, want[i].Port).String()
		}
	}
	return ""
}

// draw is a service in the file's terms, whether or not it can be.
func draw(s *Service) config.Service {
	c := config.Service{
		Name: s.Name, VIPs: s.VIPs, Port: s.Port, FWMark: s.FWMark, Protocol: s.Protocol, Scheduler: s.Scheduler, Forward: s.Forward,
		Flags: s.Flags & ipvs.SchedulerFlags, OnePacket: s.Flags&ipvs.OnePacket != 0,
		Check: s.Check, Minimum: s.Minimum, Sorry: config.Sorry{Page: s.Page},
	}
	if s.FWMark != 0 {
		c.Family, c.Protocol, c.Port = s.Family, 0, 0
	} else {
		c.VIPs = []netip.Addr{s.Addr}
	}
	if s.Flags&ipvs.Persistent != 0 {
		c.Persistent = s.Timeout
		if s.Netmask != ipvs.SingleClients(s.Family) {
			c.Netmask = s.Netmask
		}
	}
	c.RealServers = drawServers(s.Destinations, c)
	c.Sorry.Servers = drawServers(s.Sorry, c)
	return c
}

func drawServers(all []ipvs.Destination, s config.Service) (list []config.RealServer) {
	for _, d := range all {
		r := config.RealServer{Addr: d.Addr, Weight: d.Weight, Upper: d.Upper, Lower: d.Lower}
		if d.Port != s.Port {
			r.Port = d.Port
		}
		if d.Forward != s.Forward {
			r.Forward = &d.Forward
		}
		list = append(list, r)
	}
	return list
}

// sync says the synchronisation daemons, which share everything but the role.
func (d Draft) sync(f *File) {
	if len(d.Daemons) == 0 {
		return
	}
	first := d.Daemons[0]
	s := &config.Sync{Interface: first.Interface, ID: first.SyncID, MaxLen: first.MaxLen, Group: first.Group, Port: first.Port, TTL: first.TTL}
	for _, one := range d.Daemons {
		if one.Interface != first.Interface || one.SyncID != first.SyncID || one.Group != first.Group || one.Port != first.Port || one.TTL != first.TTL {
			f.Remark("not imported: the synchronisation daemons, which are not alike: the file has one interface and one id for both")
			return
		}
		s.Roles = append(s.Roles, one.State)
		s.MaxLen = min(s.MaxLen, one.MaxLen)
	}
	slices.Sort(s.Roles)
	with := f.Config
	with.Sync = s
	if _, err := config.Load("", with.YAML()); err != nil {
		f.Remark("not imported: the synchronisation daemons: " + err.(*config.Fault).What)
		return
	}
	f.Config.Sync = s
}
