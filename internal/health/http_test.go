package health

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// address is where a server of the test listens.
func address(s *httptest.Server) netip.AddrPort {
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// web is an HTTP server, until the test ends.
func web(t *testing.T, answer http.HandlerFunc) netip.AddrPort {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return address(s)
}

func TestHTTP(t *testing.T) {
	var followed atomic.Bool
	elsewhere := web(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	server := web(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			io.WriteString(w, "all is OK\n")
		case "/moved":
			http.Redirect(w, r, "http://"+elsewhere.String(), http.StatusFound)
		case "/sick":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		case "/short":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "OK")
		default:
			http.NotFound(w, r)
		}
	})
	get := func(path, body string, status ...config.StatusRange) *config.Check {
		return check(config.CheckHTTP, func(c *config.Check) {
			c.Path, c.Body = path, body
			if status != nil {
				c.Status = status
			}
		})
	}
	for _, tt := range []struct {
		name  string
		check *config.Check
		want  want
	}{
		{"good", get("/healthz", ""), good},
		{"body", get("/healthz", "(?m)OK$"), good},
		{"another body", get("/healthz", "^OK"), bad(`body does not match "^OK": "all is OK\n"`)},
		{"missing", get("/", ""), bad("status 404, wanted 200-299")},
		{"missing as wanted", get("/", "", config.StatusRange{From: 404, To: 404}), good},
		{"one of several", get("/sick", "", config.StatusRange{From: 200, To: 204}, config.StatusRange{From: 301, To: 301}),
			bad("status 503, wanted 200-204, 301")},
		{"redirect", get("/moved", ""), bad("status 302, wanted 200-299")},
		{"redirect wanted", get("/moved", "", config.StatusRange{From: 300, To: 399}), good},
		{"hints before", get("/early", ""), good},
		{"short, and not read", get("/short", ""), good},
		{"short", get("/short", "OK"), bad("connection closed in the middle of the answer")},
		{"impossible path", get("healthz", ""), bad(`parse "healthz": invalid URI for request`)},
		{"no expression", get("/healthz", "("), bad("error parsing regexp: missing closing ): `(`")},
	} {
		t.Run(tt.name, func(t *testing.T) { asked(t, Target{Server: server, Protocol: ipvs.TCP, Check: tt.check}, tt.want) })
	}
	if followed.Load() {
		t.Error("a redirect was followed")
	}
}

// TestHTTPRequest: what the server is asked, byte for byte.
func TestHTTPRequest(t *testing.T) {
	t.Setenv("http_proxy", "http://192.0.2.1:3128")
	heard := make(chan string, 1)
	server := serve(t, func(conn net.Conn) {
		b := make([]byte, 4096)
		n, _ := conn.Read(b)
		heard <- string(b[:n])
		io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n")
	})
	for _, tt := range []struct {
		name   string
		change func(*config.Check)
		want   string
	}{
		{"default", func(*config.Check) {},
			"GET / HTTP/1.1\r\nHost: " + server.String() + "\r\nUser-Agent: lvsdr\r\nConnection: close\r\n\r\n"},
		{"all", func(c *config.Check) {
			c.Method, c.Path, c.Host = "HEAD", "/a b?c=d&e", "shop.example:8080"
			c.Headers = []config.Header{{Name: "user-agent", Value: "probe"}, {Name: "X-A", Value: "1"}, {Name: "X-A", Value: "2"}}
		}, "HEAD /a%20b?c=d&e HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: probe\r\nConnection: close\r\nX-A: 1\r\nX-A: 2\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked(t, Target{Server: server, Protocol: ipvs.TCP, Check: check(config.CheckHTTP, tt.change)}, good)
			if got := <-heard; got != tt.want {
				t.Errorf("heard %q\nwanted %q", got, tt.want)
			}
		})
	}
}

func TestHostHeader(t *testing.T) {
	for _, tt := range []struct{ server, port, want string }{
		{"10.0.0.7:80", "80", "10.0.0.7"},
		{"10.0.0.7:8080", "80", "10.0.0.7:8080"},
		{"10.0.0.7:80", "443", "10.0.0.7:80"},
		{"[fd00::80]:80", "80", "[fd00::80]"},
		{"[fe80::1%eth0]:443", "443", "[fe80::1]"},
		{"[::ffff:10.0.0.7]:443", "443", "10.0.0.7"},
	} {
		if got := hostHeader(netip.MustParseAddrPort(tt.server), tt.port); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.server, got, tt.want)
		}
	}
}

// TestHTTPHostile: whatever a server does, the verdict comes in time and takes
// little memory.
func TestHTTPHostile(t *testing.T) {
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	for range 64 {
		packed.Write(make([]byte, 1<<20))
	}
	must(t, packed.Close())
	const ok = "HTTP/1.1 200 OK\r\n"
	endless := func(head, rest string) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Read(make([]byte, 4096))
			io.WriteString(conn, head)
			drips(strings.Repeat(rest, 1000), 0)(conn)
		}
	}
	for _, tt := range []struct {
		name    string
		server  func(net.Conn)
		body    string
		timeout time.Duration
		want    want
	}{
		{"endless headers", endless(ok, "X-A: b\r\n"), "", time.Minute, bad("the headers is too long")},
		{"endless header", endless(ok+"X-A: ", "b"), "", time.Minute, bad("the headers is too long")},
		{"endless status", endless("HTTP/1.1 200 ", "O"), "", time.Minute, bad("the headers is too long")},
		{"endless hints", endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), "", time.Minute, bad("the headers is too long")},
		{"10 GB, and not read", endless(ok+"Content-Length: 10000000000\r\n\r\n", "x"), "", time.Minute, good},
		{"10 GB", endless(ok+"Content-Length: 10000000000\r\n\r\n", "x"), "xyz", time.Minute,
			bad(`body does not match "xyz": "` + strings.Repeat("x", 60) + `"`)},
		{"10 GB with a match", endless(ok+"Content-Length: 10000000000\r\n\r\n", "x"), "x{50}", time.Minute, good},
		{"endless chunks", endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), "xyz", time.Minute, bad("the body is too long")},
		{"endless trailer", endless(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: b\r\n"), "xyz", time.Minute,
			bad("http: suspiciously long trailer after chunked body")},
		{"body without a length", says(ok + "\r\nall is OK"), "OK$", time.Minute, good},
		{"another body without a length", says(ok + "\r\nall is OK"), "^OK", time.Minute, bad(`body does not match "^OK": "all is OK"`)},
		{"gzip bomb", func(conn net.Conn) {
			conn.Read(make([]byte, 4096))
			fmt.Fprintf(conn, "%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", ok, bomb.Len())
			conn.Write(bomb.Bytes())
		}, "^\x1f", time.Minute, good},
		{"slow headers", drips("H", 5*time.Millisecond), "", soon, bad("connected, but no complete answer in 300ms")},
		{"slow body", func(conn net.Conn) { io.WriteString(conn, ok+"\r\n"); drips("x", 5*time.Millisecond)(conn) }, "x", soon,
			bad("connected, but no complete answer in 300ms")},
		{"silence", silent, "", soon, bad("connected, but no complete answer in 300ms")},
		{"no answer", says(""), "", time.Minute, bad("connection closed without an answer")},
		{"half an answer", says("HTTP/1.1 2"), "", time.Minute, bad("connection closed in the middle of the answer")},
		{"another protocol", says("SSH-2.0-OpenSSH\x1b[31m\r\n"), "", time.Minute,
			bad(`malformed HTTP response "SSH-2.0-OpenSSH\x1b[31m"`)},
		{"no header", says(ok + "\x1b[31m\r\n\r\n"), "", time.Minute, bad(`malformed MIME header: missing colon: "\x1b[31m"`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := serve(t, tt.server)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			asked(t, Target{Server: server, Protocol: ipvs.TCP, Check: check(config.CheckHTTP, within(tt.timeout), func(c *config.Check) { c.Body = tt.body })}, tt.want)
			runtime.ReadMemStats(&after)
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 16 {
				t.Errorf("it took %d MiB of memory", took)
			}
		})
	}
}
