package keepalived

import (
	"fmt"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// services writes the virtual services with their real servers.
func (t *text) services(c config.Config, o Options) {
	for _, w := range c.Wanted() {
		t.gap()
		t.service(w, o)
	}
}

func (t *text) service(w config.Wanted, o Options) {
	s := &w.Service
	c, reason := &checker{}, ""
	if f := w.Of.Check; o.Check == nil && f != nil {
		c = own(s, f)
	} else {
		var check Check
		if o.Check != nil {
			check = *o.Check
		}
		var keyword string
		keyword, reason = check.kind(s)
		c = check.checker(keyword)
	}
	switch {
	case reason != "":
		t.note("No health check: "+reason+".", "lvsdr export keepalived --check tcp:PORT names one.")
	case c.keyword == "":
		t.note("No health check.")
	case c.keyword == "UDP_CHECK" && !slices.Contains(c.lines, "require_reply"):
		t.note("The check sends random bytes. It fails only if the port or the machine cannot be",
			"reached; an answer is not expected.")
	}
	if allOf(w.Destinations, func(d ipvs.Destination) bool { return d.Weight == 0 }) {
		t.note("Every weight is 0: nobody is served, and keepalived warns of the quorum.")
	}
	sorry, lost, hasSorry := o.sorryFor(w)
	if len(o.Sorry) > 0 && !hasSorry {
		t.note("No sorry server: none of this address family was named.")
	}
	t.lose(c.lost...)
	t.lose(lost...)
	if w.Of.Minimum.Count > 0 {
		t.lose("minimum: keepalived keeps no real server in that fails")
	}
	if w.Of.SlowStart > 0 {
		t.lose("slow_start: keepalived gives a real server that comes back its whole weight")
	}
	t.block("virtual_server "+identity(s), func() {
		t.properties(s)
		t.line("lvs_method %s", method(w.Forward))
		if c.keyword != "" {
			t.line("delay_loop %s", c.loop)
		}
		if hasSorry {
			t.line("sorry_server %s %d", sorry.Addr, sorry.Port)
			if sorry.Forward != w.Forward {
				t.line("sorry_server_lvs_method %s", method(sorry.Forward))
			}
		}
		for i := range w.Destinations {
			t.realServer(w, &w.Destinations[i], c)
		}
	})
}

func (t *text) realServer(w config.Wanted, d *ipvs.Destination, c *checker) {
	t.block(fmt.Sprintf("real_server %s %d", d.Addr, d.Port), func() {
		if d.Forward != w.Forward {
			t.line("lvs_method %s", method(d.Forward))
		}
		t.line("weight %d", d.Weight)
		if d.Upper != 0 || d.Lower != 0 {
			t.line("uthreshold %d", d.Upper)
			t.line("lthreshold %d", d.Lower)
		}
		if c.keyword != "" {
			c.block(t)
		}
	})
}

// identity is what names a service behind the word virtual_server.
func identity(s *ipvs.Service) string {
	if s.FWMark != 0 {
		return fmt.Sprintf("fwmark %d", s.FWMark)
	}
	return fmt.Sprintf("%s %d", s.Addr, s.Port)
}

// properties writes everything of a service but its real servers.
func (t *text) properties(s *ipvs.Service) {
	switch {
	case s.FWMark == 0:
		t.line("protocol %s", ipvs.ProtocolTitles.Name(s.Protocol))
	case s.Family == ipvs.INET6:
		t.line("ip_family inet6")
	default:
		t.line("ip_family inet")
	}
	t.line("lvs_sched %s", s.Scheduler)
	for _, flag := range ipvs.FlagNames("", s.Flags) {
		t.line("%s", flag)
	}
	if s.Flags&ipvs.OnePacket != 0 {
		t.line("ops")
	}
	if s.Flags&ipvs.Persistent == 0 {
		return
	}
	t.line("persistence_timeout %d", s.Timeout)
	if s.Netmask != ipvs.SingleClients(s.Family) {
		t.line("persistence_granularity %s", s.Netmask.Text(s.Family))
	}
}

func method(f ipvs.Forward) string {
	switch f {
	case ipvs.Masquerade:
		return "NAT"
	case ipvs.Tunnel:
		return "TUN"
	}
	return "DR"
}
