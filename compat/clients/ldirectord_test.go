//go:build linux

package clients

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	ldirectordConfig = "/etc/ha.d/ldirectord.cf"
	ldirectordLog    = "/run/ldirectord.log"
	ldirectordPID    = "/run/ldirectord.ldirectord.pid"
)

// ldirectordGlobal is for all services; the first of them is the gate of the
// rounds.
const ldirectordGlobal = `
checktimeout = 60
negotiatetimeout = 60
checkinterval = 1
logfile = "` + ldirectordLog + `"
quiescent = no
readdquiescent = yes
autoreload = yes

virtual = 192.0.2.9:80
	real = 10.0.0.9:80 gate
	scheduler = sh
	schedflags = sh-port
	request = "gate"
	receive = "alive"
`

// limits are how -L shows the thresholds below.
const limits = "  -> 10.0.0.2:8080                10         2 "

const ldirectordServices = `
virtual = 192.0.2.1:80
	quiescent = yes
	real = 10.0.0.1:80 gate 5
	real = 10.0.0.2:8080 masq 3 l:2 u:10
	real = 10.0.0.3:80 ipip 2 "well", "alive"
	fallback = 10.0.0.8:8080 masq
	scheduler = wrr
	persistent = 600
	netmask = 255.255.255.0
	request = "alive.html"
	receive = "alive"

virtual = 1
	real = 10.0.0.1:80 gate 4
	real = 10.0.0.3:80 ipip
	scheduler = wlc
	persistent = 60
	service = http
	checkport = 80
	request = "alive.html"
	receive = "alive"

virtual = 192.0.2.1:53
	real = 10.0.0.2:53 gate 7
	protocol = udp
	quiescent = yes
	scheduler = rr
	ops = yes
	checktype = external
	checkcommand = "/run/check"

virtual6 = [2001:db8::1]:80
	real6 = [fd00::1]:8081 gate
	real6 = [fd00::2]:8080 masq 2
	scheduler = wlc
	persistent = 300
	netmask = 64
	fallback6 = [::1]:80 gate
	checktype = connect

virtual6 = 2
	real6 = [fd00::1]:0 gate 9
	scheduler = rr
	checktype = on
`

// A director is ldirectord and the servers it looks after.
type director struct {
	*site
	gate    gate
	page    page
	changes int // of the configuration
}

// A ldirectordStage is a change of the network, and what has to become of it.
type ldirectordStage struct {
	name   string
	change func(d *director)
	there  []string // in the table as -S or -L --thresholds have it
	gone   []string
}

// The real server [fd00::1]:8081 shows that a port cannot be changed without
// masquerading.
var ldirectordStages = []ldirectordStage{
	{"all are well", func(d *director) {}, []string{
		"-t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5\n", "-t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3\n", limits,
		"-t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 2 ", "-f 1 -r 10.0.0.1:80 -g -w 4\n", "-f 1 -r 10.0.0.3:80 -i -w 1 ",
		"-u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 7\n",
		"-t [2001:db8::1]:80 -r [fd00::2]:8080 -m -w 2\n", "-f 2 -6 -r [fd00::1]:0 -g -w 9\n",
	}, []string{"10.0.0.8", "[::1]"}},
	{"a real server dies, another has a wrong page", func(d *director) {
		d.stop("10.0.0.2:8080")
		d.stop("[fd00::2]:8080")
		d.page.say("sick")
	}, []string{
		"-t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 0\n", "-t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 0\n",
		"-t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 2 ", "-t [2001:db8::1]:80 -r [fd00::1]:80 -g -w 1\n",
	}, []string{"-f 1 -r 10.0.0.1:80", "[fd00::2]:8080"}},
	{"the others die", func(d *director) {
		d.stop("10.0.0.3:80")
		d.stop("[fd00::1]:8081")
		d.check("fail the check", os.Remove("/run/up/10.0.0.2"))
	}, []string{
		"-t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 0 ", "-t 192.0.2.1:80 -r 10.0.0.8:8080 -m -w 1\n",
		"-u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 0\n", "-t [2001:db8::1]:80 -r [::1]:80 -g -w 1\n",
	}, []string{"-f 1 -r 10.0.0.3:80", "[fd00::1]:80"}},
	{"all return", func(d *director) {
		for _, at := range []string{"10.0.0.2:8080", "10.0.0.3:80", "[fd00::1]:8081", "[fd00::2]:8080"} {
			d.restart(at)
		}
		d.page.say("alive")
		d.write("/run/up/10.0.0.2", "", 0o644)
	}, []string{
		"-t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5\n", "-t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3\n", limits,
		"-f 1 -r 10.0.0.3:80 -i -w 1 ", "-u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 7\n", "-t [2001:db8::1]:80 -r [fd00::2]:8080 -m -w 2\n",
	}, []string{"10.0.0.8", "[::1]"}},
	{"another configuration", func(d *director) {
		d.configure(anotherConfiguration.Replace(ldirectordServices))
		d.round() // to the checks that end the start of the new one
	}, []string{
		"-t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 6\n", "-t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3\n",
		"-A -f 1 -s wlc\n", "-u 192.0.2.1:54 -r 10.0.0.2:54 -g -w 7\n", "-t [2001:db8::1]:80 -r [fd00::1]:80 -g -w 4\n",
	}, []string{limits, "-f 1 -r 10.0.0.3:80", "192.0.2.1:53"}},
}

// anotherConfiguration is what an administrator edits.
var anotherConfiguration = strings.NewReplacer(
	"10.0.0.1:80 gate 5", "10.0.0.1:80 masq 6", " l:2 u:10", "", "	real = 10.0.0.3:80 ipip\n", "",
	"real6 = [fd00::1]:8081 gate", "real6 = [fd00::1]:8081 gate 4", "	persistent = 60\n", "", ":53", ":54")

// TestKernelLdirectord follows Debian's ldirectord from its start to its end:
// it reads the table from ipvsadm before each change.
func TestKernelLdirectord(t *testing.T) { compare(t, direct) }

func direct(r *room) {
	d := newDirector(r)
	d.configure(ldirectordServices)
	d.run(0, "ldirectord", "start")
	d.Cleanup(func() { d.signal(syscall.SIGKILL) })
	d.await()
	for _, s := range ldirectordStages {
		d.note("#", s.name)
		s.change(d)
		d.round()
		d.expect(s)
	}
	d.note("#", "the end")
	d.end()
}

// newDirector furnishes a room with the real servers and ldirectord's checks.
func newDirector(r *room) *director {
	d := &director{site: newSite(r), gate: newGate()}
	d.addresses("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "fd00::1", "fd00::2")
	d.page.say("alive")
	d.start("10.0.0.9:80", d.gate)
	d.start("10.0.0.1:80", &d.page)
	for _, at := range []string{"10.0.0.2:8080", "10.0.0.3:80", "[fd00::1]:8081", "[fd00::2]:8080"} {
		d.start(at, &page{text: "alive"})
	}
	d.write("/run/check", "#!/bin/sh\ntest -e /run/up/$3\n", 0o755)
	d.write("/run/up/10.0.0.2", "", 0o644)
	d.logCalls()
	return d
}

// callLog names what ldirectord has run to change the table.
const callLog = "/run/calls"

// logCalls notes the commands that a Perl program runs, and has it walk through
// its hashes in the same order every time.
func (r *room) logCalls() {
	r.Helper()
	r.write("/run/Calls.pm", `package Calls;
BEGIN {
	*CORE::GLOBAL::system = sub {
		my $status = CORE::system(@_);
		open(my $log, ">>", "`+callLog+`");
		print $log "@_: $status\n";
		return $status;
	};
}
1;
`, 0o644)
	r.env = append(r.env, "PERL5OPT=-I/run -MCalls", "PERL_HASH_SEED=0", "PERL_PERTURB_KEYS=0")
}

// configure writes the configuration, which ldirectord sees as a new one.
func (d *director) configure(services string) {
	d.Helper()
	d.write(ldirectordConfig, ldirectordGlobal+services, 0o644)
	d.changes++ // the time of a change counts in seconds
	changed := time.Unix(int64(d.changes), 0)
	d.check("set the time", os.Chtimes(ldirectordConfig, changed, changed))
}

// await waits until ldirectord begins a round of checks, and holds it there.
func (d *director) await() {
	d.Helper()
	select {
	case <-d.gate.asked:
	case <-time.After(patience):
		d.Fatalf("ldirectord does not ask; its log:\n%s", d.take(ldirectordLog))
	}
}

// release answers ldirectord, which goes on with its round.
func (d *director) release() {
	d.Helper()
	select {
	case d.gate.answer <- struct{}{}:
	case <-time.After(patience):
		d.Fatalf("ldirectord awaits no answer; its log:\n%s", d.take(ldirectordLog))
	}
}

// round lets ldirectord check everything, and holds it at the next round.
func (d *director) round() {
	d.Helper()
	d.release()
	d.await()
}

// logHead is what a line of ldirectord's log begins with.
var logHead = regexp.MustCompile(`(?m)^\[[^]]*\|ldirectord\|\d+\] `)

// expect notes what has happened since last asked, and what the table is.
func (d *director) expect(s ldirectordStage) {
	d.Helper()
	d.note("call", d.take(callLog))
	d.note("log", logHead.ReplaceAllString(d.take(ldirectordLog), ""))
	rules := d.table() + d.thresholds()
	for _, there := range s.there {
		if !strings.Contains(rules, there) {
			d.Errorf("%s: no %q in\n%s", s.name, there, rules)
		}
	}
	for _, gone := range s.gone {
		if strings.Contains(rules, gone) {
			d.Errorf("%s: still %q in\n%s", s.name, gone, rules)
		}
	}
}

// end stops ldirectord, and waits until it has cleaned up.
func (d *director) end() {
	d.Helper()
	d.signal(syscall.SIGTERM)
	d.release()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(ldirectordPID); err != nil {
			break
		}
		if time.Now().After(end) {
			d.Fatal("ldirectord does not stop")
		}
	}
	d.expect(ldirectordStage{name: "the end", gone: []string{"-A"}})
}

// signal sends a signal to ldirectord if that is running.
func (d *director) signal(s syscall.Signal) {
	b, err := os.ReadFile(ldirectordPID)
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
		syscall.Kill(pid, s)
	}
}
