package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// monitoring is where what we ship for Prometheus and Grafana is.
const monitoring = "../../packaging/monitoring"

func run(t *testing.T, stdin io.Reader, words ...string) {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

func TestPromtool(t *testing.T) {
	var text strings.Builder
	if err := (&Collector{Status: director, Version: "1"}).Write(&text); err != nil {
		t.Fatal(err)
	}
	run(t, strings.NewReader(text.String()), "promtool", "check", "metrics")
	run(t, nil, "promtool", "check", "rules", filepath.Join(monitoring, "lvsdr.rules.yml"))
	run(t, nil, "promtool", "test", "rules", filepath.Join(monitoring, "lvsdr.rules_test.yml"))
}

// TestPrometheus has a real one scrape the metrics of a director whose real server
// is down, evaluate the alerts, and answer what the dashboard asks.
func TestPrometheus(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&Collector{Status: director, Version: "1", Watched: watched()})
	target := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer target.Close()
	api := startPrometheus(t, target.Listener.Addr().String())
	await(t, "the alerts", func() bool {
		var alerts struct {
			Data struct {
				Alerts []struct {
					Labels map[string]string
					State  string
				}
			}
		}
		get(t, api+"/api/v1/alerts", &alerts)
		firing := map[string]bool{}
		for _, a := range alerts.Data.Alerts {
			firing[a.Labels["alertname"]+" "+a.Labels["real_server"]] = a.State == "firing"
		}
		return firing["LvsdrRealServerDown [2001:db8::7]:8080"] && firing["LvsdrServiceSorry "] && firing["LvsdrServiceFailOpen "] && firing["LvsdrReloadFailed "]
	})
	for _, query := range dashboard(t) {
		var answer struct {
			Status, Error string
			Data          struct{ Result []any }
		}
		await(t, query, func() bool {
			get(t, api+"/api/v1/query?query="+url.QueryEscape(query), &answer)
			return answer.Status == "success" && (len(answer.Data.Result) > 0)
		})
	}
}

// startPrometheus returns where it answers.
func startPrometheus(t *testing.T, target string) string {
	t.Helper()
	dir := t.TempDir()
	rules, err := os.ReadFile(filepath.Join(monitoring, "lvsdr.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	soon := regexp.MustCompile(`for: \w+`).ReplaceAllString(string(rules), "for: 1s")
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"+
		"scrape_configs:\n  - job_name: lvsdr\n    static_configs: [{targets: [%q]}]\n", target)
	for name, text := range map[string]string{"rules.yml": soon, "prometheus.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return "http://" + address
}

func get(t *testing.T, url string, to any) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		return // not up yet
	}
	defer r.Body.Close()
	json.NewDecoder(r.Body).Decode(to)
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("Prometheus does not answer: %s", what)
		}
	}
}

// dashboard is what the dashboard asks for, with its variables filled in.
func dashboard(t *testing.T) (queries []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(monitoring, "lvsdr.grafana.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			queries = append(queries, strings.NewReplacer("$instance", ".*", "$service", ".*", "$__rate_interval", "1m").Replace(target.Expr))
		}
	}
	if len(queries) < 10 {
		t.Fatalf("a dashboard of %d queries", len(queries))
	}
	return queries
}
