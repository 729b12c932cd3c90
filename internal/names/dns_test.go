package names

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const searchConf = "nameserver 192.0.2.1\nsearch search.test second.test\noptions timeout:1 attempts:2\n"

func TestDNSForward(t *testing.T) {
	tests := []struct{ name, records, want string }{
		{"web.test", "web.test A 10.9.0.3; web.test A 10.9.0.1", "10.9.0.3"}, // the server's order
		{"mixed.test", "MiXeD.TeSt A 10.9.0.23", "10.9.0.23"},
		{"lo.test", "lo.test A 240.0.0.1; lo.test A 127.0.0.1", "240.0.0.1"},
		{"cn.test", "cn.test CNAME mid.test; mid.test CNAME web.test; web.test A 10.9.0.5", "10.9.0.5"},
		{"order.test", "web.test A 10.9.0.6; order.test CNAME web.test", ""},
		{"only.test", "only.test CNAME nowhere.test", ""},
		{"cnbad.test", "cnbad.test CNAME bad!x.test; bad!x.test A 10.9.0.7", "10.9.0.7"},
		{"cnunder.test", "cnunder.test CNAME _a.test; _a.test A 10.9.0.8", "10.9.0.8"},
		{"stray.test", "other.test A 10.9.0.9; stray.test A 10.9.0.10", "10.9.0.10"},
		{"onlystray.test", "other.test A 10.9.0.9", ""},
		{"loop.test", "loop.test CNAME loop2.test; loop2.test CNAME loop.test", ""},
		{"zero.test", "zero.test A 0.0.0.0", "0.0.0.0"},
		{"nodata.test", "", ""},
		{"serv.test", "SERVFAIL", ""},
		{"refused.test", "REFUSED", ""},
		{"notimp.test", "NOTIMP", ""},
		{"formerr.test", "FORMERR", ""},
		{"drop.test", "drop", ""},
		{"big.test", "long big.test A 10.8.0.0; big.test A 10.8.0.1", "10.8.0.0"},
		{"under_s.test", "under_s.test A 10.9.0.12", "10.9.0.12"},
		{"onion.onion", "onion.onion A 10.9.0.25", "10.9.0.25"},
		{"x.local", "x.local A 10.9.0.26", "10.9.0.26"},
		{"localhost", "localhost A 10.9.0.27", "10.9.0.27"}, // nothing special without the hosts file
		{"bad!q.test", "bad!q.test A 10.9.0.11", ""},
		{"-dash.test", "-dash.test A 10.9.0.13", ""},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			n := &network{servers: map[string]zone{"192.0.2.1": {tt.name + " A": tt.records}}}
			r := newDNS(t, n, map[string]string{"resolv.conf": searchConf})
			checkHost4(t, r, tt.name, tt.want)
		})
	}
}

// These are never asked for.
func TestDNSImpossible(t *testing.T) {
	n := &network{servers: map[string]zone{"192.0.2.1": {}}}
	r := newDNS(t, n, map[string]string{"resolv.conf": "nameserver 192.0.2.1\n"})
	for _, name := range []string{"", ".", ".a", "a..b", "bad!q.test", "-dash.test", "sp ace.test", "caf\u00e9.test",
		" web.test", "web.test ", "10.0.0.256", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test"} {
		checkHost4(t, r, name, "")
	}
	if log := n.asked(); log != nil {
		t.Errorf("asked %q; want nothing", log)
	}
}

func TestDNSReverse(t *testing.T) {
	const owner = "1.1.9.10.in-addr.arpa PTR "
	tests := []struct{ records, want string }{
		{owner + "plain.test.", "plain.test"},
		{owner + "first.test;" + owner + "second.test", "first.test"},
		{owner + "bad!x.test", none},
		{owner + "bad!x.test;" + owner + "good.test", none},
		{owner + "under_x.test", "under_x.test"},
		{owner + "_x.test", "_x.test"},
		{owner + "-dash.test", none},
		{owner + "-", none},
		{owner + "x-.test", "x-.test"},
		{owner + "a.-b.test", "a.-b.test"},
		{owner + ".", "."},
		{owner + "*.test", none},
		{owner + "x/y.test", none},
		{owner + "a@b.test", none},
		{owner + `back\s.test`, none},
		{owner + "nu\x00l.test", none},
		{owner + "caf\u00e9.test", none},
		{owner + "UPPER.Test", "UPPER.Test"},
		{owner + "1.2.3.4", "1.2.3.4"},
		{owner + "single", "single"},
		{"1.1.9.10.in-addr.arpa CNAME 16.sub.test; 16.sub.test PTR viacname.test", "viacname.test"},
		{"stray.test PTR strayname.test;" + owner + "own.test", "own.test"},
		{"stray.test PTR strayname.test", none},
		{"long " + owner + "viatcp.test", "viatcp.test"},
		{"", none},
		{"SERVFAIL", none},
		{"NXDOMAIN", none},
		{"drop", none},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			n := &network{servers: map[string]zone{"192.0.2.1": {"1.1.9.10.in-addr.arpa PTR": tt.records}}}
			r := newDNS(t, n, map[string]string{"resolv.conf": searchConf})
			checkHostName(t, r, "10.9.1.1", tt.want)
		})
	}
}

func TestReverseName(t *testing.T) {
	const zeros = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	tests := []struct{ addr, want string }{
		{"10.9.1.2", "2.1.9.10.in-addr.arpa PTR"},
		{"::ffff:10.9.1.2", "2.1.9.10.in-addr.arpa PTR"},
		{"::10.9.1.2", "2.1.9.10.in-addr.arpa PTR"},
		{"::2", "2.0.0.0.in-addr.arpa PTR"},
		{"::1", "1." + zeros + "0.0.0.0.ip6.arpa PTR"},
		{"::", "0." + zeros + "0.0.0.0.ip6.arpa PTR"},
		{"fd00::1", "1." + zeros + "0.0.d.f.ip6.arpa PTR"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			n := &network{servers: map[string]zone{"192.0.2.1": {}}}
			r := newDNS(t, n, map[string]string{"resolv.conf": searchConf})
			checkHostName(t, r, tt.addr, none)
			checkHostName(t, r, tt.addr, none) // without asking again
			if diff := cmp.Diff([]string{"0s 192.0.2.1 udp " + tt.want}, n.asked()); diff != "" {
				t.Errorf("%s: questions (-want +got):\n%s", tt.addr, diff)
			}
		})
	}
}

// The order of the questions, and what ends a search.
func TestSearch(t *testing.T) {
	names := zone{
		"short.search.test A":   "short.search.test A 10.9.0.16",
		"short.second.test A":   "short.second.test A 10.9.0.31",
		"two.lab A":             "two.lab A 10.9.0.17",
		"two.lab.search.test A": "two.lab.search.test A 10.9.0.18",
		"single A":              "single A 10.9.0.19",
		"serv.search.test A":    "SERVFAIL",
		"serv A":                "serv A 10.9.0.20",
		"nodata.search.test A":  "",
		"nodata.second.test A":  "nodata.second.test A 10.9.0.21",
		"formerr.search.test A": "FORMERR",
		"formerr.second.test A": "formerr.second.test A 10.9.0.22",
		"drop.search.test A":    "drop",
		"drop.second.test A":    "drop.second.test A 10.9.0.41",
		"stray.search.test A":   "other.test A 1.1.1.1",
		"stray.second.test A":   "stray.second.test A 10.9.0.43",
		"asfirst.test A":        "drop",
	}
	const conf = "nameserver 192.0.2.1\noptions timeout:1 attempts:1\n"
	const search = conf + "search search.test second.test\n"
	tests := []struct {
		name, conf, want string
		asked            []string
	}{
		{"short", search, "10.9.0.16", []string{"short.search.test"}},
		{"short.", search, "", []string{"short"}},
		{"short.", search + "options ndots:2\n", "", []string{"short"}},
		{"two.lab", search, "10.9.0.17", []string{"two.lab"}},
		{"two.lab", search + "options ndots:2\n", "10.9.0.18", []string{"two.lab.search.test"}},
		{"single", search, "10.9.0.19", []string{"single.search.test", "single.second.test", "single"}},
		{"serv", search, "10.9.0.20", []string{"serv.search.test", "serv.second.test", "serv"}},
		{"nodata", search, "10.9.0.21", []string{"nodata.search.test", "nodata.second.test"}},
		{"formerr", search, "", []string{"formerr.search.test", "formerr"}},
		{"drop", search, "", []string{"drop.search.test", "drop"}},
		{"stray", search, "", []string{"stray.search.test"}},
		{"asfirst.test", search, "", []string{"asfirst.test", "asfirst.test.search.test", "asfirst.test.second.test"}},
		{"short", conf + "search .\n", "", []string{"short"}},
		{"short", conf + "search . second.test\n", "10.9.0.31", []string{"short", "short.second.test"}},
		{"short", conf + "search .second.test.\n", "10.9.0.31", []string{"short.second.test"}},
		{"short", conf + "search ..second.test\n", "", []string{"short"}},
		{"short", search + "options ndots:0\n", "10.9.0.16", []string{"short", "short.search.test"}},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			n := &network{servers: map[string]zone{"192.0.2.1": names}}
			r := newDNS(t, n, map[string]string{"resolv.conf": tt.conf})
			checkHost4(t, r, tt.name, tt.want)
			if diff := cmp.Diff(tt.asked, questions(n.asked())); diff != "" {
				t.Errorf("%s with %q: questions (-want +got):\n%s", tt.name, tt.conf, diff)
			}
		})
	}
}

// questions are the names in a log.
func questions(log []string) (names []string) {
	for _, line := range log {
		names = append(names, fields(line)[3])
	}
	return names
}

// The name servers are asked in turn and given the time that the C library gives
// them: with three servers and timeout:2 that is 2, 1 and 2 seconds.
func TestWaiting(t *testing.T) {
	tests := []struct {
		name, conf string
		log        []string
		took       time.Duration
	}{
		{
			name: "three of four silent servers",
			conf: "nameserver 192.0.2.96\nnameserver 192.0.2.97\nnameserver 192.0.2.98\nnameserver 192.0.2.1\noptions timeout:2 attempts:2\n",
			log: []string{
				"0s 192.0.2.96 udp web.test A", "2s 192.0.2.97 udp web.test A", "3s 192.0.2.98 udp web.test A",
				"5s 192.0.2.96 udp web.test A", "7s 192.0.2.97 udp web.test A", "8s 192.0.2.98 udp web.test A",
			},
			took: 10 * time.Second,
		},
		{
			name: "defaults",
			conf: "nameserver 192.0.2.96\n",
			log:  []string{"0s 192.0.2.96 udp web.test A", "5s 192.0.2.96 udp web.test A"},
			took: 10 * time.Second,
		},
		{
			name: "no server there",
			conf: "nameserver 192.0.2.95\n",
		},
		{
			name: "no attempts",
			conf: "nameserver 192.0.2.96\noptions attempts:0\n",
		},
		{
			name: "at least a second",
			conf: "nameserver 192.0.2.96\noptions timeout:0 attempts:1\n",
			log:  []string{"0s 192.0.2.96 udp web.test A"},
			took: time.Second,
		},
		{
			name: "second server answers",
			conf: "nameserver 192.0.2.96\nnameserver 192.0.2.1\n",
			log:  []string{"0s 192.0.2.96 udp web.test A", "5s 192.0.2.1 udp web.test A"},
			took: 5 * time.Second,
		},
		{
			name: "first server fails",
			conf: "nameserver 192.0.2.94\nnameserver 192.0.2.1\n",
			log:  []string{"0s 192.0.2.94 udp web.test A", "0s 192.0.2.1 udp web.test A"},
		},
		{
			name: "first server does not understand",
			conf: "nameserver 192.0.2.93\nnameserver 192.0.2.1\n",
			log:  []string{"0s 192.0.2.93 udp web.test A"},
		},
		{
			name: "use-vc",
			conf: "nameserver 192.0.2.1\noptions use-vc\n",
			log:  []string{"0s 192.0.2.1 tcp web.test A"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{servers: map[string]zone{
					"192.0.2.1":  {"web.test A": "web.test A 10.9.0.3"},
					"192.0.2.93": {"web.test A": "FORMERR"},
					"192.0.2.94": {"web.test A": "SERVFAIL"},
					"192.0.2.96": nil, "192.0.2.97": nil, "192.0.2.98": nil,
				}}
				r := newDNS(t, n, map[string]string{"resolv.conf": tt.conf})
				start := time.Now()
				r.Host4("web.test.")
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v; want %v", took, tt.took)
				}
				if diff := cmp.Diff(tt.log, n.asked()); diff != "" {
					t.Errorf("questions (-want +got):\n%s", diff)
				}
				r.Host4("web.test.")
				if log := n.asked(); len(log) != len(tt.log) {
					t.Errorf("asked again: %q", log)
				}
			})
		})
	}
}
