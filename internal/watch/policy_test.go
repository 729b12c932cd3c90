package watch

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// scene is a service in a test: its real servers a, b, c … and those who may
// answer in their place, in words. A real server is "up", "down" (its machine
// answers), "silent" (down, and it does not) or "new" (not asked yet), "drained"
// or of weight "zero" besides; of two that are down, the last one failed last. One
// who answers in their place is "up", "down", "new", and "busy" besides.
type scene struct {
	members, sorry string
	page           bool
	of             config.Service
	service        ipvs.Service
	before         plan.ServiceHealth
}

var (
	now       = time.Now()
	sorryAddr = netip.MustParseAddr("10.0.0.200")
)

func (c scene) serving() serving {
	check := config.DefaultCheck()
	if c.of.Check == nil {
		c.of.Check = &check
	}
	s := serving{of: &c.of, service: c.service, page: c.page, before: c.before}
	for i, words := range fields(c.members) {
		m := member{name: string(rune('a' + i)), weight: 4, verdict: status.Up, alive: true, since: now.Add(-time.Hour), at: plan.Uptime(i + 1)}
		for _, word := range strings.Fields(words) {
			switch word {
			case "silent":
				m.verdict, m.alive, m.why = status.Down, false, "silence"
			case "down":
				m.verdict, m.why = status.Down, "refused"
			case "new":
				m.verdict = status.Unknown
			case "drained":
				m.drained = true
			case "zero":
				m.weight = 0
			case "listed":
				m.takes = true
			}
		}
		s.members = append(s.members, m)
	}
	addr := sorryAddr
	for _, words := range fields(c.sorry) {
		i := instead{Destination: ipvs.Destination{Addr: addr, Port: 80, Weight: 1}, verdict: status.Up}
		for _, word := range strings.Fields(words) {
			switch word {
			case "down":
				i.verdict = status.Down
			case "new":
				i.verdict = status.Unknown
			case "busy":
				i.busy = true
			}
		}
		s.sorry, addr = append(s.sorry, i), addr.Next()
	}
	return s
}

func fields(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// standings writes what becomes of a service: "in quiesced out unasked", then
// "sorry" or "fail_open", then the entries of who answers instead by weight.
func standings(s serving, h plan.ServiceHealth) string {
	var words []string
	for _, m := range s.members {
		words = append(words, string(h.RealServers[m.name].Standing))
	}
	if h.Instead {
		words = append(words, "sorry")
	}
	if h.FailOpen {
		words = append(words, "fail_open")
	}
	for _, d := range h.Sorry {
		words = append(words, fmt.Sprintf("%d:%d", d.Addr.As4()[3], d.Weight))
	}
	return strings.Join(words, " ")
}

func persistent() ipvs.Service { return ipvs.Service{Flags: ipvs.Persistent, Protocol: ipvs.TCP} }

func on(f config.OnFailure) config.Service {
	check := config.DefaultCheck()
	check.OnFailure = f
	return config.Service{Check: &check}
}

func atLeast(n uint32) config.Service { return config.Service{Minimum: config.Minimum{Count: n}} }
func percentage(n uint32) config.Service {
	return config.Service{Minimum: config.Minimum{Count: n, Percent: true}}
}

func TestPolicy(t *testing.T) {
	had := ipvs.Destination{Addr: sorryAddr, Port: 80, Weight: 1}
	instead, failOpen := plan.ServiceHealth{Instead: true, Sorry: []ipvs.Destination{had}}, plan.ServiceHealth{FailOpen: true}
	udp, mh := ipvs.Service{Protocol: ipvs.UDP}, ipvs.Service{Scheduler: "mh", Flags: ipvs.Persistent}
	for _, tt := range []struct {
		name string
		scene
		want string
	}{
		// What a failure does.
		{"all up", scene{members: "up,up"}, "in in"},
		{"the service fails, the machine answers", scene{members: "up,down"}, "in quiesced"},
		{"the machine is silent", scene{members: "up,silent"}, "in out"},
		{"UDP", scene{members: "up,down", service: udp}, "in out"},
		{"persistent", scene{members: "up,down", service: persistent()}, "in out"},
		{"mh", scene{members: "up,silent", service: mh}, "in quiesced"},
		{"mh, one not asked", scene{members: "up,new", service: mh}, "in quiesced"},
		{"mh, one not asked with an entry", scene{members: "up,new listed", service: mh}, "in unasked"},
		{"mh, one not asked with an entry that was made for it", scene{members: "up,new listed", service: mh,
			before: plan.ServiceHealth{RealServers: map[string]plan.Fate{"b": {Verdict: status.Unknown, Standing: plan.Quiesced}}}}, "in quiesced"},
		{"mh, on_failure: remove", scene{members: "up,silent", service: mh, of: on(config.FailureRemove)}, "in quiesced"},
		{"sh, which refuses clients at weight 0", scene{members: "up,down", service: ipvs.Service{Scheduler: "sh"}}, "in out"},
		{"sh-fallback", scene{members: "up,down", service: ipvs.Service{Scheduler: "sh", Flags: ipvs.SchedulerFlag1}}, "in quiesced"},
		{"sh-port", scene{members: "up,down", service: ipvs.Service{Scheduler: "sh", Flags: ipvs.SchedulerFlag2}}, "in out"},
		{"dh", scene{members: "up,down", service: ipvs.Service{Scheduler: "dh"}}, "in out"},
		{"on_failure: quiesce", scene{members: "up,silent", service: persistent(), of: on(config.FailureQuiesce)}, "in quiesced"},
		{"on_failure: remove", scene{members: "up,down", of: on(config.FailureRemove)}, "in out"},

		// Nobody left.
		{"nobody left, sorry", scene{members: "down,silent", sorry: "up"}, "quiesced out sorry 200:1"},
		{"two sorry servers", scene{members: "down", sorry: "up,up"}, "quiesced sorry 200:1 201:1"},
		{"one of two sorry servers", scene{members: "down", sorry: "down,up"}, "quiesced sorry 201:1"},
		{"sorry not asked yet", scene{members: "down", sorry: "new"}, "quiesced sorry 200:1"},
		{"sorry is down", scene{members: "down,silent", sorry: "down"}, "in in fail_open"},
		{"a page", scene{members: "down", page: true}, "quiesced sorry"},
		{"without sorry", scene{members: "down,silent"}, "in in fail_open"},
		{"fail open but the drained", scene{members: "down,silent drained"}, "in out fail_open"},
		{"fail open, of weight 0", scene{members: "silent,down zero"}, "in quiesced fail_open"},
		{"sorry is not needed", scene{members: "up,down", sorry: "up"}, "in quiesced"},
		{"sorry, all drained", scene{members: "up drained,up drained", sorry: "up"}, "in in sorry 200:1"},
		{"sorry, the rest is drained", scene{members: "up drained,down", sorry: "up"}, "in quiesced sorry 200:1"},
		{"all drained, without sorry", scene{members: "up drained,down drained"}, "in quiesced"},

		// Minimum.
		{"minimum", scene{members: "up,silent,silent", of: atLeast(2)}, "in out in"},
		{"minimum is reached", scene{members: "up,up,silent", of: atLeast(2)}, "in in out"},
		{"minimum is more than there are", scene{members: "up,silent", of: atLeast(9)}, "in in"},
		{"minimum in percent", scene{members: "up,silent,silent,silent", of: percentage(50)}, "in out out in"},
		{"minimum in percent, rounded up", scene{members: "up,silent,silent", of: percentage(50)}, "in out in"},
		{"minimum without the drained", scene{members: "up,silent,silent drained,up drained", of: percentage(100)}, "in in out in"},
		{"sorry wins over minimum", scene{members: "silent,silent", sorry: "up", of: atLeast(2)}, "out out sorry 200:1"},
		{"fail open beyond minimum", scene{members: "silent,silent,silent", of: atLeast(1)}, "in in in fail_open"},

		// Start.
		{"not asked yet", scene{members: "new,new", sorry: "up"}, "unasked unasked"},
		{"the first is up", scene{members: "up,new", sorry: "up"}, "in unasked"},
		{"the first is down: no sorry yet", scene{members: "silent,new", sorry: "up"}, "out unasked"},
		{"the first is down: no fail open yet", scene{members: "silent,new"}, "out unasked"},
		{"the one not asked is drained", scene{members: "silent,new drained", sorry: "up"}, "out unasked sorry 200:1"},
		{"one more while sorry answers", scene{members: "silent,new", sorry: "up", before: instead}, "out unasked sorry 200:1"},
		{"one more while failing open", scene{members: "silent,new", before: failOpen}, "in unasked fail_open"},

		// Sorry servers leave.
		{"back, nobody on sorry", scene{members: "up", sorry: "up", before: instead}, "in"},
		{"back, somebody on sorry", scene{members: "up", sorry: "up busy", before: instead}, "in 200:0"},
		{"back, persistent", scene{members: "up", sorry: "up busy", before: instead, service: persistent()}, "in"},
		{"busy, but not by us", scene{members: "up", sorry: "up busy"}, "in"},
		{"sorry goes down with connections", scene{members: "down", sorry: "down busy,up", before: instead}, "quiesced sorry 200:0 201:1"},
	} {
		s := tt.serving()
		if got := standings(s, s.health(now)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// What is known of a verdict goes with what follows.
func TestFate(t *testing.T) {
	s := scene{members: "down"}.serving()
	s.members[0].remedy, s.members[0].mendAt = []string{"lvsdr rs start"}, "10.0.0.7"
	got := s.health(now).RealServers["a"]
	want := plan.Fate{Verdict: status.Down, Why: "refused", Remedy: []string{"lvsdr rs start"}, MendAt: "10.0.0.7", Standing: plan.In, At: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A server that comes back is ramped up; one that was never down is not.
func TestSlowStart(t *testing.T) {
	for _, tt := range []struct {
		age  time.Duration
		rose bool
		want uint32
	}{
		{0, true, 1}, {10 * time.Millisecond, true, 1}, {time.Second, true, 100}, {5 * time.Second, true, 500},
		{10*time.Second - 1, true, 999}, {10 * time.Second, true, 0}, {time.Hour, true, 0}, {0, false, 0},
	} {
		s := scene{members: "up,up", of: config.Service{SlowStart: 10 * time.Second}}.serving()
		s.members[0].since, s.members[0].rose = now.Add(-tt.age), tt.rose
		if got := s.health(now).RealServers["a"].Share; got != tt.want {
			t.Errorf("%s after it came back (%v): %d of a thousand, want %d", tt.age, tt.rose, got, tt.want)
		}
	}
}

func TestReady(t *testing.T) {
	for _, tt := range []struct {
		name string
		scene
		want bool
	}{
		{"nobody asked, nobody there", scene{members: "new,new"}, false},
		{"nobody asked, one there", scene{members: "new,new listed"}, true},
		{"mh, nobody asked", scene{members: "new,new", service: ipvs.Service{Scheduler: ipvs.MaglevHash}}, false},
		{"one up", scene{members: "up,new"}, true},
		{"one up, but drained", scene{members: "up drained,new"}, false},
		{"one down, one not asked", scene{members: "down,new"}, false},
		{"all down", scene{members: "down,down"}, true},
		{"all down, sorry", scene{members: "down,silent", sorry: "up"}, true},
		{"all drained", scene{members: "up drained"}, true},
	} {
		s := tt.serving()
		if got := s.ready(s.health(now)); got != tt.want {
			t.Errorf("%s: ready %v, want %v", tt.name, got, tt.want)
		}
	}
}

// randomScene is a service in any state.
func randomScene(r *rand.Rand) scene {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var c scene
	var members, sorry []string
	for range 1 + r.IntN(6) {
		members = append(members, pick("up", "down", "silent", "new")+pick("", "", "", " drained", " zero"))
	}
	for range r.IntN(3) {
		sorry = append(sorry, pick("up", "down", "new")+pick("", " busy"))
	}
	c.members, c.sorry, c.page = strings.Join(members, ","), strings.Join(sorry, ","), r.IntN(4) == 0
	c.of.Minimum = config.Minimum{Count: uint32(r.IntN(5))}
	if r.IntN(3) == 0 {
		c.of.Minimum = config.Minimum{Count: uint32(r.IntN(101)), Percent: true}
	}
	c.service = []ipvs.Service{{}, {}, {Protocol: ipvs.UDP}, persistent(), {Scheduler: "mh"}}[r.IntN(5)]
	switch r.IntN(4) {
	case 0:
		c.before = plan.ServiceHealth{Instead: true, Sorry: []ipvs.Destination{{Addr: sorryAddr, Port: 80, Weight: 1}}}
	case 1:
		c.before = plan.ServiceHealth{FailOpen: true}
	}
	return c
}

// What holds of any service, in whatever state.
func TestPolicyProperties(t *testing.T) {
	for seed := range uint64(20_000) {
		c := randomScene(rand.New(rand.NewPCG(seed, 15)))
		s := c.serving()
		h := s.health(now)
		up, unasked, candidates, in := 0, 0, 0, 0
		for _, m := range s.members {
			standing := h.RealServers[m.name].Standing
			counts := !m.drained && m.weight > 0
			if counts {
				candidates++
			}
			switch {
			case m.verdict == status.Up && standing != plan.In, m.verdict == status.Unknown && standing != s.unasked(m):
				t.Errorf("%+v: %s is %s, and %s", c, m.name, m.verdict, standing)
			case m.verdict == status.Down && standing == plan.In && !counts:
				t.Errorf("%+v: %s is kept in although it is drained, or has weight 0", c, m.name)
			case m.verdict == status.Down && standing == plan.In:
				in++
			case counts && m.verdict == status.Up:
				up, in = up+1, in+1
			case counts && m.verdict == status.Unknown:
				unasked++
			}
		}
		least, may := s.of.Minimum.Of(candidates), s.maySaySorry()
		down := candidates - up - unasked
		switch {
		case h.Instead && h.FailOpen:
			t.Errorf("%+v: sorry and fail open", c)
		case up > 0 && (h.Instead || h.FailOpen):
			t.Errorf("%+v: %d are up, and it is %s", c, up, standings(s, h))
		case up > 0 && in != max(up, min(least, up+down)):
			t.Errorf("%+v: %d are in, %d up, minimum %d", c, in, up, least)
		case up == 0 && unasked > 0 && (h.Instead != c.before.Instead || h.FailOpen != c.before.FailOpen):
			t.Errorf("%+v: %d were not asked yet, and it is %s", c, unasked, standings(s, h))
		case up == 0 && unasked == 0 && h.Instead != may:
			t.Errorf("%+v: nobody is left, and it is %s", c, standings(s, h))
		case up == 0 && unasked == 0 && !may && h.FailOpen != (candidates > 0), h.FailOpen && in != down:
			t.Errorf("%+v: nobody is left, and it is %s", c, standings(s, h))
		}
		for _, d := range h.Sorry {
			if !h.Instead && d.Weight > 0 {
				t.Errorf("%+v: %s gets connections", c, d.Addr)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, standings(s, h))
		}
	}
}
