package lvsdr

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPeer: check asks the other director for its table.
func TestPeer(t *testing.T) {
	const file = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
	d, other := newDesk(t, file), newDesk(t, file)
	d.succeed("vs start")
	other.succeed("vs start")
	answer, code := other.run("vs status --json").Stdout, http.StatusOK
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/status.json" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(code)
		io.WriteString(w, answer)
	}))
	finds := func(url, want string) {
		t.Helper()
		for line := range strings.Lines(d.run("check --peer " + url).Stdout) {
			words := strings.Fields(line)
			if len(words) > 1 && words[1] == "peer" {
				if got := strings.Join(words, " "); got != want {
					t.Errorf("check --peer %s: %q, want %q", url, got, want)
				}
				return
			}
		}
		t.Errorf("check --peer %s finds nothing", url)
	}
	same := "pass peer -t 172.16.0.100:80 is the same ("
	_, fingerprint, _ := strings.Cut(answer, `"fingerprint": "`)
	same += fingerprint[:12] + ")"
	finds(peer.URL, same)
	finds(peer.URL+"/", same)
	other.configure("vip: 172.16.0.100\nreal_servers: [10.0.0.7, {address: 10.0.0.17, weight: 2}]\n")
	other.succeed("vs start")
	answer = other.run("vs status --json").Stdout
	finds(peer.URL, "warn peer -t 172.16.0.100:80: 10.0.0.17 has weight 1, 2 on the peer")
	answer = "<html>"
	finds(peer.URL, "unknown peer "+peer.URL+"/status.json: invalid character '<' looking for beginning of value")
	code = http.StatusServiceUnavailable
	finds(peer.URL, "unknown peer "+peer.URL+"/status.json: 503 Service Unavailable")
	peer.Close()
	finds(peer.URL, "unknown peer dial tcp "+strings.TrimPrefix(peer.URL, "http://")+": connect: connection refused")
	for _, word := range []string{"10.0.0.9:9812", "ftp://10.0.0.9", "http://"} {
		d.expect("check --peer "+word, result{Status: 2, Stderr: "lvsdr: check: --peer \"" + word + "\": expected http://ADDRESS:PORT, the other director's watch.listen\n"})
	}
}
