package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/ipvs"
)

// The schedulers that a ramp of weights means something to.
var rampable = []string{"wrr", "wlc", "sed", "nq", "lblc", "lblcr", "twos"}

var (
	minimum   = kind[Minimum]{want: "a number of real servers, or a part as in 50%", parse: parseMinimum}
	slowStart = duration(0, time.Hour)
	pageFile  = fileOr(DefaultPage)
)

func parseMinimum(s string) (Minimum, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := count().parse(digits)
	switch {
	case err != nil:
		return Minimum{}, err
	case percent && n > 100:
		return Minimum{}, errors.New("out of range")
	}
	return Minimum{Count: n, Percent: percent && n > 0}, nil
}

// String is the number, or the percentage.
func (m Minimum) String() string {
	if m.Percent {
		return fmt.Sprintf("%d%%", m.Count)
	}
	return fmt.Sprint(m.Count)
}

// sorry reads other machines, or the page of this one.
func (r *reader) sorry(to *Sorry) func(value) {
	const want = wantServers + ", or a mapping with page, cert, key"
	return func(v value) {
		if v.form() != mappingForm {
			items(r, &to.Servers, want, r.realServer)(v)
			return
		}
		r.mapping(v, fields{
			{"page", set(r, &to.Page, pageFile)},
			{"cert", set(r, &to.Cert, fileOr(""))},
			{"key", set(r, &to.Key, fileOr(""))},
		})
		if r.fault == nil && to.Page == "" {
			r.refuse(v, "no page", "page: FILE, or page: default")
		}
	}
}

// checkUnasked looks for what needs verdicts at a service without a check.
func checkUnasked(s Service, at path) *Fault {
	for _, needs := range []struct {
		key  string
		said bool
	}{{"minimum", s.Minimum.Count != 0}, {"sorry", s.Sorry.Exists()}, {"slow_start", s.SlowStart != 0}} {
		if needs.said {
			return clash(needs.key+" without a check", "a check as well", at.key(needs.key), at.key("check"), "check")
		}
	}
	return nil
}

// checkSorry looks at what a service does when real servers fail or come back.
func checkSorry(c Config) *Fault {
	vips := c.vipPlaces()
	for i, s := range c.Services {
		service := path("services").item(i)
		at := service.key("sorry")
		for _, fault := range []*Fault{
			checkList(s.Sorry.Servers, at, vips), checkPorts(s.Sorry.Servers, s, at, service),
			c.checkSorryServers(i, s, at), checkPage(s, service), checkSlowStart(s, service),
		} {
			if fault != nil {
				return fault
			}
		}
	}
	return nil
}

// checkSorryServers looks at sorry servers beside real servers and VIPs.
func (c Config) checkSorryServers(i int, s Service, at path) *Fault {
	if len(s.Sorry.Servers) == 0 {
		return nil
	}
	works := map[netip.AddrPort]bool{}
	for _, r := range c.servers(s) {
		works[netip.AddrPortFrom(r.Addr, r.port(s))] = true
	}
	families, left := c.families(s), c.families(s)
	for j, r := range s.Sorry.Servers {
		family := ipvs.FamilyOf(r.Addr)
		tunnel := r.forward(s) == ipvs.Tunnel
		switch {
		case works[netip.AddrPortFrom(r.Addr, r.port(s))]:
			return clash("a real server of the service", "another machine", at.item(j), c.listOf(i), at.parent())
		case len(families) > 0 && !tunnel && !slices.Contains(families, family):
			return clash(fmt.Sprintf("%s is %s, but no VIP is", r.Addr, familyName(family)),
				"the family of a VIP, or forward: tunnel", at.item(j), c.vipsOf(i).item(0), at.parent().key("forward"))
		}
		left = slices.DeleteFunc(left, func(f ipvs.AddressFamily) bool { return f == family || tunnel })
	}
	for _, f := range left {
		return clash(fmt.Sprintf("no sorry server is %s, but a VIP is", familyName(f)),
			"a sorry server with "+familyName(f)+", or forward: tunnel", at, c.vipOf(i, f), at.parent().key("forward"))
	}
	return nil
}

// checkPage looks at whether the clients of a service would read a page.
func checkPage(s Service, service path) *Fault {
	page, tls := s.Sorry.Page != "", s.Sorry.Cert != ""
	at := service.key("sorry")
	known := s.Port == 80 || s.Port == 8080
	switch {
	case tls && s.Sorry.Key == "":
		return clash("cert without its key", "key: FILE as well", at.key("cert"))
	case !tls && s.Sorry.Key != "":
		return clash("key without its cert", "cert: FILE as well", at.key("key"))
	case page && (s.Protocol != ipvs.TCP || s.Port == 0):
		return clash("a page for a service without a TCP port", "a list of sorry servers, or protocol: tcp and a port",
			at.key("page"), service)
	case page && !tls && !known && s.Check.Asks() && s.Check.Type == CheckHTTPS:
		return clash("a page without TLS, where the check is of type https", "cert and key as well", at.key("page"), service)
	case page && !tls && !known && s.Check.Asks() && s.Check.Type != CheckHTTP:
		return clash("a page for clients that may not speak HTTP", "a check of type http, port 80 or 8080, or cert and key",
			at.key("page"), service)
	}
	return nil
}

func checkSlowStart(s Service, service path) *Fault {
	if s.SlowStart != 0 && !slices.Contains(rampable, s.Scheduler) {
		return clash("slow_start with scheduler: "+s.Scheduler+", which ramps nothing", "scheduler: "+orOf(rampable),
			service.key("slow_start"), service.key("scheduler"))
	}
	return nil
}

// Warnings tells what the configuration asks for in vain.
func (c Config) Warnings() (all []string) {
	for i, s := range c.Services {
		var flat []string
		for _, r := range c.servers(s) {
			if s.SlowStart != 0 && r.Weight == 1 {
				flat = append(flat, r.Addr.String())
			}
		}
		if len(flat) > 0 {
			all = append(all, fmt.Sprintf("%s: weight 1 cannot be ramped up; use a larger one, such as 100: %s",
				path("services").item(i).key("slow_start"), strings.Join(flat, ", ")))
		}
		if s.Check.Asks() && s.refuses() {
			words := fmt.Sprintf("%s: %s refuses the clients of a real server that is out at weight 0", path("services").item(i).key("scheduler"), s.Scheduler)
			if flag := s.kernels().Fallback(); flag != "" {
				words += fmt.Sprintf("; flags: [%s] gives them another one", flag)
			}
			all = append(all, words)
		}
	}
	return all
}

// refuses reports whether the clients of a real server that fails are refused: it
// stays at weight 0, and the scheduler does without it.
func (s Service) refuses() bool {
	stays := s.Check.OnFailure == FailureQuiesce || s.Scheduler == ipvs.MaglevHash
	return stays && s.kernels().RefusesAtZero()
}

// kernels is what the kernel's service says of scheduling.
func (s Service) kernels() *ipvs.Service {
	return &ipvs.Service{Scheduler: s.Scheduler, Flags: s.Flags}
}

// printSorry writes what a service does when real servers fail or come back.
func (s Service) printSorry(w io.Writer) {
	if s.Minimum.Count != 0 {
		fmt.Fprintf(w, "    minimum: %s\n", s.Minimum)
	}
	if len(s.Sorry.Servers) > 0 {
		printRealServers(w, "    ", "sorry", s.Sorry.Servers)
	}
	if s.Sorry.Page != "" {
		fmt.Fprintf(w, "    sorry:\n      page: %s\n", scalar(s.Sorry.Page))
	}
	if s.Sorry.Cert != "" {
		fmt.Fprintf(w, "      cert: %s\n      key: %s\n", scalar(s.Sorry.Cert), scalar(s.Sorry.Key))
	}
	if s.SlowStart != 0 {
		fmt.Fprintf(w, "    slow_start: %s\n", s.SlowStart)
	}
}
