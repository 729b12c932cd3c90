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

// question is what a real server is asked regularly: a check at its own
// address and, on the wire, its VIPs. It is asked once, however many services share
// it.
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
	start, server, w := time.Now(), q.Server.Addr(), way{}
	there := later(max(q.Check.Timeout-resolving, q.Check.Timeout/2), func() bool { return a.answers(ctx, q) })
	defer there.callOff()
	if len(q.vips) > 0 {
		w = a.way(server)
	}
	if len(q.vips) == 0 || w.err != nil {
		one := judgeOwn(q, a.own(ctx, q.Target), there)
		one.took = time.Since(start)
		return same(one, max(1, len(q.vips)))
	}
	limited, cancel := context.WithTimeout(ctx, q.Check.Timeout)
	defer cancel()
	pause, asking := time.Duration(0), ctx
	if wireAlone(q.Check) {
		pause, asking = q.Check.Timeout/hedge, limited
	}
	own := later(pause, func() health.Answer { return a.own(asking, q.Target) })
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

// deferred is what is asked after a while, unless it is called off, or wanted
// before.
type deferred[T any] struct {
	timer *time.Timer // nil: it is being asked
	ask   func()
	got   chan T
}

func later[T any](after time.Duration, ask func() T) deferred[T] {
	got := make(chan T, 1)
	do := func() { got <- ask() }
	if after == 0 {
		go do()
		return deferred[T]{got: got}
	}
	return deferred[T]{time.AfterFunc(after, do), do, got}
}

func (d deferred[T]) callOff() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// get is the answer; it may be asked for once.
func (d deferred[T]) get() T {
	if d.timer != nil && d.timer.Stop() {
		d.ask()
	}
	return <-d.got
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
func (a *asker) conclude(q question, asked deferred[health.Answer], replies []reply, there deferred[bool], took time.Duration) []answer {
	served := func(r reply) bool { return r.err == nil && r.outcome == wire.Served }
	if wireAlone(q.Check) && !slices.ContainsFunc(replies, func(r reply) bool { return !served(r) }) {
		asked.callOff()
		return same(answer{good: true, alive: true, took: took}, len(replies))
	}
	heard := slices.ContainsFunc(replies, func(r reply) bool { return r.heard })
	own, server := asked.get(), q.Server.Addr()
	alive := heard || own.Alive || there.get()
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
			var mendThere bool
			_, one.why, mendThere = check.Diagnose(server, q.vips[i], r.outcome, own.Alive && !own.Refused, own.Refused)
			if mendThere {
				one.remedy, one.mendAt = []string{a.mend}, server.String()
			}
		}
		all[i] = one
	}
	return all
}

// judgeOwn makes an answer of a check alone.
func judgeOwn(q question, own health.Answer, there deferred[bool]) answer {
	one := answer{good: own.Good, alive: own.Alive, unasked: own.Unasked, why: own.Why}
	if one.alive || one.unasked {
		return one
	}
	if one.alive = there.get(); one.good && !one.alive { // silence is good only of who is there
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
