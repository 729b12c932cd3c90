package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"lvsdr/internal/check"
	"lvsdr/internal/lab"
)

// episode makes a fault, mends it, and says what was seen.
func (s *stage) episode(ctx context.Context, l *load, p pick) ([]Fault, error) {
	s.say("%s", p)
	begin := time.Now()
	l.forget(begin.Add(-patience))
	switch p.fault.name {
	case watchKilled:
		f, err := s.killWatch(ctx)
		return s.overall(ctx, l, f, begin, err)
	case arpLost:
		f, err := s.askForARP(ctx, p)
		return s.overall(ctx, l, f, begin, err)
	}
	return s.endure(ctx, l, p)
}

// overall adds what was lost of all services together.
func (s *stage) overall(ctx context.Context, l *load, f Fault, begin time.Time, err error) ([]Fault, error) {
	if err == nil {
		err = l.settle(ctx, time.Now())
	}
	lost := l.lost(nil, begin.Add(-patience), time.Now())
	if f.Lost = len(lost); f.Lost > 0 && f.Why == "" && f.Fault == watchKilled {
		f.Why = fmt.Sprintf("%d requests lost: %s", f.Lost, lost[0].why)
	}
	f.OK = f.Why == ""
	return []Fault{f}, err
}

// settle waits until the requests that were made before a time have ended, and
// none is lost any more.
func (l *load) settle(ctx context.Context, before time.Time) error {
	if err := lab.Pause(ctx, time.Until(before.Add(patience+100*time.Millisecond))); err != nil {
		return err
	}
	return l.calm(ctx)
}

// trial is what becomes of a place while a fault lasts.
type trial struct {
	place
	promise   promise
	patient   time.Duration // how long it may take to go, or is to stay
	out, back time.Duration // zero: never
	late      time.Duration // of that, what the machine took
}

// hold is for how long a real server is left out.
const hold = 2 * time.Second

// endure has a fault befall a real server, mends it once it has been out for a
// while, and waits until it is back.
func (s *stage) endure(ctx context.Context, l *load, p pick) ([]Fault, error) {
	var trials []*trial
	for _, at := range s.places(p.machine) {
		t := &trial{place: at, promise: at.promise(at.member, p.fault.effect), patient: patience}
		if c := at.Of.Check; c.Asks() {
			t.patient = limit(fallTime(c))
		}
		trials = append(trials, t)
	}
	begin := time.Now()
	if err := p.fault.befall(ctx, s, p.machine); err != nil {
		return nil, err
	}
	if err := s.await(ctx, begin, trials, false); err != nil {
		return nil, err
	}
	if err := lab.Pause(ctx, hold); err != nil {
		return nil, err
	}
	mending := time.Now()
	if err := p.fault.mend(ctx, s, p.machine); err != nil {
		return nil, err
	}
	for _, t := range trials {
		t.patient = limit(t.promise.back)
	}
	err := s.await(ctx, time.Now(), trials, true)
	if err == nil {
		err = s.awaitAll(ctx)
	}
	if err == nil {
		err = l.settle(ctx, mending)
	}
	if err != nil {
		return nil, err
	}
	var rows []Fault
	for _, t := range trials {
		rows = append(rows, t.judge(p, l, begin, mending))
	}
	return rows, nil
}

// await waits until the places are out, or back, and notes when. One that is to
// stay is waited for as long as it might go.
func (s *stage) await(ctx context.Context, begin time.Time, trials []*trial, back bool) error {
	for before := s.late.Load(); ; {
		waiting, late := false, time.Duration(s.late.Load()-before)
		for _, t := range trials {
			seen := &t.out
			if back {
				seen = &t.back
			}
			if *seen != 0 || back && t.out == 0 {
				continue
			}
			takes, err := s.takes(t.service, t.member)
			if err != nil {
				return err
			}
			took := time.Since(begin)
			if takes == back {
				*seen, t.late = took, max(t.late, late)
			}
			waiting = waiting || takes != back && took < t.patient+late
		}
		if !waiting {
			return nil
		}
		if err := lab.Pause(ctx, tick); err != nil {
			return err
		}
	}
}

// judge says what was seen of a place, and which promise broke.
func (t *trial) judge(p pick, l *load, begin, mending time.Time) Fault {
	f := Fault{
		Fault: p.fault.name, RealServer: t.Key().String(), Service: t.service.name, VIP: t.at.Addr().String(), Stays: t.promise.stays,
		Lost: len(l.lost(t.service, begin.Add(-patience), time.Now())),
	}
	if t.promise.stays == "" {
		f.Promised = Times{seconds(t.promise.out), seconds(t.promise.back)}
	}
	var lost []request
	if t.out != 0 {
		t.falls++
		f.Seen.Out = seconds(t.out)
		lost = l.lost(t.service, begin.Add(t.out+100*time.Millisecond), mending)
		f.LostOut = len(lost)
	}
	if t.back != 0 {
		f.Seen.Back = seconds(t.back)
	}
	switch {
	case t.promise.stays != "" && t.out != 0:
		f.Why = fmt.Sprintf("out after %.1f s, though %s", *f.Seen.Out, t.promise.stays)
	case t.promise.stays != "":
	case t.out == 0 || t.out > limit(t.promise.out)+t.late:
		f.Why = fmt.Sprintf("not out within %.1f s", limit(t.promise.out).Seconds())
	case t.back == 0 || t.back > limit(t.promise.back)+t.late:
		f.Why = fmt.Sprintf("not back within %.1f s", limit(t.promise.back).Seconds())
	case len(lost) > 0 && !t.bound():
		f.Why = fmt.Sprintf("%d requests lost when it was out: %s", len(lost), lost[0].why)
	}
	f.OK = f.Why == ""
	return f
}

// restartPause is how long a service manager waits before it restarts the watch.
const restartPause = time.Second

// killWatch kills the watch, and starts it again: nobody may notice.
func (s *stage) killWatch(ctx context.Context) (Fault, error) {
	f := Fault{Fault: watchKilled, RealServer: director, Stays: "the table outlives the watch"}
	begin := time.Now()
	s.watch.kill()
	for _, service := range s.services {
		for _, m := range service.members {
			m.falls = 0
		}
	}
	if err := lab.Pause(ctx, restartPause); err != nil {
		return f, err
	}
	if err := s.startWatch(ctx); err != nil {
		return f, err
	}
	f.Seen.Back = seconds(time.Since(begin))
	out, err := s.missing()
	if out != "" {
		f.Why = out + " went out"
	}
	return f, errors.Join(err, s.awaitAll(ctx))
}

// askForARP takes the ARP settings of a real server away: the doctor has to name
// it, and to be content when it is mended.
func (s *stage) askForARP(ctx context.Context, p pick) (Fault, error) {
	f := Fault{Fault: arpLost, RealServer: p.machine.addr.String(), Stays: "its service answers"}
	for _, mended := range []bool{false, true} {
		change, begin := p.fault.befall, time.Now()
		if mended {
			change = p.fault.mend
		}
		if err := change(ctx, s, p.machine); err != nil {
			return f, err
		}
		named, err := s.named(ctx, p.machine)
		took := seconds(time.Since(begin))
		switch {
		case err != nil:
			return f, err
		case mended && !named:
			f.Seen.Back = took
		case mended:
			f.Why = "lvsdr check still reports it after it is mended"
		case named:
			f.Seen.Out = took
		default:
			f.Why = "lvsdr check does not report it"
		}
	}
	return f, nil
}

// named reports whether the doctor finds a machine answering for a VIP.
func (s *stage) named(ctx context.Context, m *machine) (bool, error) {
	var r check.Report
	cmd := command(ctx, "check", "--role", "vs", "--json")
	said, err := output(cmd)
	if err == nil {
		err = json.Unmarshal(said, &r)
	}
	if err != nil {
		return false, fmt.Errorf("lvsdr check on the director: %w", err)
	}
	for _, c := range r.Checks {
		if c.Name == "vip owner" && c.Outcome == check.Fail {
			for _, word := range strings.FieldsFunc(c.Seen, func(r rune) bool { return strings.ContainsRune(" ,;()", r) }) {
				if word == m.addr.String() {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// output is what a program on the director prints, whatever it finds.
func output(cmd *exec.Cmd) (said []byte, err error) {
	err = in(director, func() error {
		said, err = cmd.Output()
		return err
	})
	if errors.As(err, new(*exec.ExitError)) && len(said) > 0 {
		err = nil
	}
	return said, err
}
