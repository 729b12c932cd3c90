package check

import (
	"errors"
	"strings"
	"testing"

	"lvsdr/internal/status"
)

// TestComparePeer: one finding, of the first difference of each service.
func TestComparePeer(t *testing.T) {
	table := func(change func(*status.Service)) status.Status {
		v := status.Service{Service: "-t 172.16.0.100:80", Scheduler: "mh", State: status.OK, Fingerprint: "1", RealServers: []status.RealServer{
			{Address: "10.0.0.7", Forward: "direct", Weight: 1}, {Address: "10.0.0.17", Forward: "direct", Weight: 1},
		}}
		change(&v)
		return status.Status{Services: []status.Service{v}}
	}
	same := table(func(*status.Service) {})
	other := func(change func(*status.Service)) status.Status {
		return table(func(v *status.Service) {
			v.Fingerprint = "2"
			change(v)
		})
	}
	for _, tt := range []struct {
		name        string
		here, there status.Status
		wrong       error
		want        string
	}{
		{"same", same, same, nil, "pass -t 172.16.0.100:80 is the same (1)"},
		{"not asked", same, status.Status{}, errors.New("connection refused"), "unknown connection refused"},
		{"nothing there", same, status.Status{}, nil, "fail the peer lacks -t 172.16.0.100:80"},
		{"nothing here", status.Status{}, same, nil, "fail the peer has -t 172.16.0.100:80, which is not configured here"},
		{"missing there", same, table(func(v *status.Service) { v.State = status.Missing }), nil, "fail the peer lacks -t 172.16.0.100:80"},
		{"missing here", table(func(v *status.Service) { v.State = status.Missing }), same, nil, "fail the peer has -t 172.16.0.100:80, which is missing here"},
		{"old", same, table(func(v *status.Service) { v.Fingerprint = "" }), nil, "unknown the peer's status has no fingerprints: it is of another version of lvsdr"},
		{"scheduler", same, other(func(v *status.Service) { v.Scheduler = "wrr" }), nil, "fail -t 172.16.0.100:80: scheduler mh, wrr on the peer"},
		{"real server here", same, other(func(v *status.Service) { v.RealServers = v.RealServers[:1] }), nil, "fail -t 172.16.0.100:80: the peer lacks the real server 10.0.0.17"},
		{"real server there", table(func(v *status.Service) { v.RealServers = v.RealServers[1:] }), other(func(*status.Service) {}), nil,
			"fail -t 172.16.0.100:80: the peer has the real server 10.0.0.7, which is not here"},
		{"forward", same, other(func(v *status.Service) { v.RealServers[0].Forward = "tunnel" }), nil, "fail -t 172.16.0.100:80: 10.0.0.7 by direct, by tunnel on the peer"},
		{"weights", same, other(func(v *status.Service) { v.RealServers[0].Weight, v.RealServers[1].Weight = 0, 2 }), nil,
			"warn -t 172.16.0.100:80: 10.0.0.7 has weight 1, 0 on the peer"},
		{"order", same, other(func(*status.Service) {}), nil, "fail -t 172.16.0.100:80 differs on the peer: " +
			"persistence, flags, thresholds or real servers without an entry, or the order in which the real servers were added"},
	} {
		got := ComparePeer(tt.here, tt.there, tt.wrong)
		if line := string(got.Outcome) + " " + got.Seen; line != tt.want || strings.TrimSpace(got.Why) == "" {
			t.Errorf("%s: %q, want %q", tt.name, line, tt.want)
		}
	}
}
