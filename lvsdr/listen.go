package lvsdr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
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
		if v.m, err = v.system.openMachine(seenTable); err != nil {
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

// listen has what a watch shows answered where the configuration says, until the
// context ends. Where that is not this machine alone, it warns.
func (s *shown) listen(ctx context.Context, where string, warnings io.Writer) error {
	l, err := listenAt(where)
	if err != nil {
		return err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(warnings, "lvsdr: %s: warning: %s can be reached from other machines: whoever reaches it sees what the director does\n", s.verb, where)
	}
	host, _ := os.Hostname()
	registry := prometheus.NewRegistry()
	registry.MustRegister(&metrics.Collector{Status: s.status, Version: version(), Watched: &s.Watched})
	server := &http.Server{
		Handler: page.Handler(page.Source{
			Host: host, Version: version(), Status: s.status, Events: s.last, Late: s.late, Asked: s.asked, History: &s.history,
			Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	go server.Serve(netutil.LimitListener(l, maxVisitors))
	go func() {
		ticker := time.NewTicker(page.Every)
		defer ticker.Stop()
		for {
			if st, err := s.status(); err == nil {
				s.history.Add(st, time.Now())
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				server.Close()
				return
			}
		}
	}()
	return nil
}

// maxVisitors is how many connections are served at the same time.
const maxVisitors = 256

// listenAt opens ADDRESS:PORT or unix:PATH. A socket that an earlier run has left
// goes.
func listenAt(where string) (net.Listener, error) {
	path, isPath := strings.CutPrefix(where, "unix:")
	if !isPath {
		if _, err := netip.ParseAddrPort(where); err != nil {
			return nil, err
		}
		return net.Listen("tcp", where)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("listen on %s: somebody does", where)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o660) // the folder says who may enter
	}
	if err != nil && l != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, err
}
