// Package page shows the state of a director over HTTP: a status page for people,
// and the same for programs. It is read-only.
package page

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"lvsdr/internal/metrics"
	"lvsdr/internal/status"
)

// Source is what there is to show.
type Source struct {
	Host    string // the machine's name
	Version string
	Status  func() (status.Status, error)
	// Events are the last ones, the newest first.
	Events func() []Event
	// Late is for how long the watch has not come round; it does so each second.
	Late func() time.Duration
	// Asked is how late the watch put a question, at most, since Asked was called
	// before.
	Asked   func() time.Duration
	Metrics http.Handler
	History *History
}

// Event is an event as a person reads it.
type Event struct {
	Time time.Time
	Kind string
	Text string
}

// tooLate is when the loop of a watch counts as stuck.
const tooLate = 5 * time.Second

// Handler answers for a source:
//
//	/             the page
//	/metrics      for Prometheus
//	/status.json  what "vs status --json" prints
//	/healthz      200 while the watch is on time
//	/readyz       200 if every service is served by a real server, and its VIP is
//	              where it belongs; /readyz/VIP is about one VIP
func Handler(s Source) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.Handle("GET /metrics", s.Metrics)
	mux.HandleFunc("GET /status.json", s.status)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /readyz/{vip}", s.ready)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

func (s Source) status(w http.ResponseWriter, _ *http.Request) {
	st, err := s.Status()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.Encode(st)
}

func (s Source) health(w http.ResponseWriter, _ *http.Request) {
	late, asked := s.Late(), s.Asked()
	switch {
	case late > tooLate:
		http.Error(w, fmt.Sprintf("the watch loop has not run for %s", late.Round(time.Second)), http.StatusServiceUnavailable)
	case asked > tooLate:
		http.Error(w, fmt.Sprintf("real servers are asked %s late", asked.Round(time.Second)), http.StatusServiceUnavailable)
	default:
		const unit = time.Millisecond
		fmt.Fprintf(w, "ok\nthe watch loop last ran %s ago\nreal servers are asked at most %s late\n", late.Round(unit), asked.Round(unit))
	}
}

func (s Source) ready(w http.ResponseWriter, r *http.Request) {
	vip := r.PathValue("vip")
	if _, err := netip.ParseAddr(vip); vip != "" && err != nil {
		http.Error(w, "a VIP expected", http.StatusBadRequest)
		return
	}
	st, err := s.Status()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	known, wrong := Unready(st, vip)
	switch {
	case !known:
		http.Error(w, "no such VIP", http.StatusNotFound)
	case len(wrong) > 0:
		http.Error(w, strings.Join(wrong, "\n"), http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}

// Unready says what keeps clients of a VIP, or of any where that is "", from being
// served; known is whether there is such a VIP.
func Unready(st status.Status, vip string) (known bool, wrong []string) {
	known = vip == ""
	if st.Retired {
		wrong = append(wrong, "retired: the VIPs are left to the other director")
	}
	for _, v := range st.VIPs {
		address := v.Address.Addr().String()
		if vip != "" && address != vip {
			continue
		}
		known = true
		if v.State != status.OK {
			wrong = append(wrong, fmt.Sprintf("%s: %s", address, v.State))
		}
	}
	for _, s := range st.Services {
		if vip != "" && s.VIP != vip {
			continue
		}
		switch {
		case s.State != status.OK:
			wrong = append(wrong, fmt.Sprintf("%s: %s", s.Title(), s.State))
		case s.Sorry:
			wrong = append(wrong, s.Title()+": no real server is left, and others answer")
		case !s.Served():
			wrong = append(wrong, s.Title()+": no real server is left")
		}
	}
	return known, wrong
}

//go:embed page.html
var text string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"health": health, "endpoint": metrics.Endpoint, "trouble": trouble, "class": class,
	"count": func(n reflect.Value) string { return status.Count(float64(n.Uint())) },
	"clock": func(t time.Time) string { return t.Format(time.TimeOnly) },
}).Parse(text))

// view is what the page shows.
type view struct {
	Source
	Now     time.Time
	Status  status.Status
	Err     error
	Wrong   []string
	Up, All int
	Active  uint64
	Graphs  []Graph
	Last    []Event
}

func (s Source) page(w http.ResponseWriter, _ *http.Request) {
	v := view{Source: s, Now: time.Now(), Graphs: s.History.Graphs(), Last: s.Events()}
	if v.Status, v.Err = s.Status(); v.Err == nil {
		_, v.Wrong = Unready(v.Status, "")
	}
	for _, service := range v.Status.Services {
		for _, rs := range service.RealServers {
			v.Active += uint64(rs.Active)
			if rs.Sorry {
				continue
			}
			v.All++
			if rs.Health == nil && rs.State == status.OK || rs.Health != nil && rs.Health.Verdict == status.Up {
				v.Up++
			}
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page.Execute(w, v)
}

// health says whether a real server does its work, and since when.
func health(rs status.RealServer) string {
	switch h := rs.Health; {
	case h == nil:
		return "not asked"
	case h.Verdict == status.Unknown:
		return "not asked yet"
	default:
		return string(h.Verdict) + " " + status.Age(h.Age)
	}
}

// trouble says what is not as it should be about a real server.
func trouble(rs status.RealServer) string {
	switch {
	case rs.Health != nil && rs.Health.Why != "":
		return rs.Health.Why
	case len(rs.Differs) > 0:
		return "differs: " + strings.Join(rs.Differs, ", ")
	case rs.Sorry:
		return "answers in place of real servers"
	}
	return ""
}

// class is how a real server is painted; its state is there in words as well.
func class(rs status.RealServer) string {
	switch {
	case rs.Health != nil && rs.Health.Verdict == status.Down, rs.State == status.Missing:
		return "down"
	case rs.State == status.Draining, rs.State == status.Differs, rs.Sorry:
		return "other"
	case rs.Health == nil:
		return "soft"
	case rs.Health.Verdict == status.Unknown:
		return "other"
	}
	return "up"
}
