package config

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"lvsdr/internal/ipvs"
)

// checks reads what the services say of their checks, each over what the file
// says of all of them, which may be further down.
func (r *reader) checks(root value, c *Config) {
	for i := range c.Services {
		s := &c.Services[i]
		s.Check = c.inherited(*s)
		own, found := root.find(path("services").item(i).key("check"))
		switch {
		case found && s.Check == nil:
			s.Check = r.check(own, DefaultCheck())
		case found:
			s.Check = r.check(own, *s.Check)
		}
	}
}

// inherited is the file's check for a service: the VIP is asked for where it can
// be.
func (c Config) inherited(s Service) *Check {
	if !c.Check.wantsVIP() || c.probesVIP(s) {
		return c.Check
	}
	check := *c.Check
	check.VIP = nil
	return &check
}

// check reads the keys of a check over those of another one. What the other has
// for its own type means nothing to one of another type.
func (r *reader) check(v value, base Check) *Check {
	c := base
	var f fields
	for _, key := range checkKeys {
		f = append(f, field{key.name, key.read(r, &c)})
	}
	if r.mapping(v, f); r.fault != nil {
		return &c
	}
	if (c.Type == CheckDNS) != (base.Type == CheckDNS) && v.part("name").Node == nil {
		c.Name = "" // whose certificate it is, or what is asked for
	}
	for _, key := range checkKeys {
		if own := v.part(key.name); own.Node != nil && !slices.Contains(key.types, c.Type) {
			r.refuse(own, fmt.Sprintf("a check of type %s has no %s", c.Type, key.name), "type: "+orOf(key.types))
		}
	}
	return &c
}

// orOf writes words as in "a, b or c".
func orOf[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// wantsVIP reports whether the VIP is to be asked for on the wire whether or not
// that can be.
func (c *Check) wantsVIP() bool { return c.Asks() && c.VIP != nil && *c.VIP }

// probesVIP reports whether the VIP of a service can be asked for on the wire.
func (c Config) probesVIP(s Service) bool {
	servers := c.servers(s)
	direct := len(servers) == 0 && s.Forward == ipvs.DirectRoute ||
		slices.ContainsFunc(servers, func(r RealServer) bool { return r.forward(s) == ipvs.DirectRoute })
	return direct && s.Protocol == ipvs.TCP && s.Port != 0
}

// checkChecks looks at the checks of services.
func checkChecks(c Config) *Fault {
	for i, s := range c.Services {
		at := path("services").item(i)
		if !s.Check.Asks() {
			if fault := checkUnasked(s, at); fault != nil {
				return fault
			}
			continue
		}
		own := at.key("check")
		if s.Check == c.Check {
			own = "check"
		}
		if fault := cmp.Or(checkCheck(*s.Check, own), c.checkAsked(s, at)); fault != nil {
			return fault
		}
	}
	return nil
}

// checkCheck looks at what a check says of itself.
func checkCheck(c Check, at path) *Fault {
	switch {
	case c.Timeout > c.Interval:
		return clash(fmt.Sprintf("timeout %s is longer than interval %s", short(c.Timeout), short(c.Interval)),
			"at most the interval", at.key("timeout"), at.key("interval"))
	case slices.Contains(httpTypes, c.Type) && c.Method == "HEAD" && c.Body != "":
		return clash("body with method HEAD, whose answers have none", "method: GET", at.key("body"), at.key("method"))
	case c.Type == CheckDNS && c.Name == "":
		return clash("a check of type dns without a name", "name: NAME, as in www.example.com", at.key("name"))
	case c.Type == CheckDNS && isAddress(c.Name):
		return clash("an address in place of a name", "a name, as in www.example.com or, with record PTR, 7.0.0.10.in-addr.arpa", at.key("name"))
	case c.Type == CheckDNS && !fitsRecord(c.Record, c.Answer):
		return clash("not an answer for record "+c.Record, "an address of its family", at.key("answer"), at.key("record"))
	case c.Type == CheckExec && len(c.Command) == 0:
		return clash("a check of type exec without a command", "command: [PROGRAM, ARGUMENT …]", at.key("command"))
	}
	return nil
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// fitsRecord looks at the records that are addresses.
func fitsRecord(record, answer string) bool {
	addr, err := netip.ParseAddr(answer)
	switch {
	case answer == "":
		return true
	case record == "A":
		return err == nil && addr.Is4()
	case record == "AAAA":
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	return true
}

// suited are the types of check that ask a service where it is.
var suited = map[ipvs.Protocol][]CheckType{
	ipvs.TCP:  {CheckTCP, CheckTLS, CheckHTTP, CheckHTTPS, CheckDNS, CheckExec},
	ipvs.UDP:  {CheckUDP, CheckDNS, CheckExec},
	ipvs.SCTP: {CheckTCP, CheckExec},
}

// checkAsked looks at whether a check fits its service.
func (c Config) checkAsked(s Service, service path) *Fault {
	check, at := *s.Check, service.key("check")
	switch {
	case s.Port == 0 && check.Port == 0:
		what := "a check of port 0, which is every port"
		if s.FWMark != 0 {
			what = "a check of a firewall mark, which has no port"
		}
		return clash(what, "port in check", at.key("port"), at, "check")
	case check.Port == 0 && !slices.Contains(suited[s.Protocol], check.Type):
		name := ipvs.Protocols.Name(s.Protocol)
		return clash(fmt.Sprintf("a check of type %s where a service of protocol %s listens", check.Type, name),
			"type: "+orOf(suited[s.Protocol])+", or port in check", at.key("type"), at, "check")
	case check.Port == 0 && s.Protocol == ipvs.SCTP && check.Type == CheckTCP && check.Send+check.Receive != "":
		return clash("send or receive with protocol sctp", "neither, or port in check", at.key("receive"), at, "check")
	case check.wantsVIP() && !c.probesVIP(s):
		return clash("the VIP can be checked on the wire only with protocol tcp, a port and direct routing", "vip: false",
			at.key("vip"), service.key("forward"), service, "real_servers")
	}
	return nil
}

// print writes a check that is over another one.
func (c Check) print(w io.Writer, indent string, base Check) {
	fmt.Fprintf(w, "%scheck:\n", indent)
	for _, key := range checkKeys {
		text := key.print(c)
		unsaid := text == "" || text == key.print(Check{}) && text == key.print(base)
		if slices.Contains(key.types, c.Type) && !unsaid {
			fmt.Fprintf(w, "%s  %s: %s\n", indent, key.name, text)
		}
	}
}

// printCheck writes the check of a service, where it is not that of the file.
func (c Config) printCheck(w io.Writer, s Service) {
	switch {
	case s.Check == nil:
	case c.Check == nil:
		s.Check.print(w, "    ", DefaultCheck())
	case !reflect.DeepEqual(s.Check, c.Check):
		s.Check.print(w, "    ", *c.Check)
	}
}
