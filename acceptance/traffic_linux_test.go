package acceptance

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// loadTime is how long a load lasts at least; changes come at fifths of it.
const loadTime = 20 * time.Second

// director is the director of the network under its load.
type director struct {
	t      testing.TB
	config string
}

func (d *director) lvsdr(words ...string) {
	d.t.Helper()
	program(d.t, "lvsdr", append([]string{"--config", d.config, "--netns", hostsFrom + "lvs"}, words...)...)
}

// write replaces the configuration as a whole, as an editor does.
func (d *director) write(servers ...string) {
	d.t.Helper()
	text := "vip: " + vip + "\nreal_servers: [" + strings.Join(servers, ", ") + "]\n"
	err := os.WriteFile(d.config+".new", []byte(text), 0o600)
	if err == nil {
		err = os.Rename(d.config+".new", d.config)
	}
	if err != nil {
		d.t.Error(err)
	}
}

// newDirector sets up the network: the director with rs1 and rs2, and the VIP on
// every real server.
func newDirector(t testing.TB) *director {
	t.Helper()
	network(t)
	d := &director{t, filepath.Join(t.TempDir(), "lvsdr.yaml")}
	d.write(realServers["rs1"], realServers["rs2"])
	d.lvsdr("vs", "start")
	for name := range realServers {
		program(t, "lvsdr", "--config", d.config, "--netns", hostsFrom+name, "rs", "start")
	}
	if t.Failed() {
		t.FailNow()
	}
	return d
}

// under makes a load and returns its requests. Beside it a job is done every
// half second, and an operator, once, does what he does at each fifth of the time: a
// wait lasts until the job was done once more from its beginning.
func (d *director) under(job func(), operator func(wait func())) []request {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var others sync.WaitGroup
	var jobs atomic.Int32
	others.Go(func() {
		for tick := time.Tick(time.Second / 2); ctx.Err() == nil; <-tick {
			job()
			jobs.Add(1)
		}
	})
	others.Go(func() {
		defer cancel()
		wait := func() {
			before := jobs.Load()
			for end := time.Now().Add(loadTime / 5); time.Now().Before(end) || jobs.Load() < before+2; {
				time.Sleep(time.Second / 20)
			}
		}
		operator(wait)
		wait()
	})
	all := load(ctx)
	others.Wait()
	return all
}

// TestKernelTraffic: nobody notices a start that is repeated twice a second, a
// weight that is edited, a real server that joins and one that leaves.
func TestKernelTraffic(t *testing.T) {
	d := newDirector(t)
	rs1, rs2, rs3 := realServers["rs1"], realServers["rs2"], realServers["rs3"]
	var joined, drained time.Time
	requests := d.under(func() { d.lvsdr("vs", "start") }, func(wait func()) {
		wait()
		d.write(rs1, "{address: "+rs2+", weight: 3}")
		wait()
		joined = time.Now()
		d.write(rs1, "{address: "+rs2+", weight: 3}", rs3)
		wait()
		d.lvsdr("vs", "drain", rs1)
		drained = time.Now()
		wait()
		d.write("{address: "+rs2+", weight: 3}", rs3)
	})
	answers := map[string]int{}
	for _, r := range requests {
		answers[r.server]++
		switch {
		case r.err != nil:
			t.Errorf("after %.1f s: %v", r.at.Sub(requests[0].at).Seconds(), r.err)
		case r.server == "rs1" && r.at.After(drained):
			t.Errorf("rs1 was drained, and answered")
		case r.server == "rs3" && r.at.Before(joined):
			t.Errorf("rs3 answered before it joined")
		}
	}
	t.Logf("%d requests: %v", len(requests), answers)
	if len(requests) < 100 || answers["rs1"] == 0 || answers["rs2"] == 0 || answers["rs3"] == 0 {
		t.Errorf("that is not the load that was meant")
	}
	d.lvsdr("vs", "status") // which fails unless all is in place
}

// setUpAgain are the steps of the tutorial's script for the director.
const setUpAgain = `
ip addr replace 172.16.0.100/32 dev lo label lo:1
iptables-legacy -F
/sbin/ipvsadm -C
/sbin/ipvsadm -A -t 172.16.0.100:80 -s wrr
for rs in 10.0.0.7 10.0.0.17; do
	/sbin/ipvsadm -a -t 172.16.0.100:80 -r $rs -g -w 1
done
`

// BenchmarkTrafficScript measures the same load while the tutorial's script is
// repeated instead. How many requests fail depends on how long a program takes
// to start; that there is a table in between is certain either way.
func BenchmarkTrafficScript(b *testing.B) {
	d := newDirector(b)
	var all, failed, runs int
	for range b.N {
		requests := d.under(func() {
			program(b, "ip", "netns", "exec", hostsFrom+"lvs", "sh", "-ec", setUpAgain)
			runs++
		}, func(wait func()) {
			for range 4 {
				wait()
			}
		})
		all += len(requests)
		for _, r := range requests {
			if r.err != nil {
				failed++
			}
		}
	}
	b.ReportMetric(float64(all)/float64(b.N), "requests/op")
	b.ReportMetric(float64(failed)/float64(b.N), "failed/op")
	b.ReportMetric(float64(runs)/float64(b.N), "scripts/op")
}
