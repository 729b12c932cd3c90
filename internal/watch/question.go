package watch

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
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
// none. It takes the check's timeout and, for the words of a bad answer, as long
// once more.
func (a *asker) ask(ctx context.Context, q question) []answer {
	start := time.Now()
	server := q.Server.Addr()
	onWire := len(q.vips) > 0 && a.near(server)
	if !onWire {
		one := a.judgeOwn(ctx, q, a.own(ctx, q.Target))
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
	var own *health.Answer
	if !wireAlone(q.Check) {
		one := a.own(ctx, q.Target)
		own = &one
	}
	answers, heard := make([]reply, len(q.vips)), false
	for range q.vips {
		r := <-replies
		answers[r.index], heard = r, heard || r.heard
	}
	took := time.Since(start)
	return a.conclude(ctx, q, own, answers, heard, took)
}

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

// conclude makes answers of what came back from both sides.
func (a *asker) conclude(ctx context.Context, q question, own *health.Answer, replies []reply, heard bool, took time.Duration) []answer {
	if own == nil && slices.ContainsFunc(replies, func(r reply) bool { return r.err != nil || r.outcome != wire.Served }) {
		one := a.own(ctx, q.Target) // for the words
		own = &one
	}
	server := q.Server.Addr()
	alive := heard || own == nil || own.Alive || a.answers(ctx, q)
	all := make([]answer, len(replies))
	for i, r := range replies {
		one := answer{alive: alive, took: took}
		switch {
		case r.err != nil: // the wire cannot tell
			one.good, one.unasked, one.why = own.Good, own.Unasked, own.Why
		case r.outcome == wire.Served && (own == nil || own.Good || wireAlone(q.Check)):
			one.good = true
		case r.outcome == wire.Served && own.Refused:
			one.why = fmt.Sprintf("%s listens on the VIP only: its own address, which this check asks, refuses connections", server)
		case r.outcome == wire.Served:
			one.unasked, one.why = own.Unasked, own.Why
		default:
			var there bool
			_, one.why, there = check.Diagnose(server, q.vips[i], r.outcome, own.Alive && !own.Refused, own.Refused)
			if there {
				one.remedy, one.mendAt = []string{a.mend}, server.String()
			}
		}
		all[i] = one
	}
	return all
}

// judgeOwn makes an answer of a check alone.
func (a *asker) judgeOwn(ctx context.Context, q question, own health.Answer) answer {
	one := answer{good: own.Good, alive: own.Alive, unasked: own.Unasked, why: own.Why}
	if !one.good && !one.alive && !one.unasked {
		one.alive = a.answers(ctx, q)
	}
	return one
}

// answers reports whether a machine that said nothing so far answers its
// neighbours or, from further away, an echo.
func (a *asker) answers(ctx context.Context, q question) bool {
	server := q.Server.Addr()
	if a.near(server) {
		return a.isThere(server)
	}
	limited, cancel := context.WithTimeout(ctx, q.Check.Timeout)
	defer cancel()
	return a.alive(limited, server)
}

func same(one answer, n int) []answer {
	all := make([]answer, n)
	for i := range all {
		all[i] = one
	}
	return all
}
