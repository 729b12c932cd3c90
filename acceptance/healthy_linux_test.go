package acceptance

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"lvsdr/internal/check"
)

// healthy is a set-up of the tutorial's network that serves its clients, made in
// another way than the tutorial's. No doctor may call anything there a fault.
type healthy struct {
	name   string
	config string      // the file; the tutorial's if there is none
	made   [][2]string // host and commands of a shell, in this order
	from   string      // a host in place of the client
	ask    string      // in place of the VIP
	one    bool        // only one real server answers a client
}

// Steps that several of them have.
const (
	startRS = "lvsdr rs start"
	startVS = "lvsdr vs start"
	toDIP   = "ip route replace default via 10.0.0.8"

	ofTutorial = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
)

var healthySetUps = []healthy{
	{name: "the tutorial's", made: [][2]string{{"lvs", startVS}, {"rs1", startRS}, {"rs2", startRS}}},
	{name: "kept quiet by arptables", made: [][2]string{{"lvs", startVS},
		{"rs1", "arptables -A INPUT -d 172.16.0.100 -j DROP; arptables -A OUTPUT -s 172.16.0.100 -j mangle --mangle-ip-s 10.0.0.7; ip addr add 172.16.0.100/32 dev lo"},
		{"rs2", "nft 'table arp filter { chain in { type filter hook input priority 0; arp daddr ip 172.16.0.100 drop; }; " +
			"chain out { type filter hook output priority 0; arp saddr ip 172.16.0.100 arp saddr ip set 10.0.0.17; }; }'; ip addr add 172.16.0.100/32 dev lo"}}},
	{name: "kept quiet as ARP comes in", made: [][2]string{{"lvs", startVS}, {"rs1", "sysctl -w net.ipv4.conf.all.arp_announce=2; ip addr add 172.16.0.100/32 dev lo; " +
		"nft 'table netdev f { chain in { type filter hook ingress device eth0 priority 0; ether type arp arp daddr ip 172.16.0.100 drop; }; }'"}, {"rs2", startRS}}},
	{name: "a local route in place of the VIP", made: [][2]string{{"lvs", startVS},
		{"rs1", "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; ip route add local 172.16.0.100 dev lo"}, {"rs2", startRS}}},
	{name: "marks in place of the VIP", config: ofTutorial + "services: [{fwmark: 7}]\n",
		made: [][2]string{{"lvs", "iptables-nft -t mangle -A PREROUTING -d 172.16.0.100 -p tcp --dport 80 -j MARK --set-mark 7; ip rule add fwmark 7 lookup 100; " +
			"ip route add local default dev lo table 100; ipvsadm -A -f 7 -s wrr; for rs in 10.0.0.7 10.0.0.17; do ipvsadm -a -f 7 -r $rs -g; done"},
			{"rs1", startRS}, {"rs2", startRS}, {"router", "ip route add 172.16.0.100/32 via 10.0.0.8"}}},
	{name: "masqueraded, and clients' addresses as well", config: ofTutorial + "services: [{port: 80, forward: masquerade}]\n",
		made: [][2]string{{"lvs", "sysctl -w net.ipv4.ip_forward=1 net.ipv4.vs.conntrack=1; iptables-nft -t nat -A POSTROUTING -m ipvs --vport 80 -j MASQUERADE; " + startVS},
			{"rs1", ":"}, {"rs2", ":"}}},
	{name: "scope host", made: [][2]string{{"lvs", startVS},
		{"rs1", "sysctl -w net.ipv4.conf.all.arp_ignore=3 net.ipv4.conf.all.arp_announce=2; ip addr add 172.16.0.100/32 dev lo scope host"}, {"rs2", startRS}}},
	{name: "redirected, without the VIP", made: [][2]string{{"lvs", startVS},
		{"rs1", "iptables-nft -t nat -A PREROUTING -d 172.16.0.100 -p tcp --dport 80 -j REDIRECT"}, {"rs2", startRS}}},
	{name: "redirected behind rules", made: [][2]string{{"lvs", startVS},
		{"rs1", "iptables-legacy -t nat -A PREROUTING -d 172.16.0.100 -p tcp --dport 80 -j REDIRECT; " +
			"iptables-legacy -A INPUT -d 10.0.0.7 -p tcp --dport 80 -j ACCEPT; iptables-legacy -A INPUT -p tcp -j DROP"}, {"rs2", startRS}}},
	{name: "the director's own label", config: ofTutorial + "director_label: eth0:1\n",
		made: [][2]string{{"lvs", startVS}, {"rs1", startRS}, {"rs2", startRS}}},
	{name: "a director that is a real server, too", config: "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.8]\n",
		made: [][2]string{{"lvs", "lvsdr lab web >/dev/null 2>&1 &" + awaitWeb}, {"lvs", startVS}, {"lvs", startRS}, {"rs1", startRS}}},
	{name: "stateful rules", made: [][2]string{{"lvs", startVS + "; " + stateful}, {"rs1", startRS + "; " + stateful + "; " + statefulOut}, {"rs2", startRS}}},
	{name: "rules that drop what is invalid", made: [][2]string{{"lvs", startVS + "; iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j DROP"}, {"rs1", startRS}, {"rs2", startRS}}},
	{name: "rules behind IPVS", made: [][2]string{{"lvs", startVS + "; nft 'table ip late { chain in { type filter hook input priority 200; tcp dport 80 drop; }; }'"},
		{"rs1", startRS}, {"rs2", startRS}}},
	{name: "masqueraded, on an address of the director's own", config: "vip: 10.0.0.8\nservices: [{port: 80, forward: masquerade}]\nreal_servers: [10.0.0.7, 10.0.0.17]\n",
		made: [][2]string{{"lvs", "sysctl -w net.ipv4.ip_forward=1; " + startVS}, {"rs1", toDIP}, {"rs2", toDIP}}, ask: "10.0.0.8"},
	{name: "masqueraded behind stateful rules", config: ofTutorial + "services: [{port: 80, forward: masquerade}]\n",
		made: [][2]string{{"lvs", "sysctl -w net.ipv4.ip_forward=1 net.ipv4.vs.conntrack=1; " + startVS + "; " + stateful +
			"; iptables-legacy -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; iptables-legacy -P FORWARD DROP"}, {"rs1", toDIP}, {"rs2", toDIP}}},
	{name: "tunnels", config: ofTutorial + "services: [{port: 80, forward: tunnel}]\n",
		made: [][2]string{{"lvs", startVS}, {"rs1", "modprobe ipip; ip link set tunl0 up; ip tunnel add t1 mode ipip remote 10.0.0.99; ip link set t1 up; sysctl -w net.ipv4.conf.t1.rp_filter=1; " + startRS}, {"rs2", "ip link set tunl0 up; " + startRS}}},
	{name: "marks", config: ofTutorial + "services: [{fwmark: 7}]\n",
		made: [][2]string{{"lvs", "iptables-nft -t mangle -A PREROUTING -d 172.16.0.100 -p tcp -m multiport --dports 80,443 -j MARK --set-mark 7; " + startVS},
			{"rs1", startRS}, {"rs2", startRS}}},
	{name: "marks by nft", config: ofTutorial + "services: [{fwmark: 7}]\n",
		made: [][2]string{{"lvs", "nft 'table ip m { chain p { type filter hook prerouting priority mangle; ip daddr 172.16.0.100 tcp dport { 80, 443 } meta mark set 7; }; }'; " + startVS},
			{"rs1", startRS}, {"rs2", startRS}}},
	{name: "marks at INPUT, where another one was", config: ofTutorial + "services: [{fwmark: 7}]\n",
		made: [][2]string{{"lvs", "iptables-legacy -t mangle -A PREROUTING -d 172.16.0.100 -j MARK --set-mark 8; " +
			"iptables-nft -t mangle -A INPUT -d 172.16.0.100 -p tcp --dport 80 -j MARK --set-mark 7; " + startVS}, {"rs1", startRS}, {"rs2", startRS}}},
	{name: "marks by the older of two chains", config: ofTutorial + "services: [{fwmark: 7}]\n", // which is asked last
		made: [][2]string{{"lvs", "iptables-nft -t mangle -A PREROUTING -d 172.16.0.100 -p tcp --dport 80 -j MARK --set-mark 7; " +
			"iptables-legacy -t mangle -A PREROUTING -d 172.16.0.100 -p tcp -j MARK --set-mark 8; " + startVS}, {"rs1", startRS}, {"rs2", startRS}}},
	{name: "every port", config: ofTutorial + "services: [{port: 0, persistent: 60}]\n",
		made: [][2]string{{"lvs", startVS}, {"rs1", startRS}, {"rs2", startRS}}, one: true},
	{name: "a rule alone leads back to clients", made: [][2]string{{"lvs", startVS + "; ip route del default; ip route add default via 10.0.0.200 table 100; ip rule add lookup 100 priority 32767"},
		{"rs1", startRS + "; ip route del default; ip route add default via 10.0.0.200 table 100; ip rule add from 172.16.0.100 lookup 100"}, {"rs2", startRS}}},
	{name: "a route to the clients' network alone", made: [][2]string{{"lvs", startVS},
		{"rs1", startRS + "; ip route del default; ip route add 192.168.0.0/24 via 10.0.0.200"}, {"rs2", startRS}}},
	{name: "IPv6 in the LAN", config: "vip: fd00::100\nreal_servers: ['fd00::7', 'fd00::17']\n", from: "router", ask: "fd00::100",
		made: [][2]string{{"router", ip6 + "fd00::200/64 dev eth0 nodad"},
			{"lvs", ip6 + "fd00::8/64 dev eth0 nodad; " + startVS + "; " + discovered},
			{"rs1", ip6 + "fd00::7/64 dev eth0 nodad; ip -6 route add default via fd00::200; " + startRS},
			{"rs2", ip6 + "fd00::17/64 dev eth0 nodad; ip -6 route add default via fd00::200; " + startRS}}},
	{name: "keepalived holds the VIP", made: [][2]string{{"lvs", keepVIP + "ipvsadm -A -t 172.16.0.100:80 -s wrr; for rs in 10.0.0.7 10.0.0.17; do ipvsadm -a -t 172.16.0.100:80 -r $rs -g; done"}, {"rs1", startRS}, {"rs2", startRS}}},
}

const (
	ip6 = "sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0; ip addr add "

	stateful = "iptables-legacy -A INPUT -i lo -j ACCEPT; iptables-legacy -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; " +
		"iptables-legacy -A INPUT -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT; iptables-legacy -A INPUT -p icmp -j ACCEPT; iptables-legacy -P INPUT DROP"
	statefulOut = "iptables-legacy -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; iptables-legacy -A OUTPUT -p icmp -j ACCEPT; iptables-legacy -P OUTPUT DROP"

	discovered = "for t in 135 136; do ip6tables-legacy -A INPUT -p ipv6-icmp --icmpv6-type $t -m hl --hl-eq 255 -j ACCEPT; done; " +
		"ip6tables-legacy -A INPUT -i lo -j ACCEPT; ip6tables-legacy -A INPUT -p tcp --dport 80 -j ACCEPT; " +
		"ip6tables-legacy -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; ip6tables-legacy -P INPUT DROP"

	keepVIP = "d=$(mktemp -d); printf 'vrrp_instance v {\\n interface eth0\\n state MASTER\\n virtual_router_id 51\\n priority 100\\n advert_int 1\\n " +
		"virtual_ipaddress {\\n 172.16.0.100/32 dev eth0\\n }\\n}\\n' > $d/conf; " +
		"keepalived -n -f $d/conf -p $d/pid -r $d/vrrp -c $d/checkers >/dev/null 2>&1 & until ip addr show dev eth0 | grep -q 172.16.0.100; do sleep 0.2; done; "
)

func TestKernelHealthy(t *testing.T) {
	for _, h := range healthySetUps {
		t.Run(h.name, func(t *testing.T) {
			program(t, "lvsdr", "lab", "up", "--bare", "--quiet")
			defer program(t, "lvsdr", "lab", "down")
			c := &clinic{t: t, folder: t.TempDir()}
			if h.config != "" {
				c.export(h.config)
			}
			var hosts []string
			for _, m := range h.made {
				c.do(m[0], m[1])
				if slices.Contains(everywhere, m[0]) && !slices.Contains(hosts, m[0]) {
					hosts = append(hosts, m[0])
				}
			}
			c.serves(h)
			for host, report := range c.reports(hosts...) {
				for _, r := range report.Checks {
					if r.Outcome == check.Fail {
						t.Errorf("%s: %s: %s", host, r.Name, r.Seen)
					}
				}
			}
		})
	}
}

// serves has a client ask as often as there are real servers, and once more.
func (c *clinic) serves(h healthy) {
	c.t.Helper()
	ask, answers := h.ask, map[string]bool{}
	if ask == "" {
		ask = "172.16.0.100"
	}
	for range 3 {
		cmd := exec.Command("lvsdr", "lab", "get", fmt.Sprintf("http://%s/", ask))
		if h.from != "" { // lab get is the client's
			cmd = exec.Command("lvsdr", "lab", "exec", h.from, "--", "timeout", "5", "bash", "-c",
				`exec 3<>/dev/tcp/`+ask+`/80 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && tail -n 1 <&3`)
		}
		page, err := cmd.CombinedOutput()
		if err != nil {
			c.t.Errorf("a client is not served: %v\n%s", err, page)
		}
		answers[string(page)] = true
	}
	if len(answers) < 2 && !h.one {
		c.t.Errorf("one real server alone answers: %v", answers)
	}
}
