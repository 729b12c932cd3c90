package lvsdr

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"lvsdr/internal/plan"

	"github.com/google/go-cmp/cmp"
)

// large is a cluster of three VIPs, six services and twelve real servers.
func large() string {
	text := "vip: [172.16.0.100, 172.16.0.101, '2001:db8::100']\nreal_servers:\n"
	for i := range 7 {
		text += fmt.Sprintf("  - {address: 10.0.0.%d, weight: %d}\n", i+11, i+1)
	}
	for i := range 5 {
		text += fmt.Sprintf("  - {address: 'fd00::%d', weight: %d, upper: 100, lower: 50}\n", i+11, i)
	}
	return text + `services:
  - port: 80
  - {port: 443, scheduler: wlc, persistent: 300}
  - {port: 53, protocol: udp, scheduler: rr, one_packet: true}
  - {port: 5060, protocol: sctp, scheduler: lc}
  - {port: 8080, scheduler: sh, flags: [sh-port]}
  - {fwmark: 7, real_servers: [10.0.0.11, 10.0.0.12]}
`
}

// A changing call of start or stop fails, whichever it is: the machine is as it
// was, the error names the deed and its cause, and the next run is free to work.
func TestFailureAtEveryStep(t *testing.T) {
	for _, r := range []plan.Role{plan.Director, plan.RealServer} {
		t.Run(string(r), func(t *testing.T) {
			d := newDesk(t, large())
			clean := d.text()
			all := map[plan.Role]string{plan.RealServer: " --all-vips"}[r] // which lists others
			start := d.failEverywhere(string(r) + " start" + all)
			whole := d.text()
			stop := d.failEverywhere(string(r) + " stop" + all)
			d.looks("after stop", clean)
			d.noRecord()
			if whole == clean || start < 7 || stop < 6 {
				t.Errorf("only %d calls of start and %d of stop", start, stop)
			}
		})
	}
}

// failEverywhere lets every single call of a verb fail, and then none. It
// returns how many calls there are.
func (d *desk) failEverywhere(words string) int {
	d.t.Helper()
	before, record := d.text(), d.record()
	for n := 1; ; n++ {
		call := d.machine.Calls() + n
		d.machine.FailAt(call, syscall.EIO)
		got := d.run(words)
		if got.Status == 0 {
			return n - 1
		}
		if got.Status != 1 || !strings.HasSuffix(got.Stderr, ": input/output error\n") || got.Stdout != "" {
			d.t.Fatalf("lvsdr %s, call %d fails: %+v", words, n, got)
		}
		d.looks(fmt.Sprintf("after %s whose call %d failed", words, n), before)
		if diff := cmp.Diff(record, d.record()); diff != "" {
			d.t.Fatalf("the record after %s whose call %d failed (-want +got):\n%s", words, n, diff)
		}
	}
}

// record is the text of the record, empty if there is none.
func (d *desk) record() string {
	data, err := os.ReadFile(d.state)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	return string(data)
}

// An edit is undone as well: what was deleted comes back, what was edited is
// as before.
func TestFailureOfEdit(t *testing.T) {
	d := newDesk(t, tutorial+"services: [{port: 80}, {port: 443, scheduler: rr}]")
	foreign(t, d)
	d.succeed("vs start")
	d.configure(`vip: [172.16.0.100, 172.16.0.101]
real_servers: [{address: 10.0.0.17, weight: 4}, 10.0.0.27]
services: [{port: 80, scheduler: wlc}, {port: 443, persistent: 60}]
`)
	if n := d.failEverywhere("vs start --exclusive"); n < 12 {
		t.Errorf("only %d calls", n)
	}
	d.expect("vs start --exclusive", result{vsReady, vsNothing, 0})
}

// Undoing fails as well: both are told, and the rest is undone all the same.
func TestFailureOfUndo(t *testing.T) {
	d := newDesk(t, tutorial)
	before := d.text()
	d.machine.FailAt(4, syscall.EEXIST)
	d.machine.FailAt(5, syscall.ENOMEM)
	d.expect("vs start", result{"", `ipvsadm -A -t 172.16.0.100:80 -s wrr
ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7 -g -w 1
ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.17 -g -w 1
ip addr add 172.16.0.100/32 dev lo label lo:1
undo: ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.17 -g -w 1
undo: ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7 -g -w 1
undo: ipvsadm -A -t 172.16.0.100:80 -s wrr
lvsdr: vs start: ip addr add 172.16.0.100/32 dev lo label lo:1: file exists
lvsdr: vs start: undo: ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.17 -g -w 1: cannot allocate memory
lvsdr: hint: something else changed it at the same time; run it again
`, 1})
	d.looks("after a failed start", before)
}

// What a deleted service had comes back, or its absence is told.
func TestFailureOfRestoring(t *testing.T) {
	for n := range 3 {
		d := newDesk(t, tutorial)
		d.succeed("vs start")
		d.configure("vip: 172.16.0.101\nreal_servers: [10.0.0.7]")
		d.machine.FailAt(d.machine.Calls()+2, syscall.EINVAL) // after the deletion
		d.machine.FailAt(d.machine.Calls()+3+n, syscall.ENOMEM)
		got := d.run("vs start --exclusive")
		if want := "lvsdr: vs start: undo: ipvsadm -D -t 172.16.0.100:80: cannot allocate memory\n"; got.Status != 1 ||
			!strings.HasSuffix(got.Stderr, want) {
			t.Errorf("call %d of the undoing fails: %+v", n, got)
		}
	}
}

// The record cannot be written any more from some step on: what is there is
// recorded, and what is not there is not.
func TestRecordFails(t *testing.T) {
	const config = tutorial + "timeouts: {tcp: 800}\nsync: {role: both, interface: eth0}\n"
	for _, r := range []string{"vs", "rs"} {
		failed := 0
		for n := 1; n < 20; n++ {
			d := newDesk(t, config)
			clean := d.text()
			d.machine.BeforeCall(n, func() { must(t, os.MkdirAll(d.state+".new/in the way", 0o700)) })
			status := d.run(r + " start").Status
			d.machine.BeforeCall(n, nil)
			must(t, os.RemoveAll(d.state+".new"))
			if d.text() == clean {
				failed++
				d.noRecord()
			}
			if (d.text() == clean) != (status != 0) {
				t.Errorf("%s start, full at call %d: status %d with\n%s", r, n, status, d.text())
			}
			d.succeed(r + " stop")
			d.looks("after stop", clean)
			d.noRecord()
		}
		if failed < 3 {
			t.Errorf("only %d starts of %s failed", failed, r)
		}
	}
}
