package lvsdr

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	allIgnore   = "net.ipv4.conf.all.arp_ignore"
	allAnnounce = "net.ipv4.conf.all.arp_announce"
	loIgnore    = "net.ipv4.conf.lo.arp_ignore"
	loAnnounce  = "net.ipv4.conf.lo.arp_announce"

	onlyVIP = "vip: 172.16.0.100\n" // enough for a real server
)

func TestRealServer(t *testing.T) {
	d := newDesk(t, onlyVIP)
	before := d.text()
	d.expect("rs start", result{rsReady, `sysctl -w net.ipv4.conf.all.arp_ignore=1
sysctl -w net.ipv4.conf.lo.arp_ignore=1
sysctl -w net.ipv4.conf.all.arp_announce=2
sysctl -w net.ipv4.conf.lo.arp_announce=2
ip addr add 172.16.0.100/32 dev lo label lo:1
`, 0})
	for name, want := range map[string]int{allIgnore: 1, loIgnore: 1, allAnnounce: 2, loAnnounce: 2} {
		if got, err := d.machine.Get(name); got != want || err != nil {
			t.Errorf("%s = %d, %v; want %d", name, got, err, want)
		}
	}
	d.expect("rs start", result{rsReady, "lvsdr: rs start: nothing to do\n", 0})
	d.expect("rs stop", result{rsCanceled, `ip addr del 172.16.0.100/32 dev lo label lo:1
sysctl -w net.ipv4.conf.lo.arp_announce=0
sysctl -w net.ipv4.conf.all.arp_announce=0
sysctl -w net.ipv4.conf.lo.arp_ignore=0
sysctl -w net.ipv4.conf.all.arp_ignore=0
`, 0})
	d.looks("after stop", before)
	d.noRecord()
	d.expect("rs stop", result{rsCanceled, "lvsdr: rs stop: nothing to do\n", 0})
}

// Between found and stopped, others may change the value too. A value is raised
// only, and given back only where it is still ours.
func TestSysctlGivenBack(t *testing.T) {
	tests := []struct {
		name    string
		found   int
		meddle  []int // the administrator's value after start; each is followed by a start
		started int
		stopped int
	}{
		{"lower", 0, nil, 2, 0},
		{"one lower", 1, nil, 2, 1},
		{"as wanted", 2, nil, 2, 2},
		{"stricter", 8, nil, 8, 8},
		{"raised since", 0, []int{3}, 3, 3},
		{"lowered since, and raised again", 1, []int{0}, 2, 1},
		{"lowered twice", 1, []int{0, 0}, 2, 1},
		{"raised, then back to ours", 0, []int{5, 2}, 2, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, onlyVIP)
			d.machine.AddSysctl(allAnnounce, tt.found)
			d.succeed("rs start")
			for _, value := range tt.meddle {
				d.machine.AddSysctl(allAnnounce, value)
				d.succeed("rs start")
			}
			started, _ := d.machine.Get(allAnnounce)
			d.succeed("rs stop")
			stopped, _ := d.machine.Get(allAnnounce)
			if started != tt.started || stopped != tt.stopped {
				t.Errorf("started %d, stopped %d; want %d, %d", started, stopped, tt.started, tt.stopped)
			}
			d.noRecord()
		})
	}
}

// A value that somebody lowered after start is not raised by stop.
func TestSysctlLoweredBeforeStop(t *testing.T) {
	d := newDesk(t, onlyVIP)
	d.machine.AddSysctl(allAnnounce, 1)
	d.succeed("rs start")
	d.machine.AddSysctl(allAnnounce, 0)
	d.succeed("rs stop")
	if got, _ := d.machine.Get(allAnnounce); got != 0 {
		t.Errorf("stop made %s %d", allAnnounce, got)
	}
}

// A value that could not be written is not ours later, when somebody else
// writes the same.
func TestSysctlNotWritten(t *testing.T) {
	d := newDesk(t, onlyVIP)
	d.machine.FailAt(1, syscall.EROFS)
	d.expect("rs start", result{"", `sysctl -w net.ipv4.conf.all.arp_ignore=1
lvsdr: rs start: sysctl -w net.ipv4.conf.all.arp_ignore=1: read-only file system
lvsdr: hint: /proc/sys is read-only; in a container, start it with --privileged, or set the value on the host
`, 1})
	d.noRecord()
	d.machine.AddSysctl(allIgnore, 1)
	d.succeed("rs stop")
	if got, _ := d.machine.Get(allIgnore); got != 1 {
		t.Errorf("stop took the administrator's value away: %d", got)
	}
}

// The file may list other interfaces at stop than it did at start.
func TestSysctlOfFormerInterface(t *testing.T) {
	d := newDesk(t, onlyVIP)
	before := d.text()
	d.succeed("rs start")
	d.configure(onlyVIP + "arp: {interfaces: [eth0]}\n")
	d.succeed("rs start")
	d.succeed("rs stop")
	d.looks("after stop", before)
	d.noRecord()
}

func TestSysctlOfMissingInterface(t *testing.T) {
	d := newDesk(t, onlyVIP+"arp: {interfaces: [eth7]}\n")
	before := d.text()
	for _, verb := range []string{"start", "diff", "status"} {
		got := d.run("rs " + verb)
		want := "lvsdr: rs " + verb + ": read net.ipv4.conf.eth7.arp_ignore: "
		if got.Status != 1 || !strings.HasPrefix(got.Stderr, want) {
			t.Errorf("rs %s: %+v, want %q", verb, got, want)
		}
	}
	d.looks("after a refused start", before)
}

// A machine can be both: stopping the one leaves what the other remembers.
func TestBothRoles(t *testing.T) {
	d := newDesk(t, tutorial)
	before := d.text()
	d.succeed("rs start")
	d.succeed("vs start")
	d.succeed("vs drain 10.0.0.7")
	d.succeed("vs stop")
	d.succeed("rs stop")
	d.looks("after both stops", before)
	d.noRecord()
}

// The record cannot be written: nothing is raised that could not be given back.
func TestRecordNotWritten(t *testing.T) {
	d := newDesk(t, onlyVIP)
	before := d.text()
	must(t, os.MkdirAll(filepath.Join(d.state, "in the way"), 0o700))
	got := d.run("rs start")
	if got.Status != 1 || !strings.Contains(got.Stderr, ": read "+d.state+": ") {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(before, d.text()); diff != "" {
		t.Error(diff)
	}
}
