package lvsdr

import (
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// announced is a file whose VIPs a routing daemon announces.
const announced = "vip: [172.16.0.100, 172.16.0.101]\nservices: [{port: 80, vip: 172.16.0.100}, {port: 81, real_servers: [10.0.0.27]}]\n" +
	"real_servers: [10.0.0.7, 10.0.0.17]\nannounce_table: 179\nannounce: false\n"

// adverts expects the adverts of table 179, as VIP and metric.
func (d *desk) adverts(when string, want ...string) {
	d.t.Helper()
	var got []string
	for line := range strings.Lines(d.text()) {
		if words := strings.Fields(line); words[0] == "advert" {
			got = append(got, words[1]+" "+words[5])
		}
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		d.t.Errorf("%s: announced are %q, want %q", when, got, want)
	}
}

// TestAdverts: a VIP is announced after it has come, and not before it has gone.
func TestAdverts(t *testing.T) {
	d := newDesk(t, announced)
	clean := d.text()
	foreign := host.Advert{VIP: netip.MustParseAddr("172.16.0.200"), Table: 179, Metric: 5}

	added := d.run("vs start").Stderr
	d.adverts("started", "172.16.0.100 1", "172.16.0.101 1")
	if strings.Index(added, "ip route add blackhole 172.16.0.100/32 table 179 metric 1 proto static") < strings.LastIndex(added, "ip addr add") {
		t.Errorf("announced before the VIPs are here:\n%s", added)
	}
	if again := d.run("vs start").Stderr; !strings.Contains(again, "nothing to do") {
		t.Errorf("start again:\n%s", again)
	}
	must(t, d.machine.Advertise(foreign))
	must(t, d.machine.Withdraw(host.Advert{VIP: netip.MustParseAddr("172.16.0.100"), Table: 179, Metric: 1}))
	if r := d.run("vs status --json"); r.Status != 3 || strings.Count(r.Stdout, `"route"`) != 1 {
		t.Errorf("status does not miss one route: %d\n%s", r.Status, r.Stdout)
	}
	d.expect("vs diff", result{Status: 3, Stdout: "ip route add blackhole 172.16.0.100/32 table 179 metric 1 proto static\n"})
	d.succeed("vs start")
	d.adverts("put back", "172.16.0.100 1", "172.16.0.101 1", "172.16.0.200 5")

	d.configure(strings.Replace(announced, "vip: [172.16.0.100, 172.16.0.101]", "vip: 172.16.0.100", 1))
	gone := d.run("vs start").Stderr
	d.adverts("one VIP is gone", "172.16.0.100 1", "172.16.0.200 5")
	if !strings.HasPrefix(gone, "ip route del blackhole 172.16.0.101/32 ") {
		t.Errorf("the route does not go first:\n%s", gone)
	}
	gone = d.run("vs stop").Stderr
	d.adverts("stopped", "172.16.0.200 5")
	if !strings.HasPrefix(gone, "ip route del blackhole 172.16.0.100/32 ") {
		t.Errorf("the route does not go first:\n%s", gone)
	}
	must(t, d.machine.Withdraw(foreign))
	d.looks("stopped", clean)
	d.noRecord()
}

// TestAdvertsShared: what two files announce stays until both drop it.
func TestAdvertsShared(t *testing.T) {
	d := newDesk(t, announced)
	d.succeed("vs start")
	first := d.file
	d.file = d.second(announced)
	d.succeed("vs start")
	d.succeed("vs stop")
	d.adverts("one has stopped", "172.16.0.100 1", "172.16.0.101 1")
	d.file = first
	d.configure(strings.Replace(announced, "announce_table: 179\n", "", 1))
	d.succeed("vs start")
	d.adverts("the other one announces no longer")
	d.succeed("vs stop")
	d.noRecord()
}

// TestAdvertsWorse: the metric says for which VIP a director is worse than another.
func TestAdvertsWorse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, announced+"check: {type: http, vip: false}\n")
		d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
		a := &answers{said: map[netip.Addr]health.Answer{}}
		w := d.watch(a)
		rounds := func() { time.Sleep(config.DefaultWatch().Resync + 10*time.Second) }
		rounds()
		d.adverts("all are up", "172.16.0.100 1", "172.16.0.101 1")
		a.set(netip.MustParseAddr("10.0.0.27"), isDead)
		rounds()
		d.adverts("port 81 has nobody, on either VIP", "172.16.0.100 11", "172.16.0.101 11")
		a.set(netip.MustParseAddr("10.0.0.7"), isDead)
		a.set(netip.MustParseAddr("10.0.0.17"), isDead)
		rounds()
		d.adverts("nor has port 80", "172.16.0.100 21", "172.16.0.101 11")
		for _, rs := range []string{"10.0.0.7", "10.0.0.17", "10.0.0.27"} {
			a.set(netip.MustParseAddr(rs), isWell)
		}
		rounds()
		d.adverts("all are back", "172.16.0.100 1", "172.16.0.101 1")
		w.end()
		d.adverts("the watch has ended", "172.16.0.100 1", "172.16.0.101 1")
	})
}

// TestAdvertsRetired: the VIP stays until clients have followed the route.
func TestAdvertsRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, announced+"check: {type: http, vip: false}\n")
		d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
		clean := d.text()
		w := d.watch(&answers{said: map[netip.Addr]health.Answer{}})
		time.Sleep(20 * time.Second)
		before := d.text()

		var gone atomic.Bool
		go func() {
			for !gone.Load() {
				d.machine.AddConnections(web80, 1)
				time.Sleep(time.Second)
			}
		}()
		d.expect("vs retire --timeout 9s --quiet", result{Status: 1, Stderr: "lvsdr: vs retire: clients still come here after 9s, though the VIP is no longer announced; nothing was stopped\n" +
			"lvsdr: hint: see what the routing daemon announces: birdc show route where source = RTS_INHERIT\n"})
		d.looks("clients still came", before)

		go func() {
			time.Sleep(15 * time.Second)
			d.adverts("retiring")
			gone.Store(true)
		}()
		start := time.Now()
		d.expect("vs retire --quiet", result{Stdout: "The VS Server is Canceled!\n"})
		if took := time.Since(start); took < 15*time.Second || took > 20*time.Second {
			t.Errorf("retire took %s", took)
		}
		time.Sleep(time.Minute)
		d.adverts("retired")
		d.succeed("vs start")
		time.Sleep(20 * time.Second)
		d.looks("back", before)
		w.end()
		d.succeed("vs stop")
		d.looks("stopped", clean)
		d.noRecord()
	})
}

// web80 is the first service of the file.
var web80 = ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: netip.MustParseAddr("172.16.0.100"), Port: 80}
