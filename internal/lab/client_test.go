package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// getFrom is the client's request to a server nearby.
func getFrom(t *testing.T, ctx context.Context, address string) (string, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return get(ctx, u, new(net.Dialer).DialContext)
}

// A server of another make has a page behind each path.
func TestGet(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/short", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page\n") })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintf(w, "%d %s\n", i, strings.Repeat("x", 5000*i))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/request", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.RequestURI, " ", r.Proto, " ", r.Host == r.Context().Value(http.LocalAddrContextKey).(net.Addr).String(), r.Close)
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "late")
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("/moved", http.RedirectHandler("short", http.StatusMovedPermanently))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, c := range []struct{ path, want, wantErr string }{
		{"/short", "page\n", ""},
		{"/chunked", "0 \n1 " + strings.Repeat("x", 5000) + "\n2 " + strings.Repeat("x", 10000) + "\n", ""},
		{"/request?a=b%20c#d", "GET /request?a=b%20c HTTP/1.1 true true", ""},
		{"/early", "late", ""},
		{"/moved", "page\n", ""},
		{"/loop", "", "sent elsewhere 10 times"},
		{"/nothing", "", "204 No Content: "},
		{"", "404 page not found\n", "404 Not Found: 404 page not found"},
	} {
		t.Run(c.path, func(t *testing.T) {
			got, err := getFrom(t, t.Context(), server.URL+c.path)
			if got != c.want || c.wantErr == "" && err != nil || c.wantErr != "" && (err == nil || err.Error() != c.wantErr) {
				t.Errorf("got %q, %v; want %q, %s", got, err, c.want, c.wantErr)
			}
		})
	}
}

// The client and the server of this package understand each other too.
func TestGetFromSite(t *testing.T) {
	address, _ := startSite(t, "10.0.0.7 \n")
	if page, err := getFrom(t, t.Context(), "http://"+address); err != nil || page != "10.0.0.7 \n" {
		t.Errorf("page %q, %v", page, err)
	}
}

func TestGetNoURL(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"https://10.0.0.7/", `unsupported protocol "https", expected an URL such as http://172.16.0.100/`},
		{"10.0.0.7", `unsupported protocol "", expected an URL such as http://172.16.0.100/`},
		{"http:///index.html", "no host in URL"},
		{"http:10.0.0.7", "no host in URL"},
	} {
		if page, err := getFrom(t, t.Context(), c.address); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %q, %v; want %s", c.address, page, err, c.want)
		}
	}
}

// A server that says nothing holds nobody up.
func TestGetTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if page, err := getFrom(t, ctx, "http://"+l.Addr().String()+"/"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %q, %v", page, err)
	}
}

// listen is a server that does what it likes with each connection.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
		}
	}()
	return l.Addr().String()
}

// What the walk shows of requests that fail.
func TestReason(t *testing.T) {
	missing := httptest.NewServer(http.NotFoundHandler())
	defer missing.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for _, c := range []struct{ name, address, want string }{
		{"silence", listen(t, func(net.Conn) {}), "no answer"},
		{"nobody listens", nobody, "connect: connection refused"},
		{"cut off", listen(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n10.0.0")
			c.(*net.TCPConn).CloseWrite()
		}), "unexpected EOF"},
		{"no page", missing.Listener.Addr().String(), "404 Not Found: 404 page not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			page, err := getFrom(t, ctx, "http://"+c.address+"/")
			if err == nil || reason(err) != c.want {
				t.Errorf("got %q, %v; want %s", page, err, c.want)
			}
		})
	}
}

func TestReadResponse(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	malformed, unexpected := errMalformed.Error(), io.ErrUnexpectedEOF.Error()
	for _, c := range []struct{ name, text, want, wantErr string }{
		{"to the end", "HTTP/1.0 200\r\n\r\npage", "page", ""},
		{"a length", ok + "Content-Length: 3\r\n\r\npage", "pag", ""},
		{"the same length twice", ok + "Content-Length: 3\r\nContent-Length: 3\r\n\r\npage", "pag", ""},
		{"two lengths", ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\npage", "", malformed},
		{"a negative length", ok + "Content-Length: -1\r\n\r\npage", "", malformed},
		{"a signed length", ok + "Content-Length: +1\r\n\r\npage", "", malformed},
		{"no length", ok + "Content-Length:\r\n\r\npage", "", malformed},
		{"cut short", ok + "Content-Length: 1000000000000\r\n\r\npage", "page", unexpected},
		{"chunks", ok + "transfer-encoding: CHUNKED\r\n\r\n2;a=b\r\npa\r\nA \r\n0123456789\r\n0\r\nX: y\r\n\r\n", "pa0123456789", ""},
		{"chunks without their end", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\npa\r\n", "pa", unexpected},
		{"chunks without the fields behind them", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "", unexpected},
		{"a chunk cut short", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\npa", "pa", unexpected},
		{"a chunk without its end", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\npage\r\n0\r\n\r\n", "pa", malformed},
		{"a chunk with a bare line feed", ok + "Transfer-Encoding: chunked\r\n\r\n2\npa\r\n0\r\n\r\n", "", malformed},
		{"no size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\n\r\n", "", malformed},
		{"a signed size", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "", malformed},
		{"an endless chunk", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "", malformed},
		{"another coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "", malformed},
		{"a coding of an old server", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", malformed},
		{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", "", ""},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n", "", malformed},
		{"another version", "HTTP/2.0 200 OK\r\n\r\n", "", malformed},
		{"no status", "HTTP/1.1\r\n\r\n", "", malformed},
		{"a long status", "HTTP/1.1 2000 OK\r\n\r\n", "", malformed},
		{"a signed status", "HTTP/1.1 +20 OK\r\n\r\n", "", malformed},
		{"a long header", ok + "a: " + strings.Repeat("b", maxHead), "", errTooLarge.Error()},
		{"half a header", ok, "", unexpected},
		{"nothing", "", "", unexpected},
		{"announcements only", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9), "", unexpected},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readResponse(newReader(strings.NewReader(c.text)))
			if got.body != c.want || err == nil && c.wantErr != "" || err != nil && err.Error() != c.wantErr {
				t.Errorf("got %q, %v; want %q, %s", got.body, err, c.want, c.wantErr)
			}
		})
	}
}

// A page that the client reads is the same page to another reader.
func FuzzResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\npage")
	f.Add("HTTP/1.0 404 Not Found\n\npage")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\npa\r\nA\r\n0123456789\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readResponse(newReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		request := &http.Request{Method: http.MethodGet}
		r := bufio.NewReader(strings.NewReader(text))
		want, err := http.ReadResponse(r, request)
		for err == nil && want.StatusCode/100 == 1 {
			want, err = http.ReadResponse(r, request)
		}
		if err != nil {
			t.Fatalf("accepted %q: %v", text, err)
		}
		page, err := io.ReadAll(want.Body)
		if err != nil || string(page) != got.body || strings.TrimSpace(want.Status) != got.status {
			t.Errorf("%q: got %q %q, want %q %q, %v", text, got.status, got.body, want.Status, page, err)
		}
	})
}
