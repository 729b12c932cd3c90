// Package metrics writes the numbers of a director for Prometheus: what is in place,
// as status shows it, and what a watch has counted.
package metrics

import (
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"lvsdr/internal/status"
)

// Collector makes metrics of a director. It is safe for concurrent use.
type Collector struct {
	// Status is what is in place now.
	Status  func() (status.Status, error)
	Version string
	// Watched is what a watch has counted; nil: nobody watches in this process.
	Watched *Watched
}

// Watched counts what a watch sees. The zero value is ready.
type Watched struct {
	mu      sync.Mutex
	results map[labels]map[string]float64
	took    map[labels]float64
	turns   map[labels]map[string]float64
	putBack float64
	refused bool // the last configuration
}

// labels tell one real server of a service from the others.
type labels struct{ service, vip, realServer string }

func (l labels) values(more ...string) []string {
	return append([]string{l.service, l.vip, l.realServer}, more...)
}

// Heard counts an answer: good, bad or unasked, where it could not be asked for.
func (w *Watched) Heard(service, vip, realServer, result string, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := labels{service, vip, realServer}
	count(&w.results, l, result)
	if w.took == nil {
		w.took = map[labels]float64{}
	}
	w.took[l] = took.Seconds()
}

// Turned counts a new verdict: up or down.
func (w *Watched) Turned(service, vip, realServer, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	count(&w.turns, labels{service, vip, realServer}, to)
}

// PutBack counts something that was missing, and was put back.
func (w *Watched) PutBack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.putBack++
}

// Reloaded notes whether the configuration that was last read is in use.
func (w *Watched) Reloaded(ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = !ok
}

func count(all *map[labels]map[string]float64, l labels, what string) {
	if *all == nil {
		*all = map[labels]map[string]float64{}
	}
	if (*all)[l] == nil {
		(*all)[l] = map[string]float64{}
	}
	(*all)[l][what]++
}

// The metrics. Those of a service have its name and VIP, those of a real server its
// ADDRESS:PORT as well.
var (
	ofService = []string{"service", "vip"}
	ofServer  = []string{"service", "vip", "real_server"}

	up         = desc("lvsdr_real_server_up", "Whether the real server does its work (1) or not (0); absent until that is known.", ofServer...)
	weight     = desc("lvsdr_real_server_weight", "Weight in the kernel's table; 0 also without an entry.", ofServer...)
	configured = desc("lvsdr_real_server_weight_configured", "Weight of the configuration.", ofServer...)
	results    = desc("lvsdr_check_results_total", "Results of checks: good, bad, or unasked if the check could not be made.", append(ofServer, "result")...)
	duration   = desc("lvsdr_check_duration_seconds", "Duration of the last check, in seconds.", ofServer...)
	turns      = desc("lvsdr_transitions_total", "New verdicts: up or down.", append(ofServer, "to")...)
	sorry      = desc("lvsdr_service_sorry", "Whether the sorry servers or the sorry page answer because no real server is left.", ofService...)
	failOpen   = desc("lvsdr_service_fail_open", "Whether all real servers are kept in because none is left.", ofService...)
	total      = desc("lvsdr_ipvs_connections_total", "Connections that the real server was given.", ofServer...)
	packets    = desc("lvsdr_ipvs_incoming_packets_total", "Packets of clients for the real server.", ofServer...)
	bytes      = desc("lvsdr_ipvs_incoming_bytes_total", "Bytes of clients for the real server.", ofServer...)
	active     = desc("lvsdr_ipvs_active_connections", "Connections that are established.", ofServer...)
	inactive   = desc("lvsdr_ipvs_inactive_connections", "Connections in any other state.", ofServer...)
	putBack    = desc("lvsdr_put_back_total", "Missing VIPs and table entries that were put back.")
	reloaded   = desc("lvsdr_config_last_reload_successful", "Whether the configuration that was last read is in use.")
	build      = desc("lvsdr_build_info", "The program; always 1.", "version")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe is of [prometheus.Collector].
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, weight, configured, results, duration, turns, sorry, failOpen,
		total, packets, bytes, active, inactive, putBack, reloaded, build} {
		to <- d
	}
}

// Collect is of [prometheus.Collector].
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(build, 1, c.Version)
	if c.Watched != nil {
		c.Watched.collect(gauge, counter)
	}
	st, err := c.Status()
	if err != nil {
		to <- prometheus.NewInvalidMetric(weight, err)
		return
	}
	for _, s := range st.Services {
		gauge(sorry, number(s.Sorry), s.Called, s.VIP)
		gauge(failOpen, number(s.FailOpen), s.Called, s.VIP)
		for _, rs := range s.RealServers {
			l := labels{s.Called, s.VIP, Endpoint(rs)}.values()
			if h := rs.Health; h != nil && h.Verdict != status.Unknown {
				gauge(up, number(h.Verdict == status.Up), l...)
			}
			gauge(weight, float64(rs.Weight), l...)
			gauge(configured, float64(rs.Configured), l...)
			counter(total, float64(rs.Totals.Connections), l...)
			counter(packets, float64(rs.Totals.Packets), l...)
			counter(bytes, float64(rs.Totals.Bytes), l...)
			gauge(active, float64(rs.Active), l...)
			gauge(inactive, float64(rs.Inactive), l...)
		}
	}
}

// collect is what a watch has counted.
func (w *Watched) collect(gauge, counter func(*prometheus.Desc, float64, ...string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l, by := range w.results {
		for result, n := range by {
			counter(results, n, l.values(result)...)
		}
	}
	for l, seconds := range w.took {
		gauge(duration, seconds, l.values()...)
	}
	for l, by := range w.turns {
		for to, n := range by {
			counter(turns, n, l.values(to)...)
		}
	}
	counter(putBack, w.putBack)
	gauge(reloaded, number(!w.refused))
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Endpoint is the ADDRESS:PORT of a real server.
func Endpoint(rs status.RealServer) string {
	if _, err := netip.ParseAddrPort(rs.Address); err == nil {
		return rs.Address
	}
	return net.JoinHostPort(rs.Address, strconv.Itoa(int(rs.Port)))
}

// Write writes all metrics in Prometheus' text format.
func (c *Collector) Write(w io.Writer) error {
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		return err
	}
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}
