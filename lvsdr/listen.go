package lvsdr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"lvsdr/internal/config"
	"lvsdr/internal/metrics"
	"lvsdr/internal/page"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
	"lvsdr/internal/watch"
)

// shown is what a watch shows of itself to who asks by HTTP.
type shown struct {
	viewer
	metrics.Watched
	history page.History
	round   atomic.Int64 // when the loop last came round, by [plan.Now]
	asked   func() time.Duration

	mu     sync.Mutex
	events []page.Event // the newest first
}

// maxEvents is how many events the page shows.
const maxEvents = 50

// note takes an event.
func (s *shown) note(e watch.Event) {
	switch e.Event {
	case watch.EventUp, watch.EventDown:
		s.Turned(e.Service, e.VIP, e.RealServer, e.Event)
	case watch.EventPutBack:
		s.PutBack()
	case watch.EventReloaded, watch.EventRefused:
		s.Reloaded(e.Event == watch.EventReloaded)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, text, _ := strings.Cut(e.String(), " ")
	s.events = append([]page.Event{{Time: e.Time, Kind: e.Event, Text: text}}, s.events[:min(len(s.events), maxEvents-1)]...)
}

func (s *shown) last() []page.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]page.Event(nil), s.events...)
}

// late is for how long the loop has not come round.
func (s *shown) late() time.Duration { return plan.Uptime(s.round.Load()).Since() }

// viewer reads what is in place, as status does, for who looks at a watch: beside
// its loop, by a connection of its own, at most once in a while.
type viewer struct {
	order
	config atomic.Pointer[config.Config] // nil: the table alone, whoever made it

	mu   sync.Mutex
	m    machine
	at   time.Time
	last status.Status
	err  error

	light bool // see [lightly]
}

// glance is for how long what was read counts.
const glance = time.Second

func (v *viewer) status() (status.Status, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.at.IsZero() && time.Since(v.at) < glance {
		return v.last, v.err
	}
	v.last, v.err = v.read()
	v.at = time.Now()
	if v.err != nil && v.m != nil {
		v.m.Close()
		v.m = nil
	}
	return v.last, v.err
}

func (v *viewer) read() (st status.Status, err error) {
	if v.m == nil {
		if v.m, err = v.system.openMachine(shownTable); err != nil {
			return st, err
		}
	}
	m := v.m
	if v.light {
		m = lightly{m}
	}
	c := v.config.Load()
	if c == nil {
		return plan.Found(m)
	}
	o := v.order
	o.config = *c
	s, err := o.here()
	if err == nil {
		err = s.openOn(m)
	}
	if err != nil {
		return st, err
	}
	return s.status()
}

// A door is where a watch shows itself. One that cannot be opened is no reason to
// look after nobody: it is tried again, and the one before stays open until then.
type door struct {
	open   func(where string) (end func(), err error) // nil: it stays closed
	say    func(format string, args ...any)
	wanted string // "": none
	at     string // the one that is open
	end    func()
	tried  time.Time
	wrong  string // what has been said
}

// tryAgain is how often a door is tried.
const tryAgain = 10 * time.Second

// move has the watch shown somewhere else.
func (d *door) move(where string) {
	if d.open == nil {
		return
	}
	d.wanted, d.tried, d.wrong = where, time.Time{}, ""
	d.try()
}

// try opens what should be open, unless it has been tried just now.
func (d *door) try() {
	if d.at == d.wanted || time.Since(d.tried) < tryAgain {
		return
	}
	d.tried = time.Now()
	old, err := d.at, d.enter(d.wanted)
	if port := portOf(old); errors.Is(err, syscall.EADDRINUSE) && port > 0 && port == portOf(d.wanted) { // by itself: 127.0.0.1 is one of 0.0.0.0
		d.enter("")
		if err = d.enter(d.wanted); err != nil {
			err = errors.Join(err, d.enter(old))
		}
	}
	switch {
	case err == nil && d.wrong != "":
		d.say("watch.listen: the page is at %s now", d.at)
		d.wrong = ""
	case err != nil && err.Error() != d.wrong:
		d.wrong = err.Error()
		d.say("warning: watch.listen: %v; the page is %s, and this is tried again every %s", err, d.place(), tryAgain)
	}
}

func (d *door) place() string {
	if d.at == "" {
		return "nowhere"
	}
	return "at " + d.at
}

// enter opens a door, or none, and closes the one before.
func (d *door) enter(where string) error {
	var end func()
	if where != "" {
		var err error
		if end, err = d.open(where); err != nil {
			return err
		}
	}
	if d.end != nil {
		d.end()
	}
	d.at, d.end = where, end
	return nil
}

// portOf is the port of an ADDRESS:PORT, 0 of anything else.
func portOf(where string) uint16 {
	at, _ := netip.ParseAddrPort(where)
	return at.Port()
}

// listen has what a watch shows answered where the configuration says, until end
// is called. Where that is not this machine alone, it warns.
func (s *shown) listen(where string, warnings io.Writer) (end func(), err error) {
	l, err := page.Listen(where)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(warnings, "lvsdr: %s: warning: %s can be reached from other machines, which then see what the director does\n", s.verb, where)
	}
	server := s.server()
	go server.Serve(netutil.LimitListener(l, maxVisitors))
	ctx, cancel := context.WithCancel(context.Background())
	go s.remember(ctx)
	return func() { cancel(); l.Close(); server.Close() }, nil // l as well: it may not be known to the server yet
}

// maxVisitors is how many connections are served at the same time.
const maxVisitors = 256

// server answers. Its limits keep slow clients from staying.
func (s *shown) server() *http.Server {
	host, _ := os.Hostname()
	registry := prometheus.NewRegistry()
	registry.MustRegister(&metrics.Collector{Status: s.status, Version: version(), Watched: &s.Watched})
	return &http.Server{
		Handler: page.Handler(page.Source{
			Host: host, Version: version(), Status: s.status, Events: s.last, Late: s.late, Asked: s.asked, History: &s.history,
			Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
}

// remember keeps the history.
func (s *shown) remember(ctx context.Context) {
	ticker := time.NewTicker(page.Every)
	defer ticker.Stop()
	for {
		if st, err := s.status(); err == nil {
			s.history.Add(st, time.Now())
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
