package acceptance

import (
	"github.com/rogpeppe/go-internal/testscript"
)

// lanOf builds a LAN around a script's own network, whose director is
// 10.0.0.8: a switch, a client, and real servers. Each has a network namespace,
// which goes with the script's mounts. The client finds every VIP behind the
// director.
const lanOf = `
ip netns add switch
ip -n switch link add br0 type bridge
ip -n switch link set br0 up
for host in client:6 "$@"; do
	name=${host%:*} n=${host#*:}
	ip netns add $name
	ip -n switch link add $name type veth peer name eth0 netns $name
	ip -n switch link set $name master br0 up
	ip -n $name link set lo up
	ip -n $name addr add 10.0.0.$n/24 dev eth0
	ip -n $name addr add 2001:db8::$n/64 dev eth0 nodad
	ip -n $name link set eth0 up
done
ip -n switch link add director type veth peer name eth0 netns $$
ip -n switch link set director master br0 up
ip addr add 10.0.0.8/24 dev eth0
ip addr add 2001:db8::8/64 dev eth0 nodad
ip link set eth0 up
ip -n client route add 172.16.0.0/24 via 10.0.0.8
ip -n client route add 2001:db8:1::/64 via 2001:db8::8
ip route add default via 10.0.0.6
ip route add default via 2001:db8::6
`

// buildLAN gives a script the hosts of a LAN, each with the last number of its
// addresses in 10.0.0.0/24 and 2001:db8::/64.
func buildLAN(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "lan HOST:NUMBER...", !neg && len(args) > 0)
	ts.Check(ts.Exec("sh", append([]string{"-ec", lanOf, "lan"}, args...)...))
}
