package page

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"lvsdr/internal/status"
)

// hostile is text that a real server may have sent.
const hostile = `<script>alert(1)</script>"'>`

func source(st status.Status, err error) Source {
	return Source{
		Host: "lvs " + hostile, Version: "1",
		Status:  func() (status.Status, error) { return st, err },
		Events:  func() []Event { return []Event{{Time: time.Unix(0, 0), Kind: "down", Text: "down: " + hostile}} },
		Late:    func() time.Duration { return time.Second },
		Asked:   func() time.Duration { return 12 * time.Millisecond },
		Metrics: http.NotFoundHandler(),
		History: new(History),
	}
}

func healthy() status.Status {
	return status.Status{
		VIPs: []status.VIP{{Address: netip.MustParsePrefix("172.16.0.100/32"), Interface: "eth0", State: status.OK}},
		Services: []status.Service{
			{Called: "tcp/80", VIP: "172.16.0.100", Scheduler: "wrr", State: status.OK, RealServers: []status.RealServer{
				{Address: "10.0.0.7", Port: 80, Weight: 1, Configured: 1, State: status.OK, Health: &status.Health{Verdict: status.Up, Age: 61}},
				{Address: "10.0.0.17", Port: 80, Configured: 1, State: status.IsDown,
					Health: &status.Health{Verdict: status.Down, Why: hostile, Remedy: []string{"lvsdr rs start"}, At: "10.0.0.17"}},
			}},
			{Called: "fwmark/7", State: status.OK, RealServers: []status.RealServer{{Address: "10.0.0.7", Weight: 1, State: status.OK}}},
		},
	}
}

func get(t *testing.T, s Source, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestPage(t *testing.T) {
	w := get(t, source(healthy(), nil), "/")
	body := w.Body.String()
	if w.Code != http.StatusOK || strings.Contains(body, "<script") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("status %d:\n%s", w.Code, body)
	}
	for _, words := range []string{"2 of 3", "down 0s", "lvsdr rs start", "mend it on 10.0.0.17", "up 1m1s", "10.0.0.7:80", "Every service is served"} {
		if !strings.Contains(body, words) {
			t.Errorf("%q is missing in:\n%s", words, body)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if _, err := html.Parse(strings.NewReader(body)); err != nil {
		t.Error(err)
	}
	if body := get(t, source(status.Status{}, errors.New("no "+hostile)), "/").Body.String(); !strings.Contains(body, "cannot be read: no &lt;script") {
		t.Errorf("page without a status:\n%s", body)
	}
}

func TestReady(t *testing.T) {
	with := func(change func(*status.Status)) status.Status {
		st := healthy()
		change(&st)
		return st
	}
	for _, tt := range []struct {
		name, path string
		st         status.Status
		err        error
		code       int
		words      string
	}{
		{"all", "/readyz", healthy(), nil, 200, "ok"},
		{"a VIP", "/readyz/172.16.0.100", healthy(), nil, 200, "ok"},
		{"another VIP", "/readyz/172.16.0.101", healthy(), nil, 404, "no such VIP"},
		{"no VIP", "/readyz/x", healthy(), nil, 400, "a VIP expected"},
		{"VIP missing", "/readyz", with(func(s *status.Status) { s.VIPs[0].State = status.Missing }), nil, 503, "172.16.0.100: missing"},
		{"sorry", "/readyz", with(func(s *status.Status) { s.Services[0].Sorry = true }), nil, 503, "others answer"},
		{"fail open", "/readyz", with(func(s *status.Status) {
			s.Services[0].FailOpen = true
			s.Services[0].RealServers[0].Health.Verdict = status.Down
		}), nil, 503, "no real server is left"},
		{"weight 0", "/readyz", with(func(s *status.Status) { s.Services[0].RealServers[0].Weight = 0 }), nil, 503, "no real server is left"},
		{"service missing", "/readyz/172.16.0.100", with(func(s *status.Status) { s.Services[0].State = status.Missing }), nil, 503, "tcp/80 172.16.0.100: missing"},
		{"another service's trouble", "/readyz/172.16.0.100", with(func(s *status.Status) { s.Services[1].State = status.Missing }), nil, 200, "ok"},
		{"unread", "/readyz", healthy(), errors.New("unread"), 500, "unread"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, source(tt.st, tt.err), tt.path)
			if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.words) {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.code, tt.words)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	for _, tt := range []struct {
		late, asked time.Duration
		code        int
		words       string
	}{
		{time.Second, 12 * time.Millisecond, 200, "ok\nthe watch loop last ran 1s ago\nreal servers are asked at most 12ms late\n"},
		{time.Minute, 0, 503, "not run for 1m0s"},
		{time.Second, 7 * time.Second, 503, "asked 7s late"},
	} {
		s := source(healthy(), nil)
		s.Late, s.Asked = func() time.Duration { return tt.late }, func() time.Duration { return tt.asked }
		if w := get(t, s, "/healthz"); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.words) {
			t.Errorf("%s, %s: %d %q, want %d %q", tt.late, tt.asked, w.Code, w.Body, tt.code, tt.words)
		}
	}
}

func TestStatus(t *testing.T) {
	var st status.Status
	w := get(t, source(healthy(), nil), "/status.json")
	if err := json.Unmarshal(w.Body.Bytes(), &st); err != nil || st.Services[0].RealServers[1].Health.Why != hostile {
		t.Errorf("%v: %s", err, w.Body)
	}
}

func TestNothingIsChanged(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		w := httptest.NewRecorder()
		Handler(source(healthy(), nil)).ServeHTTP(w, httptest.NewRequest(method, "/status.json", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestHistory(t *testing.T) {
	var h History
	st, now := healthy(), time.Unix(0, 0)
	for i := range Kept + 10 {
		st.Services[0].RealServers[0].Totals = status.Totals{Connections: uint64(i * 40), Bytes: uint64(i * 4e6)}
		h.Add(st, now.Add(time.Duration(i)*Every))
	}
	g := h.Graphs()
	if g[0].Now != "10" || g[1].Now != "1.0M" || len(strings.Fields(g[0].Points)) != Kept || !strings.HasPrefix(g[0].Points, "0,") {
		t.Errorf("graphs %+v", g)
	}
	st.Services[0].RealServers[0].Totals = status.Totals{} // set to zero
	h.Add(st, now.Add(time.Hour))
	if g := h.Graphs(); g[0].Now != "0" || g[0].Most != "10" {
		t.Errorf("after zero %+v", g[0])
	}
}

// Every text can be read: on paper and on what is filled, light and dark, the contrast is
// 4.5 to 1 at least (WCAG 2.1, 1.4.3). No other colours are used.
func TestContrast(t *testing.T) {
	light, rest, _ := strings.Cut(text, "@media screen and (prefers-color-scheme: dark)")
	dark, rest, _ := strings.Cut(rest, "\n")
	colour := regexp.MustCompile(`--(\w+): #(\w+)`)
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		of := map[string]float64{}
		for _, c := range colour.FindAllStringSubmatch(css, -1) {
			of[c[1]] = luminance(t, c[2])
		}
		for _, ink := range []string{"ink", "soft", "up", "down", "other"} {
			for _, paper := range []string{"paper", "fill"} {
				bright, dim := max(of[ink], of[paper])+.05, min(of[ink], of[paper])+.05
				if len(of) != 8 || bright/dim < 4.5 {
					t.Errorf("%s: %s on %s: %.1f to 1 (of %d colours)", scheme, ink, paper, bright/dim, len(of))
				}
			}
		}
	}
	style, _, _ := strings.Cut(rest, "</style>")
	if other := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgb|hsl|opacity`).FindString(style); other != "" {
		t.Errorf("%q is a colour of its own", other)
	}
}

// luminance is how bright a colour of CSS is: rgb or rrggbb.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift int) float64 {
		c := float64(n>>shift&0xff) / 0xff
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// What a screen reader says has names: sections, tables and their columns and rows,
// graphs.
func TestNames(t *testing.T) {
	root, err := html.Parse(get(t, source(healthy(), nil), "/").Body)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	ids := map[string]bool{}
	for n := range root.Descendants() {
		ids[attribute(n, "id")] = true
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		seen[n.Data]++
		switch by := attribute(n, "aria-labelledby"); {
		case n.Data == "html" && attribute(n, "lang") == "",
			n.Data == "th" && attribute(n, "scope") == "",
			n.Data == "svg" && (attribute(n, "role") != "img" || attribute(n, "aria-label") == ""),
			n.Data == "table" && (n.FirstChild.NextSibling == nil || n.FirstChild.NextSibling.Data != "caption"),
			n.Data == "section" && attribute(n, "aria-label") == "" && (by == "" || !ids[by]):
			t.Errorf("%s has no name: %v", n.Data, n.Attr)
		}
	}
	for _, name := range []string{"html", "main", "h1", "h2", "section", "table", "th", "svg"} {
		if seen[name] == 0 {
			t.Errorf("there is no %s", name)
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
