package watch

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/host"
	"lvsdr/internal/wire"
)

// unplugged is a LAN on which nobody answers any more: only the way there is
// still known.
type unplugged struct {
	Kernel
	sought int
}

func (*unplugged) Links() ([]host.Link, error) { return []host.Link{{Name: "eth0"}}, nil }

func (*unplugged) AddressesOn([]host.Link) ([]host.Address, error) {
	return []host.Address{{Interface: "eth0", Prefix: netip.MustParsePrefix("10.0.0.8/24")}}, nil
}

func (*unplugged) RouteTo(netip.Addr, []host.Link) (host.Hop, error) {
	return host.Hop{Interface: "eth0", Source: netip.MustParseAddr("10.0.0.8")}, nil
}

// Ask answers once, which is how the way became known.
func (u *unplugged) Ask(q []wire.Question, _ []host.Link, _ []host.Address, wait time.Duration) []wire.Reply {
	time.Sleep(wait)
	u.sought++
	if u.sought > 1 {
		return make([]wire.Reply, len(q))
	}
	return []wire.Reply{{Answers: []wire.Answer{{Addr: q[0].Addrs[0], MAC: net.HardwareAddr{2, 0, 0, 0, 0, 7}}}}}
}

func (*unplugged) ProbeEach(probes []wire.Probe, wait time.Duration, told func(int, wire.ProbeReply)) {
	time.Sleep(wait)
	for i := range probes {
		told(i, wire.ProbeReply{Outcome: wire.Silent})
	}
}

// TestAskUnplugged: that a machine is gone is known when the timeout is over,
// however much has been asked of it.
func TestAskUnplugged(t *testing.T) {
	const timeout = time.Second
	server := netip.MustParseAddrPort("10.0.0.7:80")
	vip := []netip.AddrPort{netip.MustParseAddrPort("172.16.0.100:80")}
	for name, q := range map[string]question{
		"by the wire alone":      {vips: vip, Target: health.Target{Server: server, Check: &config.Check{Type: config.CheckTCP, Timeout: timeout}}},
		"by its own address too": {vips: vip, Target: health.Target{Server: server, Check: &config.Check{Type: config.CheckHTTP, Timeout: timeout}}},
		"by its own address":     {Target: health.Target{Server: server, Check: &config.Check{Type: config.CheckHTTP, Timeout: timeout}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := asker{neighbours: newNeighbours(&unplugged{}), own: func(ctx context.Context, _ health.Target) health.Answer {
					select {
					case <-time.After(timeout):
					case <-ctx.Done():
					}
					return health.Answer{Why: "no answer"}
				}}
				a.way(server.Addr())
				begin := time.Now()
				answers := a.ask(t.Context(), q)
				if len(answers) != 1 || answers[0].good || answers[0].alive || answers[0].why == "" {
					t.Errorf("answers: %+v", answers)
				}
				if took := time.Since(begin); took < timeout || took >= timeout+resolving/2 {
					t.Errorf("it took %v, want %v and little more", took, timeout)
				}
			})
		})
	}
}

// TestAskTimeouts: who is silent is told when its own time is over, whoever else is
// asked at the same moment.
func TestAskTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, vip := netip.MustParseAddr("10.0.0.7"), netip.MustParseAddrPort("172.16.0.100:80")
		n := newNeighbours(&unplugged{})
		w, begin := n.way(server), time.Now()
		var all sync.WaitGroup
		for _, timeout := range []time.Duration{10 * time.Second, time.Second, 3 * time.Second, time.Second} {
			all.Go(func() {
				o, _, err := n.ask(t.Context(), server, w, vip, timeout)
				if took := time.Since(begin); o != wire.Silent || err != nil || took != timeout+batch {
					t.Errorf("with %v, it took %v: %v, %v", timeout, took, o, err)
				}
			})
		}
		all.Wait()
	})
}
