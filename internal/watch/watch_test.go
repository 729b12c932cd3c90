package watch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/host"
	"lvsdr/internal/plan"
	"lvsdr/internal/wire"
)

// lan is real servers in memory, each in a state; those of whom nothing is said are
// well. In a bubble of synctest, all takes as long as it would.
type lan struct {
	mu     sync.Mutex
	states map[netip.Addr]state
	asked  map[netip.Addr]int // at their own addresses
	free   chan struct{}      // closed: nothing is stuck any more
}

type state string

const (
	well    state = "well"
	dead    state = "the machine is unplugged"
	refuses state = "nothing listens"
	hangs   state = "it accepts and does not answer"
	noVIP   state = "the VIP is missing"
	unable  state = "the director cannot ask"
	stuck   state = "what asks it cannot be ended"
)

func newLAN() *lan {
	return &lan{states: map[netip.Addr]state{}, asked: map[netip.Addr]int{}, free: make(chan struct{})}
}

func (l *lan) set(server netip.Addr, s state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.states[server] = s
}

func (l *lan) state(server netip.Addr) state {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, said := l.states[server]; said {
		return s
	}
	return well
}

func (*lan) Links() ([]host.Link, error) {
	return []host.Link{{Index: 2, Name: "eth0", Up: true, Broadcast: true, MAC: net.HardwareAddr{2, 0, 10, 0, 0, 8}}}, nil
}

func (*lan) AddressesOn([]host.Link) ([]host.Address, error) {
	return []host.Address{{Prefix: netip.MustParsePrefix("10.0.0.8/16"), Interface: "eth0"}}, nil
}

func (*lan) RouteTo(netip.Addr, []host.Link) (host.Hop, error) {
	return host.Hop{Interface: "eth0", Source: netip.MustParseAddr("10.0.0.8")}, nil
}

func (*lan) Listeners() ([]host.Listener, error) { return nil, nil }

func (l *lan) Ask(questions []wire.Question, _ []host.Link, _ []host.Address, wait time.Duration) []wire.Reply {
	time.Sleep(wait)
	replies := make([]wire.Reply, len(questions))
	for i, q := range questions {
		for _, a := range q.Addrs {
			if four := a.As4(); l.state(a) != dead {
				replies[i].Answers = append(replies[i].Answers, wire.Answer{Addr: a, MAC: append(net.HardwareAddr{2, 0}, four[:]...)})
			}
		}
	}
	return replies
}

func (l *lan) ProbeEach(probes []wire.Probe, wait time.Duration, told func(int, wire.ProbeReply)) {
	silent := []int{}
	for i, p := range probes {
		switch l.state(netip.AddrFrom4([4]byte(p.MAC[2:]))) {
		case dead, noVIP:
			silent = append(silent, i)
		case refuses:
			told(i, wire.ProbeReply{Outcome: wire.Refused})
		case unable:
			told(i, wire.ProbeReply{Err: errors.New("no descriptors")})
		default:
			told(i, wire.ProbeReply{Outcome: wire.Served})
		}
	}
	if len(silent) > 0 {
		time.Sleep(wait)
	}
	for _, i := range silent {
		told(i, wire.ProbeReply{})
	}
}

func (l *lan) own(ctx context.Context, t health.Target) health.Answer {
	l.mu.Lock()
	l.asked[t.Server.Addr()]++
	l.mu.Unlock()
	switch s := l.state(t.Server.Addr()); {
	case s == refuses:
		return health.Answer{Refused: true, Alive: true, Why: "connection refused"}
	case s == unable:
		return health.Answer{Unasked: true, Why: "not asked: no descriptors"}
	case s == stuck:
		<-l.free
		return health.Answer{Why: "still running"}
	case s == dead, s == hangs && t.Check.Type != config.CheckTCP:
		select {
		case <-time.After(t.Check.Timeout):
		case <-ctx.Done():
		}
		return health.Answer{Alive: s == hangs, Why: "no answer"}
	}
	return health.Answer{Good: true, Alive: true}
}

// book is a site without a table: it keeps what it is told.
type book struct {
	config  config.Config
	mu      sync.Mutex
	events  []Event
	states  []string // that the service manager was told
	health  plan.Health
	applies int
	fails   error // what an Apply fails with
	failed  error // what an Apply could not do beside the rest
	wrong   error // what a Reload fails with
	stopped bool  // by "vs stop"
}

func (b *book) Apply(c config.Config, _ *Applied, decide func(plan.State, []netip.Addr) plan.Health) (Applied, error) {
	time.Sleep(200 * time.Millisecond)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.applies++
	if b.fails != nil {
		return Applied{}, b.fails
	}
	if b.stopped {
		return Applied{Config: c, Stopped: true}, nil
	}
	h := decide(plan.State{}, nil)
	b.health = h
	return Applied{Config: c, Health: h, Failed: b.failed}, nil
}

func (*book) End(plan.Health) error { return nil }
func (b *book) Reload() (config.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.config, b.wrong
}
func (b *book) Notify(state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states = append(b.states, state)
}

func (*book) Heard(Event, string, time.Duration) {}
func (b *book) Tell(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// times are when an event of a real server was told; "": of anybody.
func (b *book) times(event, server string) (all []time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Event == event && (server == "" || strings.HasPrefix(e.RealServer, server+":")) {
			all = append(all, e.Time)
		}
	}
	return all
}

func (b *book) why(event string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range slices.Backward(b.events) {
		if e.Event == event {
			return e.Why
		}
	}
	return ""
}

func (b *book) standing(service, server string) plan.Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.health.Services[service].RealServers[server].Standing
}

// watching is a watch at work.
type watching struct {
	*book
	*lan
	*Watch
	reload chan struct{}
	end    func()
}

// watchOn has a watch look after the real servers of a configuration until end is
// called, in a bubble of synctest.
func watchOn(t *testing.T, text string) watching {
	t.Helper()
	c, err := config.Load("lvsdr.yaml", []byte(text))
	must(err)
	w := watching{book: &book{config: c}, lan: newLAN(), reload: make(chan struct{})}
	w.Watch = &Watch{Site: w.book, Kernel: w.lan, Own: w.lan.own, MendThere: "lvsdr rs start"}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); must(w.Run(ctx, c, w.reload)) }()
	w.end = func() { cancel(); <-done; time.Sleep(2 * time.Second) } // for what is on its way
	return w
}

const (
	two  = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
	web  = "-t 172.16.0.100:80"
	soon = 5 * time.Second
)

var rs7 = netip.MustParseAddr("10.0.0.7")

// Whatever fails, and whenever: within five seconds it is out, in the way that
// becomes it, and after it is well again it is back with two good answers.
func TestDetection(t *testing.T) {
	for _, tt := range []struct {
		state    state
		check    string
		standing plan.Standing
		why      string
	}{
		{dead, "tcp", plan.Out, "answer"},
		{dead, "http", plan.Out, "answer"},
		{refuses, "tcp", plan.Quiesced, "nothing listens"},
		{refuses, "http", plan.Quiesced, "nothing listens"},
		{noVIP, "tcp", plan.Quiesced, "VIP"},
		{noVIP, "http", plan.Quiesced, "VIP"},
		{hangs, "http", plan.Quiesced, "no answer"},
	} {
		t.Run(string(tt.state)+" "+tt.check, func(t *testing.T) {
			for phase := range 20 {
				synctest.Test(t, func(t *testing.T) {
					w := watchOn(t, two+"check: {type: "+tt.check+"}\n")
					defer w.end()
					time.Sleep(30*time.Second + time.Duration(phase)*110*time.Millisecond)
					if n := len(w.times(EventUp, "")); n != 2 {
						t.Fatalf("%d are up in the beginning", n)
					}
					failed := time.Now()
					w.set(rs7, tt.state)
					time.Sleep(time.Minute)
					downs := w.times(EventDown, "10.0.0.7")
					if len(downs) != 1 || len(w.times(EventDown, "")) != 1 {
						t.Fatalf("%d times down, the other one %d times", len(downs), len(w.times(EventDown, ""))-len(downs))
					}
					if took := downs[0].Sub(failed); took > soon {
						t.Errorf("phase %d: out after %s", phase, took)
					}
					if why := w.why(EventDown); !strings.Contains(why, tt.why) {
						t.Errorf("why: %q, want something of %q", why, tt.why)
					}
					if got := w.standing(web, "10.0.0.7"); got != tt.standing {
						t.Errorf("it is %s, want %s", got, tt.standing)
					}
					back := time.Now()
					w.set(rs7, well)
					time.Sleep(time.Minute)
					ups := w.times(EventUp, "10.0.0.7")
					if len(ups) != 2 {
						t.Fatalf("%d times up", len(ups))
					}
					if took := ups[1].Sub(back); took > soon {
						t.Errorf("phase %d: back after %s", phase, took)
					}
					if got := w.standing(web, "10.0.0.7"); got != plan.In {
						t.Errorf("back, and %s", got)
					}
				})
			}
		})
	}
}

// A director that cannot ask keeps its verdicts, and complains once a minute.
func TestUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		w.set(rs7, unable)
		time.Sleep(10 * time.Minute)
		if n := len(w.times(EventDown, "")); n > 0 {
			t.Errorf("%d are down", n)
		}
		if n := len(w.times(EventUnasked, "10.0.0.7")); n < 9 || n > 11 {
			t.Errorf("%d complaints in ten minutes", n)
		}
	})
}

// While an Apply fails, checks go on; it is tried again every second, and told once
// a minute.
func TestApplyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: tcp}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		w.with(func(b *book) { b.fails, b.applies = errors.New("no space left on device"), 0 })
		w.set(rs7, refuses)
		time.Sleep(10 * time.Minute)
		if n := len(w.times(EventDown, "10.0.0.7")); n != 1 {
			t.Errorf("down %d times", n)
		}
		if n := len(w.times(EventError, "")); n < 9 || n > 11 {
			t.Errorf("%d errors told in ten minutes", n)
		}
		w.with(func(b *book) {
			if b.fails = nil; b.applies < 500 || b.applies > 650 {
				t.Errorf("tried %d times in ten minutes", b.applies)
			}
		})
		time.Sleep(2 * time.Second)
		if got := w.standing(web, "10.0.0.7"); got != plan.Quiesced {
			t.Errorf("it is %s once an Apply goes well", got)
		}
	})
}

func (b *book) with(do func(*book)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(b)
}

// A reload at any time: verdicts stay, questions that are on their way count, and
// who is gone is asked no more.
func TestReloads(t *testing.T) {
	var servers []string
	for i := range 40 {
		servers = append(servers, fmt.Sprintf("10.0.1.%d", i+1))
	}
	of := func(n int) string {
		return "vip: 172.16.0.100\ncheck: {type: http}\nreal_servers: [" + strings.Join(servers[:n], ", ") + "]\n"
	}
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, of(40))
		defer w.end()
		for i := range 20 {
			w.set(netip.MustParseAddr(servers[i]), hangs)
		}
		time.Sleep(20 * time.Second)
		if got := len(w.times(EventDown, "")); got != 20 {
			t.Fatalf("%d are down", got)
		}
		for i := range 300 {
			w.with(func(b *book) { b.config = load(of([]int{2, 40, 20, 39}[i%4])) })
			w.reload <- struct{}{}
			time.Sleep(time.Duration(i%17) * 50 * time.Millisecond)
		}
		if n := len(w.times(EventDown, servers[0])); n != 1 { // who was away is new
			t.Errorf("%s: %d times down", servers[0], n)
		}
		w.with(func(b *book) { b.config = load(of(3)) })
		w.reload <- struct{}{}
		time.Sleep(5 * time.Second)
		gone := netip.MustParseAddr(servers[30])
		before := w.count(gone)
		w.with(func(b *book) { b.wrong = errors.New("bad file") })
		w.reload <- struct{}{}
		w.set(netip.MustParseAddr(servers[0]), well)
		time.Sleep(10 * time.Second)
		if w.count(gone) != before {
			t.Error("one that is gone is asked")
		}
		if w.why(EventRefused) != "bad file" || w.standing(web, servers[0]) != plan.In || w.standing(web, servers[1]) != plan.Quiesced {
			t.Errorf("after a bad file: %q, %+v", w.why(EventRefused), w.health)
		}
	})
}

// A VIP that comes with a reload is held back until its real servers have verdicts,
// also where an Apply of what the file said before ends meanwhile.
func TestReloadHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		for _, server := range []string{"10.0.0.7", "10.0.0.17"} {
			w.set(netip.MustParseAddr(server), hangs)
		}
		w.reload <- struct{}{}
		time.Sleep(100 * time.Millisecond) // an Apply is on its way
		w.with(func(b *book) {
			b.config = load(strings.Replace(two, "172.16.0.100", "[172.16.0.100, 172.16.0.101]", 1) + "check: {type: http}\n")
		})
		w.reload <- struct{}{}
		vip := netip.MustParseAddr("172.16.0.101")
		for range 20 {
			time.Sleep(100 * time.Millisecond)
			w.with(func(b *book) {
				if _, knows := b.health.Services["-t 172.16.0.101:80"]; knows && !b.health.Held[vip] {
					t.Fatalf("it is up before anybody was asked: %+v", b.health)
				}
			})
		}
		time.Sleep(time.Minute)
		w.with(func(b *book) {
			if _, knows := b.health.Services["-t 172.16.0.101:80"]; !knows || b.health.Held[vip] {
				t.Errorf("a minute later: %+v", b.health)
			}
		})
	})
}

// A watch that was idle for longer than verdicts count begins as one that starts: it
// takes out nobody before it has asked.
func TestIdle(t *testing.T) {
	for _, tt := range []struct {
		idle time.Duration
		old  bool
	}{{10 * time.Minute, true}, {20 * time.Second, false}} {
		t.Run(tt.idle.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watchOn(t, two+"check: {type: http}\n")
				defer w.end()
				time.Sleep(10 * time.Second)
				w.set(rs7, hangs)
				time.Sleep(20 * time.Second)
				w.with(func(b *book) { b.stopped = true })
				time.Sleep(5 * time.Second)
				asked := w.count(rs7)
				time.Sleep(tt.idle)
				if n := w.count(rs7) - asked; n > 0 || w.why(EventStopped) == "" {
					t.Errorf("asked %d times while it idled", n)
				}
				w.set(rs7, well)
				w.with(func(b *book) { b.stopped, b.health = false, plan.Health{} })
				var seen []plan.Standing
				for range 30 {
					time.Sleep(100 * time.Millisecond)
					if now := w.standing(web, "10.0.0.7"); now != "" {
						seen = append(seen, now)
					}
				}
				if stale := slices.Contains(seen, plan.Quiesced); stale == tt.old || len(w.times(EventResumed, "")) != 1 {
					t.Errorf("after it idled: %v", seen)
				}
				if tt.old && seen[len(seen)-1] != plan.In {
					t.Errorf("not asked at once: %v", seen)
				}
				time.Sleep(10 * time.Second)
				if got := w.standing(web, "10.0.0.7"); got != plan.In {
					t.Errorf("in the end %s", got)
				}
			})
		})
	}
}

// A file that is read again and again keeps nobody from being asked.
func TestReloadsAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		before := w.count(rs7)
		for range 1000 {
			w.reload <- struct{}{}
			time.Sleep(100 * time.Millisecond)
		}
		if n := w.count(rs7) - before; n < 40 || n > 60 {
			t.Errorf("asked %d times in 100 seconds", n)
		}
	})
}

func (l *lan) count(server netip.Addr) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[server]
}

func load(text string) config.Config {
	c, err := config.Load("lvsdr.yaml", []byte(text))
	must(err)
	return c
}

// A server that is on the LAN no check touches but on the wire is not asked at its
// own address.
func TestWireAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: tcp}\n")
		defer w.end()
		time.Sleep(time.Minute)
		if n := w.count(rs7); n > 1 {
			t.Errorf("asked %d times at its own address", n)
		}
	})
}

// A program that cannot be ended is a bad answer, and is not started again before it
// has ended.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: exec, command: [/usr/local/bin/probe]}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		w.set(rs7, stuck)
		began := time.Now()
		time.Sleep(2 * time.Second) // it is asked, and does not answer
		before := w.count(rs7)
		time.Sleep(10 * time.Minute)
		downs := w.times(EventDown, "")
		if len(downs) != 1 || downs[0].Sub(began) > 10*time.Second || !strings.HasPrefix(w.why(EventDown), "/usr/local/bin/probe cannot be ended") {
			t.Errorf("began %v, down %v: %q", began, downs, w.why(EventDown))
		}
		if n := w.count(rs7) - before; n > 0 {
			t.Errorf("started %d times more", n)
		}
		w.set(rs7, well)
		close(w.free)
		time.Sleep(10 * time.Second)
		if n := len(w.times(EventUp, "10.0.0.7")); n != 2 {
			t.Errorf("up %d times", n)
		}
	})
}

// Two thousand real servers that go up and down all the time: nobody is asked
// late, and the table follows.
func TestFlapping(t *testing.T) {
	var list []string
	for i := range 2000 {
		list = append(list, fmt.Sprintf("10.0.%d.%d", 1+i/250, 1+i%250))
	}
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, "vip: 172.16.0.100\ncheck: {type: tcp}\nreal_servers: ["+strings.Join(list, ", ")+"]\n")
		defer w.end()
		for i := range 60 {
			for j, a := range list {
				if s := []state{well, refuses, dead, noVIP}[(i+j)%4]; i%5 == j%5 {
					w.set(netip.MustParseAddr(a), s)
				}
			}
			time.Sleep(time.Second)
		}
		for _, a := range list {
			w.set(netip.MustParseAddr(a), well)
		}
		time.Sleep(2 * time.Minute) // damped eight times
		for _, a := range list {
			if got := w.standing(web, a); got != plan.In {
				t.Fatalf("%s is %s in the end", a, got)
			}
		}
		if n := len(w.times(EventDown, "")); n < 2000 {
			t.Errorf("%d falls", n)
		}
		if late := w.Late(); late > 200*time.Millisecond {
			t.Errorf("a question was %s late", late)
		}
	})
}
