package acceptance

import (
	"os"
	"os/exec"
	"strings"
	"time"
)

// exportTable runs keepalived with what lvsdr exports of a configuration: it
// makes the table that vs start makes, asks every real server, and keeps it.
func (l *lan) exportTable(config string) {
	text, err := os.ReadFile(config)
	must(l.t, err)
	words, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# export keepalived"), "\n")
	conf := l.exported(config, words)
	l.accepts(conf)
	l.accepts(strings.Replace(conf, "# lvs_sync_daemon", "lvs_sync_daemon", 1))
	servers := l.serveAll(conf)

	l.run("lvs1", "lvsdr", "--config", config, "vs", "start")
	look := func() string {
		return l.table("lvs1") + l.real("lvs1", "-Ln", "--thresholds") + l.run("lvs1", "/sbin/ipvsadm", "-L", "--timeout")
	}
	want := look()
	l.run("lvs1", "lvsdr", "--config", config, "vs", "stop")
	if got := l.table("lvs1"); !strings.Contains(want, "\n-a ") || got != noTable {
		l.t.Fatalf("vs start made\n%s\nof which vs stop left\n%s", want, got)
	}

	d := l.keepalived("lvs1", conf)
	l.await("table of keepalived", want, look)
	for name, s := range servers {
		l.await(name, "asked again", func() string {
			if s.asked.Load() < 2 {
				return "not yet"
			}
			return "asked again"
		})
	}
	l.awaitVIPs("lvs1", vipsIn(conf)...)
	l.await("table after the checks", want, look)
	d.stop()
	l.awaitTable("table without keepalived", "lvs1", noTable)
	l.awaitVIPs("lvs1")
}

// accepts checks that keepalived has nothing to say about a file.
func (l *lan) accepts(conf string) {
	l.t.Helper()
	test := exec.Command("keepalived", "--config-test", "--use-file", l.file("test.conf", conf))
	if said := l.finish("lvs1", test); said != "" {
		l.t.Errorf("keepalived -t: %s\n%s", said, conf)
	}
}

// vipsIn are the VIPs of a file.
func vipsIn(conf string) (vips []string) {
	for line := range strings.Lines(conf) {
		if words := strings.Fields(line); len(words) == 1 && strings.Contains(words[0], "/") {
			vips = append(vips, words[0])
		}
	}
	return vips
}

// besideSync: keepalived runs the synchronisation daemons that the file has, by
// its state; lvsdr starts none beside it, and none of its own is left behind.
func besideSync(l *lan) {
	const sync = "sync: {role: both, interface: eth0, id: 9, port: 9000}\n"
	config := l.file("lvsdr.yaml", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n"+sync)
	conf := l.exported(config, "")
	l.serveAll(conf)
	daemons := func() string { return l.run("lvs1", "/sbin/ipvsadm", "-L", "--daemon") }
	is := func(role string) string {
		return role + " sync daemon (mcast=eth0, syncid=9, maxlen=1472, group=224.0.0.81, port=9000, ttl=1)\n"
	}
	start := func() (string, error) {
		cmd := exec.Command("lvsdr", "--config", config, "vs", "start")
		var said strings.Builder
		cmd.Stderr = &said
		must(l.t, l.inside("lvs1", cmd.Start))
		err := cmd.Wait()
		return said.String(), err
	}
	d := l.keepalived("lvs1", conf)
	l.await("daemon of keepalived", is("master"), daemons)
	table := l.table("lvs1")
	said, err := start()
	const want = "a master synchronisation daemon that lvsdr did not start runs on eth0 with id 9"
	if err == nil || !strings.Contains(said, want) {
		l.t.Errorf("vs start beside keepalived: %v, %q, want %q", err, said, want)
	}
	if got := l.table("lvs1"); got != table || daemons() != is("master") {
		l.t.Errorf("vs start has changed what is keepalived's:\n%s%s", got, daemons())
	}
	d.stop()
	l.await("no daemon of keepalived", "", daemons)
	if said, err := start(); err != nil {
		l.t.Fatalf("vs start without keepalived: %v, %s", err, said)
	}
	l.await("daemons of lvsdr", is("master")+is("backup"), daemons)
	l.run("lvs1", "lvsdr", "--config", config, "vs", "stop")
	l.await("no daemon of lvsdr", "", daemons)
}

const (
	exportConfig = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}]\n"

	exportService = "-A -t 172.16.0.100:80 -s wrr"
	exportFirst   = "-a -t 172.16.0.100:80 -r 10.0.0.7:80 -g -w 1"
	exportSecond  = "-a -t 172.16.0.100:80 -r 10.0.0.17:80 -g -w 3"
	exportSorry   = "-a -t 172.16.0.100:80 -r 10.0.0.9:80 -g -w 1"
)

// exportServers: a real server that dies leaves the table, the sorry server
// comes in when the last one has, and goes when one is back.
func exportServers(l *lan) {
	conf := l.exported(l.file("lvsdr.yaml", exportConfig), "--sorry-server 10.0.0.9")
	first, second := addrPort(l.t, "10.0.0.7", "80"), addrPort(l.t, "10.0.0.17", "80")
	one, other := l.serve("TCP_CHECK", first), l.serve("TCP_CHECK", second)
	l.keepalived("lvs1", conf)
	l.awaitTable("both live", "lvs1", same(exportService, exportFirst, exportSecond))
	other.close()
	l.awaitTable("one has died", "lvs1", same(exportService, exportFirst))
	one.close()
	l.awaitTable("both have died", "lvs1", same(exportService, exportSorry))
	l.serve("TCP_CHECK", second)
	l.awaitTable("one is back", "lvs1", same(exportService, exportSecond))
}

// exportDirectors: the second director, with another priority, takes over the
// VIPs of both families when the first one ends, and keeps them when that is
// back.
func exportDirectors(l *lan) {
	config := l.file("lvsdr.yaml", "vip: [172.16.0.100, 2001:db8::100]\nreal_servers: [10.0.0.7, 2001:db8::7]\n")
	conf := l.exported(config, "")
	l.serveAll(conf)
	vips := vipsIn(conf)
	first := l.keepalived("lvs1", conf)
	l.awaitVIPs("lvs1", vips...)
	table := l.table("lvs1")
	second := l.keepalived("lvs2", strings.ReplaceAll(conf, "priority 100", "priority 50"))
	l.awaitTable("table of the backup", "lvs2", table)
	l.awaitVIPs("lvs2")
	for _, host := range []string{"lvs1", "lvs2"} {
		// The real servers are told to take the VIP: these here have none.
		if said := l.run(host, "sh", "-c", "lvsdr --config "+config+" check --role vs; test $? -le 1"); strings.Contains(said, "mend: lvsdr") || strings.Contains(said, "ip addr del") {
			l.t.Errorf("check on %s would take the VIPs from keepalived:\n%s", host, said)
		}
	}
	first.stop()
	l.awaitVIPs("lvs2", vips...)
	l.awaitVIPs("lvs1")
	if !strings.Contains(second.said(), "Backup received priority 0 advertisement") {
		l.t.Errorf("the second director has not heard of the first one")
	}
	first = l.keepalived("lvs1", conf)
	l.awaitTable("table of the first one again", "lvs1", table)
	// A director that hears of no other takes the VIPs after four seconds.
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if got := l.vips("lvs1"); got != nil || strings.Contains(first.said(), "Entering MASTER") {
			l.t.Fatalf("the first director has taken %v back", got)
		}
	}
	l.awaitVIPs("lvs2", vips...)
}
