package lab

import (
	"testing"
	"time"
)

func TestTell(t *testing.T) {
	start := time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	done := func(began, answered float64) exchange { return exchange{at(began), at(answered)} }
	lost := func(began float64) exchange { return exchange{began: at(began)} }
	for _, c := range []struct {
		name  string
		made  []exchange
		fault float64
		want  Move
	}{
		{"nobody notices", []exchange{done(1, 1.1), done(2, 2.1), done(3, 3.1)}, 1.5, Move{Seconds: 1, New: 2}},
		{"new ones wait", []exchange{done(1, 1.1), done(2, 6), done(3, 6.5)}, 1.5, Move{Seconds: 4.9, New: 2}},
		{"answers in another order", []exchange{done(3, 6), done(2, 9), done(1, 1.1)}, 1.5, Move{Seconds: 4.9, New: 2}},
		{"one is lost", []exchange{done(1, 1.1), lost(2), done(3, 3.1)}, 1.5, Move{Seconds: 2, New: 2, NewLost: 1}},
		{"one in the making, and one lost", []exchange{done(1, 3), lost(1.2), done(3, 3.1)}, 1.5, Move{Seconds: 1.5, New: 1, Begun: 2, BegunLost: 1}},
	} {
		if got := tell(c.made, at(c.fault)); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	if gap := longestGap([]time.Time{at(-9)}, at(-5)); gap < 5*time.Second {
		t.Errorf("no answer since the fault five seconds ago: %v without service", gap)
	}
}

func TestChosen(t *testing.T) {
	for _, c := range []struct {
		words []string
		name  string
		want  bool
	}{
		{nil, "mh", true},
		{[]string{"killed"}, "mh", true},
		{[]string{"mh", "killed"}, "mh", true},
		{[]string{"sync", "killed"}, "mh", false},
	} {
		if got := chosen(c.words, c.name, Variants()); got != c.want {
			t.Errorf("%s of %q: %t", c.name, c.words, got)
		}
	}
}
