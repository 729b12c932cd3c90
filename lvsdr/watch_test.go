package lvsdr

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/check"
	"lvsdr/internal/command"
	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
)

var orders = flag.Uint64("orders", 30, "how many orders TestWatchAnyOrder tries")

// What os/signal begins with must not belong to a bubble of synctest.
func init() { signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR2) }

// answers are what real servers answer: nothing said of one is a good answer.
type answers struct {
	mu   sync.Mutex
	said map[netip.Addr]health.Answer
}

var (
	isWell  = health.Answer{Good: true, Alive: true}
	refuses = health.Answer{Alive: true, Refused: true, Why: "connection refused"}
	isDead  = health.Answer{Why: "no answer"}
)

func (a *answers) set(server netip.Addr, is health.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said[server] = is
}

func (a *answers) of(server netip.Addr) health.Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	if is, said := a.said[server]; said {
		return is
	}
	return isWell
}

func (a *answers) ask(_ context.Context, t health.Target) health.Answer {
	is := a.of(t.Server.Addr())
	if !is.Good && !is.Alive {
		time.Sleep(t.Check.Timeout)
	}
	return is
}

// watching is a watch at work on a desk.
type watching struct {
	reload chan struct{}
	cancel func()
	done   chan struct{}
	out    heard
	steps  heard
}

// heard is what was written so far, to be read at any time.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(b)
}

func (h *heard) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b.Reset()
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

// watch starts "vs watch" on the desk, in a bubble of synctest.
func (d *desk) watch(a *answers, options ...string) *watching {
	w := &watching{reload: make(chan struct{}), done: make(chan struct{})}
	sys := d.system
	sys.own = a.ask
	ctx, cancel := context.WithCancel(d.t.Context())
	w.cancel = cancel
	sys.signals = func() (context.Context, <-chan struct{}, func()) { return ctx, w.reload, cancel }
	go func() {
		defer close(w.done)
		run(command.Env{Args: append([]string{"lvsdr", "--config", d.file, "vs", "watch"}, options...), Stdin: strings.NewReader(""), Stdout: &w.out, Stderr: &w.steps}, sys)
	}()
	time.Sleep(time.Second)
	return w
}

// said is what it has told so far.
func (w *watching) said() string {
	synctest.Wait()
	return w.out.String()
}

// end ends it as SIGTERM does.
func (w *watching) end() {
	w.cancel()
	<-w.done
	time.Sleep(3 * time.Second) // for what is on its way
}

// kill ends it as SIGKILL does: it says nothing any more.
func (d *desk) kill(w *watching) {
	synctest.Wait()
	kept := map[string][]byte{}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(d.state), "*.json"))
	for _, f := range files {
		kept[f], _ = os.ReadFile(f)
	}
	w.end()
	for f, data := range kept {
		must(d.t, os.WriteFile(f, data, 0o600))
	}
}

// watchConfigs are what the file may say; the second of each sort lists others.
var watchConfigs = []string{
	"vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}, 10.0.0.27]\n",
	"vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\nservices: [{port: 80, sorry: [10.0.0.200]}]\n",
	"vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7, {address: 10.0.0.27, weight: 2}]\nservices: [{port: 80, persistent: 60, minimum: 1}, {port: 443, scheduler: mh}]\n",
	"vip: 172.16.0.101\nreal_servers: [10.0.0.17, 10.0.0.27]\nservices: [{port: 80, slow_start: 4s, sorry: [10.0.0.200]}]\n",
}

const watchCheck = "check: {type: http, vip: false}\nannounce: false\n"

// wanted is the table as file × health × drain say, each service in the words of
// [machinetest.Machine]: those of one that is down and whose machine answers have
// weight 0, those of whose machine does not are not there.
func (a *answers) wanted(c config.Config, drained []netip.Addr) (entries []string) {
	for _, w := range c.Wanted() {
		up := 0
		for _, d := range w.Destinations {
			if a.of(d.Addr).Good && !slices.Contains(drained, d.Addr) {
				up++
			}
		}
		sorry := up == 0 && slices.ContainsFunc(w.Sorry, func(d ipvs.Destination) bool { return a.of(d.Addr).Good })
		add := func(d ipvs.Destination, weight uint32) {
			entries = append(entries, fmt.Sprintf("%s:%d -> %s weight %d", w.Service.Addr, w.Service.Port, d.Addr, weight))
		}
		for _, d := range w.Destinations {
			is, out := a.of(d.Addr), slices.Contains(drained, d.Addr)
			silent := !is.Alive || w.Service.Flags&ipvs.Persistent != 0
			switch {
			case !is.Good && (out || up > 0 || sorry) && silent && w.Service.Scheduler != "mh":
			case out, !is.Good && (up > 0 || sorry):
				add(d, 0)
			default:
				add(d, d.Weight)
			}
		}
		for _, d := range w.Sorry {
			if sorry {
				add(d, d.Weight)
			}
		}
	}
	slices.Sort(entries)
	return entries
}

// entriesOf is the table of the machine in the same words.
func entriesOf(t *testing.T, m plan.Machine) (entries []string) {
	services, err := m.Services(ipvs.Everything)
	must(t, err)
	for _, s := range services {
		all, err := m.Destinations(&s, ipvs.Everything, nil)
		must(t, err)
		for _, e := range all {
			entries = append(entries, fmt.Sprintf("%s:%d -> %s weight %d", s.Addr, s.Port, e.Addr, e.Weight))
		}
	}
	slices.Sort(entries)
	return entries
}

// byHand changes something of the table, or of the VIPs, as an operator might: it
// may fail.
func byHand(t *testing.T, m plan.Machine, r *rand.Rand) string {
	services, err := m.Services(ipvs.Everything)
	must(t, err)
	if len(services) == 0 {
		return "nothing by hand"
	}
	s := services[r.IntN(len(services))]
	entries, err := m.Destinations(&s, ipvs.Everything, nil)
	must(t, err)
	switch what := r.IntN(5); {
	case what == 0:
		m.DeleteService(s.Service)
		return fmt.Sprintf("%s:%d deleted by hand", s.Addr, s.Port)
	case what == 1:
		links, err := m.Links()
		must(t, err)
		all, err := m.AddressesOn(links)
		must(t, err)
		for _, a := range all {
			if a.Prefix.Addr() == s.Addr {
				m.DeleteAddress(a)
			}
		}
		return fmt.Sprintf("VIP %s deleted by hand", s.Addr)
	case what == 2:
		m.AddDestination(s.Service, ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.99"), Port: s.Port, Forward: ipvs.DirectRoute, Weight: 1})
		return fmt.Sprintf("%s:%d: 10.0.0.99 added by hand", s.Addr, s.Port)
	case len(entries) == 0:
		return "nothing by hand"
	case what == 3:
		e := entries[r.IntN(len(entries))]
		m.DeleteDestination(s.Service, e.Destination)
		return fmt.Sprintf("%s:%d: %s deleted by hand", s.Addr, s.Port, e.Addr)
	default:
		e := entries[r.IntN(len(entries))].Destination
		e.Weight = r.Uint32N(9)
		m.EditDestination(s.Service, e)
		return fmt.Sprintf("%s:%d: %s given weight %d by hand", s.Addr, s.Port, e.Addr, e.Weight)
	}
}

// TestWatchAnyOrder: whatever real servers answer, and whatever the operator does
// meanwhile, and however often the watch is ended or killed: in the end the table
// is what file × health × drain says, and a stop leaves nothing.
func TestWatchAnyOrder(t *testing.T) {
	for seed := range *orders {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { watchAnyOrder(t, seed) }) })
	}
}

func watchAnyOrder(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 15))
	servers := []netip.Addr{rs7, netip.MustParseAddr("10.0.0.17"), netip.MustParseAddr("10.0.0.27"), netip.MustParseAddr("10.0.0.200")}
	d, a := newDesk(t, watchConfigs[0]+watchCheck), &answers{said: map[netip.Addr]health.Answer{}}
	d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
	clean := d.text()
	w := d.watch(a)
	var told []string
	tell := func(format string, args ...any) {
		told = append(told, time.Now().Format("04:05.000 ")+fmt.Sprintf(format, args...))
	}
	for range 40 {
		server := servers[r.IntN(len(servers))]
		switch r.IntN(14) {
		case 0, 1, 2, 3:
			is := []health.Answer{isWell, isWell, refuses, isDead}[r.IntN(4)]
			a.set(server, is)
			tell("%s: %+v", server, is)
		case 4, 5:
			i := r.IntN(len(watchConfigs))
			d.configure(watchConfigs[i] + watchCheck)
			if r.IntN(2) == 0 {
				w.reload <- struct{}{}
				tell("configuration %d, reload", i)
			} else {
				tell("configuration %d", i)
			}
		case 6, 7:
			verb := []string{"drain --timeout 1ms ", "undrain "}[r.IntN(2)] + server.String()
			tell("vs %s: %d", verb, d.run("vs "+verb).Status)
		case 8:
			verb := []string{"start", "start", "stop"}[r.IntN(3)]
			tell("vs %s: %d", verb, d.run("vs "+verb).Status)
		case 9, 10:
			tell("%s", byHand(t, d.machine, r))
		case 11:
			tell("the watch is killed")
			d.kill(w)
			w = d.watch(a)
		case 12:
			tell("the watch is ended")
			w.end()
			w = d.watch(a)
		case 13:
			tell("a call fails")
			d.machine.FailAt(d.machine.Calls()+1+r.IntN(8), syscall.EIO)
		}
		time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
	}
	for n := range 10 {
		d.machine.FailAt(d.machine.Calls()+n, nil)
	}
	w.reload <- struct{}{}
	d.succeed("vs start") // it may have been stopped
	c := d.load()
	out := c.Wanted()[0].Destinations[r.IntN(2)].Addr
	d.succeed("vs drain " + out.String())
	is := a.of(out)
	a.set(out, isDead)
	time.Sleep(30 * time.Second)
	a.set(out, is)
	tell("%s is drained, dead for a while, and then %+v", out, is)
	time.Sleep(2 * time.Minute) // damped eight times
	d.succeed("vs start")       // an end to hands
	tell("settled, and vs start")
	drained := d.drained()
	if !slices.Contains(drained, out) {
		t.Errorf("%s is drained no longer: %v", out, drained)
	}
	want := a.wanted(c, drained)
	for _, when := range []string{"after vs start", "a minute later"} {
		if diff := cmp.Diff(want, entriesOf(t, d.machine)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		time.Sleep(time.Minute)
	}
	d.expect("vs diff", result{})
	for _, vip := range c.AllVIPs() {
		if !strings.Contains(d.text(), vip.String()+"/32 dev lo") {
			t.Errorf("%s is not there", vip)
		}
	}
	w.end()
	d.succeed("vs stop")
	if diff := cmp.Diff(clean, d.text()); diff != "" {
		t.Errorf("after vs stop (-want +got):\n%s", diff)
	}
	d.noRecord()
	if t.Failed() {
		t.Fatalf("%s\n%s", strings.Join(told, "\n"), w.said())
	}
}

var rs7 = netip.MustParseAddr("10.0.0.7")

func (d *desk) load() config.Config {
	d.t.Helper()
	data, err := os.ReadFile(d.file)
	must(d.t, err)
	c, err := config.Load(d.file, data)
	must(d.t, err)
	return c
}

// drained are the real servers that are being drained.
func (d *desk) drained() []netip.Addr {
	d.t.Helper()
	r, err := plan.LoadRecord(filepath.Dir(d.state), host.Namespace{ID: 4})
	must(d.t, err)
	return r.DrainedFor(plan.Claimant{Role: plan.Director, File: d.file})
}

// TestWatchCannotRecord: where nothing can be written below /run, checks go on and
// the table follows; it is told once a minute, and made up for once there is room.
// A watch that has never recorded anything does nothing.
func TestWatchCannotRecord(t *testing.T) {
	const text = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}]\nservices: [{port: 80, sorry: [10.0.0.200]}]\n" + watchCheck
	rs17 := netip.MustParseAddr("10.0.0.17")
	synctest.Test(t, func(t *testing.T) {
		d, a := newDesk(t, text), &answers{said: map[netip.Addr]health.Answer{}}
		d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
		clean := d.text()
		inTheWay := []string{d.state + ".new", filepath.Join(filepath.Dir(d.state), "health.json.new")}
		fill := func() {
			for _, f := range inTheWay {
				must(t, os.MkdirAll(filepath.Join(f, "x"), 0o700))
			}
		}
		free := func() {
			for _, f := range inTheWay {
				must(t, os.RemoveAll(f))
			}
		}
		entries := func(when string, want ...string) {
			t.Helper()
			for i := range want {
				want[i] = "172.16.0.100:80 -> " + want[i]
			}
			if diff := cmp.Diff(want, entriesOf(t, d.machine)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		fill()
		w := d.watch(a)
		time.Sleep(time.Minute)
		entries("what could not be recorded", "10.0.0.17 weight 3", "10.0.0.7 weight 1")
		if value, err := d.machine.Get("net.ipv4.vs.expire_nodest_conn"); value != 0 || err != nil {
			t.Errorf("a parameter is %d, %v: what was found could not be recorded", value, err)
		}
		free()
		time.Sleep(5 * time.Second)

		fill()
		told := strings.Count(w.said(), `"error"`)
		a.set(rs17, isDead)
		time.Sleep(10 * time.Second)
		entries("one is dead", "10.0.0.7 weight 1")
		a.set(rs7, refuses)
		time.Sleep(10 * time.Second)
		entries("nobody is left", "10.0.0.200 weight 1", "10.0.0.7 weight 0")
		a.set(rs17, isWell)
		time.Sleep(10 * time.Second)
		entries("one is back", "10.0.0.17 weight 3", "10.0.0.7 weight 0")
		a.set(rs7, isWell)
		time.Sleep(150 * time.Second)
		entries("all are back", "10.0.0.17 weight 3", "10.0.0.7 weight 1")
		services, err := d.machine.Services(ipvs.Everything)
		must(t, err)
		must(t, d.machine.DeleteService(services[0].Service))
		time.Sleep(15 * time.Second)
		entries("the service was deleted by hand", "10.0.0.17 weight 3", "10.0.0.7 weight 1")
		if n := strings.Count(w.said(), `"error"`) - told; n < 3 || n > 6 {
			t.Errorf("%d errors are told in three minutes:\n%s", n, w.said())
		}
		a.set(rs7, refuses)
		time.Sleep(10 * time.Second)

		free()
		time.Sleep(15 * time.Second)
		d.kill(w)
		a.set(rs7, isWell)
		w = d.watch(a)
		time.Sleep(15 * time.Second)
		entries("there is room again, and another watch", "10.0.0.17 weight 3", "10.0.0.7 weight 1")
		d.expect("vs diff", result{})
		w.end()
		d.succeed("vs stop")
		d.looks("after vs stop", clean)
		d.noRecord()
	})
}

// TestWatchTakesOver: a table that somebody else has made, ldirectord or keepalived,
// is taken over without connections for who gets none, until it has answered; a
// sorry server that is in use leaves when a real server is up.
func TestWatchTakesOver(t *testing.T) {
	const text = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 3}]\nservices: [{port: 80, sorry: [10.0.0.200]}]\n" + watchCheck
	rs17, other := netip.MustParseAddr("10.0.0.17"), netip.MustParseAddr("10.0.0.200")
	for _, tt := range []struct {
		name  string
		table map[netip.Addr]uint32 // weights
		dead  []netip.Addr
		want  []string
	}{
		{"one is down", map[netip.Addr]uint32{rs7: 1, rs17: 0}, []netip.Addr{rs17}, []string{"10.0.0.17 weight 0", "10.0.0.7 weight 1"}},
		{"one was down", map[netip.Addr]uint32{rs7: 1, rs17: 0}, nil, []string{"10.0.0.17 weight 3", "10.0.0.7 weight 1"}},
		{"nobody is left", map[netip.Addr]uint32{rs7: 0, rs17: 0, other: 1}, []netip.Addr{rs7, rs17},
			[]string{"10.0.0.17 weight 0", "10.0.0.200 weight 1", "10.0.0.7 weight 0"}},
		{"nobody was left", map[netip.Addr]uint32{rs7: 0, rs17: 0, other: 1}, nil, []string{"10.0.0.17 weight 3", "10.0.0.7 weight 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, a := newDesk(t, text), &answers{said: map[netip.Addr]health.Answer{}}
				d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
				service := d.load().Wanted()[0].Service
				must(t, d.machine.AddService(service))
				for addr, weight := range tt.table {
					must(t, d.machine.AddDestination(service, ipvs.Destination{Family: ipvs.INET, Addr: addr, Port: 80, Forward: ipvs.DirectRoute, Weight: weight}))
				}
				for _, addr := range tt.dead {
					a.set(addr, refuses)
				}
				w := d.watch(a)
				time.Sleep(15 * time.Second)
				for i := range tt.want {
					tt.want[i] = "172.16.0.100:80 -> " + tt.want[i]
				}
				if diff := cmp.Diff(tt.want, entriesOf(t, d.machine)); diff != "" {
					t.Errorf("(-want +got):\n%s\n%s", diff, w.said())
				}
				d.expect("vs diff", result{})
				w.end()
				for line := range strings.Lines(w.steps.String()) {
					for _, addr := range tt.dead {
						if strings.Contains(line, "-r "+addr.String()+" ") && !strings.HasSuffix(line, " -w 0\n") {
							t.Errorf("one that is down: %s", line)
						}
					}
				}
			})
		})
	}
}

// The doctor does not call a fault of the table what a watch does, nor has it
// undone: it says why.
func TestCheckBesideWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := healthy(t)
		d.configure(tutorial + watchCheck)
		a := &answers{said: map[netip.Addr]health.Answer{}}
		w := d.watch(a)
		defer w.end()
		a.set(netip.MustParseAddr("10.0.0.17"), refuses)
		time.Sleep(time.Minute)
		for _, r := range d.reportOf("--role vs", 0).Checks {
			if want := "-t 172.16.0.100:80: vs watch has 10.0.0.17 out: connection refused"; r.Name == "weights" && (r.Outcome != check.Warn || r.Seen != want || len(r.Remedy) > 0) {
				t.Errorf("%+v, want a warning: %s", r, want)
			}
		}
		a.set(netip.MustParseAddr("10.0.0.7"), refuses)
		time.Sleep(time.Minute)
		want := "no real server of -t 172.16.0.100:80 is left: all are kept in"
		for _, r := range d.reportOf("--role vs", 1).Checks {
			if r.Name == "weights" && (r.Outcome != check.Fail || !strings.HasPrefix(r.Seen, want+"; ")) {
				t.Errorf("%+v, want a fault: %s", r, want)
			}
		}
		if d.run("vs start"); !strings.Contains(d.warnings, "vs start: warning: weights: "+want) {
			t.Errorf("start warns %q, want %s", d.warnings, want)
		}
	})
}

// TestStopUnrecorded: a stop has a watch idle that could not record anything yet.
func TestStopUnrecorded(t *testing.T) {
	const text = "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n" + watchCheck
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, text)
		d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
		clean := d.text()
		inTheWay := filepath.Join(filepath.Dir(d.state), "health.json.new")
		must(t, os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700))
		w := d.watch(&answers{said: map[netip.Addr]health.Answer{}})
		time.Sleep(5 * time.Second)
		d.succeed("vs stop")
		time.Sleep(time.Minute)
		d.looks("a minute after the stop", clean)
		w.end()
	})
}

// TestReaderPauses: whoever reads what a verb says and pauses keeps nobody waiting for
// the lock.
func TestReaderPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, tutorial)
		paused := make(pausing)
		status := make(chan int)
		for _, verb := range []string{"vs start", "vs drain 10.0.0.7", "vs undrain 10.0.0.7", "vs stop"} {
			go func() { status <- d.runInto(verb, paused, paused) }()
			time.Sleep(time.Second)
			unlock, err := plan.Lock(filepath.Dir(d.state), 0)
			if err != nil {
				t.Errorf("%s: %v", verb, err)
			} else {
				must(t, unlock())
			}
			for done := false; !done; {
				select {
				case <-paused:
				case got := <-status:
					if done = true; got != 0 {
						t.Errorf("%s: status %d", verb, got)
					}
				}
			}
		}
	})
}

// pausing is a reader that takes a text when it likes to.
type pausing chan struct{}

func (p pausing) Write(b []byte) (int, error) {
	p <- struct{}{}
	return len(b), nil
}
