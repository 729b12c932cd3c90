package check

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/host"
	"lvsdr/internal/status"
)

const everyProtocol = "vip: [172.16.0.100, 'fd00::100']\nreal_servers: [10.0.0.7, 10.0.0.17, 'fd00::7']\n" +
	"services: [{port: 80}, {port: 443}, {port: 9, protocol: sctp}]\n"

// However many interfaces there are, everything is asked for once: the
// neighbours on all of them together.
func TestGatherOnce(t *testing.T) {
	for _, tt := range []struct {
		role  Role
		fake  *fake
		calls []string
	}{
		{Director, director(), []string{
			"Links", "Addresses", "Routes",
			"RouteTo 10.0.0.7", "RouteTo 10.0.0.17", "RouteTo fd00::7", "Rules ipv4", "Rules ipv6", "Delivers fd00::100", "ARPRules", "Classifiers",
			"VRRP", "Release", "Ask", "Connect tcp", "Connect sctp", "Probe", "Neighbours",
		}},
		{RealServer, realServer(), []string{"Links", "Addresses", "Routes", "Rules ipv4", "Delivers fd00::100", "ARPRules", "Classifiers", "Listeners", "Ask", "Neighbours"}},
	} {
		for _, n := range []int{2, 500} {
			f := tt.fake
			f.calls, f.parameters, f.questions = nil, nil, nil
			f.links, f.routes = f.links[:2], f.routes[:2]
			for i := range n - 1 {
				l := f.links[1]
				l.Name = fmt.Sprintf("eth%d", i+1)
				f.links, f.routes = append(f.links, l), append(f.routes, routeOn(l.Name, "0.0.0.0/0", true))
			}
			gather(siteOf(t, tt.role, everyProtocol), f, 0)
			if d := cmp.Diff(tt.calls, f.calls); d != "" {
				t.Errorf("%s, %d interfaces (-want +got):\n%s", tt.role, n, d)
			}
			for what, asked := range map[string][]string{"parameters": f.parameters, "questions": f.questions} {
				slices.Sort(asked)
				if once := slices.Compact(slices.Clone(asked)); len(once) != len(asked) || tt.role == Director && len(asked) < n {
					t.Errorf("%s, %d interfaces: %d %s, %d of them different", tt.role, n, len(asked), what, len(once))
				}
			}
		}
	}
}

// A fact that cannot be had makes the checks unknown that need it, and no other.
func TestFactMissing(t *testing.T) {
	torn := errors.New("torn")
	const asked = ": ask the neighbours on eth0: torn"
	for _, tt := range []struct {
		role Role
		call string
		want []string
	}{
		{Director, "Links", []string{"vip: torn", "vip answer: torn", "on-link: torn", "neighbours: torn", "ports: torn", "vip owner: torn", "return route: torn", "packet filter: torn"}},
		{Director, "Addresses", []string{"vip: torn", "vip answer: torn", "neighbours: torn", "ports: torn", "vip owner: torn", "return route: torn"}},
		{Director, "Routes", []string{"vip answer: torn", "neighbours: torn", "ports: torn", "vip owner: torn", "return route: torn"}},
		{Director, "Ask", []string{"neighbours" + asked, "ports" + asked, "vip owner" + asked}},
		{Director, "Neighbours", []string{"vip owner: torn"}},
		{Director, "VRRP", []string{"vip: torn", "vip answer: torn", "vip owner: torn"}},
		{Director, "Release", []string{"settings: torn"}},
		{Director, "Connect tcp", nil}, // the VIPs are served all the same
		{Director, "Probe", []string{"ports: ask 10.0.0.7 for 172.16.0.100:80/tcp: torn; ask 10.0.0.17 for 172.16.0.100:80/tcp: torn"}},
		{Director, "ARPRules", []string{"vip answer: torn"}},
		{Director, "Classifiers", []string{"packet filter: torn"}},
		{Director, "Rules ipv4", []string{"packet filter: torn"}},
		{Director, "Get", []string{"vip answer: torn", "return route: torn", "packet filter: torn", "settings: torn"}},
		{RealServer, "Links", []string{"arp_ignore: torn", "arp_announce: torn", "vip: torn", "listener: torn", "return route: torn", "packet filter: torn"}},
		{RealServer, "Addresses", []string{"vip: torn", "listener: torn", "return route: torn", "packet filter: torn"}},
		{RealServer, "Routes", []string{"return route: torn"}},
		{RealServer, "Listeners", []string{"listener: torn"}},
		{RealServer, "Rules ipv4", []string{"packet filter: torn"}},
		{RealServer, "Get", []string{"arp_ignore: torn", "arp_announce: torn", "return route: torn"}},
	} {
		t.Run(string(tt.role)+" "+tt.call, func(t *testing.T) {
			f := director()
			if tt.role == RealServer {
				f = realServer()
			}
			f.err[tt.call] = torn
			var want []string
			for _, line := range tt.want {
				want = append(want, "unknown "+line)
			}
			if d := cmp.Diff(want, notWell(Run(siteOf(t, tt.role, ""), f, 0))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Settings matter by what is configured.
func TestJudgeConfigured(t *testing.T) {
	const persistent = "vip: 172.16.0.100\nservices: [{port: 80, persistent: 300}]\nreal_servers: [10.0.0.7, 10.0.0.8]\n"
	const pair = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.8]\nsync: {role: backup, interface: eth0}\n"
	const hash = "vip: 172.16.0.100\nservices: [{port: 80, scheduler: mh}]\nreal_servers: [10.0.0.7, 10.0.0.8]\n"
	const vrrp = hash + "watch: {vip: vrrp}\n"
	const alone = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.8]\n"
	for _, tt := range []struct {
		name    string
		config  string
		sysctls map[string]int
		standby bool
		want    []string
	}{
		{"persistence, and a drained one stays", persistent, map[string]int{quiescent: 0}, false, []string{
			"warn settings: expire_quiescent_template is 0: clients that persistence binds to a real server keep coming when it is drained",
			"> sysctl -w net.ipv4.vs.expire_quiescent_template=1",
		}},
		{"persistence", persistent, map[string]int{quiescent: 1}, false, nil},
		{"no persistence", alone, map[string]int{quiescent: 0}, false, nil},
		{"a backup daemon, active", pair, map[string]int{backupOnly: 0}, false, nil},
		{"a backup daemon, active, and nothing is balanced", pair, map[string]int{backupOnly: 1}, false, []string{
			"fail settings: backup_only is 1: with a backup daemon, and the VIP here, this director balances nothing",
			"> sysctl -w net.ipv4.vs.backup_only=0",
		}},
		{"a backup daemon, standing by", pair, map[string]int{backupOnly: 1}, true, nil},
		{"standing by, and balances again", pair, map[string]int{backupOnly: 0}, true, []string{
			"warn settings: backup_only is 0: this director is a real server, too, and balances once more what the active one sends it",
			"> sysctl -w net.ipv4.vs.backup_only=1",
		}},
		{"standing by without a daemon", alone, map[string]int{backupOnly: 0}, true, []string{
			"warn settings: backup_only is 0: this director is a real server, too, and balances once more what the active one sends it",
			"> sysctl -w net.ipv4.vs.backup_only=1", "> ipvsadm --start-daemon backup",
		}},
		{"mh, and the middle of a connection is dropped", vrrp, map[string]int{backupOnly: 1, sloppyTCP: 0}, true, []string{
			"warn settings: sloppy_tcp is 0: connections that were open when the VIP comes here are dropped, although mh would find their real server",
			"> sysctl -w net.ipv4.vs.sloppy_tcp=1",
		}},
		{"mh, and connections go on", vrrp, map[string]int{backupOnly: 1, sloppyTCP: 1}, true, nil},
		{"mh with connections told", vrrp + "sync: {role: both, interface: eth0}\n", map[string]int{backupOnly: 1, sloppyTCP: 0}, true, nil},
		{"mh of one director", hash, map[string]int{sloppyTCP: 0}, false, nil},
		{"alone", alone, map[string]int{backupOnly: 0}, false, nil},
	} {
		f := director()
		f.hops["10.0.0.8"] = host.Hop{Interface: "lo", Local: true}
		maps.Copy(f.sysctls, tt.sysctls)
		if tt.standby {
			f.vrrp, f.addresses = true, slices.Delete(f.addresses, 1, 2)
		}
		got := slices.DeleteFunc(notWell(Run(siteOf(t, Director, tt.config), f, 0)), func(line string) bool {
			return !strings.Contains(line, "settings") && !strings.Contains(line, "net.ipv4.vs") && !strings.Contains(line, "daemon")
		})
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Judgements need no machine: these facts are nobody's.
func TestJudgeSettings(t *testing.T) {
	for _, tt := range []struct {
		name                     string
		release                  string
		expire, reuse, conntrack int
		estimation, limit        int
		warned                   bool
	}{
		{"well", "6.1.0", 1, 1, 0, 1, 1 << 30, false},
		{"connections stay", "6.1.0", 0, 1, 0, 1, 1 << 30, true},
		{"old, and tracks", "5.8.18", 1, 1, 1, 1, 1 << 30, true},
		{"old, tracks and does not wait", "5.8.18", 1, 0, 1, 1, 1 << 30, false},
		{"new, and tracks", "5.9.0", 1, 1, 1, 1, 1 << 30, false},
		{"no rates", "6.1.0", 1, 1, 0, 0, 1 << 30, true},
		{"nine tenths of the connections", "7.2.0", 1, 1, 0, 1, 1000, true},
		{"far from the limit", "7.2.0", 1, 1, 0, 1, 1100, false},
	} {
		m := &facts{Site: siteOf(t, Director, ""), release: fact[string]{value: tt.release}, sysctls: map[string]fact[int]{
			expireNoDest: {value: tt.expire}, reuseMode: {value: tt.reuse}, conntrack: {value: tt.conntrack}, dropEntry: {}, dropPacket: {},
			estimation: {value: tt.estimation}, mostConns: {value: tt.limit},
		}}
		m.Status.Services = []status.Service{{RealServers: []status.RealServer{{Active: 400, Inactive: 400}, {Active: 100}}}}
		var f finding
		if err := judgeSettings(m, &f); err != nil || (f.seen[Warn] != nil) != tt.warned {
			t.Errorf("%s: %v, %v", tt.name, f.seen, err)
		}
	}
}
