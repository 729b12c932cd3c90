package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/check"
)

// The client's view of a fault.
const (
	well     = "both real servers answer"
	noAnswer = "nobody answers"
	someFail = "some requests fail"
	oneOnly  = "one real server answers"
	byLuck   = "now this, now that"
	notAsked = "" // or drain would wait for its connections
)

// fault is made by hand in the tutorial's network. The doctors have to name it
// and nothing else; what each of them prints then mends it.
type fault struct {
	name   string
	made   map[string]string // by these commands of a shell, on each host
	client string            // what it sees
	sees   map[string]string // what check sees on each host: "name: words"

	byHand  remedy   // instead of what the doctors print, of which none can know it
	doctors []string // whose remedies help, instead of all that see something

	gateway string // what the reader puts for GATEWAY
	forward string // instead of direct
	arp     string // where rs start raises its values, instead of [all, lo]
	servers string // instead of 10.0.0.7 and 10.0.0.17
	config  string // what the file has beside the VIP and the real servers
	spoils  bool   // mended, the network is not what it was
}

const (
	rs1HasVIP  = "vip owner: real server 10.0.0.7 (00:0c:29:dc:0a:2b) answers for 172.16.0.100 on eth0"
	vipMissing = "vip: 172.16.0.100 is on no interface"
	noDefault  = "return route: there is no default route of IPv4"
	silent     = "ports: 10.0.0.%s answers, but not for 172.16.0.100:80/tcp: the VIP is missing there, " +
		"or the packet filter there drops this director's packets (lvsdr check there says which)"
)

var faults = []fault{
	{
		name: "every real server drained", client: noAnswer, // drain waits: no connection may have failed before
		made: map[string]string{"lvs": "lvsdr vs drain 10.0.0.7; lvsdr vs drain 10.0.0.17"},
		sees: map[string]string{"lvs": "weights: weight 0 for every real server of -t 172.16.0.100:80"},
	},
	{
		name: "arp_ignore on lo only", client: byLuck,
		made: map[string]string{"rs1": "sysctl -w net.ipv4.conf.all.arp_ignore=0"},
		sees: map[string]string{"rs1": "arp_ignore: 0 on eth0", "lvs": rs1HasVIP},
	},
	{
		name: "arp_announce on lo only", client: byLuck,
		made: map[string]string{"rs1": "sysctl -w net.ipv4.conf.all.arp_announce=0"},
		sees: map[string]string{"rs1": "arp_announce: 0 on eth0"},
	},
	{
		name: "arp_ignore where rs start is to leave it", client: byLuck, arp: "[lo]",
		made:    map[string]string{"rs1": "sysctl -w net.ipv4.conf.all.arp_ignore=0"},
		sees:    map[string]string{"rs1": "arp_ignore: 0 on eth0", "lvs": rs1HasVIP},
		doctors: []string{"rs1"},
	},
	{
		name: "arp_ignore with a value that answers for lo", client: byLuck,
		made:    map[string]string{"rs1": "sysctl -w net.ipv4.conf.eth0.arp_ignore=3"},
		sees:    map[string]string{"rs1": "arp_ignore: 3 on eth0", "lvs": rs1HasVIP},
		doctors: []string{"rs1"},
	},
	{
		name: "VIP missing on a real server", client: someFail,
		made: map[string]string{"rs2": "ip addr del 172.16.0.100/32 dev lo"},
		sees: map[string]string{"rs2": vipMissing, "lvs": fmt.Sprintf(silent, "17")},
	},
	{
		name: "VIP missing on a real server that forwards", client: byLuck, spoils: true, // as a host of containers does
		made: map[string]string{"rs2": "ip addr del 172.16.0.100/32 dev lo; sysctl -w net.ipv4.ip_forward=1"},
		sees: map[string]string{"rs2": vipMissing, "lvs": "ports: 10.0.0.17 does not have the VIP, and would forward packets for 172.16.0.100:80/tcp"},
	},
	{
		name: "VIP on eth0 of a real server", client: byLuck,
		made: map[string]string{"rs1": "ip addr add 172.16.0.100/32 dev eth0"},
		sees: map[string]string{"rs1": "vip: 172.16.0.100/32 is on eth0", "lvs": rs1HasVIP},
	},
	{
		name: "VIP on eth0 instead of lo", client: byLuck,
		made: map[string]string{"rs1": "ip addr del 172.16.0.100/32 dev lo; ip addr add 172.16.0.100/24 dev eth0"},
		sees: map[string]string{"rs1": "vip: 172.16.0.100/24 is on eth0", "lvs": rs1HasVIP},
	},
	{
		name: "wrong netmask on a real server", client: well, // but for clients of that network
		made: map[string]string{"rs1": "ip addr del 172.16.0.100/32 dev lo; ip addr add 172.16.0.100/24 dev lo label lo:1"},
		sees: map[string]string{"rs1": "vip: 172.16.0.100/24 on lo claims its whole network: the mask should be /32"},
	},
	{
		name: "wrong netmask on the director", client: byLuck, // as long as the router remembers
		made: map[string]string{"lvs": "ip addr del 172.16.0.100/32 dev lo; ip addr add 172.16.0.100/24 dev lo label lo:1"},
		sees: map[string]string{"lvs": "vip: 172.16.0.100/24 on lo claims its whole network: the mask should be /32"},
	},
	{
		name: "VIP missing on the director", client: noAnswer,
		made: map[string]string{"lvs": "ip addr del 172.16.0.100/32 dev lo"},
		sees: map[string]string{"lvs": "vip: 172.16.0.100 is on no interface"},
	},
	{
		name: "VIP on eth0 of the director", client: byLuck,
		made: map[string]string{"lvs": "ip addr del 172.16.0.100/32 dev lo; ip addr add 172.16.0.100/32 dev eth0"},
		sees: map[string]string{"lvs": "vip: 172.16.0.100/32 is on eth0"},
	},
	{
		name: "arp_ignore on the director", client: byLuck, // as long as the router remembers
		made: map[string]string{"lvs": "sysctl -w net.ipv4.conf.all.arp_ignore=1"},
		sees: map[string]string{"lvs": "vip answer: arp_ignore is 1 on eth0, where 172.16.0.100 is not"},
	},
	{
		name: "arp_ignore 8 on the director's interface", client: byLuck,
		made: map[string]string{"lvs": "sysctl -w net.ipv4.conf.eth0.arp_ignore=8"},
		sees: map[string]string{"lvs": "vip answer: arp_ignore is 8 on eth0, where 172.16.0.100 is not"},
	},
	{
		name: "arp_ignore on a director that serves others", client: byLuck, spoils: true,
		made: map[string]string{"lvs": "ip addr add 172.16.0.200/32 dev lo; sysctl -w net.ipv4.conf.all.arp_ignore=1"},
		sees: map[string]string{"lvs": "vip answer: arp_ignore is 1 on eth0, where 172.16.0.100 is not"},
	},
	{
		name: "the director kept quiet by arptables", client: byLuck, spoils: true,
		made: map[string]string{"lvs": "arptables -A INPUT -d 172.16.0.100 -j DROP"},
		sees: map[string]string{"lvs": "vip answer: rule 1 of chain INPUT (arptables) drops ARP for 172.16.0.100 on eth0"},
	},
	{
		name: "ARP dropped on the director as it comes in", client: byLuck, spoils: true,
		made: map[string]string{"lvs": "nft 'table netdev filter { chain in { type filter hook ingress device eth0 priority 0; ether type arp arp daddr ip 172.16.0.100 drop; }; }'"},
		sees: map[string]string{"lvs": "vip answer: netdev filter in, handle 2 drops ARP for 172.16.0.100 on eth0"},
	},
	{
		name: "arp_filter on a director that knows no way to the router", client: byLuck, spoils: true,
		made: map[string]string{"lvs": "ip route del default; sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth0.arp_filter=1"},
		sees: map[string]string{"lvs": "vip answer: arp_filter is 1 on eth0, and the route to whoever asks for 172.16.0.100 may not lead there"},
	},
	{
		name: "no ARP on the director's interface", client: byLuck,
		made: map[string]string{"lvs": "ip link set eth0 arp off"},
		sees: map[string]string{"lvs": "vip answer: eth0 neither asks nor answers neighbours (NOARP)"},
	},
	{
		name: "the VIP's interface down on the director", client: byLuck,
		made: map[string]string{"lvs": "ip link set lo down"},
		sees: map[string]string{"lvs": "vip: 172.16.0.100/32 is on lo, which is down"},
	},
	{
		name: "default route out of another interface", client: byLuck, spoils: true,
		made: map[string]string{"lvs": "ip addr add 172.16.0.8/24 dev eth0; ip link add eth1 type dummy; ip link set eth1 up; " +
			"ip addr add 10.9.0.8/24 dev eth1; ip route replace default via 10.9.0.1 dev eth1"},
		sees: map[string]string{"lvs": "return route: rp_filter is 1 on eth0, and the default route leads out of eth1"},
	},
	{
		name: "route to a real server by way of a router", client: someFail,
		made: map[string]string{"lvs": "ip route add 10.0.0.17/32 via 10.0.0.200"},
		sees: map[string]string{"lvs": "on-link: 10.0.0.17 is behind a router"},
	},
	{
		name: "no default route on the director with rp_filter 1", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "ip route del default"},
		sees: map[string]string{"lvs": "return route: rp_filter is 1 on eth0, and there is no default route"},
	},
	{
		name: "no default route on a real server", client: someFail, gateway: "10.0.0.200",
		made: map[string]string{"rs1": "ip route del default"},
		sees: map[string]string{"rs1": noDefault},
	},
	{
		name: "service missing", client: noAnswer,
		made: map[string]string{"lvs": "ipvsadm -D -t 172.16.0.100:80"},
		sees: map[string]string{"lvs": "services: -t 172.16.0.100:80 is missing"},
	},
	{
		name: "another scheduler", client: byLuck,
		made: map[string]string{"lvs": "ipvsadm -E -t 172.16.0.100:80 -s lc"},
		sees: map[string]string{"lvs": "services: -t 172.16.0.100:80 is not as configured"},
	},
	{
		name: "real server missing from the table", client: oneOnly,
		made: map[string]string{"lvs": "ipvsadm -d -t 172.16.0.100:80 -r 10.0.0.17"},
		sees: map[string]string{"lvs": "services: -t 172.16.0.100:80 lacks the real server 10.0.0.17"},
	},
	{
		name: "real server that nobody configured", client: byLuck,
		made: map[string]string{"lvs": "ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.27"},
		sees: map[string]string{"lvs": "services: -t 172.16.0.100:80 has the real server 10.0.0.27, which is not configured"},
	},
	{
		name: "weight 0 everywhere", client: noAnswer,
		made: map[string]string{"lvs": "for rs in 10.0.0.7 10.0.0.17; do ipvsadm -e -t 172.16.0.100:80 -r $rs -w 0; done"},
		sees: map[string]string{"lvs": "weights: weight 0 for every real server of -t 172.16.0.100:80"},
	},
	{
		name: "packet filter on the director", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -A INPUT -p tcp --dport 80 -j DROP"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain INPUT (table filter) drops packets for 172.16.0.100:80/tcp"},
	},
	{
		name: "packet filter on a real server", client: someFail, spoils: true,
		made: map[string]string{"rs1": "iptables-legacy -A INPUT -d 172.16.0.100 -p tcp --dport 80 -j REJECT"},
		sees: map[string]string{
			"rs1": "packet filter: rule 1 of chain INPUT (table filter) drops packets for 172.16.0.100:80/tcp",
			"lvs": "ports: the packet filter of 10.0.0.7 rejects this director's packets for 172.16.0.100:80/tcp; lvsdr check there tells whether it rejects clients' too",
		},
		doctors: []string{"rs1"}, // a drain would wait for the client's connection
	},
	{
		name: "packet filter on a real server that drops", client: someFail, spoils: true,
		made: map[string]string{"rs1": "iptables-legacy -A INPUT -d 172.16.0.100 -j DROP"},
		sees: map[string]string{
			"rs1": "packet filter: rule 1 of chain INPUT (table filter) drops packets for 172.16.0.100:80/tcp",
			"lvs": fmt.Sprintf(silent, "7"),
		},
		doctors: []string{"rs1"},
	},
	{
		name: "packet filter on a real server that drops the director's packets", client: well,
		made: map[string]string{"rs1": "iptables-legacy -A INPUT -s 10.0.0.8 -d 172.16.0.100 -j DROP"},
		sees: map[string]string{
			"lvs": fmt.Sprintf(silent, "7"),
		},
		byHand: remedy{"rs1", "iptables-legacy -F INPUT"}, // clients are served: rs1 sees nothing
	},
	{
		name: "rules that wait for an established connection", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; " +
			"iptables-legacy -A INPUT -p tcp --syn --dport 80 -m conntrack --ctstate NEW -j ACCEPT; iptables-legacy -A INPUT -p tcp --dport 80 -j REJECT"},
		sees: map[string]string{"lvs": "packet filter: rule 3 of chain INPUT (table filter) drops later packets of connections to 172.16.0.100:80/tcp"},
	},
	{
		name: "rules of nft that wait for an established connection", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "nft 'table inet filter { chain in { type filter hook input priority 0; ct state established,related accept; " +
			"tcp dport 80 tcp flags & (fin|syn|rst|ack) == syn ct state new accept; tcp dport 80 drop; }; }'"},
		sees: map[string]string{"lvs": "packet filter: inet filter in, handle 4 drops later packets of connections to 172.16.0.100:80/tcp"},
	},
	{
		name: "INVALID dropped, where connections are tracked", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "sysctl -w net.ipv4.vs.conntrack=1; iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j DROP"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain INPUT (table filter) drops later packets of connections to 172.16.0.100:80/tcp"},
	},
	{
		name: "INVALID dropped, where no connection is taken up", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j DROP; sysctl -w net.netfilter.nf_conntrack_tcp_loose=0"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain INPUT (table filter) drops later packets of connections to 172.16.0.100:80/tcp"},
	},
	{
		name: "dropped as soon as they come in", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "nft 'table netdev filter { chain in { type filter hook ingress device eth0 priority 0; tcp dport 80 drop; }; }'"},
		sees: map[string]string{"lvs": "packet filter: netdev filter in, handle 2 drops packets for 172.16.0.100:80/tcp"},
	},
	{
		name: "dropped as they leave for real servers", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "nft 'table netdev filter { chain out { type filter hook egress device eth0 priority 0; tcp dport 80 drop; }; }'"},
		sees: map[string]string{"lvs": "packet filter: netdev filter out, handle 2 drops packets for 172.16.0.100:80/tcp"},
	},
	{
		name: "redirected before IPVS, as for a container", client: noAnswer, spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.99:80"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain PREROUTING (table nat) redirects packets for 172.16.0.100:80/tcp"},
	},
	{
		name: "answers dropped on a real server", client: someFail, spoils: true,
		made: map[string]string{"rs1": "iptables-legacy -A OUTPUT -s 172.16.0.100 -j DROP"},
		sees: map[string]string{
			"rs1": "packet filter: rule 1 of chain OUTPUT (table filter) drops answers from 172.16.0.100:80/tcp",
			"lvs": fmt.Sprintf(silent, "7"),
		},
		doctors: []string{"rs1"},
	},
	{
		name: "answers dropped as they leave", client: someFail, spoils: true,
		made: map[string]string{"rs1": "nft 'table netdev filter { chain out { type filter hook egress device eth0 priority 0; tcp sport 80 drop; }; }'"},
		sees: map[string]string{
			"rs1": "packet filter: netdev filter out, handle 2 drops answers from 172.16.0.100:80/tcp",
			"lvs": "ports: 10.0.0.7 answers neither for 172.16.0.100:80/tcp nor at its own address",
		},
		doctors: []string{"rs1"},
	},
	{
		name: "answers to a router that is not there", client: someFail, gateway: "10.0.0.200",
		made: map[string]string{"rs1": "ip route replace default via 10.0.0.66"},
		sees: map[string]string{"rs1": "return route: answers from 172.16.0.100 go to 10.0.0.66, and nobody on eth0 has that address"},
	},
	{
		name: "answers by way of the director", client: someFail, gateway: "10.0.0.200",
		made: map[string]string{"rs1": "ip route replace default via 10.0.0.8"},
		sees: map[string]string{"rs1": "return route: answers from 172.16.0.100 go to 10.0.0.8, which is the director and drops them"},
	},
	{
		name: "a rule that leads answers nowhere", client: someFail, spoils: true,
		made: map[string]string{"rs1": "ip rule add from 172.16.0.100 unreachable"},
		sees: map[string]string{
			"rs1": "return route: there is no route from 172.16.0.100 to clients (route from 172.16.0.100 to 192.5.5.241: network is unreachable)",
			"lvs": fmt.Sprintf(silent, "7"),
		},
		doctors: []string{"rs1"},
	},
	{
		name: "every port dropped", client: byLuck, spoils: true, config: "services: [{port: 0, persistent: 60}]",
		made: map[string]string{"lvs": "iptables-legacy -A INPUT -d 172.16.0.100 -j DROP"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain INPUT (table filter) drops packets for 172.16.0.100/tcp"},
	},
	{
		name: "a mark that nothing sets", client: noAnswer, config: "services: [{fwmark: 7}]",
		made: map[string]string{"lvs": ""},
		sees: map[string]string{"lvs": "marks: no packet for 172.16.0.100 gets mark 7"},
	},
	{
		name: "another mark", client: noAnswer, config: "services: [{fwmark: 7}]", spoils: true,
		made: map[string]string{"lvs": "iptables-nft -t mangle -F; iptables-legacy -t mangle -A PREROUTING -d 172.16.0.100 -p tcp --dport 80 -j MARK --set-mark 8"},
		sees: map[string]string{"lvs": "marks: no packet for 172.16.0.100 gets mark 7, but mark 8"},
	},
	{
		name: "masquerading without forwarding", client: noAnswer, forward: "masquerade",
		made: map[string]string{"lvs": "sysctl -w net.ipv4.ip_forward=0"},
		sees: map[string]string{"lvs": "forwarding: net.ipv4.conf.eth0.forwarding is 0"},
	},
	{
		name: "masqueraded, and answers go past the director", client: someFail, forward: "masquerade",
		made: map[string]string{"rs1": "ip route replace default via 10.0.0.200"},
		sees: map[string]string{"rs1": "return route: answers from 10.0.0.7 go to 10.0.0.200, which is not the director"},
	},
	{
		name: "masqueraded, and answers are not forwarded", client: noAnswer, forward: "masquerade", spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -P FORWARD DROP"},
		sees: map[string]string{"lvs": "packet filter: policy of chain FORWARD (table filter) drops answers from 10.0.0.7:80/tcp; " +
			"policy of chain FORWARD (table filter) drops answers from 10.0.0.17:80/tcp"},
	},
	{
		name: "somebody else has the VIP", client: noAnswer,
		made: map[string]string{
			"lvs":    "ip neigh replace 10.0.0.200 lladdr 00:0c:29:91:72:d3 dev eth0", // as after any packet by way of it
			"router": "ip addr add 172.16.0.100/32 dev lo",
		},
		sees: map[string]string{"lvs": "vip owner: 10.0.0.200 (00:0c:29:91:72:d3), which is no real server, answers for 172.16.0.100 on eth0"},
	},
	{
		name: "web server bound to the RIP only", client: someFail, spoils: true,
		made: map[string]string{"rs1": stopWeb + "lvsdr lab web --listen 10.0.0.7:80 >/dev/null 2>&1 &" + awaitWeb},
		sees: map[string]string{
			"rs1": "listener: nothing listens on 172.16.0.100:80/tcp, only on 10.0.0.7:80/tcp",
			"lvs": "ports: nothing listens on 172.16.0.100:80/tcp at 10.0.0.7, only on its own address",
		},
		doctors: []string{"rs1"}, // a drain would wait for the client's connection
	},
	{
		name: "web server stopped", client: notAsked, spoils: true,
		made: map[string]string{"rs1": stopWeb},
		sees: map[string]string{"lvs": "ports: nothing listens on 172.16.0.100:80/tcp at 10.0.0.7", "rs1": "listener: nothing listens on 172.16.0.100:80/tcp"},
	},
	{
		name: "real server unplugged", client: notAsked, spoils: true,
		made: map[string]string{"router": "ip -n lvsdr-lab-switch link set rs2 down"},
		sees: map[string]string{"lvs": "neighbours: 10.0.0.17 does not answer on eth0"},
	},
	{
		name: "real server behind a router", client: notAsked, spoils: true, servers: "10.0.0.7 10.0.0.17 192.168.0.6",
		made: map[string]string{},
		sees: map[string]string{"lvs": "on-link: 192.168.0.6 is behind a router"},
	},
	{
		name: "rp_filter 1 with tunnels", client: someFail, forward: "tunnel",
		made: map[string]string{"rs1": "sysctl -w net.ipv4.conf.tunl0.rp_filter=1"},
		sees: map[string]string{"rs1": "tunnel: rp_filter is 1 on tunl0"},
	},
	{
		name: "no interface for tunnels", client: someFail, forward: "tunnel",
		made: map[string]string{"rs2": "ip link set tunl0 down; modprobe ip_gre; ip link set gre0 up"}, // which is of another kind
		sees: map[string]string{"rs2": "tunnel: no tunnel interface is up"},
	},
	{
		name: "tunnels dropped on a real server", client: someFail, forward: "tunnel", spoils: true,
		made: map[string]string{"rs1": "iptables-legacy -A INPUT -p 4 -j DROP"},
		sees: map[string]string{"rs1": "packet filter: rule 1 of chain INPUT (table filter) drops tunnelled packets for 10.0.0.7"},
	},
	{
		name: "tunnels dropped on the director", client: someFail, forward: "tunnel", spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -A OUTPUT -d 10.0.0.17 -p 4 -j DROP"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain OUTPUT (table filter) drops tunnelled packets for 10.0.0.17"},
	},
	{
		name: "no ICMP where tunnels take room", client: well, forward: "tunnel", spoils: true,
		made: map[string]string{"lvs": "iptables-legacy -A OUTPUT -p icmp -j DROP"},
		sees: map[string]string{"lvs": "packet filter: rule 1 of chain OUTPUT (table filter) drops what tells clients of 172.16.0.100 that a packet is too large for the tunnel (ICMP)"},
	},
}

// stopWeb ends what runs on rs1, but the shell itself; awaitWeb waits for a web
// server that has been started. In /proc a port is hexadecimal, and state 0A
// listens.
const (
	stopWeb = "for p in $(ip netns pids lvsdr-lab-rs1); do [ $p = $$ ] || kill $p 2>/dev/null || true; done; " +
		"while grep -q ':0050 .* 0A ' /proc/net/tcp6; do sleep 0.1; done; "
	awaitWeb = " until cat /proc/net/tcp /proc/net/tcp6 | grep -q ':0050 .* 0A '; do sleep 0.1; done"
)

// hostsByAddress are the hosts that a remedy may name.
var hostsByAddress = map[string]string{"10.0.0.7": "rs1", "10.0.0.17": "rs2", "10.0.0.200": "router"}

// clinic is the tutorial's network with a doctor on each host that has a role.
type clinic struct {
	t       *testing.T
	folder  string // for configurations; outlives a fault
	exports string // for a shell: what the configuration is to have instead
}

// openClinic builds the network, set up and well.
func openClinic(t *testing.T, folder, forward, servers, config string) *clinic {
	t.Helper()
	program(t, "lvsdr", "lab", "up", "--bare", "--quiet")
	c := &clinic{t: t, folder: folder}
	if config != "" {
		c.export("vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n" + config + "\n")
	}
	switch {
	case forward == "masquerade":
		c.exports += "export LVSDR_FORWARD=" + forward + "; "
		c.do("lvs", "sysctl -w net.ipv4.ip_forward=1")
		c.do("rs1", "ip route replace default via 10.0.0.8")
		c.do("rs2", "ip route replace default via 10.0.0.8")
	case forward != "":
		c.exports += "export LVSDR_FORWARD=" + forward + "; "
		c.do("rs1", "modprobe ipip; ip link set tunl0 up")
		c.do("rs2", "ip link set tunl0 up")
	}
	if servers != "" {
		c.exports += "export LVSDR_RS=" + strings.ReplaceAll(servers, " ", ",") + "; "
		c.do("client", "lvsdr lab web >/dev/null 2>&1 &"+awaitWeb)
	}
	c.do("lvs", "lvsdr vs start")
	c.do("rs1", "lvsdr rs start")
	c.do("rs2", "lvsdr rs start")
	if servers == "" && config == "" {
		if seen := c.client(); seen != well {
			t.Fatalf("%s where all is well", seen)
		}
	}
	return c
}

// configure gives the doctors the configuration of a fault.
func (c *clinic) configure(f fault) {
	c.t.Helper()
	if f.arp == "" {
		return
	}
	exports := c.exports
	c.export("vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\narp: {interfaces: " + f.arp + "}\n")
	c.t.Cleanup(func() { c.exports = exports })
}

// export makes a configuration everybody's.
func (c *clinic) export(config string) {
	c.t.Helper()
	dir, err := os.MkdirTemp(c.folder, "clinic")
	must(c.t, err)
	file := filepath.Join(dir, "lvsdr.yaml")
	must(c.t, os.WriteFile(file, []byte(config), 0o644))
	c.exports += "export LVSDR_CONFIG=" + file + "; "
}

// on is a shell with commands, on a host.
func (c *clinic) on(host, commands string) *exec.Cmd {
	return exec.Command("lvsdr", "lab", "exec", host, "--", "sh", "-c", c.exports+commands)
}

// do runs a shell's commands on a host, and does not wait for what they leave
// in the background.
func (c *clinic) do(host, commands string) {
	c.t.Helper()
	cmd := c.on(host, commands)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		c.t.Errorf("%s: %s: %v\n%s", host, commands, err, &out)
	}
}

// remedy is a command on a host.
type remedy struct{ host, command string }

// everywhere has a doctor.
var everywhere = []string{"lvs", "rs1", "rs2"}

// doctors asks those of hosts, and returns what is not well: "name: words" by
// host, and the remedies that each knows. The kernel's own settings, which check
// warns of everywhere, are left out.
func (c *clinic) doctors(hosts ...string) (sees map[string]string, remedies map[string][]remedy) {
	c.t.Helper()
	sees, remedies = map[string]string{}, map[string][]remedy{}
	for host, report := range c.reports(hosts...) {
		for _, r := range report.Checks {
			if r.Outcome != check.Fail && r.Outcome != check.Warn || r.Name == "settings" {
				continue
			}
			sees[host] = strings.TrimPrefix(fmt.Sprintf("%s\n%s: %s", sees[host], r.Name, r.Seen), "\n")
			for _, m := range r.Remedy {
				where := host
				if m.On != "" {
					where = hostsByAddress[m.On]
				}
				remedies[host] = append(remedies[host], remedy{where, m.Command})
			}
		}
	}
	return sees, remedies
}

// reports are what check says on each of hosts. All are asked at the same time.
func (c *clinic) reports(hosts ...string) map[string]check.Report {
	c.t.Helper()
	var all sync.WaitGroup
	outputs, errs := map[string]*bytes.Buffer{}, map[string]error{}
	var mu sync.Mutex
	for _, host := range hosts {
		cmd := c.on(host, "lvsdr check --json")
		out := new(bytes.Buffer)
		cmd.Stdout, cmd.Stderr, outputs[host] = out, out, out
		all.Go(func() {
			err := cmd.Run()
			mu.Lock()
			errs[host] = err
			mu.Unlock()
		})
	}
	all.Wait()
	reports := map[string]check.Report{}
	for host, out := range outputs {
		var r check.Report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.OK != (errs[host] == nil) {
			c.t.Fatalf("lvsdr check on %s: %v, %v\n%s", host, errs[host], err, out)
		}
		reports[host] = r
	}
	return reports
}

// client is what the client sees of two requests: the scheduler gives each real
// server one.
func (c *clinic) client() string {
	answers, failed := map[string]bool{}, 0
	for range 2 {
		page, err := exec.Command("lvsdr", "lab", "get", "http://172.16.0.100/").Output()
		if err != nil {
			failed++
			continue
		}
		answers[string(page)] = true
	}
	switch {
	case failed == 2:
		return noAnswer
	case failed > 0:
		return someFail
	case len(answers) == 1:
		return oneOnly
	}
	return well
}

// find makes a fault, and has the doctors find it.
func (c *clinic) find(f fault) (remedies map[string][]remedy) {
	c.t.Helper()
	for _, host := range slices.Sorted(maps.Keys(f.made)) {
		c.do(host, f.made[host])
	}
	sees, remedies := c.doctors(everywhere...)
	if diff := cmp.Diff(f.sees, sees); diff != "" {
		c.t.Fatalf("the doctors (-want +got):\n%s", diff)
	}
	if f.client == notAsked {
		return remedies
	}
	if seen := c.client(); f.client != byLuck && seen != f.client {
		c.t.Errorf("the client sees: %s, want: %s", seen, f.client)
	}
	return remedies
}

// mend does what a doctor says, who then sees nothing any more.
func (c *clinic) mend(f fault, doctor string, remedies []remedy) {
	c.t.Helper()
	for _, r := range remedies {
		c.t.Logf("%s says, for %s: %s", doctor, r.host, r.command)
		c.do(r.host, strings.ReplaceAll(r.command, "GATEWAY", f.gateway))
	}
	if sees, _ := c.doctors(doctor); sees[doctor] != "" {
		c.t.Errorf("after the remedy the doctor on %s sees %s", doctor, sees[doctor])
	}
	if seen := c.client(); seen != well && seen != oneOnly {
		c.t.Errorf("after the remedy of %s: %s", doctor, seen)
	}
}

// TestKernelFaults goes on in the same network, as long as a remedy leaves it as
// it was: that is a part of the proof.
func TestKernelFaults(t *testing.T) {
	var c *clinic
	var forward, servers, config string
	folder := t.TempDir()
	shut := func() {
		if c == nil {
			return
		}
		program(t, "lvsdr", "lab", "down")
		c = nil
	}
	defer shut()
	for _, f := range faults {
		doctors := f.doctors
		if doctors == nil {
			doctors = slices.Sorted(maps.Keys(f.sees))
		}
		for _, doctor := range doctors {
			t.Run(f.name+" on "+doctor, func(t *testing.T) {
				defer func() {
					if f.spoils || t.Failed() {
						shut()
					}
				}()
				if c == nil || f.forward != forward || f.servers != servers || f.config != config {
					shut()
					forward, servers, config = f.forward, f.servers, f.config
					c = openClinic(t, folder, forward, servers, config)
				}
				c.t = t
				c.configure(f)
				remedies := c.find(f)
				if f.byHand.host != "" {
					remedies[doctor] = []remedy{f.byHand}
				}
				if len(remedies[doctor]) > 0 {
					c.mend(f, doctor, remedies[doctor])
				}
			})
		}
	}
}
