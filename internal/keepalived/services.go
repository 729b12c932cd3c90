package keepalived

import (
	"fmt"

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
	keyword, reason := o.Check.kind(s)
	switch {
	case reason != "":
		t.note("No health check: "+reason+".", "lvsdr export keepalived --check tcp:PORT names one.")
	case keyword == "UDP_CHECK":
		t.note("The check sends random bytes. It fails only if the port or the machine cannot be",
			"reached; an answer is not expected.")
	}
	if allOf(w.Destinations, func(d ipvs.Destination) bool { return d.Weight == 0 }) {
		t.note("Every weight is 0: nobody is served, and keepalived warns of the quorum.")
	}
	sorry := o.sorryFor(s)
	if len(o.Sorry) > 0 && !sorry.IsValid() {
		t.note("No sorry server: none of this address family was named.")
	}
	t.block("virtual_server "+identity(s), func() {
		t.properties(s)
		t.line("lvs_method %s", method(w.Forward))
		if keyword != "" {
			t.line("delay_loop 5")
		}
		if sorry.IsValid() {
			t.line("sorry_server %s %d", sorry.Addr(), sorry.Port())
		}
		for i := range w.Destinations {
			t.realServer(w, &w.Destinations[i], keyword, o.Check)
		}
	})
}

func (t *text) realServer(w config.Wanted, d *ipvs.Destination, keyword string, c Check) {
	t.block(fmt.Sprintf("real_server %s %d", d.Addr, d.Port), func() {
		if d.Forward != w.Forward {
			t.line("lvs_method %s", method(d.Forward))
		}
		t.line("weight %d", d.Weight)
		if d.Upper != 0 || d.Lower != 0 {
			t.line("uthreshold %d", d.Upper)
			t.line("lthreshold %d", d.Lower)
		}
		if keyword != "" {
			c.write(t, keyword)
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
