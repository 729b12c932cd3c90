package lvsdr

import (
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// perService has VIPs of services, a real server with a method of its own, and
// another label on the director.
const perService = `label: lo:vip
director_label: eth0:vip
services:
  - {port: 443, name: shop, vip: 172.16.0.101}
  - {port: 443, vip: 172.16.0.102, forward: masquerade}
  - {fwmark: 7, vip: 172.16.0.103, real_servers: [10.0.0.27]}
real_servers: [10.0.0.7, {address: 10.0.0.17, forward: tunnel}]
`

func TestPerService(t *testing.T) {
	d := newDesk(t, perService)
	before := d.text()
	d.expect("vs start", result{vsReady, `ipvsadm -A -t 172.16.0.101:443 -s wrr
ipvsadm -a -t 172.16.0.101:443 -r 10.0.0.7 -g -w 1
ipvsadm -a -t 172.16.0.101:443 -r 10.0.0.17 -i -w 1
ipvsadm -A -t 172.16.0.102:443 -s wrr
ipvsadm -a -t 172.16.0.102:443 -r 10.0.0.7 -m -w 1
ipvsadm -a -t 172.16.0.102:443 -r 10.0.0.17 -i -w 1
ipvsadm -A -f 7 -s wrr
ipvsadm -a -f 7 -r 10.0.0.27 -g -w 1
ip addr add 172.16.0.101/32 dev eth0 label eth0:vip
ip addr add 172.16.0.102/32 dev eth0 label eth0:vip
ip addr add 172.16.0.103/32 dev eth0 label eth0:vip
arping -U -c 1 -I eth0 172.16.0.101
arping -U -c 1 -I eth0 172.16.0.102
arping -U -c 1 -I eth0 172.16.0.103
`, 0})
	d.expect("vs start", result{vsReady, vsNothing, 0})
	if got := d.run("vs status"); got.Status != 0 || !strings.Contains(got.Stdout, "shop -t 172.16.0.101:443 wrr") || !strings.Contains(got.Stdout, "\n-f 7 wrr") {
		t.Errorf("vs status: %+v", got)
	}
	d.succeed("vs stop")
	d.looks("after stop", before)
	d.expect("vs start --vip 172.16.0.109", result{"", `lvsdr: --vip: the same service again, expected each service once
`, 2})
}

// ownAddress gives the machine another address of its own than the director's.
func ownAddress(t *testing.T, d *desk, prefix string) {
	t.Helper()
	must(t, d.machine.AddAddress(host.Address{Prefix: netip.MustParsePrefix(prefix), Interface: "eth0", Label: "eth0"}))
}

// A real server takes the VIPs of the services that list one of its addresses,
// on whatever interface.
func TestShare(t *testing.T) {
	const several = `services:
  - {port: 80, vip: [172.16.0.101, "2001:db8::101"], real_servers: [10.0.0.7, 2001:db8::7]}
  - {port: 80, vip: 172.16.0.102, forward: masquerade, real_servers: [10.0.0.17, {address: 10.0.0.7, forward: tunnel}]}
  - {fwmark: 7, vip: 172.16.0.103, real_servers: [10.0.0.27, {address: 10.0.0.17, forward: masquerade}, 127.0.0.1]}
`
	add := func(vips ...string) (lines string) {
		for _, vip := range vips {
			lines += "ip addr add " + vip + "\n"
		}
		return lines
	}
	const (
		nothing    = "lvsdr: rs start: nothing to do\n"
		masquerade = "lvsdr: rs start: this machine needs no VIP: it is listed only with masquerading\n"
		first, six = "172.16.0.101/32 dev lo label lo:1", "2001:db8::101/128 dev lo nodad preferred_lft 0"
		other      = "172.16.0.102/32 dev lo label lo:1"
		mark       = "172.16.0.103/32 dev lo label lo:1"
		single     = "172.16.0.100/32 dev lo label lo:1"
	)
	quiet := "arp: {interfaces: []}\n"
	for _, tt := range []struct {
		name, config, own, flags string
		want                     string // of standard error
		status                   int
	}{
		{name: "in two services", config: several, own: "10.0.0.7/24", want: add(first, six, other)},
		{name: "by one family, in a service of both", config: several, own: "2001:db8::7/64", want: add(first, six)},
		{name: "for a mark", config: several, own: "10.0.0.27/32", want: add(mark)},
		{name: "masqueraded alone", config: several, own: "10.0.0.17/24", want: masquerade + nothing},
		{name: "masqueraded alone, but all", config: several, own: "10.0.0.17/24", flags: " --all-vips", want: add(first, six, other, mark)},
		{
			name: "nowhere", config: several, own: "10.0.0.99/24", status: 2,
			want: "lvsdr: rs start: no service lists this machine as a real server (10.0.0.8, 10.0.0.99); which of the 4 VIPs it needs is unknown\n" +
				"lvsdr: hint: list one of its addresses; or take every VIP: --all-vips\n",
		},
		{name: "nowhere, but all", config: several, own: "10.0.0.99/24", flags: " --all-vips", want: add(first, six, other, mark)},
		{
			name: "nowhere, with one VIP", config: tutorial, own: "10.0.0.99/24",
			want: "lvsdr: rs start: warning: no service lists this machine as a real server (10.0.0.8, 10.0.0.99); it gets 172.16.0.100 anyway\n" + add(single),
		},
		{
			name: "nowhere, with one VIP, and without steps", config: tutorial, own: "10.0.0.99/24", flags: " --quiet",
			want: "lvsdr: rs start: warning: no service lists this machine as a real server (10.0.0.8, 10.0.0.99); it gets 172.16.0.100 anyway\n",
		},
		{name: "with one VIP", config: tutorial, own: "10.0.0.17/24", want: add(single)},
		{
			name: "nobody is listed", config: "vip: [172.16.0.101, 172.16.0.102]\n", own: "10.0.0.99/24",
			want: add(first, other),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.config+quiet)
			ownAddress(t, d, tt.own)
			before := d.text()
			want := result{rsReady, tt.want, tt.status}
			if tt.status != 0 {
				want.Stdout = ""
			}
			d.expect("rs start"+tt.flags, want)
			if tt.status != 0 {
				d.looks("after a refused start", before)
				for _, verb := range []string{"rs diff", "rs status", "rs start --dry-run"} {
					if got := d.run(verb); got.Status != 2 {
						t.Errorf("%s: %+v", verb, got)
					}
				}
				d.expect("rs stop", result{rsCanceled, "lvsdr: rs stop: nothing to do\n", 0})
				return
			}
			if got := d.run("rs status" + tt.flags); got.Status != 0 {
				t.Errorf("rs status: %+v", got)
			}
			if got := d.run("rs diff" + tt.flags); got.Status != 0 || got.Stdout != "" {
				t.Errorf("rs diff: %+v", got)
			}
			d.succeed("rs stop" + tt.flags)
			d.looks("after stop", before)
		})
	}
}

// What start has taken on a machine that is listed no more goes with stop.
func TestShareStopUnlisted(t *testing.T) {
	d := newDesk(t, perService)
	ownAddress(t, d, "10.0.0.7/24")
	before := d.text()
	d.succeed("rs start")
	d.configure(strings.ReplaceAll(perService, "10.0.0.7", "10.0.0.70"))
	d.succeed("rs stop")
	d.looks("after stop", before)
}

// The values that start finds come back, each on its own.
func TestTimeouts(t *testing.T) {
	const at = "announce: false\n" + tutorial
	table := func(d *desk) string { // less what is not about timeouts
		for line := range strings.Lines(d.text()) {
			if strings.HasPrefix(line, "timeouts ") {
				return strings.TrimSpace(line)
			}
		}
		return ""
	}
	d := newDesk(t, at+"timeouts: {tcp: 1200, tcpfin: 120}\n")
	before := d.text()
	if got := d.run("vs diff"); !strings.HasPrefix(got.Stdout, "ipvsadm --set 1200 120 0\nipvsadm -A") {
		t.Errorf("vs diff: %+v", got)
	}
	for _, tt := range []struct{ what, timeouts, line, want string }{
		{"a value that is so already", "{tcp: 900}", "", "timeouts 900 120 300"},
		{"one that is not", "{tcp: 1200, tcpfin: 120}", "ipvsadm --set 1200 120 0", "timeouts 1200 120 300"},
		{"another value of it", "{tcp: 1500, tcpfin: 120}", "ipvsadm --set 1500 120 0", "timeouts 1500 120 300"},
		{"one more", "{tcp: 1500, udp: 60}", "ipvsadm --set 1500 0 60", "timeouts 1500 120 60"},
		{"one less", "{udp: 60}", "ipvsadm --set 900 0 60", "timeouts 900 120 60"},
		{"all", "{tcp: 1, tcpfin: 2, udp: 3}", "ipvsadm --set 1 2 3", "timeouts 1 2 3"},
		{"what was found", "{tcp: 900, tcpfin: 2, udp: 3}", "ipvsadm --set 900 2 3", "timeouts 900 2 3"},
		{"none", "{}", "ipvsadm --set 0 120 300", "timeouts 900 120 300"},
		{"all again", "{tcp: 1, tcpfin: 2, udp: 3}", "ipvsadm --set 1 2 3", "timeouts 1 2 3"},
	} {
		d.configure(at + "timeouts: " + tt.timeouts + "\n")
		if got := d.run("vs start"); got.Status != 0 || !strings.Contains("\n"+got.Stderr, "\n"+tt.line+"\n") && tt.line != "" || strings.Contains(got.Stderr, "--set") != (tt.line != "") {
			t.Errorf("%s: %+v, want %q", tt.what, got, tt.line)
		}
		if got := table(d); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
		d.expect("vs start", result{vsReady, vsNothing, 0})
		if got := d.run("vs status"); got.Status != 0 {
			t.Errorf("%s: vs status: %+v", tt.what, got)
		}
	}
	d.configure(at + "timeouts: {tcp: 5}\n")
	if got, want := statusOf(t, d, 3).Timeouts, []status.Timeout{
		{Name: "tcp", Value: 1, Wanted: 5, State: status.Differs},
		{Name: "tcpfin", Value: 2, Wanted: 120, State: status.Differs},
		{Name: "udp", Value: 3, Wanted: 300, State: status.Differs},
	}; cmp.Diff(want, got) != "" {
		t.Errorf("status (-want +got):\n%s", cmp.Diff(want, got))
	}
	must(t, d.machine.SetTimeouts(ipvs.Timeouts{UDP: 77})) // somebody else's
	if got := d.run("vs stop --dry-run"); !strings.HasSuffix(got.Stdout, "\nipvsadm --set 900 120 0\n") {
		t.Errorf("vs stop --dry-run: %+v", got)
	}
	d.succeed("vs stop")
	if got, want := table(d), "timeouts 900 120 77"; got != want {
		t.Errorf("after stop: %q, want %q", got, want)
	}
	must(t, d.machine.SetTimeouts(ipvs.Timeouts{UDP: 300}))
	d.looks("after stop", before)
	d.noRecord()
}

// A real server's verbs leave the director's share of the record alone.
func TestTimeoutsOfTheOtherRole(t *testing.T) {
	d := newDesk(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.8]\ntimeouts: {tcp: 1200}\nsync: {role: master}\n")
	d.succeed("vs start")
	d.succeed("rs start")
	d.succeed("rs stop")
	if got := statusOf(t, d, 0); got.Timeouts[0].State != status.OK || got.Sync[0].State != status.OK {
		t.Errorf("after rs stop: %+v", got)
	}
	d.succeed("vs stop")
	if text := d.text(); strings.Contains(text, "daemon ") || !strings.Contains(text, "timeouts 900 120 300\n") {
		t.Errorf("after vs stop:\n%s", text)
	}
}

func statusOf(t *testing.T, d *desk, want int) (st status.Status) {
	t.Helper()
	got := d.run("vs status --json")
	if got.Status != want {
		t.Fatalf("vs status: %+v, want %d", got, want)
	}
	must(t, json.Unmarshal([]byte(got.Stdout), &st))
	return st
}

// daemonsOf are the lines of the machine's state about daemons.
func daemonsOf(d *desk) (lines string) {
	for line := range strings.Lines(d.text()) {
		if strings.HasPrefix(line, "daemon ") {
			lines += line
		}
	}
	return lines
}

func TestSync(t *testing.T) {
	const (
		at            = "announce: false\n" + tutorial
		masterDefault = "daemon 1 eth0 id 0 maxlen 1472 224.0.0.81:8848 ttl 1\n"
		backupDefault = "daemon 2 eth0 id 0 maxlen 1472 224.0.0.81:8848 ttl 1\n"
		startMaster   = "ipvsadm --start-daemon master --mcast-interface eth0 --syncid 0\n"
		startBackup   = "ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 0\n"
		stopMaster    = "ipvsadm --stop-daemon master\n"
		stopBackup    = "ipvsadm --stop-daemon backup\n"
	)
	d := newDesk(t, at)
	d.machine.AddLink(host.Link{Name: "eth1", Up: true, Broadcast: true, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 9}})
	before := d.text()
	for _, tt := range []struct{ what, sync, lines, want string }{
		{"both by default", "sync: {}\n", startMaster + startBackup, masterDefault + backupDefault},
		{"one of them", "sync: {role: backup}\n", stopMaster, backupDefault},
		{"the other one", "sync: {role: master}\n", stopBackup + startMaster, masterDefault},
		{
			"with everything said", "sync: {role: master, interface: eth1, id: 255, max_len: 1400, group: 224.0.0.99, port: 9000, ttl: 9}\n",
			stopMaster + "ipvsadm --start-daemon master --mcast-interface eth1 --syncid 255 --sync-maxlen 1400 --mcast-group 224.0.0.99 --mcast-port 9000 --mcast-ttl 9\n",
			"daemon 1 eth1 id 255 maxlen 1400 224.0.0.99:9000 ttl 9\n",
		},
		{"with less", "sync: {role: master, interface: eth1, id: 255, max_len: 1400}\n", stopMaster +
			"ipvsadm --start-daemon master --mcast-interface eth1 --syncid 255 --sync-maxlen 1400\n", "daemon 1 eth1 id 255 maxlen 1400 224.0.0.81:8848 ttl 1\n"},
		{"without the length", "sync: {role: master, interface: eth1, id: 255}\n", stopMaster +
			"ipvsadm --start-daemon master --mcast-interface eth1 --syncid 255\n", "daemon 1 eth1 id 255 maxlen 1472 224.0.0.81:8848 ttl 1\n"},
		{"not at all", "", stopMaster, ""},
		{"both again", "sync: {role: both}\n", startMaster + startBackup, masterDefault + backupDefault},
	} {
		d.configure(at + tt.sync)
		if diff := d.run("vs diff"); !strings.Contains(diff.Stdout, tt.lines) || strings.Count(diff.Stdout, "daemon") != strings.Count(tt.lines, "daemon") {
			t.Errorf("%s: vs diff: %+v, want %s", tt.what, diff, tt.lines)
		}
		if got := d.run("vs start"); got.Status != 0 || !strings.Contains(got.Stderr, tt.lines) {
			t.Errorf("%s: %+v, want %s", tt.what, got, tt.lines)
		}
		if diff := cmp.Diff(tt.want, daemonsOf(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
		d.expect("vs start", result{vsReady, vsNothing, 0})
		if st := statusOf(t, d, 0); len(st.Sync) != strings.Count(tt.want, "\n") {
			t.Errorf("%s: status %+v", tt.what, st.Sync)
		}
	}
	if got := d.run("vs stop"); !strings.Contains(got.Stderr, "dev lo label lo:1\n"+stopMaster+stopBackup+"ipvsadm -D") {
		t.Errorf("vs stop: %+v", got)
	}
	d.looks("after stop", before)
	d.noRecord()
}

// A daemon that somebody else has started is left alone, and none is started
// beside it.
func TestSyncForeign(t *testing.T) {
	const refused = "lvsdr: vs start: a backup synchronisation daemon that lvsdr did not start runs on eth0 with id 51\n" +
		"lvsdr: hint: leave it to the program that started it, as keepalived does with lvs_sync_daemon, and take sync out of the file; or stop it: ipvsadm --stop-daemon backup\n"
	theirs := ipvs.Daemon{State: ipvs.Backup, Interface: "eth0", SyncID: 51}
	for _, tt := range []struct{ what, sync, want string }{
		{"another id", "{role: backup, id: 1}", refused},
		{"the other role", "{role: master, id: 51}", refused},
		{"the other role as well", "{role: both, id: 51}", refused},
		{"the same", "{role: backup, id: 51}", ""},
	} {
		d := newDesk(t, tutorial+"sync: "+tt.sync+"\n")
		must(t, d.machine.StartDaemon(theirs))
		before := d.text()
		if tt.want != "" {
			d.expect("vs start", result{"", tt.want, 1})
			d.looks("after a refused start", before)
			statusOf(t, d, 3)
		} else {
			d.succeed("vs start")
		}
		d.succeed("vs stop")
		d.looks("after stop", before)
	}
	d := newDesk(t, tutorial+"sync: {role: backup, interface: eth9}\n")
	d.expect("vs start", result{"", "lvsdr: vs start: there is no interface eth9 for synchronisation\n" +
		"lvsdr: hint: see: ip link; name another one in the file: sync: {interface: NAME}\n", 1})
}

// Ours that somebody has stopped and started otherwise is somebody else's.
func TestSyncTakenOver(t *testing.T) {
	d := newDesk(t, tutorial+"sync: {role: master}\n")
	d.succeed("vs start")
	must(t, d.machine.StopDaemon(ipvs.Daemon{State: ipvs.Master}))
	if got := statusOf(t, d, 3).Sync; got[0].State != status.Missing {
		t.Errorf("stopped: %+v", got)
	}
	must(t, d.machine.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: 51}))
	if got := statusOf(t, d, 3).Sync; got[0].State != status.Differs || got[0].ID != 51 || cmp.Diff([]string{"id"}, got[0].Differs) != "" {
		t.Errorf("started otherwise: %+v", got)
	}
	if got := d.run("vs start"); got.Status != 1 || !strings.Contains(got.Stderr, "that lvsdr did not start") {
		t.Errorf("vs start: %+v", got)
	}
	d.succeed("vs stop")
	if got, want := daemonsOf(d), "daemon 1 eth0 id 51 maxlen 1472 224.0.0.81:8848 ttl 1\n"; got != want {
		t.Errorf("after stop: %q, want %q", got, want)
	}
}

// A change of timeouts or daemons that fails is undone like any other.
func TestFailureOfTimeoutsAndSync(t *testing.T) {
	d := newDesk(t, tutorial)
	clean := d.text()
	d.configure(tutorial + "timeouts: {tcp: 1200, udp: 60}\nsync: {}\n")
	if n := d.failEverywhere("vs start"); n < 7 {
		t.Errorf("only %d calls of start", n)
	}
	d.configure("vip: 172.16.0.101\nreal_servers: [10.0.0.7]\ntimeouts: {tcpfin: 1}\nsync: {role: both, id: 2}\n")
	if n := d.failEverywhere("vs start --exclusive"); n < 9 {
		t.Errorf("only %d calls of an edited start", n)
	}
	d.configure(tutorial)
	if n := d.failEverywhere("vs start --exclusive"); n < 6 {
		t.Errorf("only %d calls of a start without", n)
	}
	d.configure(tutorial + "timeouts: {tcp: 1200, udp: 60}\nsync: {}\n")
	d.failEverywhere("vs start")
	if n := d.failEverywhere("vs stop"); n < 5 {
		t.Errorf("only %d calls of stop", n)
	}
	d.run("vs stop --vip 172.16.0.101") // whose first call is to fail still
	d.succeed("vs stop --vip 172.16.0.101")
	d.looks("after stop", clean)
	d.noRecord()
}

// A real server carries the VIP where nobody hears of it.
func TestLabelOfRealServer(t *testing.T) {
	d := newDesk(t, "vip: [172.16.0.100, 2001:db8::100]\nreal_servers: [10.0.0.8, 2001:db8::8]\narp: {interfaces: []}\n")
	d.machine.AddLink(host.Link{Name: "tunl0", Up: true, Kind: "ipip", NoARP: true})
	before := d.text()
	const hint = "lvsdr: hint: use --label lo:1, or a dummy or tunnel interface; if the director has it on another interface, set director_label\n"
	for _, verb := range []string{"start", "diff"} {
		d.expect("rs "+verb+" --label eth0:1", result{"", "lvsdr: rs " + verb + ": 172.16.0.100 on eth0: this machine would answer for it there; " +
			"expected loopback or an interface without ARP\n" + hint, 1})
	}
	d.expect("rs start --label eth0:1 --vip 2001:db8::100 --rs 2001:db8::8 --all-vips", result{"", "lvsdr: rs start: 2001:db8::100 on eth0: this machine would answer for it there; " +
		"expected loopback or an interface without ARP\n" + hint, 1})
	d.looks("after refused starts", before)
	d.succeed("rs start --label tunl0:1")
	if text := d.text(); !strings.Contains(text, "address 172.16.0.100/32 dev tunl0 label tunl0:1\n") {
		t.Errorf("no VIP on tunl0:\n%s", text)
	}
	d.succeed("rs stop --label tunl0:1")
	d.looks("after stop", before)
}

// Two files share what there is one of for all: it stays while one of them has
// it, and a file that has it otherwise says whose it is.
func TestTwoFilesTimeoutsAndSync(t *testing.T) {
	const daemon = "daemon 1 eth0 id 7 maxlen 1472 224.0.0.81:8848 ttl 1\n"
	d := newDesk(t, "announce: false\n"+tutorial+"timeouts: {tcp: 1200, tcpfin: 60}\nsync: {role: master, id: 7}\n")
	clean := d.text()
	d.succeed("vs start")
	second := d.second("announce: false\n" + another + "timeouts: {tcp: 1200, udp: 77}\nsync: {role: master, id: 7}\n")
	if got := d.run("--config " + second + " vs start"); got.Status != 0 || strings.Contains(got.Stderr, "changes") || strings.Contains(got.Stderr, "daemon") {
		t.Errorf("vs start of the second file: %+v", got)
	}
	d.succeed("vs stop")
	if text := d.text(); !strings.Contains(text, "timeouts 1200 120 77\n") || daemonsOf(d) != daemon {
		t.Errorf("after stop of the first:\n%s", text)
	}
	if got := d.run("--config " + second + " vs status"); got.Status != 0 {
		t.Errorf("vs status of the second: %+v", got)
	}
	d.succeed("vs start")
	d.second("announce: false\n" + another + "timeouts: {tcp: 900}\nsync: {role: master, id: 8}\n")
	got := d.run("--config " + second + " vs start")
	for _, want := range []string{
		"lvsdr: vs start: the timeout tcp changes: " + d.file + " (lvsdr vs start) has it as well\n",
		"lvsdr: vs start: the master synchronisation daemon changes: " + d.file + " (lvsdr vs start) has it as well\n",
	} {
		if got.Status != 0 || !strings.Contains(got.Stderr, want) {
			t.Errorf("vs start of a file that has it otherwise: %+v, want %q", got, want)
		}
	}
	d.succeed("--config " + second + " vs stop")
	d.succeed("vs start")
	d.succeed("vs stop")
	d.looks("after both stops", clean)
	d.noRecord()
}

// config and start warn of a ramp that real servers of weight 1 do not have.
func TestWarnings(t *testing.T) {
	d := newDesk(t, `vip: 172.16.0.100
services: [{port: 80, slow_start: 30s}]
real_servers: [10.0.0.7, {address: 10.0.0.17, weight: 100}]
check: {}
`)
	const warning = "warning: services[0].slow_start: weight 1 cannot be ramped up; use a larger one, such as 100: 10.0.0.7\n"
	if got, want := d.run("--quiet config").Stderr, "lvsdr: config: "+warning; got != want {
		t.Errorf("config: got %q, want %q", got, want)
	}
	d.expect("--quiet vs start", result{vsReady, "lvsdr: vs start: " + warning, 0})
	if got := d.run("rs start --all-vips --dry-run"); strings.Contains(got.Stderr, "ramped") {
		t.Errorf("rs start: %+v", got)
	}
}
