package ipvsadm

import (
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

// As inet_ntop(3) of glibc 2.36 writes them.
func TestAppendIP(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"10.0.0.1", "10.0.0.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"::", "::"},
		{"::1", "::1"},
		{"::ffff", "::ffff"},
		{"::1:1", "::0.1.0.1"},
		{"::12:0", "::0.18.0.0"},
		{"::1.2.3.4", "::1.2.3.4"},
		{"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
		{"::ffff:0:0", "::ffff:0.0.0.0"},
		{"::ffff:0:1.2.3.4", "::ffff:0:102:304"},
		{"::1:0:0", "::1:0:0"},
		{"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
		{"fd00::1", "fd00::1"},
		{"fd00:0:0:1::1", "fd00:0:0:1::1"},
		{"1:0:0:2:0:0:3:4", "1::2:0:0:3:4"},
		{"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
		{"FD00:ABCD::", "fd00:abcd::"},
	}
	for _, tt := range tests {
		if got := string(appendIP(nil, netip.MustParseAddr(tt.addr))); got != tt.want {
			t.Errorf("appendIP(%s) = %s, want %s", tt.addr, got, tt.want)
		}
	}
}

func TestNamers(t *testing.T) {
	tests := []struct {
		addr     string
		port     uint16
		protocol ipvs.Protocol
		numeric  string
		named    string
	}{
		{"10.0.0.1", 80, ipvs.TCP, "10.0.0.1:80", "vip:http"},
		{"10.0.0.1", 53, ipvs.UDP, "10.0.0.1:53", "vip:domain"},
		{"10.0.0.1", 80, ipvs.UDP, "10.0.0.1:80", "vip:80"},
		{"10.0.0.1", 2905, ipvs.SCTP, "10.0.0.1:2905", "vip:m3ua"},
		{"10.0.0.1", 80, 0, "10.0.0.1:80", "vip:80"},
		{"10.7.7.7", 81, ipvs.TCP, "10.7.7.7:81", "10.7.7.7:81"},
		{"fd00::9", 80, ipvs.TCP, "[fd00::9]:80", "[six9]:http"},
		{"fd00::8", 0, ipvs.TCP, "[fd00::8]:0", "[fd00::8]:0"},
	}
	for _, tt := range tests {
		addr := netip.MustParseAddr(tt.addr)
		if got := string(numeric([]byte("x "), addr, tt.port, tt.protocol)); got != "x "+tt.numeric {
			t.Errorf("numeric %s port %d: %q, want %q behind \"x \"", tt.addr, tt.port, got, tt.numeric)
		}
		if got := string(named(knownNames)([]byte("x "), addr, tt.port, tt.protocol)); got != "x "+tt.named {
			t.Errorf("named %s port %d: %q, want %q behind \"x \"", tt.addr, tt.port, got, tt.named)
		}
	}
}

func TestShortenedKeeps59Bytes(t *testing.T) {
	names := bookOfNames{reverse: map[string]string{
		"10.0.0.1": "a123456789b123456789c123456789d123456789e123456789f1234567",
		"10.0.0.2": "a123456789b123456789c123456789d123456789e123456789f123456",
	}}
	name := shortened(named(names))
	for addr, want := range map[string]string{
		"10.0.0.1": "a123456789b123456789c123456789d123456789e123456789f1234567:",
		"10.0.0.2": "a123456789b123456789c123456789d123456789e123456789f123456:8",
	} {
		got := string(name([]byte("> "), netip.MustParseAddr(addr), 80, ipvs.TCP))
		if got != "> "+want {
			t.Errorf("%s: %q, want %q", addr, got, "> "+want)
		}
	}
}

func TestAppendBig(t *testing.T) {
	tests := []struct {
		v             uint64
		scaled, exact string
	}{
		{0, "        0", "        0"},
		{99999999, " 99999999", " 99999999"},
		{100000000, "  100000K", " 100000000"},
		{999999999, "  999999K", " 999999999"},
		{1000000000, "    1000M", " 1000000000"},
		{99999999999, "   99999M", " 99999999999"},
		{100000000000, "     100G", " 100000000000"},
		{99999999999999, "   99999G", " 99999999999999"},
		{100000000000000, "     100T", " 100000000000000"},
		{18446744073709551615, "18446744T", " 18446744073709551615"},
	}
	for _, tt := range tests {
		if got := string(appendBig(nil, tt.v, false)); got != tt.scaled {
			t.Errorf("%d: %q, want %q", tt.v, got, tt.scaled)
		}
		if got := string(appendBig(nil, tt.v, true)); got != tt.exact {
			t.Errorf("%d exactly: %q, want %q", tt.v, got, tt.exact)
		}
	}
}

func TestSchedFlagNames(t *testing.T) {
	const all = ipvs.SchedulerFlags
	tests := []struct {
		scheduler     string
		flags         ipvs.Flags
		listed, saved string
	}{
		{"rr", ipvs.SchedulerFlag1, "flag-1", "flag-1"},
		{"rr", all, "flag-1,flag-2,flag-3", "flag-1,flag-2,flag-3"},
		{"sh", ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2, "sh-fallback,sh-port", "sh-fallback,sh-port"},
		{"sh", ipvs.SchedulerFlag3, "", "flag-3"},
		{"mh", ipvs.SchedulerFlag2, "mh-port", "mh-port"},
		{"mh", ipvs.SchedulerFlag3, "", "flag-3"},
		{"wlc", ipvs.Persistent | ipvs.OnePacket, "", ""},
	}
	for _, tt := range tests {
		if got := listedFlags(&ipvs.Service{Scheduler: tt.scheduler, Flags: tt.flags}); got != tt.listed {
			t.Errorf("listed flags %#x of %s: %q, want %q", tt.flags, tt.scheduler, got, tt.listed)
		}
		if got := strings.Join(ipvs.FlagNames(tt.scheduler, tt.flags), ","); got != tt.saved {
			t.Errorf("saved flags %#x of %s: %q, want %q", tt.flags, tt.scheduler, got, tt.saved)
		}
	}
}

// With sh and mh the third flag has no name of its own; the saved text has to
// bring all of them back.
func TestSavedFlagsComeBack(t *testing.T) {
	for _, scheduler := range []string{"rr", "sh", "mh"} {
		for flags := ipvs.Flags(0); flags <= ipvs.SchedulerFlags; flags += ipvs.SchedulerFlag1 {
			if flags == 0 {
				continue
			}
			line := "-A -t 10.0.0.1:80 -s " + scheduler + " -b " + strings.Join(ipvs.FlagNames(scheduler, flags), ",")
			c, f := parseLine(line)
			if f != nil {
				t.Fatalf("%s: %s", line, f.text)
			}
			if c.service.Flags != flags {
				t.Errorf("%s: flags %#x, want %#x", line, c.service.Flags, flags)
			}
		}
	}
}
