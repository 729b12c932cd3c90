package lab

import (
	"bufio"
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
	for _, c := range []struct {
		name, request, remote string
		reply                 reply
		want                  string
	}{
		{"the tutorial's", "GET / HTTP/1.1", "192.168.0.6:1234", reply{status: "200 OK", body: "10.0.0.17\n"},
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.1" 200 10`},
		{"no body", "HEAD /x?y=z HTTP/1.1", "192.168.0.6:1234", reply{status: "200 OK", body: "10.0.0.17\n", headOnly: true},
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "HEAD /x?y=z HTTP/1.1" 200 -`},
		{"IPv6", "GET / HTTP/1.0", "[2001:db8::6]:1234", reply{status: "200 OK", body: "\n"},
			`2001:db8::6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.0" 200 1`},
		{"a quotation mark", `GET /"é HTTP/1.1`, "192.168.0.6:1234", reply{status: "200 OK", body: "\n"},
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET /\"\u00e9 HTTP/1.1" 200 1`},
		{"no request", "\x16\x03\x01", "192.168.0.6:1234", reply{status: "400 Bad Request", body: "no\n"},
			`192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "\x16\x03\x01" 400 3`},
	} {
		t.Run(c.name, func(t *testing.T) {
			remote := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.remote))
			if got := logLine(remote, c.request, now, c.reply); got != c.want+"\n" {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

// startSite serves a page, and returns its address and its log.
func startSite(t *testing.T, page string) (address string, log *lines) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log = new(lines)
	ended := make(chan error, 1)
	go func() { ended <- site{page, log}.serve(l) }()
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
func TestSite(t *testing.T) {
	for _, c := range []struct {
		method, body, wantPage, wantBytes string
	}{
		{http.MethodGet, "", "10.0.0.7 \n", "10"},
		{http.MethodHead, "", "", "-"},
		{http.MethodPost, strings.Repeat("x", 1<<20), "10.0.0.7 \n", "10"},
	} {
		t.Run(c.method, func(t *testing.T) {
			address, log := startSite(t, "10.0.0.7 \n")
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
			if err != nil || string(page) != c.wantPage || response.ContentLength != 10 {
				t.Errorf("page %q of length %d, %v", page, response.ContentLength, err)
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

// What is no request is refused and logged; half a request is neither.
func TestSiteRefuses(t *testing.T) {
	for _, c := range []struct{ name, request, wantStatus, wantLog string }{
		{"no fields", "GET / HTTP/1.0\r\n\r\n", "200 OK", `"GET / HTTP/1.0" 200 5`},
		{"bare line feeds", "GET / HTTP/1.1\nhost:a\n\n", "200 OK", `"GET / HTTP/1.1" 200 5`},
		{"not HTTP", "\x16\x03\x01\x02\n\n", "400 Bad Request", `"\x16\x03\x01\x02" 400 16`},
		{"no version", "GET /\r\n\r\n", "400 Bad Request", `"GET /" 400 16`},
		{"another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "400 Bad Request", `"GET / HTTP/2.0" 400 16`},
		{"no target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request", `"GET a HTTP/1.1" 400 16`},
		{"no method", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request", `"G(T / HTTP/1.1" 400 16`},
		{"blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request", `"GET  / HTTP/1.1" 400 16`},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400 Bad Request", `"GET / HTTP/1.1" 400 16`},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 Bad Request", `"GET / HTTP/1.1" 400 16`},
		{"no field", "GET / HTTP/1.1\r\nHost\r\n\r\n", "400 Bad Request", `"GET / HTTP/1.1" 400 16`},
		{"a blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400 Bad Request", `"GET / HTTP/1.1" 400 16`},
		{"a folded field", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400 Bad Request", `"GET / HTTP/1.1" 400 16`},
		{"a control character", "GET / HTTP/1.1\r\nHost: a\x00\r\n\r\n", "400 Bad Request", `"GET / HTTP/1.1" 400 16`},
		{"no head for HEAD", "HEAD / HTTP/1.1\r\n\r\n", "400 Bad Request", `"HEAD / HTTP/1.1" 400 -`},
		{"a long field", "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", maxHead) + "\r\n\r\n",
			"431 Request Header Fields Too Large", `"GET / HTTP/1.1" 431 36`},
		{"many fields", "GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", maxHead/5) + "\r\n",
			"431 Request Header Fields Too Large", `"GET / HTTP/1.1" 431 36`},
		{"half a request", "GET / HTTP/1.1\r\nHost: a\r\n", "", ""},
		{"nothing", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, log := startSite(t, "page\n")
			answer := converse(t, address, c.request)
			if status, _, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), "\r\n"); status != c.wantStatus {
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

// What the server takes for a request is one to another reader as well.
func FuzzRequest(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	f.Add("HEAD http://a/?b HTTP/1.0\nb:\tc \n\n")
	f.Add("OPTIONS * HTTP/1.1\r\nHost:\r\nX: y\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readRequest(newReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		for _, name := range []string{"content-length", "transfer-encoding", "trailer"} {
			if len(got.values(name)) > 0 { // the server reads no body
				return
			}
		}
		want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Fatalf("accepted %q: %v", text, err)
		}
		if line := want.Method + " " + want.RequestURI + " " + want.Proto; got.start != line || got.method != want.Method {
			t.Errorf("%q: got %q, want %q", text, got.start, line)
		}
	})
}
