package keepalived

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
)

func TestParseCheck(t *testing.T) {
	const own = "a path with characters that keepalived takes for its own"
	for _, tt := range []struct {
		word  string
		want  Check
		wrong string
	}{
		{word: "tcp"},
		{word: "tcp:8080", want: Check{Port: 8080}},
		{word: "http", want: Check{Path: "/"}},
		{word: "http:65535", want: Check{Path: "/", Port: 65535}},
		{word: "http:/", want: Check{Path: "/"}},
		{word: "http:/~me/ok.cgi?a=b&c=%20", wrong: own},
		{word: "http:/me/ok.cgi?a=b&c=%20:/", want: Check{Path: "/me/ok.cgi?a=b&c=%20:/"}},
		{word: "http:8080/health", want: Check{Path: "/health", Port: 8080}},
		{word: "http/", want: Check{Path: "/"}},
		{word: "http/health", want: Check{Path: "/health"}},
		{word: "http/a:80", want: Check{Path: "/a:80"}},
		{word: "http//", want: Check{Path: "//"}},
		{word: "http/a b", wrong: own},
		{word: "httpx/", wrong: "unknown"},
		{word: "/health", wrong: "unknown"},
		{word: "tcp/health", wrong: "a path with tcp"},
		{word: "tcp:80/health", wrong: "a path with tcp"},
		{word: "http:080", wrong: "not a port"},
		{word: "http:+80/", wrong: "not a port"},
		{word: "http:/#top", wrong: own},
		{word: "http:/a b", wrong: own},
		{word: "http:/$HOME", wrong: own},
		{word: "http:/\n}", wrong: own},
		{word: "", wrong: "unknown"},
		{word: "TCP", wrong: "unknown"},
		{word: "https", wrong: "unknown"},
		{word: "tcp:", wrong: "nothing behind the colon"},
		{word: "http:", wrong: "nothing behind the colon"},
		{word: "tcp:/health", wrong: "a path with tcp"},
		{word: "tcp:0", wrong: "not a port"},
		{word: "tcp:65536", wrong: "not a port"},
		{word: "http:www/health", wrong: "not a port"},
	} {
		got, wrong := ParseCheck(tt.word)
		if wrong != tt.wrong || wrong == "" && got != tt.want {
			t.Errorf("ParseCheck(%q) = %+v, %q; want %+v, %q", tt.word, got, wrong, tt.want, tt.wrong)
		}
	}
}

// written is what Write makes of a configuration file.
func written(t *testing.T, file string, o Options) string {
	t.Helper()
	c, err := config.Load("lvsdr.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := o.Validate(c); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := Write(&b, c, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var options = Options{Interface: "eth0", RouterID: 51, Priority: 100}

// The packets of VRRP have no room for many addresses.
func TestWriteManyVIPs(t *testing.T) {
	var vips, first, others []string
	for n := range 300 {
		vip := netip.AddrFrom4([4]byte{172, 16, byte(n / 250), byte(n%250 + 1)})
		vips = append(vips, vip.String())
		line := fmt.Sprintf("        %s/32\n", vip)
		if n < 20 {
			first = append(first, line)
		} else {
			others = append(others, line)
		}
	}
	got := written(t, "vip: ["+strings.Join(vips, ", ")+"]\nreal_servers: [10.0.0.7]\n", options)
	_, got, _ = strings.Cut(got, "    virtual_ipaddress {\n")
	got, _, _ = strings.Cut(got, "}\n\n")
	want := strings.Join(first, "") + "    }\n" +
		"    # As above, but not named in the VRRP packets, which hold only so many addresses.\n" +
		"    virtual_ipaddress_excluded {\n" + strings.Join(others, "") + "    }\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What keepalived cannot do is said in a comment right before the service.
func TestWriteNotes(t *testing.T) {
	const vip = "vip: 172.16.0.100\n"
	for _, tt := range []struct {
		name, file string
		check      Check
		want       string // the block's head and what is before it
	}{
		{name: "nothing to say", file: vip + "real_servers: [10.0.0.7, {address: 10.0.0.8, weight: 0}]\n",
			want: "virtual_server 172.16.0.100 80"},
		{name: "drained", file: vip + "real_servers: [{address: 10.0.0.7, weight: 0}]\n",
			want: "# Every weight is 0: nobody is served, and keepalived warns of the quorum.\nvirtual_server 172.16.0.100 80"},
		{name: "mark", file: vip + "real_servers: [10.0.0.7]\nservices: [{fwmark: 7}]\n",
			want: "# No health check: a mark has no port to ask at.\n# lvsdr export keepalived --check tcp:PORT names one.\nvirtual_server fwmark 7"},
		{name: "mark with a port", file: vip + "real_servers: [10.0.0.7]\nservices: [{fwmark: 7}]\n", check: Check{Port: 80},
			want: "virtual_server fwmark 7"},
		{name: "SCTP", file: vip + "real_servers: [10.0.0.7]\nservices: [{port: 80, protocol: sctp}]\n",
			want: "# No health check: keepalived cannot ask over SCTP.\n# lvsdr export keepalived --check tcp:PORT names one.\nvirtual_server 172.16.0.100 80"},
		{name: "every port", file: vip + "real_servers: [10.0.0.7]\nservices: [{port: 0, persistent: 5}]\n",
			want: "# No health check: every port is none to ask at.\n# lvsdr export keepalived --check tcp:PORT names one.\nvirtual_server 172.16.0.100 0"},
		{name: "UDP", file: vip + "real_servers: [10.0.0.7]\nservices: [{port: 53, protocol: udp}]\n", check: Check{Path: "/"},
			want: "# The check sends random bytes. It fails only if the port or the machine cannot be\n# reached; an answer is not expected.\nvirtual_server 172.16.0.100 53"},
		{name: "UDP asked by TCP", file: vip + "real_servers: [10.0.0.7]\nservices: [{port: 53, protocol: udp}]\n", check: Check{Port: 53},
			want: "virtual_server 172.16.0.100 53"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options
			o.Check = &tt.check
			text := written(t, tt.file, o)
			got, _, _ := strings.Cut(text[strings.LastIndex(text, "\n\n")+2:], "{")
			if diff := cmp.Diff(tt.want+" ", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
