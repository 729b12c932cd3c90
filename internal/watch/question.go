package watch

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
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

// result is what counts of an answer.
func (a answer) result() string {
	switch {
	case a.unasked:
		return "unasked"
	case a.good:
		return "good"
	}
	return "bad"
}

// asker asks questions.
type asker struct {
	*neighbours
	own  func(context.Context, health.Target) health.Answer
	mend string // "lvsdr rs start", with the flags of this run
}

// hedge is when a real server is asked at its own address for the words of a bad
// answer, unless it has answered for the VIP by then: a part of the timeout.
const hedge = 5

// ask puts a question; the answers are in the order of its VIPs, or one if it has
// none. It takes the check's timeout and little more: whether a machine that has
// not answered is there at all is asked before the time is over.
func (a *asker) ask(ctx context.Context, q question) []answer {
	start, wait := time.Now(), time.Duration(0)
	there := sync.OnceValue(func() bool { return a.answers(ctx, q) })
	defer time.AfterFunc(q.Check.Timeout-resolving, func() { there() }).Stop()
	server, w := q.Server.Addr(), way{}
	if len(q.vips) > 0 && wireAlone(q.Check) {
		wait = q.Check.Timeout / hedge
	}
	own := a.askOwn(ctx, q.Target, wait)
	if len(q.vips) > 0 {
		w = a.way(server)
	}
	if len(q.vips) == 0 || w.err != nil {
		one := judgeOwn(q, own.get(), there)
		one.took = time.Since(start)
		return same(one, max(1, len(q.vips)))
	}
	replies := make([]reply, len(q.vips))
	var all sync.WaitGroup
	for i, vip := range q.vips {
		all.Go(func() {
			o, heard, err := a.neighbours.ask(ctx, server, w, vip, q.Check.Timeout)
			replies[i] = reply{o, heard, err}
		})
	}
	all.Wait()
	return a.conclude(q, own, replies, there, time.Since(start))
}

// ownAnswer is what a real server answers at its own address, which it may not
// have been asked yet.
type ownAnswer struct {
	later *time.Timer
	ask   func()
	got   chan health.Answer
}

// askOwn asks a real server at its own address after a while, unless it is called
// off, or the answer is wanted before.
func (a *asker) askOwn(ctx context.Context, t health.Target, after time.Duration) ownAnswer {
	got := make(chan health.Answer, 1)
	ask := func() { got <- a.own(ctx, t) }
	return ownAnswer{time.AfterFunc(after, ask), ask, got}
}

func (o ownAnswer) callOff() { o.later.Stop() }

func (o ownAnswer) get() health.Answer {
	if o.later.Stop() {
		o.ask()
	}
	return <-o.got
}

// reply is what came of a VIP on the wire.
type reply struct {
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
func (a *asker) conclude(q question, asked ownAnswer, replies []reply, there func() bool, took time.Duration) []answer {
	served := func(r reply) bool { return r.err == nil && r.outcome == wire.Served }
	if wireAlone(q.Check) && !slices.ContainsFunc(replies, func(r reply) bool { return !served(r) }) {
		asked.callOff()
		return same(answer{good: true, alive: true, took: took}, len(replies))
	}
	heard := slices.ContainsFunc(replies, func(r reply) bool { return r.heard })
	own, server := asked.get(), q.Server.Addr()
	alive := heard || own.Alive || there()
	all := make([]answer, len(replies))
	for i, r := range replies {
		one := answer{alive: alive, took: took}
		switch {
		case r.err != nil: // the wire cannot tell
			one.good, one.unasked, one.why = own.Good, own.Unasked, own.Why
		case r.outcome == wire.Served && (own.Good || wireAlone(q.Check)):
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
func judgeOwn(q question, own health.Answer, there func() bool) answer {
	one := answer{good: own.Good, alive: own.Alive, unasked: own.Unasked, why: own.Why}
	if one.alive || one.unasked {
		return one
	}
	if one.alive = there(); one.good && !one.alive { // silence is good only of who is there
		one.good, one.why = false, fmt.Sprintf("%s does not answer at all", q.Server.Addr())
	}
	return one
}

// answers reports whether a machine that said nothing so far answers its
// neighbours or, from further away, an echo.
func (a *asker) answers(ctx context.Context, q question) bool {
	server := q.Server.Addr()
	a.forget(server)
	if w := a.way(server); w.err == nil {
		return w.hop.Local || w.mac != nil
	}
	limited, cancel := context.WithTimeout(ctx, q.Check.Timeout)
	defer cancel()
	return health.Alive(limited, server)
}

func same(one answer, n int) []answer {
	all := make([]answer, n)
	for i := range all {
		all[i] = one
	}
	return all
}
