package lvsdr

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/health"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/watch"
)

var duration = regexp.MustCompile(`(\d+h)?(\d+m)?\d+(\.\d+)?s`)

// told are the events since it was last called: the kind, of whom, and what would
// be done or why; durations are Ns.
func (w *watching) told(t *testing.T) (lines []string) {
	t.Helper()
	text := w.said()
	w.out.Reset()
	for line := range strings.Lines(text) {
		var e watch.Event
		must(t, json.Unmarshal([]byte(line), &e))
		if !e.Shadow {
			t.Errorf("an event of a shadow does not say so: %s", line)
		}
		words := strings.Join(strings.Fields(strings.Join([]string{e.Event, e.RealServer, e.Why}, " ")), " ")
		if e.Would != "" {
			words += " => " + e.Would
		}
		lines = append(lines, duration.ReplaceAllString(words, "Ns"))
	}
	slices.Sort(lines)
	return lines
}

// TestShadow: beside somebody else who keeps the table a shadow changes nothing,
// and tells what would have been done and where its verdicts differ, once each.
func TestShadow(t *testing.T) {
	const text = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}]\n" +
		"services: [{port: 80, sorry: [10.0.0.200], slow_start: 30s}]\n" + watchCheck
	rs17, other := netip.MustParseAddr("10.0.0.17"), netip.MustParseAddr("10.0.0.200")
	synctest.Test(t, func(t *testing.T) {
		d, a := newDesk(t, text), &answers{said: map[netip.Addr]health.Answer{}}
		d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
		service := d.load().Wanted()[0].Service
		entry := func(addr netip.Addr, weight uint32) ipvs.Destination {
			return ipvs.Destination{Family: ipvs.INET, Addr: addr, Port: 80, Forward: ipvs.DirectRoute, Weight: weight}
		}
		must(t, d.machine.AddService(service))
		must(t, d.machine.AddDestination(service, entry(rs7, 1)))
		must(t, d.machine.AddDestination(service, entry(rs17, 1)))
		before, calls := d.text(), d.machine.Calls()
		w := d.watch(a, "--shadow")
		expect := func(when string, pause time.Duration, want ...string) {
			t.Helper()
			time.Sleep(pause)
			slices.Sort(want)
			if diff := cmp.Diff(want, w.told(t)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		expect("in the beginning", 20*time.Second, "started",
			"would => ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.17 -g -w 3", "would => sysctl -w net.ipv4.vs.expire_nodest_conn=1",
			"up 10.0.0.7:80", "up 10.0.0.17:80", "up 10.0.0.200:80",
			"would => ip addr add 172.16.0.100/32 dev lo label lo:1", "ready")

		a.set(rs17, refuses)
		time.Sleep(6 * time.Second)
		must(t, d.machine.EditDestination(service, entry(rs17, 0)))
		time.Sleep(10 * time.Second)
		a.set(rs17, isWell)
		time.Sleep(6 * time.Second)
		must(t, d.machine.EditDestination(service, entry(rs17, 1)))
		expect("the table follows soon", 10*time.Second, "down 10.0.0.17:80 connection refused", "up 10.0.0.17:80",
			"would => ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.17 -g -w 3")

		a.set(rs17, refuses)
		expect("one is down", 20*time.Second, "down 10.0.0.17:80 connection refused",
			"differs 10.0.0.17:80 for Ns: it is down (connection refused), and the table has it with weight 1 => ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.17 -g -w 0")
		must(t, d.machine.DeleteDestination(service, entry(rs17, 1)))
		expect("out of the table", 4*time.Second, "agrees 10.0.0.17:80 after Ns")

		a.set(rs7, isDead)
		expect("nobody is left", time.Minute, "down 10.0.0.7:80 no answer", "sorry no real server is left",
			"differs 10.0.0.7:80 for Ns: it is down (no answer), and the table has it with weight 1 => ipvsadm -d -t 172.16.0.100:80 -r 10.0.0.7",
			"differs 10.0.0.200:80 for Ns: no real server is left, and the table does not have it in their place => ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.200 -g -w 1")

		a.set(rs7, isWell)
		must(t, d.machine.AddDestination(service, entry(other, 1)))
		changed := d.text()
		expect("one is back", 20*time.Second, "agrees 10.0.0.200:80 after Ns", "up 10.0.0.7:80", "serving", "agrees 10.0.0.7:80 after Ns",
			"differs 10.0.0.200:80 for Ns: real servers answer, and the table has it with weight 1 in their place => ipvsadm -d -t 172.16.0.100:80 -r 10.0.0.200")

		w.reload <- struct{}{}
		expect("a reload", 20*time.Second, "summary in Ns: 4 differences, 1 now: tcp/80 172.16.0.100 10.0.0.200:80 for Ns; 2 too short to count, at most Ns", "reloaded",
			"would => ip addr add 172.16.0.100/32 dev lo label lo:1", "would => sysctl -w net.ipv4.vs.expire_nodest_conn=1",
			"differs 10.0.0.200:80 for Ns: real servers answer, and the table has it with weight 1 in their place => ipvsadm -d -t 172.16.0.100:80 -r 10.0.0.200")
		w.end()
		expect("the end", 0, "summary in Ns: 1 difference, 1 now: tcp/80 172.16.0.100 10.0.0.200:80 for Ns", "ended the table stays as it is")

		if diff := cmp.Diff(changed, d.text()); diff != "" || d.machine.Calls() != calls+4 {
			t.Errorf("it changed something: %d calls, from\n%s\n(-want +got):\n%s", d.machine.Calls()-calls, before, diff)
		}
		if left, _ := os.ReadDir(filepath.Dir(d.file)); len(left) != 1 {
			t.Errorf("it leaves files: %v", left)
		}
	})
}
