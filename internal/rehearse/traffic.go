package rehearse

import (
	"context"
	"fmt"
	"math"
	"slices"

	"lvsdr/internal/ipvs"
)

// sharing are the schedulers that share by numbers, and whether weights count.
var sharing = map[string]bool{"rr": false, "lc": false, "wrr": true, "wlc": true}

// againAsked is how many clients ask twice where they are to stay with their real
// server.
const againAsked = 8

// traffic asks a service from many addresses, one after the other.
func (s *stage) traffic(ctx context.Context, service *service) (t Traffic, err error) {
	n := min(clients, max(24, 8*service.inTurn()))
	s.say("%d requests to %s", n, service)
	counts, by := map[string]int{}, make([]string, n)
	t = Traffic{Service: service.name, VIP: service.at.Addr().String(), Scheduler: service.Service.Scheduler, Requests: n}
	var why string
	for i := range n {
		r := s.request(ctx, service, clientAddress(service.at.Addr(), i))
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		counts[r.by]++
		if by[i] = r.by; r.by == "" {
			why = r.why
		}
	}
	if service.sticky() {
		t.Again = againAsked
		for i := range againAsked {
			if s.request(ctx, service, clientAddress(service.at.Addr(), i)).by != by[i] {
				t.Moved++
			}
		}
	}
	t.Lost = counts[""]
	t.Shares, t.Judged = service.shares(n, counts)
	t.judge(why)
	return t, ctx.Err()
}

// judge says what is not as it should be.
func (t *Traffic) judge(lost string) {
	switch uneven := slices.IndexFunc(t.Shares, func(s Share) bool { return t.Judged && s.uneven() }); {
	case t.Lost > 0:
		t.Why = fmt.Sprintf("%d of %d requests lost: %s", t.Lost, t.Requests, lost)
	case t.Moved > 0:
		t.Why = fmt.Sprintf("%d of %d clients did not stay with their real server", t.Moved, t.Again)
	case uneven >= 0:
		s := t.Shares[uneven]
		t.Why = fmt.Sprintf("%s got %d requests, expected %.1f by its weight", s.RealServer, s.Seen, s.Expected)
	default:
		t.OK = true
	}
}

// uneven reports whether a share is off by more than two requests and a fifth.
func (s Share) uneven() bool { return math.Abs(float64(s.Seen)-s.Expected) > 2+s.Expected/5 }

// shares are the parts of the real servers. Judged: the scheduler and the file
// leave no doubt about them.
func (s *service) shares(n int, counts map[string]int) (all []Share, judged bool) {
	byWeight, judged := sharing[s.Service.Scheduler]
	judged = judged && s.Service.Netmask == ipvs.SingleClients(s.Service.Family)
	part := func(m *member) float64 {
		if !byWeight {
			return float64(min(m.Weight, 1))
		}
		return float64(m.Weight)
	}
	sum := 0.0
	for _, m := range s.members {
		sum += part(m)
		judged = judged && m.Upper == 0
	}
	for _, m := range s.members {
		one := Share{RealServer: m.Key().String(), Weight: m.Weight, Seen: counts[m.Addr.String()]}
		if judged {
			one.Expected = float64(n) * part(m) / sum
		}
		all = append(all, one)
	}
	return all, judged
}

// sticky reports whether a client that comes again goes to the same real server.
func (s *service) sticky() bool {
	hashes := s.Service.Scheduler == "sh" || s.Service.Scheduler == "mh"
	const byPort = ipvs.SchedulerFlag2 // sh-port and mh-port
	return s.Service.Flags&ipvs.Persistent != 0 || hashes && s.Service.Flags&byPort == 0
}
