package sorry

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Addresses that this machine has, and two that it has not.
var (
	here      = netip.MustParseAddr("127.0.0.77")
	own       = netip.MustParseAddr("127.0.0.1")
	elsewhere = netip.MustParseAddr("192.0.2.1")
	far       = netip.MustParseAddr("2001:db8::1")
)

// freePort is a port on which nobody listens.
func freePort(t testing.TB) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", ":0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

func load(t testing.TB, c config.Sorry) *Page {
	t.Helper()
	p, err := Load(c)
	must(t, err)
	return p
}

// listening is the page at an address of this machine, until the test ends.
func listening(t testing.TB, p *Page) (s *Server, at string) {
	t.Helper()
	vip := netip.AddrPortFrom(here, freePort(t))
	s, err := Listen(p, vip, own)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s, vip.String()
}

func dial(t testing.TB, at string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", at, 5*time.Second)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c
}

// answer is all that comes until the server closes the connection: one response.
func answer(t testing.TB, c io.Reader, method string) (*http.Response, string) {
	t.Helper()
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, &http.Request{Method: method})
	must(t, err)
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		t.Errorf("behind the answer %q, %v, want the end of the connection", rest, err)
	}
	return response, string(body)
}

func TestAnswers(t *testing.T) {
	const page = "<p>Back at noon"
	_, at := listening(t, load(t, config.Sorry{Page: write(t, "page.html", page)}))
	for _, tt := range []struct{ name, request string }{
		{"any path", "GET /shop/1?q=%C3%BC HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"a client that would stay", "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"an old client that would stay", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
		{"what it has", "GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nRange: bytes=1-2\r\nAccept: image/png\r\n\r\n"},
		{"header alone", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"a form", "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b"},
		{"a form that asks first", "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\na=b"},
		{"the server itself", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"a proxy", "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"},
		{"WebSocket", "GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{"a method of its own", "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, at)
			_, err := io.WriteString(c, tt.request)
			must(t, err)
			method, _, _ := strings.Cut(tt.request, " ")
			response, body := answer(t, c, method)
			want := page
			if method == http.MethodHead {
				want = ""
			}
			if response.StatusCode != http.StatusServiceUnavailable || body != want {
				t.Errorf("%s %q, want 503 %q", response.Status, body, want)
			}
			if !response.Close {
				t.Error("the client may keep the connection")
			}
			response.Header.Del("Date")
			response.Header.Del("Connection") // it is response.Close, more often than not
			wantHeader := http.Header{
				"Cache-Control": {"no-store"}, "Content-Length": {strconv.Itoa(len(page))},
				"Content-Type": {"text/html; charset=utf-8"}, "Retry-After": {"30"},
			}
			if diff := cmp.Diff(wantHeader, response.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTLS: a client that speaks HTTP/2 gets the page, an old one no connection.
func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	_, at := listening(t, load(t, config.Sorry{Page: config.DefaultPage, Cert: cert, Key: key}))
	trusted, err := os.ReadFile(cert)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"},
	}}
	response, err := client.Get("https://" + at)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != http.StatusServiceUnavailable || string(body) != string(ours) || response.ProtoMajor != 1 || !response.Close {
		t.Errorf("%s %s, %d bytes", response.Proto, response.Status, len(body))
	}
	if c, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		c.Close()
		t.Error("it speaks TLS 1.1")
	}
}

// TestBounds: what a client may ask of a director that has other work.
func TestBounds(t *testing.T) {
	t.Run("header", func(t *testing.T) {
		_, at := listening(t, load(t, config.Sorry{Page: config.DefaultPage}))
		c := dial(t, at)
		// The server closes before all of it was sent; what it said comes first.
		go io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nCookie: "+strings.Repeat("x", 2*maxHeader))
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		must(t, err)
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s, want 431", response.Status)
		}
	})
	t.Run("silence", func(t *testing.T) {
		t.Parallel()
		_, at := listening(t, load(t, config.Sorry{Page: config.DefaultPage}))
		start := time.Now()
		c := dial(t, at)
		_, err := c.Read(make([]byte, 1))
		if took := time.Since(start); err != io.EOF || took < readTimeout || took > 2*readTimeout {
			t.Errorf("a client that says nothing: %v after %v, want the end after %v", err, took, readTimeout)
		}
	})
	t.Run("clients", func(t *testing.T) {
		t.Parallel()
		_, at := listening(t, load(t, config.Sorry{Page: config.DefaultPage}))
		silent := make([]net.Conn, maxClients)
		for i := range silent {
			silent[i] = dial(t, at)
		}
		c := dial(t, at)
		_, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		must(t, err)
		must(t, c.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("client %d: %v, want no answer yet", maxClients+1, err)
		}
		must(t, c.SetReadDeadline(time.Now().Add(readTimeout/2)))
		must(t, silent[0].Close())
		if response, _ := answer(t, c, http.MethodGet); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("in the place of another: %s", response.Status)
		}
	})
}

// TestClose: new clients are refused at once; who is getting the page gets all
// of it; nobody is waited for long.
func TestClose(t *testing.T) {
	page := strings.Repeat("Back at noon. ", maxPage/14)
	s, at := listening(t, load(t, config.Sorry{Page: write(t, "page.html", page)}))
	ask := func(request string) *bufio.Reader {
		c := dial(t, at)
		_, err := io.WriteString(c, request)
		must(t, err)
		r := bufio.NewReader(c)
		_, err = r.Peek(1)
		must(t, err)
		return r
	}
	running, stuck := ask("GET / HTTP/1.0\r\n\r\n"), ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na")
	closed := make(chan error)
	start := time.Now()
	go func() { closed <- s.Close() }()

	for refused := false; !refused && time.Since(start) < closeTimeout/2; time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", at)
		if refused = errors.Is(err, syscall.ECONNREFUSED); err == nil {
			c.Close()
		}
	}
	if took := time.Since(start); took >= closeTimeout/2 {
		t.Errorf("new clients are still taken after %v", took)
	}
	must(t, <-closed)
	if took := time.Since(start); took < closeTimeout || took > 2*closeTimeout {
		t.Errorf("Close took %v with a form that does not end, want %v", took, closeTimeout)
	}
	for _, r := range []*bufio.Reader{running, stuck} {
		if response, body := answer(t, r, http.MethodGet); response.StatusCode != http.StatusServiceUnavailable || body != page {
			t.Errorf("%s, %d bytes, want %d", response.Status, len(body), len(page))
		}
	}
	if took := time.Since(start); took >= readTimeout {
		t.Errorf("the form that does not end kept its connection for %v", took)
	}
}

// TestCloseSoon: the port is free as soon as Close has returned, even if nothing
// was served yet.
func TestCloseSoon(t *testing.T) {
	p := load(t, config.Sorry{Page: config.DefaultPage})
	vip := netip.AddrPortFrom(here, freePort(t))
	for range 200 {
		s, err := Listen(p, vip, own)
		must(t, err)
		if s.Destination().Forward != ipvs.DirectRoute {
			t.Fatal("somebody still listens")
		}
		must(t, s.Close())
	}
}

func TestDestination(t *testing.T) {
	p := load(t, config.Sorry{Page: config.DefaultPage})
	port := freePort(t)
	for _, vip := range []netip.Addr{here, elsewhere, far} {
		t.Run(vip.String(), func(t *testing.T) {
			s, err := Listen(p, netip.AddrPortFrom(vip, port), netip.Addr{})
			must(t, err)
			defer s.Close()
			want := ipvs.Destination{Family: ipvs.FamilyOf(vip), Addr: own, Port: port, Forward: ipvs.DirectRoute, Weight: 1}
			if vip.Is6() {
				want.Addr = netip.IPv6Loopback()
			}
			if s.Destination() != want {
				t.Errorf("%+v, want %+v", s.Destination(), want)
			}
		})
	}
}

// TestDestinationTaken: somebody listens on the port of every address.
func TestDestinationTaken(t *testing.T) {
	p := load(t, config.Sorry{Page: config.DefaultPage})
	for _, network := range []string{"tcp4", "tcp"} { // 0.0.0.0 and [::]
		l, err := net.Listen(network, ":0")
		must(t, err)
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).AddrPort().Port()

		s, err := Listen(p, netip.AddrPortFrom(elsewhere, port), own)
		must(t, err)
		defer s.Close()
		got := s.Destination()
		want := ipvs.Destination{Family: ipvs.INET, Addr: own, Port: got.Port, Forward: ipvs.Masquerade, Weight: 1}
		if got != want || got.Port == port || got.Port == 0 {
			t.Errorf("%s: %+v, want %+v and another port than %d", network, got, want, port)
		}
		c := dial(t, netip.AddrPortFrom(got.Addr, got.Port).String())
		_, err = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		must(t, err)
		if response, _ := answer(t, c, http.MethodGet); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %s, want 503", network, response.Status)
		}

		for _, dip := range []netip.Addr{{}, netip.IPv6Loopback()} { // none of this family
			if _, err := Listen(p, netip.AddrPortFrom(elsewhere, port), dip); !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("%s, director %v: %v, want that the address is in use", network, dip, err)
			}
		}
		if _, err := Listen(p, netip.AddrPortFrom(elsewhere, port), elsewhere); !errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Errorf("%s, director without its address: %v, want that the address is not there", network, err)
		}
	}
}
