package health

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check is the default one of a type, with changes.
func check(kind config.CheckType, changes ...func(*config.Check)) *config.Check {
	c := config.DefaultCheck()
	c.Type, c.Timeout = kind, 10*time.Second
	for _, change := range changes {
		change(&c)
	}
	return &c
}

// soon is a timeout that is meant to end the question.
const soon = 300 * time.Millisecond

func within(d time.Duration) func(*config.Check) { return func(c *config.Check) { c.Timeout = d } }

// serve has a server of TCP talk to each client, until the test ends.
func serve(t testing.TB, talk func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	var talks sync.WaitGroup
	ending := make(chan struct{})
	talks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talks.Go(func() {
				defer conn.Close()
				gone := make(chan struct{})
				defer close(gone)
				go func() {
					select {
					case <-ending:
						conn.Close()
					case <-gone:
					}
				}()
				talk(conn)
			})
		}
	})
	t.Cleanup(func() { close(ending); l.Close(); talks.Wait() })
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// silent has the client wait for ever.
func silent(conn net.Conn) { io.Copy(io.Discard, conn) }

// says answers whatever the client says first.
func says(words string) func(net.Conn) {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		io.WriteString(conn, words)
	}
}

// drips writes something over and over, slowly.
func drips(words string, every time.Duration) func(net.Conn) {
	return func(conn net.Conn) {
		for {
			if _, err := io.WriteString(conn, words); err != nil {
				return
			}
			time.Sleep(every)
		}
	}
}

// nobody is an address where nothing listens.
func nobody(t testing.TB) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// blackHole is an address of TCP that takes no more connections, and refuses
// none: its queue is full.
func blackHole(t testing.TB) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	raw, err := l.(*net.TCPListener).SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { shorten(t, int(fd)) }))
	t.Cleanup(func() { l.Close() })
	for range 2 {
		conn, err := net.DialTimeout("tcp4", l.Addr().String(), soon)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
		}
	}
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// mute is a socket of UDP that never answers.
func mute(t testing.TB) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A want is an answer of which the time does not matter.
type want struct {
	good, alive bool
	why         string
}

var good = want{good: true, alive: true}

// bad is an answer of a machine that answers.
func bad(why string) want { return want{alive: true, why: why} }

// asked puts the question, and looks at the answer.
func asked(t *testing.T, target Target, w want) {
	t.Helper()
	started := time.Now()
	got := Ask(t.Context(), target)
	took := time.Since(started)
	if got.Good != w.good || got.Alive != w.alive || got.Why != w.why || got.Unasked {
		t.Errorf("%+v, want %+v", got, w)
	}
	if got.Took <= 0 || got.Took > took || took > target.Check.Timeout+time.Second {
		t.Errorf("%v (of %v), with a timeout of %v", got.Took, took, target.Check.Timeout)
	}
}

func TestAskEnded(t *testing.T) {
	server := serve(t, silent)
	for _, kind := range []config.CheckType{config.CheckHTTP, config.CheckTLS, config.CheckUDP, config.CheckDNS, config.CheckExec} {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(soon, cancel).Stop()
			defer cancel()
			started := time.Now()
			server := server
			if kind == config.CheckUDP || kind == config.CheckDNS {
				server = mute(t)
			}
			got := Ask(ctx, Target{Server: server, Protocol: ipvs.UDP, Check: check(kind, func(c *config.Check) {
				c.Name, c.Command, c.User = "web.test", []string{"/bin/sleep", "60"}, me(t)
			})})
			if got.Good || !got.Unasked || !strings.HasPrefix(got.Why, "not asked: ") {
				t.Errorf("%+v; want nothing asked", got)
			}
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestAskShortened: silence up to a deadline of whoever asks is an answer.
func TestAskShortened(t *testing.T) {
	target := Target{Server: blackHole(t), Protocol: ipvs.TCP, Check: check(config.CheckTCP)}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	got := Ask(ctx, target)
	if got.Good || got.Unasked || got.Alive || !strings.HasPrefix(got.Why, "no answer") || got.Took < soon/2 {
		t.Errorf("%+v, want no answer", got)
	}
}

// TestAskExhausted: what this machine lacks is not the real server's fault.
func TestAskExhausted(t *testing.T) {
	server := serve(t, silent)
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	defer func() { must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)) }()
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1, Max: limit.Max}))
	for _, kind := range []config.CheckType{config.CheckTCP, config.CheckHTTPS, config.CheckUDP, config.CheckDNS} {
		got := Ask(t.Context(), Target{Server: server, Protocol: ipvs.UDP, Check: check(kind)})
		if got.Good || got.Alive || !got.Unasked || got.Why != "not asked: too many open files" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestAskUnknown(t *testing.T) {
	got := Ask(t.Context(), Target{Check: check("gopher")})
	if got.Good || !got.Unasked || got.Why != `no check of type "gopher"` {
		t.Errorf("%+v", got)
	}
}

// TestAskLeavesNothing: thousands of questions, whatever becomes of them, leave
// no goroutine and no descriptor.
func TestAskLeavesNothing(t *testing.T) {
	quick := within(20 * time.Millisecond)
	hello := serve(t, says("HTTP/1.1 200 OK\r\n\r\n"))
	mute, refusing, full := serve(t, silent), nobody(t), blackHole(t)
	targets := []Target{
		{Server: hello, Protocol: ipvs.TCP, Check: check(config.CheckTCP)},
		{Server: hello, Protocol: ipvs.TCP, Check: check(config.CheckHTTP)},
		{Server: hello, Protocol: ipvs.TCP, Check: check(config.CheckTLS)},
		{Server: refusing, Protocol: ipvs.TCP, Check: check(config.CheckTCP)},
		{Server: refusing, Protocol: ipvs.UDP, Check: check(config.CheckUDP)},
		{Server: mute, Protocol: ipvs.TCP, Check: check(config.CheckTCP, quick, func(c *config.Check) { c.Receive = "220" })},
		{Server: mute, Protocol: ipvs.TCP, Check: check(config.CheckHTTP, quick)},
		{Server: mute, Protocol: ipvs.TCP, Check: check(config.CheckTLS, quick)},
		{Server: mute, Protocol: ipvs.TCP, Check: check(config.CheckDNS, quick, func(c *config.Check) { c.Name = "web.test" })},
		{Server: full, Protocol: ipvs.TCP, Check: check(config.CheckTCP, quick)},
	}
	ask := func(times int) {
		var all sync.WaitGroup
		for _, target := range targets {
			for range 10 {
				all.Go(func() {
					for range times {
						Ask(t.Context(), target)
					}
				})
			}
		}
		all.Wait()
	}
	ask(1)
	goroutines, descriptors := settled(t, func(int, int) bool { return false })
	ask(20) // of ten targets, by ten at a time
	g, d := settled(t, func(g, d int) bool { return g <= goroutines && d <= descriptors })
	if g > goroutines || d > descriptors {
		t.Errorf("%d goroutines and %d descriptors, %d and %d before", g, d, goroutines, descriptors)
	}
}

// settled counts goroutines and descriptors, when both are as wanted, or a
// while has passed.
func settled(t *testing.T, enough func(goroutines, descriptors int) bool) (goroutines, descriptors int) {
	t.Helper()
	for range 50 {
		open, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		goroutines, descriptors = runtime.NumGoroutine(), len(open)
		if enough(goroutines, descriptors) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return goroutines, descriptors
}

func BenchmarkTCP(b *testing.B) {
	target := Target{Server: serve(b, func(net.Conn) {}), Protocol: ipvs.TCP, Check: check(config.CheckTCP)}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got := Ask(b.Context(), target); !got.Good {
				b.Error(got.Why)
			}
		}
	})
}
