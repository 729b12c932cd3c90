package ipvsadm

import (
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

func TestServiceRule(t *testing.T) {
	with := func(f func(*ipvs.Service)) ipvs.Service { return changed(web.Service, f) }
	tests := []struct {
		service ipvs.Service
		want    string
	}{
		{web.Service, "-A -t 10.0.0.1:80 -s rr"},
		{serviceOf(ipvs.UDP, "[fd00::1]:53").Service, "-A -u [fd00::1]:53 -s rr"},
		{serviceOf(ipvs.SCTP, "10.0.0.1:2905").Service, "-A --sctp-service 10.0.0.1:2905 -s rr"},
		{markOf(7, ipvs.INET).Service, "-A -f 7 -s rr"},
		{markOf(7, ipvs.INET6).Service, "-A -f 7 -6 -s rr"},
		{markOf(1<<32-1, ipvs.INET).Service, "-A -f 4294967295 -s rr"},
		{with(func(s *ipvs.Service) { s.Netmask = 24 }), "-A -t 10.0.0.1:80 -s rr"},
		{with(func(s *ipvs.Service) { s.Flags, s.Timeout = ipvs.Persistent, 360 }), "-A -t 10.0.0.1:80 -s rr -p 360"},
		{with(func(s *ipvs.Service) { s.Flags, s.Timeout, s.Netmask = ipvs.Persistent, 1, 24 }), "-A -t 10.0.0.1:80 -s rr -p 1 -M 0.0.0.24"},
		{with(func(s *ipvs.Service) { s.PE = "sip" }), "-A -t 10.0.0.1:80 -s rr --pe sip"},
		{with(func(s *ipvs.Service) { s.Scheduler, s.Flags = "sh", ipvs.SchedulerFlag3 }), "-A -t 10.0.0.1:80 -s sh -b flag-3"},
		{with(func(s *ipvs.Service) {
			s.Scheduler, s.PE, s.Timeout, s.Netmask = "mh", "sip", 60, 0xffff0000
			s.Flags = ipvs.Persistent | ipvs.SchedulerFlag1
		}), "-A -t 10.0.0.1:80 -s mh -p 60 -M 255.255.0.0 --pe sip -b mh-fallback"},
	}
	for _, tt := range tests {
		if got := string(serviceRule(&tt.service, numeric)); got != tt.want+"\n" {
			t.Errorf("%+v:\n got %q\nwant %q", tt.service, got, tt.want)
		}
	}
}

func TestDestinationRule(t *testing.T) {
	plain := changed(realServer.Destination, func(d *ipvs.Destination) { d.Upper, d.Lower = 0, 0 })
	with := func(f func(*ipvs.Destination)) ipvs.Destination { return changed(plain, f) }
	tunnel := func(kind ipvs.TunnelType, flags ipvs.TunnelFlags) ipvs.Destination {
		return with(func(d *ipvs.Destination) {
			d.Forward, d.TunnelType, d.TunnelFlags, d.TunnelPort = ipvs.Tunnel, kind, flags, 6080
		})
	}
	tests := []struct {
		destination ipvs.Destination
		want        string
	}{
		{plain, "-r 10.0.1.1:80 -g -w 1"},
		{with(func(d *ipvs.Destination) { d.Forward = ipvs.Masquerade }), "-r 10.0.1.1:80 -m -w 1"},
		{with(func(d *ipvs.Destination) { d.Forward = ipvs.Local }), "-r 10.0.1.1:80 -g -w 1"},
		{with(func(d *ipvs.Destination) { d.Weight = 1<<32 - 1 }), "-r 10.0.1.1:80 -g -w -1"},
		{with(func(d *ipvs.Destination) { d.Upper = 5 }), "-r 10.0.1.1:80 -g -w 1 -x 5 -y 0"},
		{with(func(d *ipvs.Destination) { d.Lower = 4 }), "-r 10.0.1.1:80 -g -w 1 -x 0 -y 4"},
		{with(func(d *ipvs.Destination) { d.Upper, d.Lower = 5, 4 }), "-r 10.0.1.1:80 -g -w 1 -x 5 -y 4"},
		{with(func(d *ipvs.Destination) { d.Family, d.Addr = ipvs.INET6, netip.IPv6LinkLocalAllNodes() }), "-r [ff02::1]:80 -g -w 1"},
		{tunnel(ipvs.IPIP, 0), "-r 10.0.1.1:80 -i -w 1 --tun-type ipip"},
		{tunnel(ipvs.GUE, ipvs.TunnelNoChecksum), "-r 10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum"},
		{tunnel(ipvs.GUE, ipvs.TunnelRemoteChecksum), "-r 10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum"},
		{tunnel(ipvs.GUE, 3), "-r 10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6080"},
		{tunnel(ipvs.GRE, ipvs.TunnelRemoteChecksum), "-r 10.0.1.1:80 -i -w 1 --tun-type gre"},
		{tunnel(ipvs.GRE, ipvs.TunnelChecksum), "-r 10.0.1.1:80 -i -w 1 --tun-type gre --tun-csum"},
		{tunnel(9, 0), "-r 10.0.1.1:80 -i -w 1"},
	}
	for _, tt := range tests {
		want := "-a -t 10.0.0.1:80 " + tt.want + "\n"
		if got := string(destinationRule(&web.Service, &tt.destination, numeric)); got != want {
			t.Errorf("%+v:\n got %q\nwant %q", tt.destination, got, want)
		}
	}
}

// A mark has no protocol, so that its real servers have port numbers.
func TestDestinationRuleNames(t *testing.T) {
	mark := markOf(7, ipvs.INET).Service
	d := changed(realServer.Destination, func(d *ipvs.Destination) {
		d.Addr, d.Upper, d.Lower = netip.MustParseAddr("10.9.9.9"), 0, 0
	})
	for _, tt := range []struct {
		service ipvs.Service
		want    string
	}{
		{mark, "-a -f 7 -r web9:80 -g -w 1\n"},
		{web.Service, "-a -t vip:http -r web9:http -g -w 1\n"},
	} {
		if got := string(destinationRule(&tt.service, &d, named(knownNames))); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestRuleWords(t *testing.T) {
	tests := []struct{ line, want string }{ // words joined by "|"
		{"", ""},
		{"\n", ""},
		{" \t\r\n", ""},
		{"-A -t  10.0.0.1:80\n", "-A|-t|10.0.0.1:80"},
		{"\t-A\t-C\r\n", "-A|-C"},
		{"ipvsadm -A ipvsadm -s ipvsadm rr", "-A|-s|rr"},
		{"ipvsadm", ""},
		{"ipvsadm2 Ipvsadm", "ipvsadm2|Ipvsadm"},
		{"# comment", "#|comment"},
		{`-s "r r" 'x'`, `-s|"r|r"|'x'`},
		{"a\vb\fc", "a\vb\fc"},
		{"rr\x00more next", "rr|next"},
		{"\x00", ""},
		{"a\u00a0b a\u2003b", "a\u00a0b|a\u2003b"},
		{"\xff\xfe", "\xff\xfe"},
		{strings.Repeat("x", 5000) + " y", strings.Repeat("x", 5000) + "|y"},
	}
	for _, tt := range tests {
		if got := strings.Join(ruleWords(tt.line, nil), "|"); got != tt.want {
			t.Errorf("ruleWords(%q) = %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestNotSaved: what no command line makes is told instead, with all that belongs
// to it; what has no effect is left out.
func TestNotSaved(t *testing.T) {
	service := func(protocol ipvs.Protocol, at string, flags ipvs.Flags, timeout uint32) ipvs.ServiceEntry {
		e := serviceOf(protocol, at)
		e.Flags, e.Timeout = flags, timeout
		return e
	}
	const at = "10.0.0.1:80"
	for _, tt := range []struct {
		name    string
		service ipvs.ServiceEntry
		method  ipvs.Forward
		saved   string
		lost    int // lines
	}{
		{"as usual", service(ipvs.TCP, at, 0, 0), ipvs.DirectRoute, "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.1.1:80 -g -w 1\n", 0},
		{"protocol", service(47, at, 0, 0), ipvs.DirectRoute, "", 2},
		{"every port", service(ipvs.TCP, "10.0.0.1:0", 0, 0), ipvs.DirectRoute, "", 2},
		{"every port, persistent", service(ipvs.TCP, "10.0.0.1:0", ipvs.Persistent, 1), ipvs.DirectRoute, "-A -t 10.0.0.1:0 -s rr -p 1\n-a -t 10.0.0.1:0 -r 10.0.1.1:80 -g -w 1\n", 0},
		{"persistent for no time", service(ipvs.UDP, at, ipvs.Persistent, 0), ipvs.DirectRoute, "", 2},
		{"persistent too long", service(ipvs.UDP, at, ipvs.Persistent, maxTimeout+1), ipvs.DirectRoute, "", 2},
		{"method", service(ipvs.TCP, at, 0, 0), 4, "-A -t 10.0.0.1:80 -s rr\n", 1},
		{"one packet of tcp", service(ipvs.TCP, at, ipvs.OnePacket, 0), 4, "-A -t 10.0.0.1:80 -s rr\n", 1},
		{"one packet of udp", service(ipvs.UDP, at, ipvs.OnePacket, 0), 4, "-A -u 10.0.0.1:80 -s rr -o\n", 1},
		{"mark", markOf(7, ipvs.INET), ipvs.DirectRoute, "-A -f 7 -s rr\n-a -f 7 -r 10.0.1.1:80 -g -w 1\n", 0},
	} {
		d := ipvs.DestinationEntry{Destination: ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.1.1"), Port: 80, Forward: tt.method, Weight: 1}}
		r := savedRules{name: numeric}
		saved := string(r.destination(r.service(nil, &tt.service), &d, &tt.service))
		if lost := strings.Count(string(r.unsaid), "\n"); saved != tt.saved || lost != tt.lost {
			t.Errorf("%s: saved %q and not %q; want %q and %d lines", tt.name, saved, r.unsaid, tt.saved, tt.lost)
		}
	}
}

// serviceRule and destinationRule are single rules.
func serviceRule(s *ipvs.Service, name namer) []byte {
	r := savedRules{name: name}
	return r.service(nil, &ipvs.ServiceEntry{Service: *s})
}

func destinationRule(s *ipvs.Service, d *ipvs.Destination, name namer) []byte {
	r, e := savedRules{name: name}, ipvs.ServiceEntry{Service: *s}
	r.service(nil, &e)
	return r.destination(nil, &ipvs.DestinationEntry{Destination: *d}, &e)
}
