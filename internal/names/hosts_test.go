package names

import (
	"fmt"
	"strings"
	"testing"
)

const hostsText = `# comment
127.0.0.1 localhost
::1 localhost6 ip6-loopback six1
10.0.0.1 one One.example.com ONE
10.0.0.2 two one
	10.0.0.3 lead
10.0.0.4	tab	taba
10.0.0.5
10.0.0 short
010.0.0.6 octal
0xa.0.0.7 hex
10.0.0.256 bad
10.0.0.8x badx
10.0.0.9,comma commab
::ffff:10.0.0.10 mapped
::10.0.0.11 compat
fd00::9 six9
fe80::1%lo zone
[::5] brack
10.0.0.12 trail.
10.0.0.13 under_score
10.0.0.14 bad!char
10.0.0.15 -dash
10.0.0.16 multi
10.0.0.17 multi multi17
10.0.0.18 hash#name
10.0.0.19 canon alias19
10.0.0.20 other alias19
fd00::21 both
10.0.0.21 both
::2 two6
10.0.0.22 MiXed
10.0.0.24 dup24
10.0.0.24 dup24b
::1 multi1
10.0.0.32 multi1
::ffff:10.0.0.26 map26
10.0.0.26 v426
10.0.0.27 v427
::ffff:10.0.0.27 map27
10.0.0.29 *
10.0.0.30 caf` + "\xe9\n10.0.0.31 caf\xe8\n10.0.0.33\t# nothing\n" +
	"10.0.0.43 cr43\r\n10.0.0.44\vvt44\n10.0.0.45 nul45\x00rest\n10.0.0.46 last46"

func TestHosts(t *testing.T) {
	r := newResolver(t, map[string]string{"nsswitch.conf": "hosts: files\n", "hosts": hostsText})
	tests := []struct{ name, want string }{
		{"localhost", "127.0.0.1"},
		{"localhost6", "127.0.0.1"}, // ::1 in an IPv4 lookup
		{"SIX1", "127.0.0.1"},
		{"multi1", "127.0.0.1"},
		{"one", "10.0.0.1"},
		{"ONE", "10.0.0.1"},
		{"one.example.com", "10.0.0.1"},
		{"one.", ""},
		{" one", ""},
		{"one ", ""},
		{"two", "10.0.0.2"},
		{"lead", "10.0.0.3"},
		{"taba", "10.0.0.4"},
		{"", "10.0.0.5"}, // a line without a name
		{"short", ""},
		{"octal", ""},
		{"hex", ""},
		{"bad", ""},
		{"badx", ""},
		{"commab", ""},
		{"mapped", "10.0.0.10"},
		{"compat", ""},
		{"six9", ""},
		{"zone", ""},
		{"brack", ""},
		{"trail", ""},
		{"trail.", "10.0.0.12"},
		{"under_score", "10.0.0.13"},
		{"bad!char", "10.0.0.14"},
		{"-dash", "10.0.0.15"},
		{"multi", "10.0.0.16"},
		{"multi17", "10.0.0.17"},
		{"hash", "10.0.0.18"},
		{"hash#name", ""},
		{"alias19", "10.0.0.19"},
		{"both", "10.0.0.21"},
		{"two6", ""},
		{"mixed", "10.0.0.22"},
		{"*", "10.0.0.29"},
		{"caf\xe9", "10.0.0.30"},
		{"caf\xe8", "10.0.0.31"},
		{"cr43", "10.0.0.43"},
		{"vt44", "10.0.0.44"},
		{"nul45", "10.0.0.45"},
		{"nul45rest", ""},
		{"rest", ""},
		{"last46", "10.0.0.46"},
		{"nosuch", ""},
	}
	for _, tt := range tests {
		checkHost4(t, r, tt.name, tt.want)
	}
}

func TestHostsReverse(t *testing.T) {
	r := newResolver(t, map[string]string{"nsswitch.conf": "hosts: files\n", "hosts": hostsText})
	tests := []struct{ addr, want string }{
		{"127.0.0.1", "localhost"},
		{"::1", "localhost6"},
		{"10.0.0.1", "one"},
		{"10.0.0.2", "two"},
		{"10.0.0.5", ""},
		{"10.0.0.33", ""},
		{"10.0.0.6", none},
		{"8.0.0.6", none},
		{"10.0.0.10", "mapped"},
		{"::ffff:10.0.0.10", "mapped"},
		{"::10.0.0.10", none},
		{"10.0.0.11", none},
		{"::10.0.0.11", "compat"},
		{"fd00::9", "six9"},
		{"fe80::1", none},
		{"fe80::1%lo", none},
		{"::5", none},
		{"10.0.0.12", "trail."},
		{"10.0.0.14", "bad!char"},
		{"10.0.0.22", "MiXed"},
		{"10.0.0.24", "dup24"},
		{"10.0.0.26", "map26"},
		{"10.0.0.27", "v427"},
		{"::ffff:10.0.0.27", "map27"},
		{"::ffff:10.0.0.29", none}, // an IPv4 line is not for IPv6
		{"10.0.0.45", "nul45"},
		{"10.0.0.46", "last46"},
		{"::", none},
		{"0.0.0.0", none},
		{"0.0.0.1", none},
	}
	for _, tt := range tests {
		checkHostName(t, r, tt.addr, tt.want)
	}
}

// Where ::1 has the only line, it names 127.0.0.1 as well.
func TestHostsLoopback(t *testing.T) {
	r := newResolver(t, map[string]string{"nsswitch.conf": "hosts: files\n", "hosts": "::1 onlysix\n"})
	checkHostName(t, r, "127.0.0.1", "onlysix")
	checkHostName(t, r, "::1", "onlysix")
}

func BenchmarkParseHosts(b *testing.B) {
	for _, lines := range []int{1, 100, 10000} {
		var text strings.Builder
		for i := range lines {
			fmt.Fprintf(&text, "10.0.%d.%d host%d.example.com host%d\n", i>>8, i&255, i, i)
		}
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parseHosts(text.String())
			}
		})
	}
}
