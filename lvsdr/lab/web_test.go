package lab

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"lvsdr/internal/kernel"
)

func TestHostnameI(t *testing.T) {
	address := func(link, prefix string) kernel.Address {
		return kernel.Address{Interface: link, Prefix: netip.MustParsePrefix(prefix)}
	}
	for _, c := range []struct {
		name      string
		addresses []kernel.Address
		want      string
	}{
		{"none", nil, "\n"},
		{"a real server", []kernel.Address{
			address("lo", "127.0.0.1/8"), address("lo", "172.16.0.100/32"), address("eth0", "10.0.0.7/24"),
			address("eth0", "fe80::20c:29ff:fedc:a2b/64"),
		}, "10.0.0.7 \n"},
		{"the router", []kernel.Address{
			address("eth0", "10.0.0.200/24"), address("eth0", "172.16.0.200/24"), address("eth1", "192.168.0.200/24"),
		}, "10.0.0.200 172.16.0.200 192.168.0.200 \n"},
		{"IPv6", []kernel.Address{address("eth0", "2001:db8::7/64")}, "2001:db8::7 \n"},
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
	for _, c := range []struct{ name, method, target, remote, want string }{
		{"the tutorial's", "GET", "/", "192.168.0.6:1234", `192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.1" 200 10`},
		{"no body", "HEAD", "/x?y=z", "192.168.0.6:1234", `192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "HEAD /x?y=z HTTP/1.1" 200 -`},
		{"IPv6", "GET", "/", "[2001:db8::6]:1234", `2001:db8::6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.1" 200 10`},
		{"a quotation mark", "GET", `/"é`, "192.168.0.6:1234", `192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET /\"\u00e9 HTTP/1.1" 200 10`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{Method: c.method, RequestURI: c.target, Proto: "HTTP/1.1", RemoteAddr: c.remote}
			if got := logLine(r, now, 10); got != c.want+"\n" {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

func TestSite(t *testing.T) {
	var log bytes.Buffer
	server := httptest.NewServer(site{"10.0.0.7 \n", &log})
	defer server.Close()
	response, err := http.Get(server.URL + "/index.html")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || string(page) != "10.0.0.7 \n" {
		t.Errorf("page %q, %v", page, err)
	}
	want := `^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [-+]\d{4}\] "GET /index\.html HTTP/1\.1" 200 10\n$`
	if !regexp.MustCompile(want).MatchString(log.String()) {
		t.Errorf("log %q, want %s", &log, want)
	}
}
