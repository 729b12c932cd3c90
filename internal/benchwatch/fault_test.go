package main

import (
	"testing"
	"time"
)

func TestCell(t *testing.T) {
	of := func(out, back time.Duration, lost int) episode { return episode{true, out, back, lost} }
	unnoticed := episode{false, never, 0, 70}
	for _, c := range []struct {
		name string
		all  []episode
		want string
	}{
		{"the median of each", []episode{of(3*time.Second, 900*time.Millisecond, 1), of(time.Second, 100*time.Millisecond, 9), of(2*time.Second, 500*time.Millisecond, 5)}, "2.0 / 5 / 0.5"},
		{"once not noticed", []episode{of(time.Second, time.Second, 3), unnoticed, unnoticed}, "never / 70 in 12 s / –"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cell(c.all); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestLoad: requests count from a time on, in their order, and those that failed.
func TestLoad(t *testing.T) {
	begin := time.Now()
	l := &load{made: []request{{begin.Add(2), ""}, {begin.Add(1), "rs1"}, {begin.Add(-1), ""}}}
	made := l.since(begin)
	if len(made) != 2 || made[0].server != "rs1" || failures(made) != 1 {
		t.Errorf("requests: %v", made)
	}
}
