package ipvsadm

import (
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

// given is the set of options of a command that a test expects.
func given(o ...optionID) options { return setOf(o...) }

func setOf(list ...optionID) options {
	var s options
	for _, o := range list {
		s |= 1 << o
	}
	return s
}

var (
	anAddr  = netip.MustParseAddr("10.0.0.1")
	anAddr6 = netip.MustParseAddr("fd00::1")
	aServer = netip.MustParseAddr("10.0.1.1")
)

// aService is the service of "-t 10.0.0.1:80", changed by f.
func aService(f func(*ipvs.Service)) ipvs.Service {
	s := ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: anAddr, Port: 80, Netmask: ipvs.SingleIPv4}
	if f != nil {
		f(&s)
	}
	return s
}

// aDest is the destination of "-r 10.0.1.1", changed by f.
func aDest(f func(*ipvs.Destination)) ipvs.Destination {
	d := ipvs.Destination{Family: ipvs.INET, Addr: aServer, Port: 80, Forward: ipvs.DirectRoute, Weight: 1}
	if f != nil {
		f(&d)
	}
	return d
}

// noDestination is the destination of a command that names none.
var noDestination = ipvs.Destination{Family: ipvs.INET, Forward: ipvs.DirectRoute, Weight: 1}

func TestParseService(t *testing.T) {
	tests := []struct {
		line    string
		options options
		service ipvs.Service
	}{
		{"-A -t 10.0.0.1:80", given(optService), aService(func(s *ipvs.Service) { s.Scheduler = "wlc" })},
		{"-A -u 10.0.0.1:80 -s rr -o", given(optService, optScheduler, optOnePacket), aService(func(s *ipvs.Service) {
			s.Protocol, s.Scheduler, s.Flags = ipvs.UDP, "rr", ipvs.OnePacket
		})},
		{"-E --sctp-service 10.0.0.1:80 -p", given(optService, optPersistent), aService(func(s *ipvs.Service) {
			s.Protocol, s.Scheduler, s.Flags, s.Timeout = ipvs.SCTP, "wlc", ipvs.Persistent, 360
		})},
		{"-A -t 10.0.0.1:80 -s averylongschedulername -p 60", given(optService, optScheduler, optPersistent), aService(func(s *ipvs.Service) {
			s.Scheduler, s.Flags, s.Timeout = "averylongschedu", ipvs.Persistent, 60
		})},
		{"-A -t 10.0.0.1:80 --pe averylongenginename", given(optService, optPE), aService(func(s *ipvs.Service) {
			s.Scheduler, s.PE = "wlc", "averylongenginen"
		})},
		{"-A -t 10.0.0.1:80 -b sh-port,,sh-fallback -s sh", given(optService, optScheduler, optSchedFlags), aService(func(s *ipvs.Service) {
			s.Scheduler, s.Flags = "sh", ipvs.SchedulerFlag1|ipvs.SchedulerFlag2
		})},
		{"-A -t 10.0.0.1:80 -M 255.255.255.0", given(optService, optNetmask), aService(func(s *ipvs.Service) {
			s.Scheduler, s.Netmask = "wlc", 0xffffff00
		})},
		{"-A -t 10.0.0.1:80 -M 24", given(optService, optNetmask), aService(func(s *ipvs.Service) {
			s.Scheduler, s.Netmask = "wlc", 24
		})},
		{"-A -t 10.0.0.1:80 -M mask", given(optService, optNetmask), aService(func(s *ipvs.Service) {
			s.Scheduler, s.Netmask = "wlc", 0xffff0000
		})},
		{"-A -t [fd00::1]:80 -M 4294967360", given(optService, optNetmask), aService(func(s *ipvs.Service) {
			s.Family, s.Addr, s.Scheduler, s.Netmask = ipvs.INET6, anAddr6, "wlc", 64
		})},
		{"-A -M 255.0.0.0 -t [fd00::1]:80", given(optService, optNetmask), aService(func(s *ipvs.Service) {
			s.Family, s.Addr, s.Scheduler, s.Netmask = ipvs.INET6, anAddr6, "wlc", 128
		})},
		{"-D -t 10.0.0.1:80", given(optService), aService(nil)},
		{"-D -f 7", given(optService), ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, FWMark: 7, Netmask: ipvs.SingleIPv4}},
		{"-D -f 7 -6 -6", given(optService), ipvs.Service{Family: ipvs.INET6, Protocol: ipvs.TCP, FWMark: 7, Netmask: ipvs.SingleIPv6}},
		{"-Z", 0, ipvs.Service{Family: ipvs.INET, Netmask: ipvs.SingleIPv4}},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got, f := parseLine(tt.line)
			if f != nil {
				t.Fatalf("refused: %s", f.text)
			}
			want := Command{action: got.action, options: tt.options, service: tt.service, dest: noDestination}
			if d := diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseServer(t *testing.T) {
	tests := []struct {
		line string
		dest ipvs.Destination
	}{
		{"-a -t 10.0.0.1:80 -r 10.0.1.1", aDest(nil)},
		{"-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -g -w 0", aDest(func(d *ipvs.Destination) { d.Weight = 0 })},
		{"-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m", aDest(func(d *ipvs.Destination) { d.Forward, d.Port = ipvs.Masquerade, 8080 })},
		{"-e -t 10.0.0.1:80 -r 10.0.1.1 -m -x 5 -y 4", aDest(func(d *ipvs.Destination) {
			d.Forward, d.Upper, d.Lower = ipvs.Masquerade, 5, 4
		})},
		{"-a -r 10.0.1.1 -t 10.0.0.1:80 -m", aDest(func(d *ipvs.Destination) { d.Forward, d.Port = ipvs.Masquerade, 0 })},
		{"-a -r 10.0.1.1 -t 10.0.0.1:80", aDest(nil)},
		{"-a -f 1 -r 10.0.1.1:http", aDest(nil)},
		{"-a -f 1 -r 10.0.1.1", aDest(func(d *ipvs.Destination) { d.Port = 0 })},
		{"-d -t 10.0.0.1:80 -r 10.0.1.1:8080", aDest(func(d *ipvs.Destination) { d.Port = 8080 })},
		{"-a -t 10.0.0.1:80 -r 10.0.1.1 -i", aDest(func(d *ipvs.Destination) { d.Forward = ipvs.Tunnel })},
		{"-a -t 10.0.0.1:80 -r 10.0.1.1 -i --tun-type gue --tun-port 6080 --tun-remcsum", aDest(func(d *ipvs.Destination) {
			d.Forward, d.TunnelType, d.TunnelPort = ipvs.Tunnel, ipvs.GUE, 6080
			d.TunnelFlags = ipvs.TunnelRemoteChecksum
		})},
		{"-a -t 10.0.0.1:80 -r 10.0.1.1 -i --tun-type gre --tun-csum", aDest(func(d *ipvs.Destination) {
			d.Forward, d.TunnelType, d.TunnelFlags = ipvs.Tunnel, ipvs.GRE, ipvs.TunnelChecksum
		})},
		{"-a -t 10.0.0.1:80 -r 10.0.1.1 -i --tun-type gre --tun-nocsum", aDest(func(d *ipvs.Destination) {
			d.Forward, d.TunnelType = ipvs.Tunnel, ipvs.GRE
		})},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got, f := parseLine(tt.line)
			if f != nil {
				t.Fatalf("refused: %s", f.text)
			}
			if d := diff(tt.dest, got.dest); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseOthers(t *testing.T) {
	tests := []struct {
		line     string
		timeouts ipvs.Timeouts
		daemon   ipvs.Daemon
	}{
		{line: "--set 1 2 3", timeouts: ipvs.Timeouts{TCP: 1, TCPFin: 2, UDP: 3}},
		{line: "1 --set 2 -- 3", timeouts: ipvs.Timeouts{TCP: 1, TCPFin: 2, UDP: 3}},
		{line: "--set 0 2678400 +07", timeouts: ipvs.Timeouts{UDP: 7, TCPFin: 2678400}},
		{line: "--start-daemon master", daemon: ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}},
		{line: "--start-daemon=backup --mcast-interface=", daemon: ipvs.Daemon{State: ipvs.Backup, Interface: "eth0"}},
		{line: "--start-daemon master --mcast-interface averylonginterface --syncid 255", daemon: ipvs.Daemon{
			State: ipvs.Master, Interface: "averylonginterf", SyncID: 255,
		}},
		{line: "--start-daemon master --mcast-group 239.255.255.255 --mcast-port 1 --mcast-ttl 2 --sync-maxlen 3", daemon: ipvs.Daemon{
			State: ipvs.Master, Interface: "eth0", Group: netip.MustParseAddr("239.255.255.255"), Port: 1, TTL: 2, MaxLen: 3,
		}},
		{line: "--start-daemon master --mcast-group ff02::5", daemon: ipvs.Daemon{
			State: ipvs.Master, Interface: "eth0", Group: netip.MustParseAddr("ff02::5"),
		}},
		{line: "--stop-daemon master --syncid 5", daemon: ipvs.Daemon{State: ipvs.Master, SyncID: 5}},
		{line: "-h -Q"},
		{line: "-v --whatever"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got, f := parseLine(tt.line)
			if f != nil {
				t.Fatalf("refused: %s", f.text)
			}
			if d := diff(Command{timeouts: tt.timeouts, daemon: tt.daemon}, Command{timeouts: got.timeouts, daemon: got.daemon}); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// What is wrong with a word is said in these words; the first fault wins.
func TestParseRefuses(t *testing.T) {
	try := tryHelp("ipvsadm")
	word := func(text string) *failure { return &failure{text: text + "\n", status: 255, goesOn: true} }
	tests := []struct {
		name string
		line string
		want *failure
	}{
		{"no command", "", try},
		{"a word is no command", "x", try},
		{"an option is no command", "-n -L", try},
		{"an unknown first option", "-Q", try},
		{"a fault of the first option", "--list=1", try},
		{"a missing argument of the first option", "--start-daemon", try},
		{"a word before the command", "x -L", fail("unexpected argument x")},
		{"start daemon", "--start-daemon x -Q", fail("illegal start-daemon parameter specified")},
		{"stop daemon", "--stop-daemon x -Q", fail("illegal start_daemon specified")},
		{"unknown option", "-L -Q", word("-Q: unknown option")},
		{"unknown letter in the first cluster", "-LnQ", word("-LnQ: unknown option")},
		{"unwanted argument", "-L -n=1", word("-n=1: option does not take an argument")},
		{"missing argument", "-A -t", word("-t: missing argument")},
		{"second command", "-L -A", fail("invalid option `-A'")},
		{"the same command again", "-LL", fail("invalid option `-LL'")},
		{"second command with its argument", "-L --start-daemon master", fail("invalid option `master'")},
		{"help is a command", "-L -h", fail("invalid option `-h'")},
		{"twice", "-L -n -n", fail("multiple 'numeric' options specified")},
		{"twice in other words", "-A -t 10.0.0.1:80 -u x", fail("multiple 'service-address' options specified")},
		{"two forwarding methods", "-a -m -g", fail("multiple 'forwarding-method' options specified")},
		{"twice comes before the value", "-a -w 1 -w x", fail("multiple 'weight' options specified")},
		{"left to right", "-a -w x -Q", fail("illegal weight specified")},
		{"leftovers come behind values", "-a x -w y", fail("illegal weight specified")},
		{"first of the leftovers", "-L a b", fail("unexpected argument a")},
		{"leftovers come before legality", "-C -n x", fail("unexpected argument x")},
		{"-6 without a mark", "-L -6", fail("-6 used before -f\n")},
		{"-6 before its mark", "-A -6 -f 1", fail("-6 used before -f\n")},
		{"mark zero", "-A -f 0", fail("invalid fwmark value `0' specified")},
		{"mark with a sign", "-A -f -1", fail("invalid fwmark value `-1' specified")},
		{"address", "-A -t 80", fail("illegal virtual server address[:port] specified")},
		{"server", "-a -r 80", fail("illegal real server address[:port] specified")},
		{"server's port name before the service", "-a -r 10.0.1.1:http -t 10.0.0.1:80", fail("illegal real server address[:port] specified")},
		{"persistent with an empty value", "-A -t 10.0.0.2 --persistent=", fail("invalid timeout value `' specified")},
		{"netmask", "-A -t 10.0.0.1:80 -M nosuch", fail("illegal virtual server persistent mask specified")},
		{"netmask of zero bits", "-A -t [fd00::1]:80 -M x", fail("illegal ipv6 netmask specified")},
		{"netmask of too many bits", "-A -f 1 -6 -M 129", fail("illegal ipv6 netmask specified")},
		{"tunnel type", "-a --tun-type IPIP", fail("illegal tunnel type specified")},
		{"group out of range", "--start-daemon master --mcast-group 10.0.0.1", fail("invalid IPv4 mcast-group `10.0.0.1'")},
		{"group with leading zeros", "--start-daemon master --mcast-group 224.0.0.01", fail("invalid IPv4 mcast-group `224.0.0.01'")},
		{"group of IPv6", "--start-daemon master --mcast-group fd00::1", fail("invalid IPv6 mcast-group `fd00::1'")},
		{"group of IPv4 in IPv6", "--start-daemon master --mcast-group ::ffff:224.0.0.1", fail("invalid IPv6 mcast-group `::ffff:224.0.0.1'")},
		{"group with a zone", "--start-daemon master --mcast-group ff02::1%lo", fail(msgMcastGroup6, "ff02::1%lo")},
		{"group of no family", "--start-daemon master --mcast-group :", fail("invalid IPv6 mcast-group `:'")},
		{"two timeouts", "--set 1 2", fail("--set option requires 3 timeout values")},
		{"bad timeout", "--set 1 x y 4", fail("invalid timeout value `x' specified")},
		{"fourth timeout", "--set 1 2 3 4", fail("unexpected argument 4")},
		{"negative timeout", "--set 1 2 -- -3", fail("invalid timeout value `-3' specified")},
		{"flag of another scheduler", "-A -t 10.0.0.6:80 -b sh-port,bogus", fail("incompatible scheduler flag `sh-port'")},
		{"flag of mh", "-A -t 10.0.0.6:80 -s sh -b mh-port", fail("incompatible scheduler flag `mh-port'")},
		{"unknown flag", "-A -t 10.0.0.6:80 -s sh -b sh-port,bogus", fail("invalid scheduler flag `bogus'")},
		{"flags of commas only", "-A -t 10.0.0.6:80 -b ,,", fail("invalid scheduler flag `'")},
		{"flags come before legality", "-C -b bogus", fail("invalid scheduler flag `bogus'")},
		{"flags come behind leftovers", "-C -b bogus x", fail("unexpected argument x")},
		{"flags are cut", "-A -t 10.0.0.6:80 -b " + strings.Repeat("flag-1,", 18) + "bogus", fail("invalid scheduler flag `b'")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := parseLine(tt.line)
			if d := diff(tt.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.line, d)
			}
		})
	}
}

func TestParseEmptyWords(t *testing.T) {
	tests := []struct {
		words []string
		want  string // the message
	}{
		{[]string{"-L", ""}, "unexpected argument \n"},
		{[]string{"-A", "-t", ""}, "illegal virtual server address[:port] specified\n"},
		{[]string{"-A", "-t", "10.0.0.1:80", "-s", "", "--pe", "", "-b", ""}, ""},
		{[]string{"-A", "-t", "10.0.0.1:80", "-p", ""}, "invalid timeout value `' specified\n"},
		{[]string{"-a", "-w", ""}, "illegal weight specified\n"},
		{[]string{"--start-daemon", ""}, "illegal start-daemon parameter specified\n"},
	}
	for _, tt := range tests {
		got := ""
		if _, f := Parse("ipvsadm", tt.words, knownNames, false); f != nil {
			got = f.text
		}
		if got != tt.want {
			t.Errorf("%q: message %q, want %q", tt.words, got, tt.want)
		}
	}
}
