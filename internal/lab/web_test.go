package lab

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lvsdr/internal/host"
)

func TestHostnameI(t *testing.T) {
	address := func(link, prefix string) host.Address {
		return host.Address{Interface: link, Prefix: netip.MustParsePrefix(prefix)}
	}
	for _, c := range []struct {
		name      string
		addresses []host.Address
		want      string
	}{
		{"none", nil, "\n"},
		{"a real server", []host.Address{
			address("lo", "127.0.0.1/8"), address("lo", "172.16.0.100/32"), address("eth0", "10.0.0.7/24"),
			address("eth0", "fe80::20c:29ff:fedc:a2b/64"),
		}, "10.0.0.7 \n"},
		{"the router", []host.Address{
			address("eth0", "10.0.0.200/24"), address("eth0", "172.16.0.200/24"), address("eth1", "192.168.0.200/24"),
		}, "10.0.0.200 172.16.0.200 192.168.0.200 \n"},
		{"IPv6", []host.Address{address("eth0", "2001:db8::7/64")}, "2001:db8::7 \n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := hostnameI(c.addresses); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLogLine(t *testing.T) {
	now := time.Date(2021, time.October, 3, 22, 16, 11, 0, time.FixedZone("", 8*60*60))
	for _, c := range []struct{ name, method, target, version, remote, want string }{
		{"the tutorial's", "GET", "/", "HTTP/1.1", "192.168.0.6:1234",
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.1" 200 10`},
		{"no body", "HEAD", "/x?y=z", "HTTP/1.1", "192.168.0.6:1234",
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "HEAD /x?y=z HTTP/1.1" 200 -`},
		{"IPv6", "GET", "/", "HTTP/1.0", "[2001:db8::6]:1234",
			`2001:db8::6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.0" 200 10`},
		{"a quotation mark", "GET", `/"é`, "HTTP/1.1", "192.168.0.6:1234",
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET /\"\u00e9 HTTP/1.1" 200 10`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{Method: c.method, RequestURI: c.target, Proto: c.version, RemoteAddr: c.remote}
			if got := logLine(r, now, 10); got != c.want+"\n" {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

// startServer serves a page, and returns its address and its log.
func startServer(t *testing.T, page string) (address string, log *lines) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log = new(lines)
	ended := make(chan error, 1)
	go func() { ended <- newServer(page, log).Serve(l) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("server ended with %v", err)
		}
	})
	return l.Addr().String(), log
}

// lines is a log for several writers.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A client of another make understands the server, and what it asks is logged.
func TestServer(t *testing.T) {
	for _, c := range []struct {
		method, body, wantPage, wantBytes string
	}{
		{http.MethodGet, "", "10.0.0.7 \n", "10"},
		{http.MethodHead, "", "", "-"},
		{http.MethodPost, strings.Repeat("x", 1<<20), "10.0.0.7 \n", "10"},
	} {
		t.Run(c.method, func(t *testing.T) {
			address, log := startServer(t, "10.0.0.7 \n")
			request, err := http.NewRequest(c.method, "http://"+address+"/index.html", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			page, err := io.ReadAll(response.Body)
			if err != nil || string(page) != c.wantPage || response.ContentLength != 10 || !response.Close {
				t.Errorf("page %q of length %d, last of its connection: %t, %v", page, response.ContentLength, response.Close, err)
			}
			if kind := response.Header.Get("Content-Type"); kind != "text/plain; charset=utf-8" {
				t.Errorf("content type %q", kind)
			}
			if date, err := http.ParseTime(response.Header.Get("Date")); err != nil || time.Since(date) > time.Minute {
				t.Errorf("date %v, %v", date, err)
			}
			want := `^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [-+]\d{4}\] "` +
				c.method + ` /index\.html HTTP/1\.1" 200 ` + c.wantBytes + `\n$`
			if !regexp.MustCompile(want).MatchString(log.String()) {
				t.Errorf("log %q, want %s", log, want)
			}
		})
	}
}

// What is no request is refused without a line in the log.
func TestServerRefuses(t *testing.T) {
	for _, c := range []struct{ name, request, wantStatus, wantLog string }{
		{"no fields", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK", `"GET / HTTP/1.0" 200 5`},
		{"bare line feeds", "GET / HTTP/1.1\nhost:a\n\n", "HTTP/1.1 200 OK", `"GET / HTTP/1.1" 200 5`},
		{"no path", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", `"OPTIONS * HTTP/1.1" 200 5`},
		{"not HTTP", "\x16\x03\x01\x02\n\n", "HTTP/1.1 400 Bad Request", ""},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request: missing required Host header", ""},
		{"a long field", "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", maxHead+4096) + "\r\n\r\n",
			"HTTP/1.1 431 Request Header Fields Too Large", ""},
		{"many fields", "GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", maxHead/5) + "\r\n",
			"HTTP/1.1 431 Request Header Fields Too Large", ""},
		{"nothing", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, log := startServer(t, "page\n")
			answer := converse(t, address, c.request)
			if status, _, _ := strings.Cut(answer, "\r\n"); status != c.wantStatus {
				t.Errorf("answer %q, want %s", answer, c.wantStatus)
			}
			if _, got, _ := strings.Cut(log.String(), "] "); got != c.wantLog && got != c.wantLog+"\n" {
				t.Errorf("log %q, want %s", got, c.wantLog)
			}
		})
	}
}

// converse sends a request and reads until the server closes.
func converse(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	conn.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
