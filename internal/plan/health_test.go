package plan

import (
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/machinetest"
	"lvsdr/internal/status"
)

var (
	rs17 = netip.MustParseAddr("10.0.0.17")
	web  = ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: netip.MustParseAddr("172.16.0.100"), Port: 80, Scheduler: "wrr"}
)

// found is the health of the tutorial's service: fates in the order of
// 10.0.0.7, 10.0.0.17.
func found(fates ...Fate) *Health {
	one := ServiceHealth{RealServers: map[string]Fate{}}
	for i, f := range fates {
		one.RealServers[[]string{"10.0.0.7", "10.0.0.17"}[i]] = f
	}
	return &Health{Services: map[string]ServiceHealth{"-t 172.16.0.100:80": one}, Respect: true}
}

func up() Fate              { return Fate{Verdict: status.Up, Standing: In} }
func down(as Standing) Fate { return Fate{Verdict: status.Down, Why: "refused", Standing: as} }
func unasked() Fate         { return Fate{Verdict: status.Unknown, Standing: Unasked} }

// wish is the tutorial's with a health, and what the record says of drains.
func (at Site) wish(t *testing.T, h *Health) Wish {
	return New(director, load(t, tutorial), at.Record.DrainedFor(director), Options{Health: h})
}

// start carries a start out, and returns its lines about entries without the
// service, and what is kept.
func (at Site) start(t *testing.T, h *Health) (lines []string) {
	t.Helper()
	w := at.wish(t, h)
	s, err := Look(at.Machine, w, at.Record)
	must(t, err)
	p, err := Start(w, s)
	must(t, err)
	must(t, Apply(io.Discard, at, p))
	for _, c := range p.Changes {
		if words := strings.Fields(c.Line); words[0] == "ipvsadm" && len(words) > 4 && words[4] == "-r" {
			lines = append(lines, words[1]+" "+strings.Join(words[5:], " "))
		}
	}
	for _, k := range p.Kept {
		lines = append(lines, "kept "+strings.TrimPrefix(k, "-t 172.16.0.100:80 -r "))
	}
	return lines
}

// watchedSite is a site whose director is up and watched, with what the kernel has
// to be told of.
func watchedSite(t *testing.T) Site {
	at := site(t)
	at.Machine.(*machinetest.Machine).AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
	must(t, os.MkdirAll(filepath.Dir(at.Record.file), 0o700))
	at.start(t, found(up(), up()))
	return at
}

// weigh gives an entry a weight by hand.
func (at Site) weigh(t *testing.T, rs netip.Addr, weight uint32) {
	t.Helper()
	must(t, at.EditDestination(web, ipvs.Destination{Family: ipvs.INET, Addr: rs, Port: 80, Forward: ipvs.DirectRoute, Weight: weight}))
}

func TestStartWithHealth(t *testing.T) {
	quiesced, ramped := down(Quiesced), up()
	ramped.Share = 500
	sorry := found(down(Quiesced), down(Out))
	one := sorry.Services["-t 172.16.0.100:80"]
	one.Instead, one.Sorry = true, []ipvs.Destination{{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.200"), Port: 80, Forward: ipvs.DirectRoute, Weight: 1}}
	sorry.Services["-t 172.16.0.100:80"] = one
	for _, tt := range []struct {
		name   string
		before func(*testing.T, Site)
		health *Health
		want   []string
	}{
		{"all up", nil, found(up(), up()), nil},
		{"quiesced", nil, found(quiesced, up()), []string{"-e 10.0.0.7 -g -w 0"}},
		{"out", nil, found(up(), down(Out)), []string{"-d 10.0.0.17"}},
		{"kept in although it is down", nil, found(up(), down(In)), nil},
		{"ramped up", nil, found(up(), ramped), []string{"-e 10.0.0.17 -g -w 1"}},
		{"no entry, not asked", func(t *testing.T, at Site) { at.start(t, found(up(), down(Out))) }, found(up(), unasked()), nil},
		{"no entry, up", func(t *testing.T, at Site) { at.start(t, found(up(), down(Out))) }, found(up(), up()), []string{"-a 10.0.0.17 -g -w 2"}},
		{"an entry, not asked", nil, found(up(), unasked()), nil},
		{"sorry", nil, sorry, []string{"-e 10.0.0.7 -g -w 0", "-a 10.0.0.200 -g -w 1", "-d 10.0.0.17"}},
		{"sorry leaves", func(t *testing.T, at Site) { at.start(t, sorry) }, found(up(), up()),
			[]string{"-e 10.0.0.7 -g -w 1", "-a 10.0.0.17 -g -w 2", "-d 10.0.0.200"}},
		{"drained and out", func(t *testing.T, at Site) { must(t, at.Record.drain(director, rs17)) }, found(up(), down(Out)), []string{"-d 10.0.0.17"}},
		{"drained and up", func(t *testing.T, at Site) { must(t, at.Record.drain(director, rs17)) }, found(up(), up()), []string{"-e 10.0.0.17 -g -w 0"}},

		{"a weight by hand stays", func(t *testing.T, at Site) { at.weigh(t, rs17, 7) }, found(up(), up()),
			[]string{"kept 10.0.0.17: weight 7 was set by hand and is kept; the configuration has 2"}},
		{"a weight by hand, and it fails", func(t *testing.T, at Site) { at.weigh(t, rs17, 7) }, found(up(), down(Quiesced)), []string{"-e 10.0.0.17 -g -w 0"}},
		{"a weight by hand, failed and back", func(t *testing.T, at Site) { at.weigh(t, rs17, 7); at.start(t, found(up(), down(Quiesced))) },
			found(up(), up()), []string{"-e 10.0.0.17 -g -w 2"}},
		{"a weight by hand of one that is down", func(t *testing.T, at Site) { at.start(t, found(up(), down(Quiesced))); at.weigh(t, rs17, 7) },
			found(up(), down(Quiesced)), []string{"kept 10.0.0.17: weight 7 was set by hand and is kept; the configuration has 0"}},
		{"removed by hand", func(t *testing.T, at Site) {
			must(t, at.DeleteDestination(web, ipvs.Destination{Family: ipvs.INET, Addr: rs17, Port: 80}))
		}, found(up(), up()), []string{"-a 10.0.0.17 -g -w 2"}},
		{"added by hand", func(t *testing.T, at Site) {
			must(t, at.AddDestination(web, ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.99"), Port: 80, Forward: ipvs.DirectRoute, Weight: 1}))
		}, found(up(), up()), []string{"kept 10.0.0.99 was added by hand and is kept"}},
		{"one that is out, added by hand", func(t *testing.T, at Site) {
			at.start(t, found(up(), down(Out)))
			must(t, at.AddDestination(web, ipvs.Destination{Family: ipvs.INET, Addr: rs17, Port: 80, Forward: ipvs.DirectRoute, Weight: 1}))
		}, found(up(), down(Out)), []string{"-d 10.0.0.17"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := watchedSite(t)
			if tt.before != nil {
				tt.before(t, at)
			}
			if d := cmp.Diff(tt.want, at.start(t, tt.health), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			var kept []string
			for _, line := range tt.want {
				if strings.HasPrefix(line, "kept ") {
					kept = append(kept, line)
				}
			}
			if d := cmp.Diff(kept, at.start(t, tt.health), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("again (-want +got):\n%s", d)
			}
			w := tt.health
			w.Respect = false // as start does
			if at.start(t, w); len(at.lines(t, at.wish(t, w), Start)) > 0 {
				t.Error("a second start has something to do")
			}
		})
	}
}

// A drain outlives that its real server has no entry for a while.
func TestDrainOfOneThatIsOut(t *testing.T) {
	at := watchedSite(t)
	must(t, at.Drain(io.Discard, rs17, func() Wish { return at.wish(t, found(up(), up())) }))
	at.start(t, found(up(), down(Out)))
	if got := at.start(t, found(up(), up())); !cmp.Equal(got, []string{"-a 10.0.0.17 -g -w 0"}) {
		t.Errorf("it comes back: %q", got)
	}
}

// An undrain ends weights by hand, and revives nobody.
func TestUndrainWithHealth(t *testing.T) {
	for _, tt := range []struct {
		name   string
		health *Health
	}{
		{"up", found(up(), up())}, {"quiesced", found(up(), down(Quiesced))}, {"out", found(up(), down(Out))},
	} {
		at := watchedSite(t)
		must(t, at.Record.drain(director, rs17))
		at.start(t, tt.health)
		var said strings.Builder
		must(t, at.Undrain(&said, rs17, func() Wish { return at.wish(t, tt.health) }))
		revived := strings.Contains(said.String(), "-w 2")
		if revived != (tt.name == "up") {
			t.Errorf("%s: undrain says %q", tt.name, said.String())
		}
		if got := at.start(t, tt.health); len(got) > 0 {
			t.Errorf("%s: after undrain: %q", tt.name, got)
		}
	}
	at := watchedSite(t)
	at.weigh(t, rs17, 7)
	must(t, at.Undrain(io.Discard, rs17, func() Wish { return at.wish(t, found(up(), up())) }))
	if got := at.start(t, found(up(), up())); len(got) > 0 {
		t.Errorf("a weight by hand is left after undrain: %q", got)
	}
}

// dying is a machine whose user is killed when it edits an entry.
type dying struct{ Machine }

func (dying) EditDestination(ipvs.Service, ipvs.Destination) error { panic("killed") }

// killed runs what ends before an entry is edited for the first time.
func (at Site) killed(t *testing.T, do func(Site) error) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("it was not killed")
		}
	}()
	do(Site{Machine: dying{at.Machine}, Record: at.Record})
}

// A weight that was about to be written when its writer was killed is nobody's
// hand, whichever of the two the table has.
func TestKilledBeforeWeight(t *testing.T) {
	healthy, sick := found(up(), up()), found(up(), down(Quiesced))
	drain := func(at Site) error { return at.Drain(io.Discard, rs17, func() Wish { return at.wish(t, healthy) }) }
	undrain := func(at Site) error { return at.Undrain(io.Discard, rs17, func() Wish { return at.wish(t, healthy) }) }
	for _, tt := range []struct {
		name         string
		before, kill func(Site) error
		want         []string
	}{
		{"a failure", func(Site) error { return nil }, func(at Site) error { at.start(t, sick); return nil }, nil},
		{"a return", func(at Site) error { at.start(t, sick); return nil }, func(at Site) error { at.start(t, healthy); return nil }, []string{"-e 10.0.0.17 -g -w 2"}},
		{"a drain", func(Site) error { return nil }, drain, []string{"-e 10.0.0.17 -g -w 0"}},
		{"an undrain", drain, undrain, []string{"-e 10.0.0.17 -g -w 2"}},
		{"an undrain later", func(at Site) error { drain(at); at.start(t, healthy); return nil }, undrain, []string{"-e 10.0.0.17 -g -w 2"}},
	} {
		at := watchedSite(t)
		must(t, tt.before(at))
		at.killed(t, tt.kill)
		again, err := LoadRecord(filepath.Dir(at.Record.file), host.Namespace{ID: 4})
		must(t, err)
		at.Record = again
		if d := cmp.Diff(tt.want, at.start(t, healthy), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestReportWithHealth: status tells what is known, and why.
func TestReportWithHealth(t *testing.T) {
	at := watchedSite(t)
	sick := found(down(Quiesced), down(Out))
	at.start(t, sick)
	w := at.wish(t, sick)
	s, err := Look(at.Machine, w, at.Record)
	must(t, err)
	st, err := Report(w, s)
	must(t, err)
	health := &status.Health{Verdict: status.Down, Why: "refused"}
	want := []status.RealServer{
		{Address: "10.0.0.7", Port: 80, Forward: "direct", Configured: 1, State: status.IsDown, Health: health},
		{Address: "10.0.0.17", Port: 80, Forward: "direct", Configured: 2, State: status.IsDown, Health: health},
	}
	if d := cmp.Diff(want, st.Services[0].RealServers, cmpopts.IgnoreFields(status.Health{}, "Age")); d != "" || !st.InPlace {
		t.Errorf("in place %v (-want +got):\n%s", st.InPlace, d)
	}
}

// TestReportRefused: weight 0 in the kernel refuses clients where the scheduler knows
// no other real server for them; what has no entry there refuses nobody.
func TestReportRefused(t *testing.T) {
	at := watchedSite(t)
	for _, tt := range []struct {
		scheduler string
		flags     ipvs.Flags
		want      *status.Refused // of 10.0.0.7, which is at weight 0
	}{
		{"wrr", 0, nil},
		{"sh", 0, &status.Refused{Fallback: "sh-fallback"}},
		{"sh", ipvs.SchedulerFlag1, nil},
		{"mh", 0, &status.Refused{Fallback: "mh-fallback"}},
		{"dh", 0, &status.Refused{}},
	} {
		w := at.wish(t, found(down(Quiesced), down(Out)))
		w.Services[0].Scheduler, w.Services[0].Flags = tt.scheduler, tt.flags
		s, err := Look(at.Machine, w, at.Record)
		must(t, err)
		p, err := Start(w, s)
		must(t, err)
		must(t, Apply(io.Discard, at, p))
		s, err = Look(at.Machine, w, at.Record)
		must(t, err)
		st, err := Report(w, s)
		must(t, err)
		got := []*status.Refused{st.Services[0].RealServers[0].Refused, st.Services[0].RealServers[1].Refused}
		if d := cmp.Diff([]*status.Refused{tt.want, nil}, got); d != "" {
			t.Errorf("%s %v (-want +got):\n%s", tt.scheduler, tt.flags, d)
		}
	}
}

// A VIP that is held is not put up, nor taken away where it is.
func TestHeld(t *testing.T) {
	at := site(t)
	at.Machine.(*machinetest.Machine).AddSysctl("net.ipv4.vs.expire_nodest_conn", 0)
	h := found(unasked(), unasked())
	h.Held = map[netip.Addr]bool{web.Addr: true}
	at.start(t, h)
	if has(t, at, web.Addr) {
		t.Error("the VIP is up before anybody was asked")
	}
	h = found(up(), unasked())
	h.Held = map[netip.Addr]bool{}
	at.start(t, h)
	if !has(t, at, web.Addr) {
		t.Error("the VIP is not up although somebody answers")
	}
	h.Held[web.Addr] = true
	at.start(t, h)
	if !has(t, at, web.Addr) {
		t.Error("the VIP was taken away")
	}
}

func has(t *testing.T, at Site, vip netip.Addr) bool {
	t.Helper()
	links, err := at.Links()
	must(t, err)
	all, err := at.AddressesOn(links)
	must(t, err)
	for _, a := range all {
		if a.Prefix.Addr() == vip {
			return true
		}
	}
	return false
}

// What a watch said is read back as it was said, in this namespace and this run
// of the kernel only, and until it is dropped.
func TestHealthFile(t *testing.T) {
	dir, here := t.TempDir(), host.Namespace{ID: 4, Boot: "now", Inode: 1, Created: 100}
	h := found(up(), down(Out))
	one := h.Services["-t 172.16.0.100:80"]
	one.Sorry, one.Instead, one.FailOpen = []ipvs.Destination{{Family: ipvs.INET6, Addr: netip.MustParseAddr("fd00::8"), Port: 8080, Forward: ipvs.Masquerade, Weight: 3}}, true, true
	one.RealServers["10.0.0.7"] = Fate{Verdict: status.Down, Why: "a \"b\"\n", Remedy: []string{"x", "y"}, MendAt: "10.0.0.7", Standing: Quiesced, Share: 17, At: 12345}
	h.Services["-t 172.16.0.100:80"] = one
	must(t, SaveHealth(dir, here, director, Watched{Health: *h, Ended: true}))
	other := Claimant{Director, "/etc/lvsdr/other.yaml"}
	must(t, SaveHealth(dir, here, other, Watched{}))
	got, ok, err := LoadHealth(dir, here, director)
	must(t, err)
	h.Respect = false // is for the watch alone
	if d := cmp.Diff(*h, got.Health, cmpopts.EquateComparable(netip.Addr{})); d != "" || !ok || !got.Ended || got.Stale() {
		t.Errorf("ok %v, ended %v, stale %v (-want +got):\n%s", ok, got.Ended, got.Stale(), d)
	}
	for _, not := range []host.Namespace{
		{ID: 4, Boot: "before", Inode: 1, Created: 100}, {ID: 4, Boot: "now", Inode: 1, Created: 90},
	} {
		if _, ok, err := LoadHealth(dir, not, director); ok || err != nil {
			t.Errorf("%+v reads it: %v", not, err)
		}
	}
	if _, ok, err := LoadHealth(dir, here, realServer); ok || err != nil {
		t.Errorf("a real server reads it: %v", err)
	}
	must(t, DropHealth(dir, here, director))
	if _, ok, _ := LoadHealth(dir, here, director); ok {
		t.Error("it is there after it was dropped")
	}
	must(t, DropHealth(dir, here, director))
	must(t, DropHealth(dir, here, other))
	if _, err := os.Stat(filepath.Join(dir, healthName)); !os.IsNotExist(err) {
		t.Errorf("a file without verdicts is left: %v", err)
	}
}

func TestStale(t *testing.T) {
	for _, tt := range []struct {
		ago  time.Duration
		want bool
	}{{0, false}, {MaxSilence - time.Second, false}, {MaxSilence + time.Second, true}, {-time.Minute, true}} {
		if got := (Watched{At: Now() - Uptime(tt.ago)}).Stale(); got != tt.want {
			t.Errorf("said %s ago: stale %v", tt.ago, got)
		}
	}
}

// The words of the file are fixed: another release may read it.
func TestHealthWords(t *testing.T) {
	data, err := json.Marshal(Watched{Health: *found(down(Quiesced)), At: 5})
	must(t, err)
	const want = `{"services":{"-t 172.16.0.100:80":{"real_servers":{"10.0.0.7":{"verdict":"down","why":"refused","standing":"quiesced","at":0}}}},"at":5}`
	if string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
}
