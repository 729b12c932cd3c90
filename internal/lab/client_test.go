package lab

import (
	"context"
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
func getFrom(t *testing.T, address string, patience time.Duration) (string, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return get(t.Context(), u, new(net.Dialer).DialContext, patience)
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
		fmt.Fprint(w, r.Method, " ", r.RequestURI, " ", r.Proto, " ", r.Host == r.Context().Value(http.LocalAddrContextKey).(net.Addr).String(), r.Close, r.Header)
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "late")
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("/moved", http.RedirectHandler("short", http.StatusMovedPermanently))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/tls", http.RedirectHandler("https://127.0.0.1/", http.StatusFound))
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("A", strings.Repeat("a", maxHead)) })
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, c := range []struct{ path, want, wantErr string }{
		{"/short", "page\n", ""},
		{"/chunked", "0 \n1 " + strings.Repeat("x", 5000) + "\n2 " + strings.Repeat("x", 10000) + "\n", ""},
		{"/request?a=b%20c#d", "GET /request?a=b%20c HTTP/1.1 true true map[Connection:[close] User-Agent:[lvsdr]]", ""},
		{"/early", "late", ""},
		{"/moved", "page\n", ""},
		{"/loop", "", "redirected 10 times"},
		{"/nothing", "", "204 No Content: "},
		{"/tls", "", `unsupported protocol "https", expected a URL such as http://172.16.0.100/`},
		{"/large", "", "net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 65536 bytes; aborted"},
		{"", "", "404 Not Found: 404 page not found"},
	} {
		t.Run(c.path, func(t *testing.T) {
			got, err := getFrom(t, server.URL+c.path, time.Minute)
			if got != c.want || c.wantErr == "" && err != nil || c.wantErr != "" && (err == nil || err.Error() != c.wantErr) {
				t.Errorf("got %q, %v; want %q, %s", got, err, c.want, c.wantErr)
			}
		})
	}
}

// The client and the server of this package understand each other too.
func TestGetFromServer(t *testing.T) {
	address, _ := startServer(t, "10.0.0.7 \n")
	if page, err := getFrom(t, "http://"+address, time.Minute); err != nil || page != "10.0.0.7 \n" {
		t.Errorf("page %q, %v", page, err)
	}
}

func TestGetNoURL(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"https://10.0.0.7/", `unsupported protocol "https", expected a URL such as http://172.16.0.100/`},
		{"10.0.0.7", `unsupported protocol "", expected a URL such as http://172.16.0.100/`},
		{"http:///index.html", "no host in URL"},
		{"http:10.0.0.7", "no host in URL"},
	} {
		if page, err := getFrom(t, c.address, time.Minute); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %q, %v; want %s", c.address, page, err, c.want)
		}
	}
}

// A dial that nobody answers ends with the request, whichever gives up.
func TestGetGivesUpDialling(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name     string
		ctx      context.Context
		patience time.Duration
		want     error
	}{
		{"no answer", t.Context(), 20 * time.Millisecond, errNoAnswer},
		{"interrupted", interrupted, time.Minute, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			over := make(chan struct{})
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				defer close(over)
				<-ctx.Done()
				return nil, ctx.Err()
			}
			u := &url.URL{Scheme: "http", Host: vip}
			if page, err := get(c.ctx, u, dial, c.patience); err != c.want {
				t.Errorf("got %q, %v; want %v", page, err, c.want)
			}
			if c.ctx.Err() == nil {
				<-over
			}
		})
	}
}

// What the walk shows of requests that fail.
func TestReason(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/silence", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/stops", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "10.0.0")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "9")
		io.WriteString(w, "10.0.0")
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	gone := httptest.NewServer(mux)
	gone.Close()
	for _, c := range []struct{ name, address, want string }{
		{"silence", server.URL + "/silence", "no answer"},
		{"half a page", server.URL + "/stops", "no answer"},
		{"nobody listens", gone.URL, "connect: connection refused"},
		{"cut off", server.URL + "/cut", "unexpected EOF"},
		{"no page", server.URL, "404 Not Found: 404 page not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			patience := time.Minute
			if c.want == errNoAnswer.Error() {
				patience = 200 * time.Millisecond
			}
			page, err := getFrom(t, c.address, patience)
			if err == nil || reason(err) != c.want {
				t.Errorf("got %q, %v; want %s", page, err, c.want)
			}
		})
	}
}
