package lab

import (
	"net"
	"strings"
	"testing"
)

func TestCheckHost(t *testing.T) {
	for _, c := range []struct{ name, host, want string }{
		{"the first", "client", ""},
		{"the last", "rs2", ""},
		{"the switch is no host", "switch", `unknown host "switch": client, router, lvs, rs1 or rs2`},
		{"none", "", `unknown host "": client, router, lvs, rs1 or rs2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if err := CheckHost(c.host); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHostOf(t *testing.T) {
	for mac, want := range map[string]string{
		"00:0c:29:91:72:d3": "router", "00:0c:29:91:72:dd": "router", "00:0c:29:19:bf:73": "lvs",
		"00:0c:29:dc:0a:2b": "rs1", "00:0c:29:88:8f:74": "rs2", "00:0c:29:0d:dc:1c": "client", "ff:ff:ff:ff:ff:ff": "",
	} {
		parsed, err := net.ParseMAC(mac)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostOf(parsed); got != want {
			t.Errorf("%s is %q, want %q", mac, got, want)
		}
	}
}

// TestConstruction checks the order of what depends on each other: a bridge and
// a host's parameters before its interfaces, an address before the route by it.
func TestConstruction(t *testing.T) {
	var script []string
	for _, d := range construction() {
		script = append(script, d.line)
	}
	at := func(line string) int {
		t.Helper()
		for i := range script {
			if strings.HasPrefix(script[i], line) {
				return i
			}
		}
		t.Fatalf("no line %q in\n%s", line, strings.Join(script, "\n"))
		return 0
	}
	ordered := []string{
		"ip netns add lvsdr-lab-switch",
		"ip netns add lvsdr-lab-lvs",
		"ip -n lvsdr-lab-switch link add br0 type bridge",
		"ip netns exec lvsdr-lab-lvs sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1 ",
		"ip -n lvsdr-lab-lvs link add eth0 address 00:0c:29:19:bf:73 type veth peer name lvs netns lvsdr-lab-switch",
		"ip -n lvsdr-lab-switch link set lvs master br0",
		"ip -n lvsdr-lab-lvs link set eth0 up",
		"ip -n lvsdr-lab-lvs addr add 10.0.0.8/24 dev eth0",
		"ip -n lvsdr-lab-lvs route add default via 10.0.0.200",
	}
	for i := 1; i < len(ordered); i++ {
		if at(ordered[i-1]) >= at(ordered[i]) {
			t.Errorf("%q comes before %q", ordered[i], ordered[i-1])
		}
	}
	at("ip -n lvsdr-lab-client link add eth0 address 00:0c:29:0d:dc:1c type veth peer name eth1 address 00:0c:29:91:72:dd netns lvsdr-lab-router")
	at("ip netns exec lvsdr-lab-router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 ")
}
