package main

import (
	"net/http"
	"net/netip"
	"time"

	"lvsdr/internal/page"
	"lvsdr/internal/status"
)

// hostile is text that a real server, or whoever writes the configuration, may want
// a browser to take for a program.
const hostile = `<script>document.title='hurt'</script><img src=x onerror="document.title='hurt'">`

// everything is a page on which each thing that it can show is to be seen.
func everything() page.Source {
	const vip = "172.16.0.100"
	up, down := &status.Health{Verdict: status.Up, Age: 7500}, &status.Health{Verdict: status.Down, Age: 12,
		Why: "VIP missing there (10.0.0.17 answers, 172.16.0.100 does not)", Remedy: []string{"lvsdr rs start --config /etc/lvsdr/lvsdr.yaml"}, At: "10.0.0.17"}
	server := func(address string, state status.State, h *status.Health) status.RealServer {
		return status.RealServer{Address: address, Port: 80, Weight: 1, Configured: 1, State: state, Health: h, Forward: "direct",
			Active: 120, Inactive: 34, Rate: 56, Totals: status.Totals{Connections: 1234567, Packets: 89e6, Bytes: 12e9}}
	}
	away := server("10.0.0.17", status.IsDown, down)
	away.Weight = 0
	drained := server("10.0.0.27", status.Draining, up)
	drained.Weight, drained.Configured = 0, 10
	sorry := server("10.0.0.200", status.OK, nil)
	sorry.Sorry = true
	hurtful := server("10.0.0.37", status.IsDown, &status.Health{Verdict: status.Down, Age: 3, Why: hostile, Remedy: []string{hostile}})
	other := server("10.0.0.47", status.Differs, up)
	other.Differs = []string{"weight", "thresholds"}
	st := status.Status{
		VIPs: []status.VIP{{Address: netip.MustParsePrefix(vip + "/32"), Interface: "eth0", State: status.OK},
			{Address: netip.MustParsePrefix("2001:db8:1234:5678:9abc:def0:1234:5678/128"), Interface: "eth0", State: status.Missing}},
		Services: []status.Service{
			{Called: "shop", VIP: vip, Scheduler: "wrr", State: status.OK, RealServers: []status.RealServer{server("10.0.0.7", status.OK, up), away, drained, hurtful, other}},
			{Called: hostile, VIP: vip, Scheduler: "wlc", State: status.OK, Sorry: true, RealServers: []status.RealServer{away, sorry}},
			{Called: "udp/53", VIP: "2001:db8:1234:5678:9abc:def0:1234:5678", Scheduler: "rr", State: status.Missing, FailOpen: true,
				RealServers: []status.RealServer{server("[2001:db8:1234:5678:9abc:def0:1234:abcd]:5353", status.OK, &status.Health{Verdict: status.Unknown})}},
			{Called: "a-name-that-is-as-long-as-names-may-be-and-has-no-blank-anywhere-63", VIP: vip, Scheduler: "mh", State: status.OK},
		},
	}
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	history := new(page.History)
	for i := range page.Kept + 1 {
		st.Services[0].RealServers[0].Totals.Connections += uint64(i%20) * 300
		st.Services[0].RealServers[0].Totals.Bytes += uint64(i) * 1e5
		history.Add(st, at.Add(time.Duration(i)*page.Every))
	}
	return page.Source{
		Host: "lvs1", Version: "1.1.0", History: history, Metrics: http.NotFoundHandler(),
		Status: func() (status.Status, error) { return st, nil },
		Late:   func() time.Duration { return 0 },
		Events: func() []page.Event {
			return []page.Event{
				{Time: at, Kind: "down", Text: "down shop 172.16.0.100 10.0.0.17:80: " + down.Why},
				{Time: at, Kind: "down", Text: "down: " + hostile},
				{Time: at, Kind: "sorry", Text: "sorry"},
			}
		},
	}
}
