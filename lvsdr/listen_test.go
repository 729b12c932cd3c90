package lvsdr

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/netutil"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
)

// showing is a watch of the tutorial's director that can be looked at.
func showing(t *testing.T) *shown {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	c, err := config.Read(d.file)
	must(t, err)
	s := new(shown)
	s.order = order{Claimant: plan.Claimant{Role: plan.Director, File: d.file}, verb: "vs watch", system: d.system}
	s.viewer.config.Store(&c)
	s.round.Store(int64(plan.Now()))
	s.asked = func() time.Duration { return 0 }
	return s
}

// through is a client whose connections are all to one socket.
func through(address string) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", address) }}}
}

func getBy(t *testing.T, c *http.Client, path string) (status int, body string) {
	t.Helper()
	r, err := c.Get("http://director" + path)
	must(t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, string(text)
}

// Two hundred clients that send a byte now and then, and as many more that never read,
// keep nobody else waiting; when their time is over they are gone.
func TestSlowClients(t *testing.T) {
	s := showing(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := s.server()
	for _, limit := range []*time.Duration{&server.ReadHeaderTimeout, &server.ReadTimeout, &server.WriteTimeout, &server.IdleTimeout} {
		if *limit <= 0 || *limit > time.Minute {
			t.Errorf("a limit of %s", *limit)
		}
	}
	server.ReadHeaderTimeout, server.ReadTimeout, server.WriteTimeout, server.IdleTimeout = 2*time.Second, 2*time.Second, 2*time.Second, 2*time.Second
	before := runtime.NumGoroutine()
	var open atomic.Int64
	go server.Serve(netutil.LimitListener(counting{l, &open}, maxVisitors))
	defer server.Close()
	const clients = 200
	var all []net.Conn
	for i := range clients {
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		defer c.Close()
		all = append(all, c)
		request := "GET / HTTP/1.1\r\nHost: x\r\nX: "
		if i%2 == 0 { // its answers stay where they are
			c.(*net.TCPConn).SetReadBuffer(1)
			request = strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 50)
		}
		_, err = c.Write([]byte(request))
		must(t, err)
	}
	s.round.Store(int64(plan.Now()))
	others := through(l.Addr().String())
	quickest := time.Hour
	for range 3 {
		began := time.Now()
		if status, body := getBy(t, others, "/healthz"); status != http.StatusOK || !strings.HasPrefix(body, "ok\n") {
			t.Errorf("%d %s", status, body)
		}
		quickest = min(quickest, time.Since(began))
	}
	if quickest > time.Second {
		t.Errorf("others wait for %s", quickest)
	}
	if n := runtime.NumGoroutine() - before; n > 3*maxVisitors {
		t.Errorf("%d goroutines", n)
	}
	// The goroutines that are left are those of the test's own clients and the server.
	for end := time.Now().Add(time.Minute); open.Load() > 0 || runtime.NumGoroutine() > before+20; time.Sleep(100 * time.Millisecond) {
		for i, c := range all {
			if i%2 == 1 {
				c.Write([]byte("x"))
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections and %d goroutines are left", open.Load(), runtime.NumGoroutine()-before)
		}
	}
}

// counting counts the connections that are open, and has them hold little of what
// nobody reads.
type counting struct {
	net.Listener
	open *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &counted{Conn: c, open: l.open}, c.(*net.TCPConn).SetWriteBuffer(1)
}

type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

func TestListenWarns(t *testing.T) {
	s := showing(t)
	for address, want := range map[string]bool{"127.0.0.1": false, "0.0.0.0": true} {
		l, err := net.Listen("tcp", address+":0")
		must(t, err)
		where := l.Addr().String()
		l.Close()
		var warnings bytes.Buffer
		end, err := s.listen(where, &warnings)
		must(t, err)
		end()
		if got := strings.Contains(warnings.String(), "warning: "+where+" can be reached from other machines"); got != want {
			t.Errorf("%s: %q", where, &warnings)
		}
	}
}

// A door that somebody holds is tried again; the one before stays open until then.
func TestDoor(t *testing.T) {
	const page, elsewhere, everywhere = "127.0.0.1:9812", "10.0.0.8:9813", "0.0.0.0:9812"
	synctest.Test(t, func(t *testing.T) {
		open, held := map[string]bool{}, map[string]bool{page: true}
		var said []string
		d := door{
			open: func(where string) (func(), error) {
				if held[where] || where == everywhere && open[page] {
					return nil, &net.OpError{Op: "listen", Net: "tcp", Err: syscall.EADDRINUSE}
				}
				open[where] = true
				return func() { delete(open, where) }, nil
			},
			say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
		}
		const inUse = "warning: watch.listen: listen tcp: address already in use; the page is %s, and this is tried again every 10s"
		step := func(name string, want []string, words ...string) {
			t.Helper()
			if got := slices.Sorted(maps.Keys(open)); !slices.Equal(got, want) {
				t.Errorf("%s: it is at %q, want %q", name, got, want)
			}
			if !slices.Equal(said, words) {
				t.Errorf("%s: said %q, want %q", name, said, words)
			}
			said = nil
		}
		wait := func(seconds int) {
			for range seconds {
				time.Sleep(time.Second)
				d.try()
			}
		}
		d.move(page)
		step("somebody has it", nil, fmt.Sprintf(inUse, "nowhere"))
		wait(30)
		step("still", nil)
		held[page] = false
		wait(9)
		step("free", nil)
		wait(1)
		step("tried", []string{page}, "watch.listen: the page is at "+page+" now")
		held[elsewhere] = true
		d.move(elsewhere)
		step("moved where somebody is", []string{page}, fmt.Sprintf(inUse, "at "+page))
		d.move(everywhere)
		step("moved to all addresses", []string{everywhere})
		held[page] = true
		d.move(page)
		step("moved back where somebody is", []string{everywhere}, fmt.Sprintf(inUse, "at "+everywhere))
		d.move("")
		wait(30)
		step("moved away", nil)
	})
}

func TestListenLate(t *testing.T) {
	s := showing(t)
	s.round.Store(int64(plan.Now()) - int64(10*time.Second))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := s.server()
	go server.Serve(l)
	defer server.Close()
	status, body := getBy(t, through(l.Addr().String()), "/healthz")
	if first, _ := bufio.NewReader(strings.NewReader(body)).ReadString('\n'); status != http.StatusServiceUnavailable || !strings.HasPrefix(first, "the watch loop has not run for 1") {
		t.Errorf("%d %s", status, body)
	}
}
