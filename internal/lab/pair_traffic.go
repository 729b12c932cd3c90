package lab

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	openConnections = 6
	newEvery        = 250 * time.Millisecond
	requestEvery    = 500 * time.Millisecond // on an open connection

	// trafficPatience is how long the client waits for an answer: TCP tries again
	// after 1, 3, 7 and 15 seconds to connect, after 0.2, 0.6, 1.4, … 25.4 on an open
	// connection.
	trafficPatience = 30 * time.Second
)

// traffic is what the client does while directors fail: it makes a new connection
// every now and then, and has others open on which requests go.
type traffic struct {
	stop, end     context.CancelFunc // of new connections, of open ones
	making, going sync.WaitGroup

	mu   sync.Mutex
	made []exchange
	open [openConnections]talk
}

// exchange is a connection with one request.
type exchange struct {
	began, answered time.Time // zero: it was lost
}

// talk is an open connection.
type talk struct {
	by       string    // who answers: the page
	answered time.Time // last
	broken   bool
}

// newTraffic begins.
func (l *Lab) newTraffic(ctx context.Context) *traffic {
	t := new(traffic)
	opening, end := context.WithCancel(ctx)
	t.end = end
	for i := range t.open {
		t.going.Go(func() { t.talk(opening, l, &t.open[i]) })
	}
	making, stop := context.WithCancel(ctx)
	t.stop = stop
	t.making.Go(func() {
		ticker := time.NewTicker(newEvery)
		defer ticker.Stop()
		for {
			select {
			case <-making.Done():
				return
			case <-ticker.C:
				t.making.Go(func() { t.request(ctx, l) })
			}
		}
	})
	return t
}

// request makes a new connection, and asks for the page.
func (t *traffic) request(ctx context.Context, l *Lab) {
	e := exchange{began: time.Now()}
	if _, err := get(ctx, &url.URL{Scheme: "http", Host: vip, Path: "/"}, l.dialFrom("client"), trafficPatience); err == nil {
		e.answered = time.Now()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made = append(t.made, e)
}

// talk asks for the page again and again on one connection, until that breaks or
// ctx ends.
func (t *traffic) talk(ctx context.Context, l *Lab, o *talk) {
	err := func() error {
		c, err := l.dialFrom("client")(ctx, "tcp", vip+":80")
		if err != nil {
			return err
		}
		defer c.Close()
		defer context.AfterFunc(ctx, func() { c.Close() })()
		for answers := bufio.NewReader(c); ; {
			c.SetDeadline(time.Now().Add(trafficPatience))
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+vip+"\r\n\r\n"); err != nil {
				return err
			}
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				return err
			}
			page, err := io.ReadAll(answer.Body)
			if err != nil {
				return err
			}
			t.mu.Lock()
			o.by, o.answered = strings.TrimSpace(string(page)), time.Now()
			t.mu.Unlock()
			if err := Pause(ctx, requestEvery); err != nil {
				return err
			}
		}
	}()
	t.mu.Lock()
	o.broken = err != nil && ctx.Err() == nil
	t.mu.Unlock()
}

// Pause waits, unless ctx ends.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// goOn waits until every open connection has had an answer since a time, or is
// broken; it reports how many had none.
func (t *traffic) goOn(ctx context.Context, since time.Time) (lost int) {
	for end := time.Now().Add(trafficPatience); ; {
		broken, silent := 0, 0
		t.mu.Lock()
		for _, o := range t.open {
			switch {
			case o.broken:
				broken++
			case o.answered.Before(since):
				silent++
			}
		}
		t.mu.Unlock()
		if silent == 0 || time.Now().After(end) || Pause(ctx, 50*time.Millisecond) != nil {
			return broken + silent
		}
	}
}

// servedBy is how many open connections a real server has.
func (t *traffic) servedBy(address string) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range t.open {
		if o.by == address {
			n++
		}
	}
	return n
}

// finish makes no more connections, waits for those that there are, and tells what
// became of them after a fault.
func (t *traffic) finish(ctx context.Context, fault time.Time) Move {
	t.stop()
	stopped := time.Now()
	t.making.Wait()
	lost := t.goOn(ctx, stopped)
	t.end()
	t.going.Wait()
	m := tell(t.made, fault)
	m.Open, m.OpenLost = openConnections, lost
	return m
}

// tell sums up what became of exchanges.
func tell(made []exchange, fault time.Time) (m Move) {
	var answers []time.Time
	for _, e := range made {
		lost := 0
		if e.answered.IsZero() {
			lost = 1
		} else {
			answers = append(answers, e.answered)
		}
		switch {
		case e.began.After(fault):
			m.New++
			m.NewLost += lost
		case lost > 0 || e.answered.After(fault):
			m.Begun++
			m.BegunLost += lost
		}
	}
	slices.SortFunc(answers, time.Time.Compare)
	m.Seconds = longestGap(answers, fault).Round(100 * time.Millisecond).Seconds()
	return m
}

// longestGap is the longest time between two answers, in their order, of which the
// later came after a time. Without such there was no service at all since.
func longestGap(answers []time.Time, since time.Time) (gap time.Duration) {
	last := since
	for _, at := range answers {
		if at.After(since) {
			gap = max(gap, at.Sub(last))
		}
		last = at
	}
	if !last.After(since) {
		return time.Since(since)
	}
	return gap
}
