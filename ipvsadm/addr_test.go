package ipvsadm

import (
	"net/netip"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	tests := []struct {
		word, protocol string
		addr           string // "" is a refusal
		port           int    // -1: none given
	}{
		{"10.0.0.1", "tcp", "10.0.0.1", -1},
		{"10.0.0.1:80", "tcp", "10.0.0.1", 80},
		{"10.0.0.1:0", "tcp", "10.0.0.1", 0},
		{"10.0.0.1:+080", "tcp", "10.0.0.1", 80},
		{"10.0.0.1: 80", "tcp", "10.0.0.1", 80},
		{"10.0.0.1:80 ", "tcp", "", 0},
		{"10.0.0.1:", "tcp", "", 0},
		{"10.0.0.1:65535", "tcp", "10.0.0.1", 65535},
		{"10.0.0.1:65536", "tcp", "", 0},
		{"10.0.0.1:-1", "tcp", "", 0},
		{"10.0.0.1:http", "tcp", "10.0.0.1", 80},
		{"10.0.0.1:http", "udp", "", 0},
		{"10.0.0.1:http", "", "", 0},
		{"10.0.0.1:HTTP", "tcp", "", 0},
		{"10.0.0.1:80:90", "tcp", "", 0},
		{"", "tcp", "", 0},
		{"80", "tcp", "", 0},
		{"1:80", "tcp", "0.0.0.1", 80},
		{":80", "tcp", "", 0},
		{"1.2:80", "tcp", "1.0.0.2", 80},
		{"0x7f.1:80", "tcp", "127.0.0.1", 80},
		{"10.0.0.1 x:80", "tcp", "10.0.0.1", 80},
		{" 10.0.0.1:80", "tcp", "", 0},
		{"vip:http", "tcp", "10.0.0.1", 80},
		{"vip", "tcp", "10.0.0.1", -1},
		{"nosuch:80", "tcp", "", 0},
		{"*:80", "tcp", "", 0},
		{"fd00::1", "tcp", "fd00::1", -1},
		{"fd00::1:80", "tcp", "fd00::1:80", -1},
		{"[fd00::1]:80", "tcp", "fd00::1", 80},
		{"[fd00::1]:http", "tcp", "fd00::1", 80},
		{"[fd00::1]:", "tcp", "", 0},
		{"[fd00::1]", "tcp", "", 0},
		{"[fd00::1", "tcp", "", 0},
		{"[fd00::1]80", "tcp", "", 0},
		{"fd00::1%eth0", "tcp", "", 0},
		{"[fd00::1%eth0]:80", "tcp", "", 0},
		{"fd00::12345", "tcp", "", 0},
		{"::ffff:1.2.3.4", "tcp", "::ffff:1.2.3.4", -1},
		{"::1.2.3.04", "tcp", "", 0},
		{"[10.0.0.1]:80", "tcp", "10.0.0.1", -1},
		{"[vip]:http", "tcp", "10.0.0.1", -1},
		{"[10.0.0.1:90]:80", "tcp", "10.0.0.1", 90},
		{"[]:80", "tcp", "", 0},
		{"[:80", "tcp", "", 0},
	}
	for _, tt := range tests {
		want := endpoint{}
		if tt.addr != "" {
			want.addr = netip.MustParseAddr(tt.addr)
			if tt.port >= 0 {
				want.port, want.hasPort = uint16(tt.port), true
			}
		}
		got, ok := parseEndpoint(tt.word, tt.protocol, knownNames)
		if !ok {
			got = endpoint{}
		}
		if ok != (tt.addr != "") {
			t.Errorf("parseEndpoint(%q, %q): accepted is %v", tt.word, tt.protocol, ok)
		}
		if d := diff(want, got); d != "" {
			t.Errorf("parseEndpoint(%q, %q) (-want +got):\n%s", tt.word, tt.protocol, d)
		}
	}
}
