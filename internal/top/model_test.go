package top

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/status"
)

var update = flag.Bool("update", false, "rewrite the frames in testdata")

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// shop is a director at work: the last of its real servers is down.
func shop(seconds uint64) status.Status {
	servers := func(scale uint64) []status.RealServer {
		up := &status.Health{Verdict: status.Up, Age: 190}
		return []status.RealServer{
			{Address: "10.0.0.7", Weight: 4, Configured: 4, Active: 120, Inactive: 30, Rate: 10 * scale, Totals: status.Totals{Connections: scale * seconds, Bytes: 1500 * scale * seconds}, State: status.OK, Health: up},
			{Address: "10.0.0.17", Weight: 0, Configured: 4, Active: 3, Rate: 2 * scale, State: status.Draining, Health: up},
			{Address: "10.0.0.27", Configured: 4, State: status.IsDown, Health: &status.Health{Verdict: status.Down, Age: 12,
				Why: "VIP missing there (10.0.0.27 answers, 172.16.0.100 does not)", Remedy: []string{"lvsdr rs start"}, At: "10.0.0.27"}},
		}
	}
	return status.Status{
		VIPs: []status.VIP{{Address: netip.MustParsePrefix("172.16.0.100/32"), Interface: "eth0", State: status.OK}},
		Services: []status.Service{
			{Service: "-t 172.16.0.100:80", Called: "tcp/80", VIP: "172.16.0.100", Scheduler: "wrr", State: status.OK, RealServers: servers(1)},
			{Service: "-t 172.16.0.100:443", Called: "shop", VIP: "172.16.0.100", Scheduler: "wlc", State: status.OK, RealServers: servers(100)},
		},
		Watch: &status.Watch{State: status.Watching},
	}
}

// watched has seen the shop for some seconds.
func watched(o Options) *Model {
	m := New(o)
	for i := range 20 {
		st := shop(uint64(i * i))
		if i < 10 {
			st.Services[0].RealServers[2].State = status.OK
			st.Services[0].RealServers[2].Health = &status.Health{Verdict: status.Up}
		}
		m.See(Look{At: noon.Add(time.Duration(i) * time.Second), Status: st})
	}
	return m
}

func press(m *Model, names ...string) (last Request) {
	for _, name := range names {
		last = m.Key(name)
	}
	return last
}

func TestFrames(t *testing.T) {
	unicode := Options{Host: "lvs1", Configured: true, Unicode: true, Colours: true}
	for _, tt := range []struct {
		name          string
		options       Options
		width, height int
		keys          []string
		change        func(*status.Status)
	}{
		{name: "80x24", options: unicode, width: 80, height: 24},
		{name: "160x50", options: unicode, width: 160, height: 50},
		{name: "ascii", options: Options{Host: "lvs1", Configured: true, Bare: true}, width: 80, height: 24},
		{name: "once", options: Options{Host: "lvs1", Configured: true, Bare: true}, width: 80},
		{name: "no_color", options: Options{Host: "lvs1", Configured: true, Unicode: true}, width: 80, height: 24},
		{name: "no_configuration", options: Options{Host: "lvs1", Unicode: true, Bare: true}, width: 80, height: 24, change: func(st *status.Status) {
			st.Watch = nil
			for i := range st.Services[0].RealServers {
				st.Services[0].RealServers[i].Health = nil
			}
		}},
		{name: "narrow", options: unicode, width: 30, height: 8},
		{name: "help", options: unicode, width: 80, height: 24, keys: []string{"?"}},
		{name: "filter", options: unicode, width: 80, height: 24, keys: []string{"/", "d", "o", "w", "n"}},
		{name: "collapsed", options: unicode, width: 80, height: 24, keys: []string{"down", "space"}},
		{name: "question", options: unicode, width: 80, height: 24, keys: []string{"s", "j", "d"}},
		{name: "paused", options: unicode, width: 80, height: 24, keys: []string{"p"}},
		{name: "trouble", options: unicode, width: 80, height: 24, change: func(st *status.Status) {
			st.VIPs[0].State = status.Missing
			st.Services[0].Sorry = true
			st.Services[1].FailOpen = true
			st.Services[0].RealServers[0].State, st.Services[0].RealServers[0].Differs = status.Differs, []string{"weight"}
			st.Services[1].RealServers[0].Health = &status.Health{Verdict: status.Unknown}
			st.Watch = &status.Watch{State: status.WatchSilent, Age: 75}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := watched(tt.options)
			if tt.change != nil {
				st := shop(400)
				tt.change(&st)
				m.See(Look{At: noon.Add(20 * time.Second), Status: st})
			}
			press(m, tt.keys...)
			frame := m.Frame(tt.width, tt.height)
			golden(t, tt.name, frame)
			lines := strings.Split(frame, "\n")
			for _, l := range lines {
				if ansi.StringWidth(l) > tt.width {
					t.Errorf("wider than %d: %q", tt.width, l)
				}
			}
			if tt.height > 0 && len(lines) != tt.height {
				t.Errorf("%d lines, want %d", len(lines), tt.height)
			}
			if plain := ansi.Strip(frame); tt.options.Bare && plain != frame {
				t.Errorf("escape sequences in %q", frame)
			}
		})
	}
}

// golden compares with a file, in which escape sequences can be read.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\x1b", "␛")
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A frame fits whatever the size of the terminal, and shows the selected row.
func TestFrameFits(t *testing.T) {
	for _, keys := range [][]string{nil, {"end"}, {"?"}} {
		for width := 1; width < 200; width += 9 {
			for height := 1; height < 60; height++ {
				m := watched(Options{Host: strings.Repeat("h", 50), Unicode: true})
				press(m, keys...)
				lines := strings.Split(m.Frame(width, height), "\n")
				if len(lines) != height {
					t.Fatalf("%dx%d: %d lines", width, height, len(lines))
				}
				for _, l := range lines {
					if n := ansi.StringWidth(l); n > width {
						t.Fatalf("%dx%d: %d columns: %q", width, height, n, l)
					}
				}
			}
		}
	}
}

func TestNoColours(t *testing.T) {
	m := watched(Options{Configured: true})
	press(m, "p")
	for _, code := range []string{"\x1b[3", "\x1b[4", "\x1b[9", "\x1b[10"} {
		if frame := m.Frame(80, 24); strings.Contains(frame, code) {
			t.Errorf("colours in %q", frame)
		}
	}
}

// names are the rows of the list.
func (m *Model) names() (names []string) {
	for _, r := range m.rows {
		switch {
		case r.server == nil:
			names = append(names, r.service.Called)
		case r.reason == "":
			names = append(names, r.server.Address)
		}
	}
	return names
}

func TestSort(t *testing.T) {
	m := watched(Options{Configured: true})
	for _, want := range []string{
		"tcp/80 10.0.0.7 10.0.0.17 10.0.0.27 shop 10.0.0.7 10.0.0.17 10.0.0.27",
		"shop 10.0.0.7 10.0.0.17 10.0.0.27 tcp/80 10.0.0.7 10.0.0.17 10.0.0.27",
		"tcp/80 10.0.0.7 10.0.0.17 10.0.0.27 shop 10.0.0.7 10.0.0.17 10.0.0.27",
		"shop 10.0.0.7 10.0.0.17 10.0.0.27 tcp/80 10.0.0.7 10.0.0.17 10.0.0.27",
		"tcp/80 10.0.0.27 10.0.0.17 10.0.0.7 shop 10.0.0.27 10.0.0.17 10.0.0.7",
		"tcp/80 10.0.0.7 10.0.0.17 10.0.0.27 shop 10.0.0.7 10.0.0.17 10.0.0.27",
	} {
		if got := strings.Join(m.names(), " "); got != want {
			t.Errorf("by %s: %s, want %s", orders[m.sort].name, got, want)
		}
		m.Key("s")
	}
}

func TestFilter(t *testing.T) {
	for _, tt := range []struct{ typed, want string }{
		{"shop", "shop 10.0.0.7 10.0.0.17 10.0.0.27"},
		{"0.17", "tcp/80 10.0.0.17 shop 10.0.0.17"},
		{"DOWN", "tcp/80 10.0.0.27 shop 10.0.0.27"},
		{"vip missing", "tcp/80 10.0.0.27 shop 10.0.0.27"},
		{"nosuch", ""},
	} {
		m := watched(Options{Configured: true})
		m.Key("/")
		for _, c := range strings.ReplaceAll(tt.typed, " ", "_") {
			m.Key(map[bool]string{true: "space", false: string(c)}[c == '_'])
		}
		if got := strings.Join(m.names(), " "); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.typed, got, tt.want)
		}
		if press(m, "enter", "q").Kind != Quit {
			t.Errorf("%q: q is no command after enter", tt.typed)
		}
		if press(m, "esc"); len(m.names()) != 8 {
			t.Errorf("%q: after esc %q", tt.typed, m.names())
		}
	}
	m := watched(Options{})
	if press(m, "/", "x", "backspace", "backspace", "q").Kind == Quit || m.filter != "q" {
		t.Errorf("filter %q", m.filter)
	}
}

func TestSelect(t *testing.T) {
	m := watched(Options{Configured: true})
	for _, tt := range []struct{ key, want string }{
		{"up", "-t 172.16.0.100:80"}, {"j", "-t 172.16.0.100:80 10.0.0.7"}, {"down", "-t 172.16.0.100:80 10.0.0.17"},
		{"down", "-t 172.16.0.100:80 10.0.0.27"}, {"down", "-t 172.16.0.100:443"}, {"k", "-t 172.16.0.100:80 10.0.0.27"},
		{"end", "-t 172.16.0.100:443 10.0.0.27"}, {"down", "-t 172.16.0.100:443 10.0.0.27"}, {"home", "-t 172.16.0.100:80"},
	} {
		if m.Key(tt.key); m.cursor != tt.want {
			t.Errorf("%s: %s, want %s", tt.key, m.cursor, tt.want)
		}
	}
	// The selection stays with its real server when others go.
	press(m, "end")
	st := shop(400)
	st.Services = st.Services[1:]
	m.See(Look{At: noon, Status: st})
	if m.cursor != "-t 172.16.0.100:443 10.0.0.27" {
		t.Errorf("cursor %s", m.cursor)
	}
	m.See(Look{At: noon})
	press(m, "down", "up", "pgdown", "space", "d")
	if frame := m.Frame(80, 24); !strings.Contains(frame, "no service") {
		t.Errorf("an empty table:\n%s", frame)
	}
}

func TestDrain(t *testing.T) {
	m := watched(Options{Configured: true})
	want := Request{Drain, netip.MustParseAddr("10.0.0.7")}
	if r := press(m, "d"); r != (Request{}) || !strings.Contains(m.Frame(80, 24), "select a real server") {
		t.Errorf("a service: %+v\n%s", r, m.Frame(80, 24))
	}
	for _, no := range []string{"n", "esc", "enter", "q", "d"} {
		if r := press(m, "home", "down", "d", no); r != (Request{}) || m.question != nil {
			t.Errorf("%s: %+v", no, r)
		}
	}
	if r := press(m, "d", "y"); r != want {
		t.Errorf("drain: %+v", r)
	}
	if want.Kind = Undrain; press(m, "u", "y") != want {
		t.Errorf("undrain: not %+v", want)
	}
	for _, tt := range []struct {
		warning string
		err     error
		want    string
	}{{"", nil, "undrain 10.0.0.7: done"}, {"bound clients", nil, "bound clients"}, {"", errors.New("not permitted"), "not permitted"}} {
		m.Done(want, tt.warning, tt.err)
		if frame := ansi.Strip(m.Frame(80, 24)); !strings.HasSuffix(frame, "\n"+tt.want) {
			t.Errorf("last line, want %q:\n%s", tt.want, frame)
		}
	}
	alone := watched(Options{})
	if r := press(alone, "down", "d", "y"); r != (Request{}) || !strings.Contains(alone.Frame(80, 24), "q quit") {
		t.Errorf("without a configuration: %+v", r)
	}
}

func TestEvents(t *testing.T) {
	m := New(Options{Configured: true})
	see := func(change func(*status.Service)) {
		st := shop(0)
		change(&st.Services[0])
		m.See(Look{At: noon, Status: st})
	}
	see(func(*status.Service) {})
	see(func(s *status.Service) { s.RealServers[0].State = status.Missing })
	see(func(s *status.Service) { s.RealServers[1].State, s.Sorry = status.OK, true })
	see(func(s *status.Service) { s.RealServers = s.RealServers[:2] })
	m.See(Look{Err: errors.New("unread")})
	see(func(s *status.Service) {
		s.RealServers[2] = status.RealServer{Address: "10.0.0.27", Weight: 1, State: status.OK}
	})
	var got []string
	for _, e := range m.events {
		got = append(got, e.Kind+" "+e.Text)
	}
	const at = "tcp/80 172.16.0.100"
	want := []string{
		"added " + at + " 10.0.0.27",
		"removed -t 172.16.0.100:80 10.0.0.27",
		"drained " + at + " 10.0.0.17",
		"serving " + at,
		"up " + at + " 10.0.0.17",
		"up " + at + " 10.0.0.7",
		"sorry " + at,
		"missing " + at + " 10.0.0.7",
	}
	// Within a look the order is that of the table.
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// An error is in the last line until a look succeeds; what was seen stays.
func TestErrors(t *testing.T) {
	m := watched(Options{Configured: true, Bare: true})
	m.See(Look{Err: errors.New("read the ipvs table: \x1b[31mno")})
	if frame := m.Frame(80, 24); !strings.HasSuffix(frame, "\nread the ipvs table: ?[31mno") || !strings.Contains(frame, "10.0.0.27") {
		t.Errorf("frame:\n%s", frame)
	}
	m.See(Look{Status: shop(0)})
	if frame := m.Frame(80, 24); strings.Contains(frame, "read the") {
		t.Errorf("frame:\n%s", frame)
	}
}

// What a real server says cannot reach the terminal as a command.
func TestHostile(t *testing.T) {
	m := New(Options{Configured: true, Unicode: true, Bare: true})
	st := shop(0)
	st.Services[0].RealServers[2].Health.Why = "\x1b]0;x\a\u009b31m\u202eabc\r\n"
	m.See(Look{At: noon, Status: st})
	if frame := m.Frame(80, 24); strings.ContainsAny(frame, "\x1b\a\u009b\u202e\r") {
		t.Errorf("frame %q", frame)
	}
}

// large is a director of so many real servers.
func large(n int, seconds uint64) status.Status {
	st := status.Status{Services: []status.Service{{Service: "-t 172.16.0.100:80", Called: "tcp/80", VIP: "172.16.0.100", Scheduler: "wrr", State: status.OK}}}
	for i := range n {
		st.Services[0].RealServers = append(st.Services[0].RealServers, status.RealServer{
			Address: fmt.Sprintf("10.0.%d.%d", i/250, i%250+1), Weight: 1, Configured: 1, Active: uint32(i), Rate: uint64(i % 17),
			Totals: status.Totals{Connections: seconds * uint64(i%17), Bytes: seconds * uint64(i)}, State: status.OK, Health: &status.Health{Verdict: status.Up, Age: 60}})
	}
	return st
}

// BenchmarkSecond is what one second costs: a look, and a frame of it.
func BenchmarkSecond(b *testing.B) {
	for _, order := range []int{0, 1, 3} {
		b.Run(orders[order].name, func(b *testing.B) {
			m := New(Options{Configured: true, Unicode: true, Colours: true})
			m.sort = order
			looks := []status.Status{large(1000, 1), large(1000, 2)}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.See(Look{At: noon.Add(time.Duration(i) * time.Second), Status: looks[i%2]})
				if m.Frame(160, 50) == "" {
					b.Fatal("no frame")
				}
			}
		})
	}
}

// Only what is visible is drawn: a larger table makes no more text.
func TestOnlyWhatIsVisible(t *testing.T) {
	cost := func(n int) float64 {
		m := New(Options{Unicode: true})
		m.See(Look{At: noon, Status: large(n, 1)})
		return testing.AllocsPerRun(5, func() { m.Frame(80, 24) })
	}
	if few, many := cost(100), cost(2000); many > few*2 {
		t.Errorf("%.0f allocations for 2000 real servers, %.0f for 100", many, few)
	}
}

// Rates are what counters have grown by since the look before the last: the kernel sums
// them up every two seconds.
func TestRates(t *testing.T) {
	m := New(Options{Configured: true})
	see := func(second int, totals status.Totals) seen {
		st := large(1, 0)
		st.Services[0].RealServers[0].Rate, st.Services[0].RealServers[0].Totals = 7, totals
		m.See(Look{At: noon.Add(time.Duration(second) * time.Second), Status: st})
		return m.total
	}
	for _, tt := range []struct {
		name        string
		second      int
		totals      status.Totals
		rate, bytes float64
	}{
		{"the first look has the kernel's", 0, status.Totals{Connections: 100, Bytes: 5000}, 7, 0},
		{"not summed up yet", 1, status.Totals{Connections: 100, Bytes: 5000}, 0, 0},
		{"summed up", 2, status.Totals{Connections: 120, Bytes: 6000}, 10, 500},
		{"not summed up since", 3, status.Totals{Connections: 120, Bytes: 6000}, 10, 500},
		{"summed up again", 4, status.Totals{Connections: 140, Bytes: 7000}, 10, 500},
		{"set to zero", 5, status.Totals{Connections: 3, Bytes: 100}, 0, 0},
		{"with a look before that", 6, status.Totals{Connections: 5, Bytes: 300}, 0, 0},
		{"after that", 7, status.Totals{Connections: 9, Bytes: 500}, 3, 200},
	} {
		if got := see(tt.second, tt.totals); got.rate != tt.rate || got.bytes != tt.bytes {
			t.Errorf("%s: %v connections, %v bytes, want %v and %v", tt.name, got.rate, got.bytes, tt.rate, tt.bytes)
		}
	}
}
