package lvsdr

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/host"
)

// pairDesk is a desk whose file leaves the VIP to VRRP, and the file that a VRRP
// daemon reads.
func pairDesk(t *testing.T) (d *desk, tracked func(when, want string)) {
	t.Helper()
	track := filepath.Join(t.TempDir(), "track")
	d = newDesk(t, "vip: 172.16.0.100\nservices: [{port: 80}, {port: 81, real_servers: [10.0.0.27]}]\nreal_servers: [10.0.0.7, 10.0.0.17]\n"+
		watchCheck+"watch: {vip: vrrp, track_file: "+track+"}\n")
	d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
	return d, func(when, want string) {
		t.Helper()
		got, err := os.ReadFile(track)
		if err != nil && want != "" || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: the track file has %q, %v; want %q", when, got, err, want)
		}
	}
}

// vrrpVIP is the VIP where VRRP puts it.
var vrrpVIP = host.Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "eth0", Label: "eth0"}

// TestTrack: the active director is slow to say that it is worse off, and the
// other one that it is better off.
func TestTrack(t *testing.T) {
	interval := config.DefaultCheck().Interval
	for _, here := range []bool{true, false} {
		t.Run(fmt.Sprintf("VIP here %v", here), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, tracked := pairDesk(t)
				a := &answers{said: map[netip.Addr]health.Answer{}}
				if here {
					must(t, d.machine.AddAddress(vrrpVIP))
				}
				tracked("before", "")
				w := d.watch(a)
				time.Sleep(interval + 3*time.Second)
				tracked("all are there", "0")
				turn := func(is health.Answer, servers ...string) (first, second string) {
					for _, s := range servers {
						a.set(netip.MustParseAddr(s), is)
					}
					seen := strings.Count(w.said(), `"fail_open"`) + strings.Count(w.said(), `"serving"`)
					for strings.Count(w.said(), `"fail_open"`)+strings.Count(w.said(), `"serving"`) == seen {
						time.Sleep(100 * time.Millisecond)
					}
					read := func() string {
						data, err := os.ReadFile(d.load().Watch.TrackFile)
						must(t, err)
						return strings.TrimSpace(string(data))
					}
					first = read()
					time.Sleep(interval + 3*time.Second)
					return first, read()
				}
				expect := func(what, first, second, wantFirst, wantSecond string) {
					t.Helper()
					if first != wantFirst || second != wantSecond {
						t.Errorf("%s: %s, then %s; want %s, then %s", what, first, second, wantFirst, wantSecond)
					}
				}
				slow := func(now, before string, waits bool) string {
					if waits {
						return before
					}
					return now
				}
				one, two := turn(isDead, "10.0.0.7", "10.0.0.17")
				expect("one service is not served", one, two, slow("10", "0", here), "10")
				one, two = turn(isDead, "10.0.0.27")
				expect("none is", one, two, slow("20", "10", here), "20")
				one, two = turn(isWell, "10.0.0.27")
				expect("one is again", one, two, slow("10", "20", !here), "10")
				d.succeed("vs stop")
				tracked("stopped", "100")
				time.Sleep(time.Minute)
				tracked("stopped, a minute later", "100")
				d.succeed("vs start")
				tracked("started, the watch idles yet", "100")
				time.Sleep(20 * time.Second) // they are asked anew
				tracked("started", "10")
				w.end()
				tracked("the watch has ended", "10")
			})
		})
	}
}

// TestRetire: with the VIP gone the director stops; nothing is stopped before.
func TestRetire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, tracked := pairDesk(t)
		a := &answers{said: map[netip.Addr]health.Answer{}}
		clean := d.text()
		must(t, d.machine.AddAddress(vrrpVIP))
		w := d.watch(a)
		before := d.text()
		d.expect("vs retire --timeout 5s --quiet", result{Status: 1, Stderr: "lvsdr: vs retire: the VIP is still here after 5s: no other director has taken it; nothing was stopped\n" +
			"lvsdr: hint: see there: lvsdr vs status; lvsdr check\n"})
		d.looks("nobody took the VIP", before)
		time.Sleep(20 * time.Second)
		tracked("nobody took the VIP", "0")

		go func() {
			time.Sleep(5 * time.Second)
			tracked("retiring", "100")
			if got := d.run("vs status"); got.Status != 3 || !strings.Contains(got.Stdout, "\nretired: the VIPs are left to the other director; to take them back: lvsdr vs start\n") {
				t.Errorf("status of one who retires: %+v", got)
			}
			must(t, d.machine.DeleteAddress(vrrpVIP))
		}()
		start := time.Now()
		d.expect("vs retire --quiet", result{Stdout: "The VS Server is Canceled!\n"})
		if took := time.Since(start); took < 5*time.Second || took > 10*time.Second {
			t.Errorf("retire took %s", took)
		}
		time.Sleep(time.Minute)
		tracked("retired", "100")
		if !strings.Contains(w.said(), `"stopped"`) {
			t.Errorf("the watch goes on:\n%s", w.said())
		}
		d.succeed("vs start")
		time.Sleep(20 * time.Second)
		tracked("back", "0")
		w.end()

		d.succeed("vs stop")
		d.looks("stopped", clean)
		d.noRecord()
		tracked("stopped without a watch", "100")
		d.succeed("vs start")
		tracked("started without a watch", "0")
		d.expect("vs retire --quiet", result{Stdout: "The VS Server is Canceled!\n"})
		tracked("retired without a watch", "100")
		d.noRecord()
		d.configure("vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
		d.expect("vs retire", result{Status: 2, Stderr: "lvsdr: vs retire: the configuration has neither watch.vip: vrrp nor announce_table: no other director takes the VIP\n" +
			"lvsdr: hint: with one director: lvsdr vs stop --config " + d.file + "\n"})
	})
}

// TestRetireFails: whatever ends a retirement, the director is back.
func TestRetireFails(t *testing.T) {
	d, tracked := pairDesk(t)
	d.succeed("vs start")
	must(t, d.machine.AddAddress(vrrpVIP))
	whole := d.text()
	back := func(when string) {
		t.Helper()
		tracked(when, "0")
		d.looks(when, whole)
		if got := d.run("vs status"); strings.Contains(got.Stdout, "retired") {
			t.Errorf("%s: %+v", when, got)
		}
	}
	back("before")

	// As when the terminal goes.
	var said bytes.Buffer
	status := make(chan int)
	go func() { status <- d.runInto("vs retire --quiet", &said, &said) }()
	for !strings.Contains(d.record(), "retired") {
		time.Sleep(10 * time.Millisecond)
	}
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	if got := <-status; got != 1 || said.String() != "lvsdr: vs retire: interrupted; nothing was stopped\n" {
		t.Errorf("hung up: status %d\n%s", got, &said)
	}
	back("hung up")

	file := d.load().Watch.TrackFile
	must(t, os.MkdirAll(file+".new/x", 0o700))
	if r := d.run("vs retire --quiet"); r.Status != 1 || !strings.Contains(r.Stderr, "tell the VRRP daemon") {
		t.Errorf("cannot tell: %+v", r)
	}
	must(t, os.RemoveAll(file+".new"))
	back("cannot tell")

	must(t, d.machine.DeleteAddress(vrrpVIP))
	whole = d.text()
	d.machine.FailAt(d.machine.Calls()+2, syscall.EIO)
	if r := d.run("vs retire --quiet"); r.Status != 1 || !strings.Contains(r.Stderr, "input/output error") {
		t.Errorf("cannot stop: %+v", r)
	}
	back("cannot stop")
}

// TestStopFails: a stop that fails leaves a watch at work, as it was.
func TestStopFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, tracked := pairDesk(t)
		w := d.watch(&answers{said: map[netip.Addr]health.Answer{}})
		time.Sleep(10 * time.Second)
		whole := d.text()
		d.machine.FailAt(d.machine.Calls()+2, syscall.EIO)
		if got := d.run("vs stop"); got.Status != 1 {
			t.Errorf("%+v", got)
		}
		tracked("at once", "0")
		d.looks("at once", whole)
		time.Sleep(time.Minute)
		tracked("a minute later", "0")
		d.looks("a minute later", whole)
		if strings.Contains(w.said(), `"stopped"`) {
			t.Errorf("the watch idles:\n%s", w.said())
		}
		w.end()
	})
}

// TestTrackLacking: a director that cannot make its services says so.
func TestTrackLacking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, tracked := pairDesk(t)
		for n := 1; n < 1000; n++ {
			d.machine.FailAt(n, syscall.ENOENT)
		}
		w := d.watch(&answers{said: map[netip.Addr]health.Answer{}})
		time.Sleep(10 * time.Second)
		tracked("no scheduler", "20")
		for n := 1; n < 1000; n++ {
			d.machine.FailAt(n, nil)
		}
		time.Sleep(10 * time.Second)
		tracked("there is one", "0")
		w.end()
	})
}
