package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/lantest"
	"lvsdr/internal/plan"
	"lvsdr/internal/wire"
)

var (
	scale    = flag.Int("scale", 2, "of how many services with ten real servers each the tests of many are")
	scaleFor = flag.Duration("scale-for", 3*time.Second, "for how long they ask")
	timing   = flag.String("scale-timing", "interval: 5s, timeout: 5s", "of their checks; a guest may be slow")
	profile  = flag.String("scale-profile", "", "a file for the processor's profile of the asking half")
)

// asPart in the environment makes this test binary a program of a test: "server",
// or "asker" of the configuration in a file, which begins to measure after so many
// verdicts.
const (
	asPart      = "LVSDR_WATCH_TEST_PART"
	givenConfig = "LVSDR_WATCH_TEST_CONFIG"
	verdicts    = "LVSDR_WATCH_TEST_VERDICTS"
)

func TestMain(m *testing.M) {
	flag.Parse()
	switch os.Getenv(asPart) {
	case "server":
		serve()
	case "asker":
		askAll()
	default:
		os.Exit(m.Run())
	}
}

// serve accepts on port 80 of every address, and on 81 without ever answering.
func serve() {
	silent, err := net.Listen("tcp", ":81")
	must(err)
	go func() {
		for kept := []net.Conn{}; ; {
			c, err := silent.Accept()
			must(err)
			kept = append(kept, c)
		}
	}()
	l, err := net.Listen("tcp", ":80")
	must(err)
	fmt.Println("listens")
	for {
		c, err := l.Accept()
		must(err)
		go func() {
			defer c.Close()
			buf := make([]byte, 1024)
			if n, _ := c.Read(buf); n > 0 {
				c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			}
		}()
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// kernel is this machine.
type kernel struct {
	*host.Host
	wire.Wire
}

// onlyAsks is a site without a table.
type onlyAsks struct {
	events   map[string]int
	whys     map[string]int
	verdicts *atomic.Int64
}

func (onlyAsks) Apply(c config.Config, _ *Applied, decide func(plan.State, []netip.Addr) plan.Health) (Applied, error) {
	return Applied{Config: c, Health: decide(plan.State{}, nil)}, nil
}
func (onlyAsks) End(plan.Health) error              { return nil }
func (onlyAsks) Reload() (config.Config, error)     { panic("nobody asked for it") }
func (onlyAsks) Notify(string)                      {}
func (onlyAsks) Heard(Event, string, time.Duration) {}
func (s onlyAsks) Tell(e Event) {
	s.events[e.Event]++
	if e.Event == EventUp || e.Event == EventDown {
		s.verdicts.Add(1)
	}
	if e.Why != "" {
		s.whys[e.Why]++
	}
}

// effort is what it took to ask: after a while, and in the end.
type effort struct {
	Events      map[string]int
	Whys        map[string]int
	Questions   int
	Processor   time.Duration // for each second
	Late        time.Duration
	Memory      string
	Goroutines  [2]int
	Descriptors [2]int
}

// What a program has that does nothing any more.
const (
	few            = 5
	fewDescriptors = 20
)

// askAll asks for a while, and prints what it took.
func askAll() {
	data, err := os.ReadFile(os.Getenv(givenConfig))
	must(err)
	c, err := config.Load("lvsdr.yaml", data)
	must(err)
	site := onlyAsks{map[string]int{}, map[string]int{}, new(atomic.Int64)}
	w := Watch{Site: site, Kernel: kernel{Host: host.NewHost()}}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); must(w.Run(ctx, c, nil)) }()
	first, err := strconv.ParseInt(os.Getenv(verdicts), 10, 64)
	must(err)
	for deadline := time.Now().Add(2 * time.Minute); site.verdicts.Load() < first && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	if *profile != "" {
		f, err := os.Create(*profile + ".heap")
		must(err)
		must(pprof.Lookup("allocs").WriteTo(f, 0))
		f.Close()
	}
	var got effort
	if *profile != "" {
		f, err := os.Create(*profile)
		must(err)
		must(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	w.Late()
	got.Goroutines[0], got.Descriptors[0] = runtime.NumGoroutine(), descriptors()
	questions, before, start := w.questions.Load(), processor(), time.Now()
	time.Sleep(*scaleFor)
	took := time.Since(start)
	got.Processor = time.Duration(float64(processor()-before) / took.Seconds())
	got.Questions = int(float64(w.questions.Load()-questions) / took.Seconds())
	got.Late = w.Late()
	end()
	<-done
	for range 300 { // what was asked last ends
		got.Goroutines[1], got.Descriptors[1] = runtime.NumGoroutine(), descriptors()
		if got.Goroutines[1] <= few && got.Descriptors[1] <= fewDescriptors {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	got.Events, got.Whys = site.events, site.whys
	data, err = os.ReadFile("/proc/self/status")
	must(err)
	for line := range strings.Lines(string(data)) {
		for _, name := range []string{"VmHWM:", "Threads:"} {
			if rest, ok := strings.CutPrefix(line, name); ok {
				got.Memory += name + " " + strings.TrimSpace(rest) + " "
			}
		}
	}
	must(json.NewEncoder(os.Stdout).Encode(got))
}

func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	must(err)
	return len(list)
}

// processor is the time that this process has had a processor.
func processor() time.Duration {
	var u unix.Rusage
	must(unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// farm is a director and, on one wire with it, a machine that is many real
// servers and has many VIPs.
func farm(t *testing.T) (dir string) {
	dir = t.TempDir()
	lantest.Named(t, dir, "lvs")
	lantest.Named(t, dir, "farm")
	ns, err := os.Open(dir + "/farm")
	lantest.Must(t, err)
	defer ns.Close()
	lantest.Within(t, dir, "lvs", func() {
		lantest.Raise(t, "lo")
		lantest.Cable(t, "eth0", "eth1")
		peer, err := netlink.LinkByName("eth1")
		lantest.Must(t, err)
		lantest.Must(t, netlink.LinkSetNsFd(peer, int(ns.Fd())))
	})
	lantest.Within(t, dir, "farm", func() {
		lantest.Raise(t, "lo")
		lantest.Raise(t, "eth1")
		for _, name := range []string{"lo", "eth1"} {
			l, err := netlink.LinkByName(name)
			lantest.Must(t, err)
			for i := range 1000 {
				a := netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(1 + i%250)})
				if name == "lo" {
					a = vip(i)
				}
				bits := map[string]int{"lo": 32, "eth1": 16}[name]
				if name == "lo" && i >= 100 {
					break
				}
				lantest.Must(t, netlink.AddrAdd(l, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(bits, 32)}}))
			}
		}
	})
	lantest.Give(t, dir, "lvs", "eth0", "10.1.200.8/16")
	lantest.Within(t, dir, "lvs", func() { lantest.AwaitCarrier(t, "eth0") })
	serves(t, dir, "farm")
	return dir
}

func vip(i int) netip.Addr { return netip.AddrFrom4([4]byte{172, 16, 0, byte(1 + i)}) }

// serves has a machine serve until the test ends.
func serves(t *testing.T, dir, namespace string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), asPart+"=server")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	lantest.Must(t, err)
	lantest.Within(t, dir, namespace, func() { lantest.Must(t, cmd.Start()) })
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	_, err = out.Read(make([]byte, 8))
	lantest.Must(t, err)
}

// asks runs an asker of a configuration in a namespace, and has it measured after
// the first verdicts.
func asks(t *testing.T, dir, namespace, c string, first int) (got effort) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lvsdr.yaml")
	lantest.Must(t, os.WriteFile(file, []byte(c), 0o600))
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), asPart+"=asker", givenConfig+"="+file, verdicts+"="+strconv.Itoa(first))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	lantest.Within(t, dir, namespace, func() { lantest.Must(t, cmd.Start()) })
	lantest.Must(t, cmd.Wait())
	lantest.Must(t, json.Unmarshal(out.Bytes(), &got))
	whys := slices.SortedFunc(maps.Keys(got.Whys), func(a, b string) int { return got.Whys[b] - got.Whys[a] })
	t.Logf("%d questions a second: %.1f%% of a processor, %s, late %s, goroutines %v, descriptors %v, events %v %.3q", got.Questions,
		100*got.Processor.Seconds(), got.Memory, got.Late, got.Goroutines, got.Descriptors, got.Events, whys)
	return got
}

// many is a configuration of so many services, each with real servers of its own,
// and what the last one says besides, or instead of those.
func many(services, each int, check, last string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "check: %s\nservices:\n", check)
	for i := range services {
		fmt.Fprintf(&text, "- port: 80\n  vip: %s\n", vip(i))
		if i == services-1 && last != "" {
			fmt.Fprintf(&text, "  %s\n", last)
		}
		if i == services-1 && strings.HasPrefix(last, "real_servers") {
			break
		}
		text.WriteString("  real_servers: [")
		for j := range each {
			k := i*each + j
			fmt.Fprintf(&text, "10.1.%d.%d, ", k/250, 1+k%250)
		}
		text.WriteString("]\n")
	}
	return text.String()
}

// Many real servers are asked, all of them, and nothing is left behind. Those
// who accept and never answer, and those who are not there, cost the others nothing.
func TestKernelMany(t *testing.T) {
	dir := farm(t)
	for _, tt := range []struct {
		check, last string
		fewer, down int
	}{
		{"{type: tcp, ", "", 0, 0},
		{"{type: http, ", "", 0, 0},
		{"{type: http, ", "check: {port: 81}", 10, 10},
		{"{type: tcp, ", "real_servers: [10.1.100.1, 10.1.100.2, 10.1.100.3]", 10, 3},
	} {
		t.Run(tt.check+" "+tt.last, func(t *testing.T) {
			got := asks(t, dir, "lvs", many(*scale, 10, tt.check+*timing+"}", tt.last), *scale*10-tt.fewer+tt.down)
			if got.Events[EventUp] != *scale*10-tt.fewer || got.Events[EventDown] != tt.down {
				t.Errorf("events %v %v", got.Events, got.Whys)
			}
			got.leavesNothing(t)
		})
	}
}

// Many questions on loopback leave nothing behind: with -scale 100 -scale-timing
// "interval: 1s" ten thousand a second.
func TestKernelFast(t *testing.T) {
	dir := t.TempDir()
	lantest.Named(t, dir, "alone")
	lantest.Within(t, dir, "alone", func() { lantest.Raise(t, "lo") })
	serves(t, dir, "alone")
	c := strings.ReplaceAll(many(*scale, 100, "{type: tcp, vip: false, "+*timing+"}", ""), "10.1.", "127.1.")
	got := asks(t, dir, "alone", c, *scale*100)
	if got.Events[EventUp] < *scale*100 {
		t.Errorf("%d questions a second, events %v %v", got.Questions, got.Events, got.Whys)
	}
	got.leavesNothing(t)
}

func (e effort) leavesNothing(t *testing.T) {
	t.Helper()
	if e.Goroutines[1] > few || e.Descriptors[1] > fewDescriptors {
		t.Errorf("goroutines %v, descriptors %v in the beginning and the end", e.Goroutines, e.Descriptors)
	}
}
