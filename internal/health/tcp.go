package health

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"lvsdr/internal/ipvs"
)

// maxAnswer is how much of an answer is waited for.
const maxAnswer = 64 << 10

func askTCP(ctx context.Context, t Target) (alive bool, err error) {
	if t.Protocol == ipvs.SCTP && t.Check.Send == "" && t.Check.Receive == "" {
		return askSCTP(ctx, t)
	}
	if t.Check.Send == "" && t.Check.Receive == "" {
		return t.connect(ctx)
	}
	return t.converse(ctx, t.exchange)
}

// connect only connects. The connection is reset: nothing waits in TIME_WAIT.
func (t Target) connect(ctx context.Context) (accepted bool, err error) {
	conn, err := t.dial(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	return true, conn.SetLinger(0)
}

// converse connects, and has talk end with the context.
func (t Target) converse(ctx context.Context, talk func(net.Conn) error) (accepted bool, err error) {
	conn, err := t.dial(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	defer endWith(ctx, conn)()
	return true, talk(conn)
}

func (t Target) dial(ctx context.Context) (*net.TCPConn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	return dialer.DialTCP(ctx, "tcp", netip.AddrPortFrom(t.From, 0), t.Server)
}

// endWith has reading and writing end with the context, until stop is called.
func endWith(ctx context.Context, conn interface{ SetDeadline(time.Time) error }) (stop func() bool) {
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}

// exchange says what the check says, and reads the answer.
func (t Target) exchange(conn net.Conn) error {
	if _, err := conn.Write([]byte(t.Check.Send)); err != nil {
		return err
	}
	return t.receive(conn)
}

// receive reads until the answer matches.
func (t Target) receive(conn net.Conn) error {
	if t.Check.Receive == "" {
		return nil
	}
	for answer := []byte(nil); ; {
		answer = slices.Grow(answer, 4<<10)
		n, err := conn.Read(answer[len(answer):cap(answer)])
		answer = answer[:len(answer)+n]
		if len(answer) == 0 && err != nil {
			return err
		}
		if fault := match("answer", t.Check.Receive, answer); fault == nil || err != nil || len(answer) >= maxAnswer {
			return fault
		}
		time.Sleep(t.Check.Timeout / 100) // a server that drips has all of it matched a hundred times at most
	}
}

// match reports what does not match, and how it starts.
func match(what, wanted string, got []byte) error {
	expression, err := regexp.Compile(wanted)
	if err != nil || expression.Match(got) {
		return err
	}
	return fmt.Errorf("%s does not match %q: %q", what, wanted, got[:min(len(got), 60)])
}
