package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

// besideConfig is what keepalived owns in the tests of what is beside it.
const besideConfig = `vip: [172.16.0.100, 2001:db8::100]
services:
  - {port: 80, persistent: 60, real_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}, "2001:db8::7"]}
  - {fwmark: 7, family: ipv6}
real_servers: [2001:db8::7]
`

// besideTable is the table of besideConfig.
var besideTable = []string{
	"-A -t 172.16.0.100:80 -s wrr -p 60",
	"-a -t 172.16.0.100:80 -r 10.0.0.7:80 -g -w 1",
	"-a -t 172.16.0.100:80 -r 10.0.0.17:80 -g -w 3",
	"-A -t [2001:db8::100]:80 -s wrr -p 60",
	"-a -t [2001:db8::100]:80 -r [2001:db8::7]:80 -g -w 1",
	"-A -f 7 -6 -s wrr",
	"-a -f 7 -6 -r [2001:db8::7]:0 -g -w 1",
}

// A neighbourhood is a director whose table keepalived and others share.
type neighbourhood struct {
	*lan
	daemon  *daemon
	conf    string
	servers map[string]*server
}

func (l *lan) settle(config string) *neighbourhood {
	l.t.Helper()
	n := &neighbourhood{lan: l, conf: l.exported(l.file("beside.yaml", config), "")}
	n.servers = l.serveAll(n.conf)
	n.daemon = l.keepalived("lvs1", n.conf)
	return n
}

// rules are the rules that the real program saves of services that are ours, or
// of those that are not.
func (n *neighbourhood) rules(ours bool) string {
	n.t.Helper()
	var kept strings.Builder
	for line := range strings.Lines(n.real("lvs1", "-Sn")) {
		if ours == (strings.Contains(line, " 172.16.0.2") || strings.Contains(line, " -f 9 ")) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// keeps waits until keepalived has this table, and checks that ours is that.
func (n *neighbourhood) keeps(what string, theirs, ours []string) {
	n.t.Helper()
	text := func(lines []string) string { return strings.Join(append(lines, ""), "\n") }
	n.await("keepalived's services when "+what, text(theirs), func() string { return n.rules(false) })
	if diff := cmp.Diff(text(ours), n.rules(true)); diff != "" {
		n.t.Errorf("the others when %s (-want +got):\n%s", what, diff)
	}
}

// besideOthers changes services of others with our ipvsadm while keepalived
// changes its own, and compares what both programs list.
func besideOthers(l *lan) {
	n := l.settle(besideConfig)
	n.keeps("it has started", besideTable, nil)
	change := func(line string) string { return n.run("lvs1", "ipvsadm", strings.Fields(line)...) }
	for _, line := range []string{
		"-A -t 172.16.0.200:80 -s rr", "-a -t 172.16.0.200:80 -r 10.0.0.7 -m -w 2", "-a -t 172.16.0.200:80 -r 10.0.0.27 -m",
		"-A -u 172.16.0.201:53", "-e -t 172.16.0.200:80 -r 10.0.0.7 -m -w 5", "-d -t 172.16.0.200:80 -r 10.0.0.27",
	} {
		change(line)
	}
	udp := "-A -u 172.16.0.201:53 -s wlc"
	tcp := []string{"-A -t 172.16.0.200:80 -s rr", "-a -t 172.16.0.200:80 -r 10.0.0.7:80 -m -w 5"}
	both := append(tcp[:2:2], udp)
	n.keeps("others have come", besideTable, both)
	for _, options := range []string{"-Sn", "-Ln", "-Ln --exact", "-Ln --stats", "-Ln --rate", "-Ln --thresholds", "-Ln --persistent-conn", "-Ln --nosort", "-Lnc"} {
		want := n.real("lvs1", strings.Fields(options)...)
		if diff := cmp.Diff(want, change(options)); diff != "" {
			n.t.Errorf("ipvsadm %s (-real +ours):\n%s", options, diff)
		}
	}

	second := "10.0.0.17:80"
	n.servers["TCP_CHECK "+second].close()
	n.keeps("a real server has died", append(besideTable[:2:2], besideTable[3:]...), both)
	change("-D -u 172.16.0.201:53")
	change("-Z")
	n.keeps("one has gone", append(besideTable[:2:2], besideTable[3:]...), tcp)
	n.serve("TCP_CHECK", addrPort(n.t, "10.0.0.17", "80"))
	n.keeps("the real server is back", besideTable, tcp)
	n.daemon.stop()
	n.keeps("keepalived has ended", nil, tcp)
	change("-D -t 172.16.0.200:80")
	n.awaitTable("nobody is left", "lvs1", noTable)
}

// besideStart has lvsdr start and stop other services on keepalived's director.
func besideStart(l *lan) {
	n := l.settle(besideConfig)
	n.awaitVIPs("lvs1", vipsIn(n.conf)...)
	config := n.file("others.yaml", "vip: 172.16.0.200\nservices: [{port: 80}, {fwmark: 9, forward: tunnel}]\nreal_servers: [10.0.0.7]\n")
	vs := func(verb string) { n.run("lvs1", "lvsdr", "--config", config, "vs", verb) }
	ours := []string{
		"-A -t 172.16.0.200:80 -s wrr", "-a -t 172.16.0.200:80 -r 10.0.0.7:80 -g -w 1",
		"-A -f 9 -s wrr", "-a -f 9 -r 10.0.0.7:0 -i -w 1 --tun-type ipip",
	}
	n.keeps("it has started", besideTable, nil)
	vs("start")
	vs("start")
	vs("status") // which fails unless all is in place
	n.keeps("lvsdr has started", besideTable, ours)
	n.daemon.reload(strings.Replace(n.conf, "weight 3", "weight 4", 1))
	changed := append([]string{}, besideTable...)
	changed[2] = strings.Replace(changed[2], "-w 3", "-w 4", 1)
	n.keeps("keepalived has reloaded", changed, ours)
	vs("status")
	vs("stop")
	n.keeps("lvsdr has stopped", changed, nil)
	n.awaitVIPs("lvs1", vipsIn(n.conf)...)
	vs("start")
	n.daemon.stop()
	n.keeps("keepalived has ended", nil, ours)
	vs("stop")
	n.awaitTable("nobody is left", "lvs1", noTable)
}

// besideListings lists and zeroes while keepalived adds and deletes services,
// through both interfaces of the kernel: that never fails. keepalived is given up on
// only when its table stands still.
func besideListings(l *lan) {
	const marks, rounds = 60, 6
	const few, many = 1 + 1, 1 + 1 + marks*(1+3)
	n := l.settle("vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	long := n.conf
	for mark := range marks {
		long += fmt.Sprintf("virtual_server fwmark %d {\n lvs_method DR\n lvs_sched rr\n", mark+1)
		for server := range 3 {
			long += fmt.Sprintf(" real_server 10.0.0.%d 0 {\n }\n", server+1)
		}
		long += "}\n"
	}
	l.await("few services", "2 rules", func() string { return fmt.Sprintf("%d rules", l.list(0)) })
	listings, partial := 0, 0
	for round := range rounds {
		conf, want := long, many
		if round%2 == 1 {
			conf, want = n.conf, few
		}
		n.daemon.reload(conf)
		rules, changed := 0, time.Now()
		for ; rules != want; listings++ {
			before := rules
			if rules = l.list(listings); rules != few && rules != many {
				partial++
			}
			if rules != before {
				changed = time.Now()
			} else if time.Since(changed) > patience {
				l.t.Fatalf("%d rules for %v, want %d", rules, patience, want)
			}
		}
	}
	l.t.Logf("%d listings, %d of them in the middle of a change", listings, partial)
}

// list lists in one manner or another, and returns the number of rules.
func (l *lan) list(turn int) int {
	l.t.Helper()
	through := []string{"LVSDR_IPVS_INTERFACE=", "LVSDR_IPVS_INTERFACE=netlink"}[turn%2]
	manners := []string{"-Ln", "-Ln --stats", "-Z", "-Ln --thresholds"}
	ipvsadm := func(options string) string {
		cmd := exec.Command("ipvsadm", strings.Fields(options)...)
		cmd.Env = append(os.Environ(), through)
		return l.finish("lvs1", cmd)
	}
	ipvsadm(manners[turn/2%len(manners)])
	return strings.Count(ipvsadm("-Sn"), "\n")
}
