package watch

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"lvsdr/internal/check"
	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/wire"
)

// question is what a real server is asked again and again: by a check at its own
// address and, on the wire, for VIPs. However many services want to know, it is
// asked once.
type question struct {
	health.Target
	vips []netip.AddrPort
}

// answer is what a question shows of one VIP, or of none.
type answer struct {
	good    bool
	alive   bool // the machine answered something
	unasked bool // it says nothing about the real server
	why     string
	remedy  []string
	mendAt  string
	took    time.Duration
}

// asker asks questions.
type asker struct {
	*neighbours
	own   func(context.Context, health.Target) health.Answer
	alive func(context.Context, netip.Addr) bool
	mend  string // "lvsdr rs start", with the flags of this run
}

// ask puts a question; the answers are in the order of its VIPs, or one if it has
// none. It takes the check's timeout and little more: what a bad answer needs beside
// it, its words and whether the machine is there, is asked before the time is over.
func (a *asker) ask(ctx context.Context, q question) []answer {
	start := time.Now()
	server := q.Server.Addr()
	own := sync.OnceValue(func() health.Answer { return a.own(ctx, q.Target) })
	there := sync.OnceValue(func() bool { return a.answers(ctx, server) })
	defer time.AfterFunc(q.Check.Timeout-resolving, func() { there() }).Stop()
	onWire := len(q.vips) > 0 && a.near(server)
	if !onWire {
		one := judgeOwn(server, own(), there)
		one.took = time.Since(start)
		return same(one, max(1, len(q.vips)))
	}
	replies := make(chan reply, len(q.vips))
	for i, vip := range q.vips {
		go func() {
			o, heard, err := a.neighbours.ask(ctx, server, vip, q.Check.Timeout)
			replies <- reply{i, o, heard, err}
		}()
	}
	if wireAlone(q.Check) {
		defer time.AfterFunc(late, func() { own() }).Stop()
	} else {
		own()
	}
	answers, heard := make([]reply, len(q.vips)), false
	for range q.vips {
		r := <-replies
		answers[r.index], heard = r, heard || r.heard
	}
	took := time.Since(start)
	all := make([]answer, len(answers))
	for i, r := range answers {
		all[i] = a.conclude(q, q.vips[i], r, own, func() bool { return heard || own().Alive || there() })
		all[i].took = took
	}
	return all
}

// late is when an answer on the wire is.
const late = 100 * time.Millisecond

// reply is what came of a VIP on the wire.
type reply struct {
	index   int
	outcome wire.Outcome
	heard   bool
	err     error
}

// wireAlone reports whether the answer for the VIP is all that a check asks for:
// a server that listens on the VIP only is healthy.
func wireAlone(c *config.Check) bool {
	return c.Type == config.CheckTCP && c.Send == "" && c.Receive == ""
}

// conclude makes an answer of what came back from both sides.
func (a *asker) conclude(q question, vip netip.AddrPort, r reply, own func() health.Answer, alive func() bool) answer {
	server := q.Server.Addr()
	if r.err == nil && r.outcome == wire.Served && (wireAlone(q.Check) || own().Good) {
		return answer{good: true, alive: true}
	}
	one, o := answer{alive: alive()}, own()
	switch {
	case r.err != nil: // the wire cannot tell
		one.good, one.unasked, one.why = o.Good, o.Unasked, o.Why
	case r.outcome == wire.Served && o.Refused:
		one.why = fmt.Sprintf("%s listens on the VIP only: its own address, which this check asks, refuses connections", server)
	case r.outcome == wire.Served:
		one.unasked, one.why = o.Unasked, o.Why
	default:
		var missing bool
		_, one.why, missing = check.Diagnose(server, vip, r.outcome, o.Alive && !o.Refused, o.Refused)
		if missing {
			one.remedy, one.mendAt = []string{a.mend}, server.String()
		}
	}
	return one
}

// judgeOwn makes an answer of a check alone.
func judgeOwn(server netip.Addr, own health.Answer, there func() bool) answer {
	one := answer{good: own.Good, alive: own.Alive, unasked: own.Unasked, why: own.Why}
	if one.alive || one.unasked {
		return one
	}
	if one.alive = there(); one.good && !one.alive { // silence is good only of who is there
		one.good, one.why = false, fmt.Sprintf("%s does not answer at all", server)
	}
	return one
}

// answers reports whether a machine that said nothing so far answers its
// neighbours or, from further away, an echo.
func (a *asker) answers(ctx context.Context, server netip.Addr) bool {
	if a.near(server) {
		return a.isThere(server)
	}
	return a.alive(ctx, server)
}

func same(one answer, n int) []answer {
	all := make([]answer, n)
	for i := range all {
		all[i] = one
	}
	return all
}
