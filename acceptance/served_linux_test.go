package acceptance

import (
	"maps"
	"slices"
	"testing"
)

// served are ways of real servers that serve clients, made by commands of a shell on each
// host. No doctor may call anything a fault there.
var served = []struct {
	name  string
	made  map[string]string
	after string // a shell's, in the end
}{
	{
		name: "web server that listens on the VIP only",
		made: map[string]string{"rs1": stopWeb + "lvsdr lab web --listen 172.16.0.100:80 >/dev/null 2>&1 &" + awaitWeb},
	},
	{
		name: "web server in a container, whose port is published", // rs1's own stands for the engine's proxy
		made: map[string]string{"rs1": "set -e; sysctl -w net.ipv4.ip_forward=1; " +
			"unshare -n sh -c 'until ip addr add 172.17.0.2/16 dev eth0; do sleep 0.1; done; ip link set eth0 up; " +
			"ip route add default via 172.17.0.1; exec lvsdr lab web --listen :80' >/dev/null 2>&1 & " +
			"p=$!; echo $p >$T/pid; while [ $(readlink /proc/$p/ns/net) = $(readlink /proc/$$/ns/net) ]; do sleep 0.1; done; " +
			"ip link add docker0 type veth peer name eth0 netns $p; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up; " +
			"iptables-legacy -t nat -A PREROUTING -p tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination 172.17.0.2; " +
			"until cat /proc/$p/net/tcp /proc/$p/net/tcp6 | grep -q ':0050 .* 0A '; do sleep 0.1; done"},
		after: "kill $(cat $T/pid)",
	},
	{
		name: "cookies for every SYN",
		made: map[string]string{"rs1": "sysctl -w net.ipv4.tcp_syncookies=2"},
	},
	{
		name: "real servers that forward, and a director that takes no packet of its own address",
		made: map[string]string{
			"rs1": "sysctl -w net.ipv4.ip_forward=1",
			"lvs": "iptables-legacy -A INPUT -s 172.16.0.100 -j DROP; iptables-legacy -A OUTPUT -s 10.0.0.8 -d 172.16.0.100 -j DROP",
		},
	},
}

func TestKernelServed(t *testing.T) {
	for _, h := range served {
		t.Run(h.name, func(t *testing.T) {
			c := openClinic(t, "", "", "", "")
			defer program(t, "lvsdr", "lab", "down")
			c.exports += "export T=" + t.TempDir() + "; "
			if h.after != "" {
				defer c.do("rs1", h.after)
			}
			for _, host := range slices.Sorted(maps.Keys(h.made)) {
				c.do(host, h.made[host])
			}
			if sees, _ := c.doctors(everywhere...); len(sees) > 0 {
				t.Errorf("the doctors see %v", sees)
			}
			if seen := c.client(); seen != well {
				t.Errorf("the client sees: %s", seen)
			}
		})
	}
}
