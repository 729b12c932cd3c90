package lvsdr

import (
	"flag"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/host"
	"lvsdr/internal/plan"
)

var watchKills = flag.Int("watch-kills", 10, "how many watches TestKernelWatchKilled kills")

// village is real servers that are addresses of this machine: one that is well has
// a listener, one that is dead has lost its address.
type village struct {
	*site
	answers
	listeners map[netip.Addr]net.Listener
}

func (v *village) set(server netip.Addr, is health.Answer) {
	v.t.Helper()
	at := host.Address{Prefix: netip.PrefixFrom(server, 24), Interface: "eth0", Label: "eth0"}
	if l := v.listeners[server]; l != nil {
		l.Close()
		delete(v.listeners, server)
	}
	switch has := v.of(server).Alive; {
	case has && !is.Alive:
		must(v.t, v.machine.DeleteAddress(at))
	case !has && is.Alive:
		must(v.t, v.machine.AddAddress(at))
	}
	v.answers.set(server, is)
	if !is.Good {
		return
	}
	l, err := net.Listen("tcp", netip.AddrPortFrom(server, 80).String())
	must(v.t, err)
	v.listeners[server] = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
}

// TestKernelWatchKilled: a watch is killed at random moments, while real servers
// fail and come back, and others start, drain and change the table by hand: the
// next one ends where file × health × drain says.
func TestKernelWatchKilled(t *testing.T) {
	const text = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}, 10.0.0.27]\n" +
		"services: [{port: 80, sorry: [10.0.0.200]}, {port: 443, persistent: 60}]\nannounce: false\nwatch: {resync: 1s}\n" +
		"check: {type: tcp, vip: false, port: 80, interval: 100ms, timeout: 100ms, fall: 2}\n"
	v := village{site: newSite(t, text), answers: answers{said: map[netip.Addr]health.Answer{}}, listeners: map[netip.Addr]net.Listener{}}
	c, err := config.Load(v.file, []byte(text))
	must(t, err)
	clean := v.text()
	servers := []netip.Addr{rs7, netip.MustParseAddr("10.0.0.17"), netip.MustParseAddr("10.0.0.27"), netip.MustParseAddr("10.0.0.200")}
	for _, server := range servers {
		v.said[server] = isDead
		v.set(server, isWell)
	}
	r := rand.New(rand.NewPCG(rand.Uint64(), 15))
	half := 0
	for i := range *watchKills {
		before := strings.Join(entriesOf(t, v.machine), "\n")
		watch := v.command("vs watch")
		must(t, watch.Start())
		for range r.IntN(3) {
			time.Sleep(rand.N(300 * time.Millisecond))
			v.disturb(r, servers)
		}
		time.Sleep(rand.N(time.Second))
		watch.Process.Kill()
		watch.Wait()
		if strings.Join(entriesOf(t, v.machine), "\n") != before {
			half++
		}
		if i%5 == 4 || i == *watchKills-1 {
			v.settles(c)
		}
	}
	if half < *watchKills/10 {
		t.Errorf("%d of %d killed watches had changed anything: this proves little", half, *watchKills)
	}
	t.Logf("%d of %d killed watches had changed something", half, *watchKills)
	for _, server := range servers {
		v.set(server, isDead)
	}
	v.succeed("vs stop")
	v.looks("after vs stop", clean)
}

// disturb does something that a watch has to live with.
func (v *village) disturb(r *rand.Rand, servers []netip.Addr) {
	server := servers[r.IntN(len(servers))]
	switch r.IntN(8) {
	case 0, 1, 2:
		v.set(server, []health.Answer{isWell, refuses, isDead}[r.IntN(3)])
	case 3:
		v.lvsdr("vs drain --timeout 1ms "+server.String(), v.machine)
	case 4:
		v.lvsdr("vs undrain "+server.String(), v.machine)
	case 5:
		v.kill("vs "+[]string{"start", "undrain " + server.String(), "drain --timeout 1ms " + server.String()}[r.IntN(3)], 100*time.Millisecond)
	case 6:
		v.lvsdr("vs start", v.machine)
	case 7:
		byHand(v.t, v.machine, r)
	}
}

// settles has a watch at work until the table is what it should be.
func (v *village) settles(c config.Config) {
	v.t.Helper()
	watch := v.command("vs watch")
	var events strings.Builder
	watch.Stdout = &events
	must(v.t, watch.Start())
	defer func() { watch.Process.Kill(); watch.Wait() }()
	id, err := host.CurrentNamespace()
	must(v.t, err)
	var diff string
	for range 60 {
		time.Sleep(time.Second)
		v.succeed("vs start") // an end to hands
		record, err := plan.LoadRecord(v.run, id)
		must(v.t, err)
		want := v.wanted(c, record.DrainedFor(plan.Claimant{Role: plan.Director, File: v.file}))
		if diff = cmp.Diff(want, entriesOf(v.t, v.machine)); diff == "" && v.hasVIP(c) {
			return
		}
	}
	watch.Process.Kill()
	watch.Wait()
	v.t.Fatalf("it does not settle (-want +got):\n%s\nservers %v\n%s", diff, v.said, events.String())
}

func (v *village) hasVIP(c config.Config) bool {
	all, err := v.machine.Addresses()
	must(v.t, err)
	return slices.ContainsFunc(all, func(a host.Address) bool { return a.Prefix.Addr() == c.AllVIPs()[0] })
}
