package metrics

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"lvsdr/internal/status"
)

func director() (status.Status, error) {
	return status.Status{Services: []status.Service{
		{Called: "shop", VIP: "172.16.0.100", Sorry: true, RealServers: []status.RealServer{
			{Address: "10.0.0.7", Port: 80, Weight: 1, Configured: 2, Active: 3, Inactive: 4,
				Totals: status.Totals{Connections: 5, Packets: 6, Bytes: 7}, Health: &status.Health{Verdict: status.Up}},
			{Address: "[2001:db8::7]:8080", Port: 8080, Health: &status.Health{Verdict: status.Down}},
			{Address: "2001:db8::8", Port: 80, Health: &status.Health{Verdict: status.Unknown}},
		}},
		{Called: "fwmark/7", FailOpen: true},
	}}, nil
}

func watched() *Watched {
	w := new(Watched)
	w.Heard("shop", "172.16.0.100", "10.0.0.7:80", "good", 20*time.Millisecond)
	w.Heard("shop", "172.16.0.100", "10.0.0.7:80", "bad", time.Second)
	w.Heard("shop", "172.16.0.100", "10.0.0.7:80", "bad", 2*time.Second)
	w.Turned("shop", "172.16.0.100", "10.0.0.7:80", "down")
	w.PutBack()
	w.Reloaded(false)
	return w
}

const text = `
# HELP lvsdr_build_info The program; always 1.
# TYPE lvsdr_build_info gauge
lvsdr_build_info{version="1"} 1
# HELP lvsdr_check_duration_seconds Duration of the last check, in seconds.
# TYPE lvsdr_check_duration_seconds gauge
lvsdr_check_duration_seconds{real_server="10.0.0.7:80",service="shop",vip="172.16.0.100"} 2
# HELP lvsdr_check_results_total Results of checks: good, bad, or unasked if the check could not be made.
# TYPE lvsdr_check_results_total counter
lvsdr_check_results_total{real_server="10.0.0.7:80",result="bad",service="shop",vip="172.16.0.100"} 2
lvsdr_check_results_total{real_server="10.0.0.7:80",result="good",service="shop",vip="172.16.0.100"} 1
# HELP lvsdr_config_last_reload_successful Whether the configuration that was last read is in use.
# TYPE lvsdr_config_last_reload_successful gauge
lvsdr_config_last_reload_successful 0
# HELP lvsdr_ipvs_active_connections Connections that are established.
# TYPE lvsdr_ipvs_active_connections gauge
lvsdr_ipvs_active_connections{real_server="10.0.0.7:80",service="shop",vip="172.16.0.100"} 3
lvsdr_ipvs_active_connections{real_server="[2001:db8::7]:8080",service="shop",vip="172.16.0.100"} 0
lvsdr_ipvs_active_connections{real_server="[2001:db8::8]:80",service="shop",vip="172.16.0.100"} 0
# HELP lvsdr_put_back_total Missing VIPs and table entries that were put back.
# TYPE lvsdr_put_back_total counter
lvsdr_put_back_total 1
# HELP lvsdr_real_server_up Whether the real server does its work (1) or not (0); absent until that is known.
# TYPE lvsdr_real_server_up gauge
lvsdr_real_server_up{real_server="10.0.0.7:80",service="shop",vip="172.16.0.100"} 1
lvsdr_real_server_up{real_server="[2001:db8::7]:8080",service="shop",vip="172.16.0.100"} 0
# HELP lvsdr_service_fail_open Whether all real servers are kept in because none is left.
# TYPE lvsdr_service_fail_open gauge
lvsdr_service_fail_open{service="fwmark/7",vip=""} 1
lvsdr_service_fail_open{service="shop",vip="172.16.0.100"} 0
# HELP lvsdr_service_sorry Whether the sorry servers or the sorry page answer because no real server is left.
# TYPE lvsdr_service_sorry gauge
lvsdr_service_sorry{service="fwmark/7",vip=""} 0
lvsdr_service_sorry{service="shop",vip="172.16.0.100"} 1
# HELP lvsdr_transitions_total New verdicts: up or down.
# TYPE lvsdr_transitions_total counter
lvsdr_transitions_total{real_server="10.0.0.7:80",service="shop",to="down",vip="172.16.0.100"} 1
`

func TestCollect(t *testing.T) {
	c := &Collector{Status: director, Version: "1", Watched: watched()}
	err := testutil.CollectAndCompare(c, strings.NewReader(text), "lvsdr_build_info", "lvsdr_check_duration_seconds", "lvsdr_check_results_total",
		"lvsdr_config_last_reload_successful", "lvsdr_ipvs_active_connections", "lvsdr_put_back_total", "lvsdr_real_server_up",
		"lvsdr_service_fail_open", "lvsdr_service_sorry", "lvsdr_transitions_total")
	if err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	if err := (&Collector{Status: director, Version: "1"}).Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`lvsdr_ipvs_incoming_bytes_total{real_server="10.0.0.7:80",service="shop",vip="172.16.0.100"} 7`,
		`lvsdr_real_server_weight_configured{real_server="10.0.0.7:80",service="shop",vip="172.16.0.100"} 2`,
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("%q is missing in:\n%s", line, &b)
		}
	}
	if strings.Contains(b.String(), "put_back") {
		t.Error("without a watch there is nothing that it has counted")
	}
	unread := errors.New("unread")
	if err := (&Collector{Status: func() (status.Status, error) { return status.Status{}, unread }}).Write(&b); !errors.Is(err, unread) && !strings.Contains(err.Error(), "unread") {
		t.Errorf("error %v", err)
	}
}
