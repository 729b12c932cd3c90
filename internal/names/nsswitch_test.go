package names

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
)

// Which sources are asked, shown by their answers: web.test is in both, file.test
// only in the hosts file and dns.test only in DNS. An empty line of nsswitch.conf
// stands for a file that has none for hosts.
func TestSwitchHosts(t *testing.T) {
	const (
		file = "10.5.5.9"
		dns  = "10.9.0.3"
	)
	tests := []struct {
		conf                          string
		web, inFile, inDNS, inReverse string
	}{
		{"", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"# nothing", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"services: files", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"Hosts: dns", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"#hosts: nis", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{":hosts: dns", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"passwd: files; hosts: dns", file, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"hosts: files", file, "10.5.5.1", "", none},
		{"hosts files", file, "10.5.5.1", "", none},
		{"hosts\tfiles", file, "10.5.5.1", "", none},
		{"hosts: dns", dns, "", "10.9.0.4", "plain.test"},
		{" hosts : dns", dns, "", "10.9.0.4", "plain.test"},
		{"hosts:: dns", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: dns\r\nservices: files\r", dns, "", "10.9.0.4", "plain.test"},
		{"hosts:\tdns\tfiles", dns, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"hosts: files\nhosts: dns", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: dns\nhosts: files", file, "10.5.5.1", "", none},
		{"hosts: files, dns", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: Files", "", "", "", none},
		{"hosts: compat", "", "", "", none},
		{"hosts:", "", "", "", none},
		{"hosts", "", "", "", none},
		{"hosts dns:", "", "", "", none},
		{"hosts: dns#x", "", "", "", none},
		{"hosts: dns # files", dns, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"hosts: nosuch files", file, "10.5.5.1", "", none},
		{"hosts: nosuch [UNAVAIL=return] files dns", "", "", "", none},
		{"hosts: nosuch [!UNAVAIL=return] files", file, "10.5.5.1", "", none},
		{"hosts: mymachines mdns4_minimal [NOTFOUND=return] dns myhostname", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: files [SUCCESS=continue] dns", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: files [SUCCESS=continue] nosuch", file, "10.5.5.1", "", none},
		{"hosts: dns [!NOTFOUND=return SUCCESS=continue] files", file, "10.5.5.1", "", none},
		{"hosts: dns [NOTFOUND=return] files", dns, "", "10.9.0.4", "plain.test"},
		{"hosts:dns[ notfound = RETURN ]files", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: dns [UNAVAIL=return NOTFOUND=return] files", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: dns [!SUCCESS=return] files", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: dns [UNAVAIL=merge] files", dns, "10.5.5.1", "10.9.0.4", "plain.test"},
		{"hosts: dns [NOTFOUND=return] [x] files", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: [NOTFOUND=return] dns files", "", "", "", none},
		{"bogus: [x]\nhosts: dns", dns, "", "10.9.0.4", "plain.test"},
		{"hosts: dns\nhosts: files [bad", "", "", "", none},
		{"services: files [bad\nhosts: files", "", "", "", none},
		{"hosts: dns [bogus=return] files", "", "", "", none},
		{"hosts: dns [NOTFOUND=bogus] files", "", "", "", none},
		{"hosts: dns [NOTFOUND=return files", "", "", "", none},
		{"hosts: dns [NOTFOUND=return,UNAVAIL=return] files", "", "", "", none},
		{"hosts: dns [! NOTFOUND=return] files", "", "", "", none},
		{"hosts: dns [NOTFOUND] files", "", "", "", none},
		{"hosts: dns [=return] files", "", "", "", none},
		{"hosts: dns [] files", "", "", "", none},
	}
	for _, tt := range tests {
		t.Run(tt.conf, func(t *testing.T) {
			n := &network{servers: map[string]zone{"192.0.2.1": {
				"web.test A":                "web.test A 10.9.0.3",
				"dns.test A":                "dns.test A 10.9.0.4",
				"1.1.9.10.in-addr.arpa PTR": "1.1.9.10.in-addr.arpa PTR plain.test",
			}}}
			r := newResolver(t, map[string]string{
				"nsswitch.conf": tt.conf,
				"hosts":         "10.5.5.9 web.test\n10.5.5.1 file.test\n",
				"resolv.conf":   "nameserver 192.0.2.1\nsearch .\n",
			})
			r.dial = n.dial
			checkHost4(t, r, "web.test", tt.web)
			checkHost4(t, r, "file.test", tt.inFile)
			checkHost4(t, r, "dns.test", tt.inDNS)
			checkHostName(t, r, "10.9.1.1", tt.inReverse)
		})
	}
}

func TestSwitchServices(t *testing.T) {
	tests := []struct {
		conf string
		want bool
	}{
		{"", true},
		{"services: files", true},
		{"services: db files", true},
		{"services: db [NOTFOUND=return] files", true},
		{"services: db [UNAVAIL=return] files", false},
		{"services: files [NOTFOUND=return] db", true},
		{"services: dns", false},
		{"services: dns files", true},
		{"services: nis", false},
		{"services:", false},
		{"services: [x] files", false},
		{"hosts: dns [bogus=return]\nservices: files", false},
	}
	for _, tt := range tests {
		r := newResolver(t, map[string]string{"nsswitch.conf": tt.conf, "services": "http 80/tcp\n"})
		if _, ok := r.Port("http", "tcp"); ok != tt.want {
			t.Errorf("%q: Port(http) found: %v; want %v", tt.conf, ok, tt.want)
		}
		if _, ok := r.Service(80, "tcp"); ok != tt.want {
			t.Errorf("%q: Service(80) found: %v; want %v", tt.conf, ok, tt.want)
		}
	}
}

// Which word of nsswitch.conf each misfortune of DNS falls under: with that word
// the search ends, so the name, which the hosts file has, is not found.
func TestSwitchOutcomes(t *testing.T) {
	const owner = "1.1.9.10.in-addr.arpa PTR "
	tests := []struct{ name, records, conf, want string }{
		{"x.test", "NXDOMAIN", "", "NOTFOUND"},
		{"x.test", "", "", "NOTFOUND"},
		{"x.test", "FORMERR", "", "NOTFOUND"},
		{"bad!q.test", "drop", "", "NOTFOUND"},
		{"a..b", "drop", "", "NOTFOUND"},
		{"x.test", "SERVFAIL", "", "UNAVAIL"},
		{"x.test", "REFUSED", "", "UNAVAIL"},
		{"x.test", "NOTIMP", "", "UNAVAIL"},
		{"x.test", "drop", "", "UNAVAIL"},
		{"x.test", "SERVFAIL", "nameserver 192.0.2.95\n", "UNAVAIL"},
		{"x.test", "SERVFAIL", "nameserver 192.0.2.1\nsearch search.test\n", "NOTFOUND"}, // the last question counts
		{"x.test", "drop", "nameserver 192.0.2.1\nsearch search.test\n", "NOTFOUND"},
		{"x.test.", "SERVFAIL", "nameserver 192.0.2.1\nsearch search.test\n", "UNAVAIL"},
		{"x.test", "other.test A 1.1.1.1", "", "TRYAGAIN"},
		{"", owner + "bad!x.test", "", "UNAVAIL"},
		{"", "SERVFAIL", "", "NOTFOUND"},
		{"", "drop", "", "NOTFOUND"},
		{"", "", "", "NOTFOUND"},
		{"", "NXDOMAIN", "nameserver 192.0.2.95\n", "NOTFOUND"},
		{"", "other.test PTR x.test", "", "TRYAGAIN"},
	}
	for _, tt := range tests {
		for _, word := range []string{"NOTFOUND", "UNAVAIL", "TRYAGAIN"} {
			synctest.Test(t, func(t *testing.T) {
				n := &network{servers: map[string]zone{"192.0.2.1": {
					strings.TrimSuffix(tt.name, ".") + " A": tt.records,
					"1.1.9.10.in-addr.arpa PTR":             tt.records,
				}}}
				if tt.conf == "" {
					tt.conf = "nameserver 192.0.2.1\nsearch .\n"
				}
				r := newDNS(t, n, map[string]string{
					"nsswitch.conf": "hosts: dns [" + word + "=return] files\n",
					"resolv.conf":   tt.conf,
					"hosts":         "10.9.1.1 " + tt.name + "\n",
				})
				found := false
				if tt.name != "" {
					_, found = r.Host4(tt.name)
				} else {
					_, found = r.HostName(netip.MustParseAddr("10.9.1.1"))
				}
				if want := word != tt.want; found != want {
					t.Errorf("%s %q with %s=return: found %v; want %v", tt.name, tt.records, word, found, want)
				}
			})
		}
	}
}

// A hosts file that is not there is unavailable.
func TestSwitchNoHosts(t *testing.T) {
	for word, want := range map[string]string{"UNAVAIL": "", "NOTFOUND": "10.9.0.3"} {
		n := &network{servers: map[string]zone{"192.0.2.1": {"web.test A": "web.test A 10.9.0.3"}}}
		r := newDNS(t, n, map[string]string{
			"nsswitch.conf": "hosts: files [" + word + "=return] dns\n",
			"resolv.conf":   "nameserver 192.0.2.1\n",
		})
		checkHost4(t, r, "web.test", want)
	}
}
