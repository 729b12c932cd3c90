package page

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"lvsdr/internal/status"
)

// History is the sums of all services over the last minutes. The zero value is
// ready.
type History struct {
	mu      sync.Mutex
	last    *sum
	samples []sample // the oldest first
}

// sum is what all real servers counted together at a time.
type sum struct {
	at                 time.Time
	connections, bytes uint64
}

// sample is what a second brought on average.
type sample struct{ connections, bytes float64 }

// Every is how often History is to be told, in step with the kernel, which sums its
// counters up every two seconds; it keeps [Kept] samples.
const (
	Every = 4 * time.Second
	Kept  = 75
)

// Add tells what is in place now.
func (h *History) Add(st status.Status, now time.Time) {
	next := sum{at: now}
	for _, s := range st.Services {
		for _, rs := range s.RealServers {
			next.connections += rs.Totals.Connections
			next.bytes += rs.Totals.Bytes
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil {
		seconds := next.at.Sub(h.last.at).Seconds()
		h.samples = append(h.samples, sample{status.Grown(h.last.connections, next.connections) / seconds, status.Grown(h.last.bytes, next.bytes) / seconds})
		if len(h.samples) > Kept {
			h.samples = h.samples[1:]
		}
	}
	h.last = &next
}

// Graph is a line over time.
type Graph struct {
	Name   string
	Now    string // the last value
	Most   string
	Points string // of an SVG of 300 by 60
}

// Graphs are connections and bytes a second.
func (h *History) Graphs() []Graph {
	h.mu.Lock()
	defer h.mu.Unlock()
	return []Graph{
		graph("connections a second", h.samples, func(s sample) float64 { return s.connections }),
		graph("bytes a second from clients", h.samples, func(s sample) float64 { return s.bytes }),
	}
}

func graph(name string, samples []sample, of func(sample) float64) Graph {
	const width, height = 300, 60
	most, last := 0.0, 0.0
	for _, s := range samples {
		last = of(s)
		most = max(most, last)
	}
	var points strings.Builder
	for i, s := range samples {
		y := height - 1.0
		if most > 0 {
			y -= of(s) / most * (height - 4)
		}
		fmt.Fprintf(&points, "%d,%.1f ", width-(len(samples)-1-i)*width/(Kept-1), y)
	}
	return Graph{Name: name, Now: status.Count(last), Most: status.Count(most), Points: strings.TrimSpace(points.String())}
}
