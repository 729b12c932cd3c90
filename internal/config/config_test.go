package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/ipvs"
)

var (
	equalAddr = cmpopts.EquateComparable(netip.Addr{})
	addr      = netip.MustParseAddr
)

// with is the default configuration, changed.
func with(change func(*Config)) Config {
	c := Default()
	change(&c)
	return c
}

// tutorial is the configuration of the tutorial's two scripts.
func tutorial() Config {
	return with(func(c *Config) {
		c.VIPs = []netip.Addr{addr("172.16.0.100")}
		c.RealServers = servers("10.0.0.7", "10.0.0.17")
	})
}

// servers are real servers with defaults.
func servers(addrs ...string) []RealServer {
	var all []RealServer
	for _, a := range addrs {
		all = append(all, RealServer{Addr: addr(a), Weight: 1})
	}
	return all
}

// files are good files with what they mean.
var files = append(plainFiles, healthFiles...)

type goodFile struct {
	name string
	file string
	want Config
}

var plainFiles = []goodFile{
	{"nothing but defaults", "{}", Default()},
	{"tutorial", "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n", tutorial()},
	{
		"Windows line ends, byte order mark, document marks",
		"\ufeff---\r\nvip: 172.16.0.100\r\nreal_servers:\r\n- 10.0.0.7\r\n- 10.0.0.17\r\n...\r\n", tutorial(),
	},
	{
		"quotes", `"vip": '172.16.0.100'` + "\nreal_servers: [\"10.0.0.7\", {'address': '10.0.0.17'}]\n", tutorial(),
	},
	{
		"IPv6, bare and in quotes",
		"vip: [2001:db8::100, '2001:db8::']\nreal_servers:\n- 2001:db8::7\n- {address: 2001:db8::17, weight: 0}\n",
		with(func(c *Config) {
			c.VIPs = []netip.Addr{addr("2001:db8::100"), addr("2001:db8::")}
			c.RealServers = servers("2001:db8::7", "2001:db8::17")
			c.RealServers[1].Weight = 0
		}),
	},
	{
		"every key of a service",
		`
services:
  - port: 53
    protocol: udp
    scheduler: sh
    forward: masquerade
    persistent: 300
    netmask: 255.255.255.0
    flags: [sh-port, flag-3]
    one_packet: true
    real_servers: [{address: 10.0.0.7, port: 5353, weight: 2147483647, upper: 20, lower: 10}]
`,
		with(func(c *Config) {
			c.Services = []Service{{
				Port: 53, Protocol: ipvs.UDP, Scheduler: "sh", Forward: ipvs.Masquerade, Persistent: 300,
				Netmask: 0xffffff00, Flags: ipvs.SchedulerFlag2 | ipvs.SchedulerFlag3, OnePacket: true,
				RealServers: []RealServer{{Addr: addr("10.0.0.7"), Port: 5353, Weight: 2147483647, Upper: 20, Lower: 10}},
			}}
		}),
	},
	{
		"marks of both families and every port",
		`
services:
  - {fwmark: 7}
  - {fwmark: 7, family: ipv6, persistent: 1, netmask: 64, one_packet: true}
  - {fwmark: 4294967295}
  - {port: 0, persistent: 2678400}
`,
		with(func(c *Config) {
			mark := Service{FWMark: 7, Family: ipvs.INET, Scheduler: "wrr", Forward: ipvs.DirectRoute}
			mark6, high := mark, mark
			mark6.Family, mark6.Persistent, mark6.Netmask, mark6.OnePacket = ipvs.INET6, 1, 64, true
			high.FWMark = 1<<32 - 1
			every := portService(ipvs.TCP, 0)
			every.Persistent = 2678400
			c.Services = []Service{mark, mark6, high, every}
		}),
	},
	{
		"masks of single clients without persistence",
		"services: [{port: 80, persistent: 0, netmask: 255.255.255.255}, {fwmark: 7, family: ipv6, netmask: 128}]",
		with(func(c *Config) {
			port := portService(ipvs.TCP, 80)
			port.Netmask = ipvs.SingleIPv4
			c.Services = []Service{port, {FWMark: 7, Family: ipvs.INET6, Scheduler: "wrr", Forward: ipvs.DirectRoute, Netmask: ipvs.SingleIPv6}}
		}),
	},
	{
		"same port of every protocol",
		"services: [{port: 80}, {port: 80, protocol: udp}, {port: 80, protocol: sctp}]",
		with(func(c *Config) {
			c.Services = []Service{portService(ipvs.TCP, 80), portService(ipvs.UDP, 80), portService(ipvs.SCTP, 80)}
		}),
	},
	{
		"names that YAML would not take for text",
		"label: 1:30\narp: {interfaces: [true, 0x10, 1e3, '5', eth0.100]}\nannounce: false\n",
		with(func(c *Config) {
			c.Label, c.Announce = "1:30", false
			c.ARP.Interfaces = []string{"true", "0x10", "1e3", "5", "eth0.100"}
		}),
	},
	{"no interfaces", "arp: {interfaces: []}\n", with(func(c *Config) { c.ARP.Interfaces = nil })},
	{"arp without interfaces", "arp: {}\nreal_servers: []\n", Default()},
	{
		"port twice on one real server",
		"services: [{port: 80, forward: masquerade}]\nreal_servers: [10.0.0.7, {address: 10.0.0.7, port: 81}]\n",
		with(func(c *Config) {
			c.Services[0].Forward = ipvs.Masquerade
			c.RealServers = servers("10.0.0.7", "10.0.0.7")
			c.RealServers[1].Port = 81
		}),
	},
	{
		"second edition",
		`
director_label: eth0:1
services:
  - {port: 443, name: shop.1_a-B, vip: 172.16.0.101}
  - {port: 443, name: "off", vip: [172.16.0.102, "2001:db8::100"]}
  - fwmark: 7
    vip: 172.16.0.103
    forward: masquerade
    real_servers: [{address: 10.8.0.9, forward: tunnel}, {address: 10.0.0.7, port: 8080}, {address: 10.0.0.8, forward: direct}]
real_servers: [10.0.0.7, {address: 10.0.0.9, port: 444, forward: masquerade}, 2001:db8::7]
timeouts: {tcp: 2678400, udp: 0}
sync: {role: backup, interface: bond0.100, id: 255, max_len: 65507, group: "ff02::81", port: 65535, ttl: 255}
`,
		with(func(c *Config) {
			c.DirectorLabel = "eth0:1"
			shop, off, mark := portService(ipvs.TCP, 443), portService(ipvs.TCP, 443), portService(0, 0)
			shop.Name, shop.VIPs = "shop.1_a-B", []netip.Addr{addr("172.16.0.101")}
			off.Name, off.VIPs = "off", []netip.Addr{addr("172.16.0.102"), addr("2001:db8::100")}
			mark.FWMark, mark.Family, mark.VIPs, mark.Forward = 7, ipvs.INET, []netip.Addr{addr("172.16.0.103")}, ipvs.Masquerade
			mark.RealServers = servers("10.8.0.9", "10.0.0.7", "10.0.0.8")
			mark.RealServers[0].Forward, mark.RealServers[1].Port = new(ipvs.Tunnel), 8080
			mark.RealServers[2].Forward = new(ipvs.DirectRoute)
			c.Services = []Service{shop, off, mark}
			c.RealServers = servers("10.0.0.7", "10.0.0.9", "2001:db8::7")
			c.RealServers[1].Port, c.RealServers[1].Forward = 444, new(ipvs.Masquerade)
			c.Timeouts = ipvs.Timeouts{TCP: 2678400}
			c.Sync = &Sync{Roles: []ipvs.DaemonState{ipvs.Backup}, Interface: "bond0.100", ID: 255, MaxLen: 65507,
				Group: addr("ff02::81"), Port: 65535, TTL: 255}
		}),
	},
	{
		"defaults of sync", "sync: {}\ntimeouts: {}\n",
		with(func(c *Config) {
			c.Sync = &Sync{Roles: []ipvs.DaemonState{ipvs.Master, ipvs.Backup}, Interface: "eth0"}
		}),
	},
	{
		"a VIP of the file that one service names again",
		"vip: 1.2.3.4\nservices: [{port: 80, vip: [1.2.3.4, 1.2.3.5]}]\n",
		with(func(c *Config) {
			c.VIPs = []netip.Addr{addr("1.2.3.4")}
			c.Services[0].VIPs = []netip.Addr{addr("1.2.3.4"), addr("1.2.3.5")}
		}),
	},
	{
		"flags before their scheduler",
		"services: [{flags: [mh-fallback, mh-port], scheduler: mh, port: 80}]",
		with(func(c *Config) {
			c.Services[0].Scheduler = "mh"
			c.Services[0].Flags = ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2
		}),
	},
}

func TestLoad(t *testing.T) {
	for _, test := range files {
		t.Run(test.name, func(t *testing.T) {
			got, err := Load("lvsdr.yaml", []byte(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got, equalAddr); d != "" {
				t.Errorf("Load (-want +got):\n%s", d)
			}
			again, err := Load("printed", got.YAML())
			if err != nil {
				t.Fatalf("what was printed: %v", err)
			}
			if d := cmp.Diff(got, again, equalAddr); d != "" {
				t.Errorf("printed and loaded again (-first +second):\n%s", d)
			}
		})
	}
}

func TestExample(t *testing.T) {
	c, err := Load("example.yaml", Example())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tutorial(), c, equalAddr); d != "" {
		t.Errorf("Load(Example()) (-want +got):\n%s", d)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("Validate: %v", err)
	}
}

// TestExampleHints uncomments the example's hints: they too are of the format.
func TestExampleHints(t *testing.T) {
	var b strings.Builder
	for _, line := range strings.SplitAfter(string(Example()), "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		if hint, ok := strings.CutPrefix(line[len(indent):], "# "); ok && (indent != "" || isTopHint(hint)) {
			line = indent + hint
		}
		b.WriteString(strings.Replace(line, "persistent: 0 ", "persistent: 1 ", 1))
	}
	text := strings.Replace(b.String(), "one_packet: false", "one_packet: no", 1)
	_, err := Load("hints", []byte(text))
	want := `one_packet "no": unknown, expected true or false`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want the one planted in a hint: %s\n%s", err, want, text)
	}
	c, err := Load("hints", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 2 || len(c.RealServers) != 4 || c.Services[0].Persistent != 1 || c.Services[0].VIPs == nil ||
		c.DirectorLabel == "" || c.Timeouts.TCP == 0 || c.Sync == nil || c.Check == nil || c.Watch.Listen == "" ||
		c.Services[0].Check.Type != CheckHTTP || c.Services[0].Minimum.Count == 0 || len(c.Services[0].Sorry.Servers) != 1 ||
		c.Services[0].SlowStart == 0 || c.Services[1].Check.Port != 80 {
		t.Errorf("the hints were not all read: %s", c.YAML())
	}
	if err := c.Validate(); err != nil {
		t.Errorf("Validate: %v", err)
	}
}

// isTopHint tells a key of the file from a remark.
func isTopHint(hint string) bool {
	for _, key := range []string{"director_label", "timeouts", "sync", "check", "watch"} {
		if strings.HasPrefix(hint, key+": ") {
			return true
		}
	}
	return false
}

func TestYAML(t *testing.T) {
	c := tutorial()
	c.VIPs = append(c.VIPs, addr("2001:db8::100"))
	c.Services[0].Scheduler, c.Services[0].Flags = "sh", ipvs.SchedulerFlag1|ipvs.SchedulerFlag3
	c.Services = append(c.Services, Service{
		FWMark: 7, Family: ipvs.INET6, Scheduler: "rr", Forward: ipvs.Masquerade, Persistent: 9, Netmask: 64,
		RealServers: []RealServer{{Addr: addr("2001:db8::7"), Port: 8080, Weight: 3, Upper: 20, Lower: 10}},
	})
	const want = `vip: [172.16.0.100, "2001:db8::100"]
label: lo:1
services:
  - port: 80
    protocol: tcp
    scheduler: sh
    forward: direct
    persistent: 0
    flags: [sh-fallback, flag-3]
    one_packet: false
  - fwmark: 7
    family: ipv6
    scheduler: rr
    forward: masquerade
    persistent: 9
    netmask: 64
    flags: []
    one_packet: false
    real_servers:
      - {address: "2001:db8::7", port: 8080, weight: 3, upper: 20, lower: 10}
real_servers:
  - {address: 10.0.0.7, weight: 1, upper: 0, lower: 0}
  - {address: 10.0.0.17, weight: 1, upper: 0, lower: 0}
arp:
  interfaces: [all, lo]
announce: true
`
	if d := cmp.Diff(want, string(c.YAML())); d != "" {
		t.Errorf("YAML (-want +got):\n%s", d)
	}
}

func TestValidate(t *testing.T) {
	noServers := tutorial()
	noServers.RealServers = nil
	half := noServers
	half.VIPs = nil
	half.Services = []Service{portService(ipvs.TCP, 80), portService(ipvs.TCP, 81)}
	half.Services[0].VIPs = []netip.Addr{addr("172.16.0.100")}
	conflict := tutorial()
	conflict.VIPs[0] = addr("2001:db8::100")
	for _, test := range []struct {
		name       string
		c          Config
		realServer string // what ValidateRealServer says
		director   string // what Validate says
	}{
		{"tutorial", tutorial(), "", ""},
		{"no VIP", Default(), "no VIP, expected one in the file or with --vip", "no VIP, expected one in the file or with --vip"},
		{"no real servers", noServers, "", "services[0]: no real servers, expected some in the file or with --rs"},
		{"a service without a VIP", half, "services[1]: no VIP, expected one in the file or with --vip", "services[1]: no VIP, expected one in the file or with --vip"},
		{
			"made by hand", conflict,
			"real_servers: no real server is IPv6, but a VIP is, expected a real server with IPv6, or forward: tunnel",
			"real_servers: no real server is IPv6, but a VIP is, expected a real server with IPv6, or forward: tunnel",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := text(test.c.ValidateRealServer()); got != test.realServer {
				t.Errorf("ValidateRealServer: got %q, want %q", got, test.realServer)
			}
			if got := text(test.c.Validate()); got != test.director {
				t.Errorf("Validate: got %q, want %q", got, test.director)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
