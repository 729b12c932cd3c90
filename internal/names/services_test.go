package names

import "testing"

const servicesText = `# comment
http 80/tcp www # c
	lead 81/tcp  alias1	alias2
nospace82/tcp
octal8 0083/tcp
plus +84/tcp
minus -85/tcp
hex 0x56/tcp
oct 0127/tcp
garb 88x/tcp
slash2 89//tcp
comma 90,tcp
upper 91/TCP
big 65536/tcp
big2 70000/tcp
huge 4294967378/tcp
noproto 92/
hash 93/tcp#foo bar
dup 94/tcp
dup2 94/tcp
dup 95/tcp
dup 94/udp
multi 96/tcp/udp
spaceproto 97/ tcp
space2 98 /tcp
Upper 101/tcp ALIAS
dotted 102/tcp a.b c,d
sctp1 103/sctp
empty /tcp
after 107/tcp/
wrap -18446744073709551531/tcp
hexupper 0X1F/tcp
hexplus +0x20/tcp
hexempty 0x/tcp
under 1_0/tcp
binary 0b11/tcp
twoplus ++5/tcp
max 4294967295/tcp
` + "cr 109/tcp alcr\r\nvtab\v110/tcp\fal110\nnul 121/tcp x\x00y z\nlast 111/tcp lastal"

func TestPort(t *testing.T) {
	r := newResolver(t, map[string]string{"services": servicesText})
	tests := []struct {
		service, protocol string
		want              int // -1 for none
	}{
		{"http", "tcp", 80},
		{"www", "tcp", 80},
		{"WWW", "tcp", -1},
		{"HTTP", "tcp", -1},
		{"http", "TCP", -1},
		{"http", "udp", -1},
		{"http", "", -1},
		{"", "tcp", -1},
		{" http", "tcp", -1},
		{"lead", "tcp", 81},
		{"alias2", "tcp", 81},
		{"nospace82/tcp", "tcp", -1},
		{"octal8", "tcp", -1},
		{"plus", "tcp", 84},
		{"minus", "tcp", -1},
		{"hex", "tcp", 86},
		{"oct", "tcp", 87},
		{"garb", "tcp", -1},
		{"slash2", "tcp", 89},
		{"comma", "tcp", -1},
		{"upper", "tcp", -1},
		{"big", "tcp", 0},
		{"big2", "tcp", 4464},
		{"huge", "tcp", -1},
		{"noproto", "tcp", -1},
		{"hash", "tcp", 93},
		{"foo", "tcp", -1},
		{"dup", "tcp", 94},
		{"dup2", "tcp", 94},
		{"dup", "udp", 94},
		{"multi", "tcp", -1},
		{"spaceproto", "tcp", -1},
		{"space2", "tcp", -1},
		{"Upper", "tcp", 101},
		{"ALIAS", "tcp", 101},
		{"alias", "tcp", -1},
		{"a.b", "tcp", 102},
		{"c,d", "tcp", 102},
		{"sctp1", "sctp", 103},
		{"sctp1", "tcp", -1},
		{"empty", "tcp", -1},
		{"after", "tcp", -1},
		{"wrap", "tcp", 85},
		{"hexupper", "tcp", 31},
		{"hexplus", "tcp", 32},
		{"hexempty", "tcp", -1},
		{"under", "tcp", -1},
		{"binary", "tcp", -1},
		{"twoplus", "tcp", -1},
		{"max", "tcp", 65535},
		{"alcr", "tcp", 109},
		{"vtab", "tcp", 110},
		{"al110", "tcp", 110},
		{"x", "tcp", 121},
		{"z", "tcp", -1},
		{"lastal", "tcp", 111},
	}
	for _, tt := range tests {
		got := -1
		if port, ok := r.Port(tt.service, tt.protocol); ok {
			got = int(port)
		}
		if got != tt.want {
			t.Errorf("Port(%q, %q) = %d; want %d", tt.service, tt.protocol, got, tt.want)
		}
	}
}

func TestService(t *testing.T) {
	r := newResolver(t, map[string]string{"services": servicesText})
	tests := []struct {
		port     uint16
		protocol string
		want     string
	}{
		{80, "tcp", "http"},
		{80, "udp", none},
		{80, "", none},
		{83, "tcp", none},
		{86, "tcp", "hex"},
		{91, "tcp", none},
		{92, "tcp", none},
		{0, "tcp", "big"},
		{4464, "tcp", "big2"},
		{65535, "tcp", "max"},
		{65451, "tcp", none},
		{94, "tcp", "dup"},
		{94, "udp", "dup"},
		{95, "tcp", "dup"},
		{97, "tcp", none},
		{103, "sctp", "sctp1"},
		{111, "tcp", "last"},
	}
	for _, tt := range tests {
		got, ok := r.Service(tt.port, tt.protocol)
		if !ok {
			got = none
		}
		if got != tt.want {
			t.Errorf("Service(%d, %q) = %q; want %q", tt.port, tt.protocol, got, tt.want)
		}
	}
}
