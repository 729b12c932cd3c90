package config

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/ipvs"
)

func TestApply(t *testing.T) {
	rich := with(func(c *Config) {
		c.VIPs = []netip.Addr{addr("172.16.0.100")}
		c.RealServers = servers("10.0.0.7")
		c.Services = []Service{portService(ipvs.TCP, 80), portService(ipvs.UDP, 53)}
		c.Services[1].RealServers = servers("10.0.0.17")
	})
	second := with(func(c *Config) {
		c.VIPs, c.DirectorLabel = rich.VIPs, "eth0:1"
		c.RealServers = servers("10.0.0.7")
		c.RealServers[0].Forward = new(ipvs.Masquerade)
		c.Services = []Service{portService(ipvs.TCP, 80), portService(ipvs.UDP, 53)}
		c.Services[1].Name, c.Services[1].VIPs = "dns", []netip.Addr{addr("172.16.0.101")}
		c.Services[1].RealServers = servers("10.0.0.17")
		c.Services[1].RealServers[0].Forward = new(ipvs.Tunnel)
	})
	asked := with(func(c *Config) {
		c.VIPs, c.RealServers = rich.VIPs, rich.RealServers
		c.Check = checkOf(func(c *Check) { c.VIP = new(true) })
		c.Services = []Service{checked(ipvs.TCP, 80, c.Check), checked(ipvs.TCP, 81, checkOf(func(c *Check) { c.Type = CheckHTTP }))}
		c.Services[1].Sorry.Servers = servers("10.0.0.200")
		c.Services[1].Sorry.Servers[0].Forward = new(ipvs.Masquerade)
	})
	for _, test := range []struct {
		name string
		file Config
		give Overrides
		want Config
	}{
		{"nothing on nothing", Default(), Overrides{}, Default()},
		{"nothing on a file", rich, Overrides{}, rich},
		{
			"tutorial without a file", Default(),
			Overrides{VIPs: []string{"172.16.0.100"}, RealServers: []string{"10.0.0.7", "10.0.0.17=1"}},
			tutorial(),
		},
		{
			"ports replace the services", rich,
			Overrides{Ports: []string{"443", "53/udp", "0/sctp"}, Persistent: "60", Scheduler: "sh", Forward: "tunnel"},
			with(func(c *Config) {
				c.VIPs, c.RealServers = rich.VIPs, rich.RealServers
				c.Services = []Service{
					{Port: 443, Protocol: ipvs.TCP, Scheduler: "sh", Forward: ipvs.Tunnel, Persistent: 60},
					{Port: 53, Protocol: ipvs.UDP, Scheduler: "sh", Forward: ipvs.Tunnel, Persistent: 60},
					{Port: 0, Protocol: ipvs.SCTP, Scheduler: "sh", Forward: ipvs.Tunnel, Persistent: 60},
				}
			}),
		},
		{
			"real servers in every form, for every service", rich,
			Overrides{Label: "eth0:vip", Forward: "masquerade", RealServers: []string{"10.0.0.8", "10.0.0.9:8080", "10.0.0.10=0", "10.0.0.11:8080=5"}},
			with(func(c *Config) {
				c.VIPs, c.Label = rich.VIPs, "eth0:vip"
				c.Services = []Service{portService(ipvs.TCP, 80), portService(ipvs.UDP, 53)}
				c.Services[0].Forward, c.Services[1].Forward = ipvs.Masquerade, ipvs.Masquerade
				c.RealServers = []RealServer{
					{Addr: addr("10.0.0.8"), Weight: 1},
					{Addr: addr("10.0.0.9"), Port: 8080, Weight: 1},
					{Addr: addr("10.0.0.10")},
					{Addr: addr("10.0.0.11"), Port: 8080, Weight: 5},
				}
			}),
		},
		{
			"flags win over what a service, a real server and the director have of their own", second,
			Overrides{VIPs: []string{"172.16.0.100"}, Label: "lo:2", Forward: "tunnel"},
			with(func(c *Config) {
				c.VIPs, c.Label = rich.VIPs, "lo:2"
				c.Services = []Service{portService(ipvs.TCP, 80), portService(ipvs.UDP, 53)}
				c.Services[0].Forward, c.Services[1].Forward = ipvs.Tunnel, ipvs.Tunnel
				c.Services[1].Name, c.Services[1].RealServers = "dns", servers("10.0.0.17")
				c.RealServers = servers("10.0.0.7")
			}),
		},
		{
			"ports go to the file's VIPs", second, Overrides{Ports: []string{"81"}},
			with(func(c *Config) {
				c.VIPs, c.DirectorLabel, c.RealServers = rich.VIPs, "eth0:1", second.RealServers
				c.Services = []Service{portService(ipvs.TCP, 81)}
			}),
		},
		{
			"ports have the file's check, which asks for the VIP on the wire where it can", asked,
			Overrides{Ports: []string{"81", "53/sctp"}},
			with(func(c *Config) {
				c.VIPs, c.RealServers, c.Check = rich.VIPs, rich.RealServers, asked.Check
				c.Services = []Service{checked(ipvs.TCP, 81, c.Check), checked(ipvs.SCTP, 53, checkOf(func(*Check) {}))}
			}),
		},
		{
			"forward is for sorry servers, too, and for the VIP on the wire", asked, Overrides{Forward: "tunnel"},
			with(func(c *Config) {
				c.VIPs, c.RealServers, c.Check = rich.VIPs, rich.RealServers, asked.Check
				c.Services = []Service{checked(ipvs.TCP, 80, checkOf(func(*Check) {})), checked(ipvs.TCP, 81, asked.Services[1].Check)}
				c.Services[0].Forward, c.Services[1].Forward = ipvs.Tunnel, ipvs.Tunnel
				c.Services[1].Sorry.Servers = servers("10.0.0.200")
			}),
		},
		{
			"IPv6 in every form", Default(),
			Overrides{
				VIPs: []string{"2001:db8::100"}, Forward: "masquerade",
				RealServers: []string{"2001:db8::1", "2001:db8::2=2", "[2001:db8::3]", "[2001:db8::4]=4", "[2001:db8::5]:80=5"},
			},
			with(func(c *Config) {
				c.VIPs = []netip.Addr{addr("2001:db8::100")}
				c.Services[0].Forward = ipvs.Masquerade
				c.RealServers = []RealServer{
					{Addr: addr("2001:db8::1"), Weight: 1},
					{Addr: addr("2001:db8::2"), Weight: 2},
					{Addr: addr("2001:db8::3"), Weight: 1},
					{Addr: addr("2001:db8::4"), Weight: 4},
					{Addr: addr("2001:db8::5"), Port: 80, Weight: 5},
				}
			}),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := string(test.file.YAML())
			got, err := test.give.Apply(test.file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got, equalAddr); d != "" {
				t.Errorf("Apply (-want +got):\n%s", d)
			}
			if d := cmp.Diff(before, string(test.file.YAML())); d != "" {
				t.Errorf("Apply changed what it was given (-before +after):\n%s", d)
			}
		})
	}
}

func TestApplyFaults(t *testing.T) {
	const anAddressWithMore = "expected ADDRESS[:PORT][=WEIGHT]"
	for _, test := range []struct {
		name string
		file string // the tutorial's if empty
		give Overrides
		want string
	}{
		{"VIP", "", Overrides{VIPs: []string{"172.16.0.100", "10.0.0.300"}}, `--vip "10.0.0.300": not an address, ` + anAddress},
		{"empty VIP", "", Overrides{VIPs: []string{""}}, `--vip "": not an address, ` + anAddress},
		{"VIP twice", "", Overrides{VIPs: []string{"172.16.0.100", "172.16.0.100"}}, `--vip "172.16.0.100": the same VIP again, expected each VIP once`},
		{"VIP is a real server of the file", "", Overrides{VIPs: []string{"10.0.0.17"}}, `--vip "10.0.0.17": 10.0.0.17 is a VIP, expected the real server's own address`},
		{"VIP of another family than the file's real servers", "", Overrides{VIPs: []string{"2001:db8::1"}}, `--vip "2001:db8::1": no real server is IPv6, but a VIP is, expected a real server with IPv6, or forward: tunnel`},
		{"label", "", Overrides{Label: "lo"}, `--label "lo": no alias, ` + aLabel},
		{"port", "", Overrides{Ports: []string{"http"}}, `--port "http": not a decimal number, expected PORT or PORT/PROTOCOL, as in 80 or 53/udp`},
		{"protocol", "", Overrides{Ports: []string{"53/icmp"}}, `--port "53/icmp": unknown protocol, expected PORT or PORT/PROTOCOL, as in 80 or 53/udp`},
		{"port twice", "", Overrides{Ports: []string{"80", "80/tcp"}}, `--port "80/tcp": the same service again, expected each service once`},
		{"port zero", "", Overrides{Ports: []string{"0"}}, `--port "0": port 0 is every port, and needs persistence, expected a number from 1 to 65535, or persistent as well`},
		{"scheduler", "", Overrides{Scheduler: "wwr"}, `--scheduler "wwr": unknown, expected ` + scheduler().want},
		{"forward", "", Overrides{Forward: "-g"}, `--forward "-g": unknown, expected one of direct, tunnel, masquerade`},
		{"persistent", "", Overrides{Persistent: "5m"}, `--persistent "5m": not a decimal number, expected a number from 0 to 2678400`},
		{"real server", "", Overrides{RealServers: []string{"10.0.0.300"}}, `--rs "10.0.0.300": not an address, ` + anAddressWithMore},
		{"real server's port", "", Overrides{RealServers: []string{"10.0.0.7:http"}}, `--rs "10.0.0.7:http": port is not a decimal number, ` + anAddressWithMore},
		{"real server's weight", "", Overrides{RealServers: []string{"10.0.0.7="}}, `--rs "10.0.0.7=": weight is not a decimal number, ` + anAddressWithMore},
		{"open bracket", "", Overrides{RealServers: []string{"[2001:db8::7"}}, `--rs "[2001:db8::7": not an address, ` + anAddressWithMore},
		{"brackets around IPv4", "", Overrides{RealServers: []string{"[10.0.0.7]:80"}}, `--rs "[10.0.0.7]:80": not an address, ` + anAddressWithMore},
		{"something behind the bracket", "", Overrides{RealServers: []string{"[2001:db8::7]80"}}, `--rs "[2001:db8::7]80": not an address, ` + anAddressWithMore},
		{"real server twice", "", Overrides{RealServers: []string{"10.0.0.7", "10.0.0.7=3"}}, `--rs "10.0.0.7=3": the same real server again, expected each real server once`},
		{"real server is the file's VIP", "", Overrides{RealServers: []string{"172.16.0.100"}}, `--rs "172.16.0.100": 172.16.0.100 is a VIP, expected the real server's own address`},
		{"real server's port without masquerade", "", Overrides{RealServers: []string{"10.0.0.7:8080"}}, `--rs "10.0.0.7:8080": a real server's port with forward: direct, expected none, or forward: masquerade`},
		{"real servers of another family", "", Overrides{RealServers: []string{"2001:db8::7"}}, `--rs: no real server is IPv4, but a VIP is, expected a real server with IPv4, or forward: tunnel`},
		{"range of ports", "", Overrides{Ports: []string{"8000-8010/udp"}}, `--port "8000-8010/udp": ` + severalPorts},
		{
			"VIP that makes two services one",
			"services: [{port: 80, vip: 1.2.3.4}, {port: 80, vip: 1.2.3.5}]",
			Overrides{VIPs: []string{"1.2.3.6"}},
			`--vip: the same service again, expected each service once`,
		},
		{
			"real server's port with a method of the file",
			"services: [{port: 80}]\nreal_servers: [{address: 10.0.0.7, port: 8080, forward: masquerade}]",
			Overrides{Forward: "tunnel"},
			`--forward "tunnel": a real server's port with forward: tunnel, expected none, or forward: masquerade`,
		},
		{
			"tunnel to another family beside the file's sync",
			"vip: 1.2.3.4\nsync: {}",
			Overrides{RealServers: []string{"2001:db8::7"}, Forward: "tunnel"},
			`--rs "2001:db8::7": sync with 2001:db8::7, which is IPv6 behind a VIP of IPv4, expected no sync, or real servers of the VIP's family`,
		},
		{
			"forward that does not fit the file's ports",
			"services: [{port: 80, forward: masquerade}]\nreal_servers: [{address: 10.0.0.7, port: 8080}]",
			Overrides{Forward: "direct"},
			`--forward "direct": a real server's port with forward: direct, expected none, or forward: masquerade`,
		},
		{
			"forward that does not lead to the file's real servers",
			"vip: 1.2.3.4\nservices: [{port: 80, forward: tunnel}]\nreal_servers: ['2001:db8::7']",
			Overrides{Forward: "direct"},
			`--forward "direct": no real server is IPv4, but a VIP is, expected a real server with IPv4, or forward: tunnel`,
		},
		{
			"persistence taken from the file's mask",
			"services: [{port: 80, persistent: 9, netmask: 255.255.0.0}]",
			Overrides{Persistent: "0"},
			`--persistent "0": netmask without persistence, expected persistent as well`,
		},
		{
			"scheduler that does not have the file's flags",
			"services: [{port: 80}, {port: 81, scheduler: sh, flags: [sh-port]}]",
			Overrides{Scheduler: "mh"},
			`--scheduler "mh": the file sets flags of scheduler sh, expected no other`,
		},
		{
			"VIP of another family than the file's mark",
			"services: [{fwmark: 7}]",
			Overrides{VIPs: []string{"2001:db8::1"}},
			`--vip "2001:db8::1": the mark is IPv4, but no VIP is, expected the family of a VIP`,
		},
		{
			"port that the file's check cannot ask",
			"check: {}",
			Overrides{Ports: []string{"80", "53/udp"}},
			`--port "53/udp": a check of type tcp where a service of protocol udp listens, expected type: udp, dns or exec, or port in check`,
		},
		{
			"forward that a service's check does not fit",
			"services: [{port: 80, check: {vip: true}}]",
			Overrides{Forward: "tunnel"},
			`--forward "tunnel": the VIP can be checked on the wire only with protocol tcp, a port and direct routing, expected vip: false`,
		},
		{
			"scheduler that ramps nothing",
			"services: [{port: 80, slow_start: 30s}]\ncheck: {}",
			Overrides{Scheduler: "rr"},
			`--scheduler "rr": slow_start with scheduler: rr, which ramps nothing, expected scheduler: wrr, wlc, sed, nq, lblc, lblcr or twos`,
		},
		{
			"real server that is the file's sorry server",
			"services: [{port: 80, sorry: [10.0.0.200]}]\ncheck: {}",
			Overrides{RealServers: []string{"10.0.0.7", "10.0.0.200"}},
			`--rs: a real server of the service, expected another machine`,
		},
		{
			"VIP that is the file's sorry server",
			"services: [{port: 80, sorry: [10.0.0.200]}]\ncheck: {}",
			Overrides{VIPs: []string{"10.0.0.200"}},
			`--vip "10.0.0.200": 10.0.0.200 is a VIP, expected the real server's own address`,
		},
		{
			"VIP of another family than the file's sorry server",
			"services: [{port: 80, sorry: [10.0.0.200]}]\ncheck: {}",
			Overrides{VIPs: []string{"2001:db8::1"}},
			`--vip "2001:db8::1": 10.0.0.200 is IPv4, but no VIP is, expected the family of a VIP, or forward: tunnel`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := tutorial()
			if test.file != "" {
				var err error
				if c, err = Load("lvsdr.yaml", []byte(test.file)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := test.give.Apply(c)
			if d := cmp.Diff(test.want, text(err)); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
		})
	}
}
