package watch

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// While the table or a VIP cannot be as it should, it is not ready, and the service
// manager is told why; it is once that is mended.
func TestNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http}\n")
		defer w.end()
		w.with(func(b *book) {
			b.failed = errors.Join(errors.New("there is no interface vips"), errors.New("ipvsadm -A: no such file or directory"))
		})
		time.Sleep(time.Minute)
		if ready, ups := w.times(EventReady, ""), w.times(EventUp, ""); len(ready) != 0 || len(ups) != 2 {
			t.Errorf("up %v, ready %v", ups, ready)
		}
		if n := len(w.times(EventError, "")); n != 1 {
			t.Errorf("the change that fails is told %d times in a minute", n)
		}
		w.with(func(b *book) { b.failed = nil })
		time.Sleep(2 * time.Second)
		if n := len(w.times(EventReady, "")); n != 1 {
			t.Errorf("mended, and %d times ready", n)
		}
		w.with(func(b *book) {
			told := slices.DeleteFunc(b.states, func(s string) bool { return s == "WATCHDOG=1" })
			want := []string{"STATUS=there is no interface vips; ipvsadm -A: no such file or directory", "STATUS=", "READY=1"}
			if !slices.Equal(told, want) {
				t.Errorf("the service manager was told %q, want %q", told, want)
			}
		})
	})
}

// It is ready once first verdicts are in, and not before.
func TestReadyOnVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http}\n")
		defer w.end()
		w.set(rs7, dead)
		w.set(netip.MustParseAddr("10.0.0.17"), dead)
		began := time.Now()
		time.Sleep(time.Minute)
		ready, downs := w.times(EventReady, ""), w.times(EventDown, "")
		if len(ready) != 1 || len(downs) != 2 || ready[0].Before(downs[0]) || ready[0].Sub(began) > soon+time.Second {
			t.Errorf("began %v, down %v, ready %v", began, downs, ready)
		}
	})
}

// The answer that makes a verdict is the reason that is told; what is known of the
// real server afterwards follows its answers.
func TestReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http, vip: false, fall: 2}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		w.set(rs7, hangs)
		for before := w.count(rs7); w.count(rs7) == before; {
			time.Sleep(10 * time.Millisecond)
		}
		w.set(rs7, refuses)
		time.Sleep(10 * time.Second)
		if why := w.why(EventDown); why != "connection refused" {
			t.Errorf("down: %q", why)
		}
		w.set(rs7, hangs)
		time.Sleep(15 * time.Second)
		w.with(func(b *book) {
			if why := b.health.Services[web].RealServers["10.0.0.7"].Why; why != "no answer" {
				t.Errorf("fifteen seconds later: %q", why)
			}
		})
		if n := len(w.times(EventDown, "")); n != 1 {
			t.Errorf("down %d times", n)
		}
	})
}

// Who falls again and again is told, where it is down, what brings it back.
func TestDamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchOn(t, two+"check: {type: http, vip: false}\n")
		defer w.end()
		time.Sleep(10 * time.Second)
		for _, want := range []string{
			"connection refused", "connection refused",
			"connection refused; down 3 times within ten minutes: it has to answer 4 times in a row",
			"connection refused; down 4 times within ten minutes: it has to answer 8 times in a row",
		} {
			w.set(rs7, refuses)
			time.Sleep(10 * time.Second)
			status := ""
			w.with(func(b *book) { status = b.health.Services[web].RealServers["10.0.0.7"].Why })
			if why := w.why(EventDown); why != want || status != want {
				t.Errorf("down: %q, and %q in status, want %q", why, status, want)
			}
			w.set(rs7, well)
			time.Sleep(20 * time.Second)
		}
	})
}
