package netfilter

import (
	"errors"
	"fmt"
	"testing"
)

// one is a rule that does one thing.
func one(when truth, do action, to *chain) rule {
	return rule{where: "here", effects: func(*view) []effect { return []effect{{when: when, do: do, to: to}} }}
}

func TestWalk(t *testing.T) {
	dropping := &chain{rules: []rule{one(yes, drop, nil)}}
	leaving := &chain{rules: []rule{one(depends, leave, nil), one(yes, drop, nil)}}
	for _, c := range []struct {
		name   string
		policy action
		rules  []rule
		want   Verdict // zero: no fault
	}{
		{"accepted", accept, nil, 0},
		{"dropped by the policy", drop, nil, Drops},
		{"dropped for certain", accept, []rule{one(no, accept, nil), one(yes, drop, nil)}, Drops},
		{"some dropped", accept, []rule{one(depends, drop, nil)}, 0},
		{"some accepted", accept, []rule{one(depends, accept, nil), one(yes, drop, nil)}, DropsSome},
		{"some redirected", drop, []rule{one(depends, redirect, nil)}, DropsSome},
		{"some dropped, the others too", drop, []rule{one(depends, drop, nil)}, Drops},
		{"accepted first", drop, []rule{one(yes, accept, nil), one(yes, drop, nil)}, 0},
		{"called", accept, []rule{one(yes, call, dropping)}, Drops},
		{"some called", accept, []rule{one(depends, call, dropping)}, 0},
		{"some called, all dropped", drop, []rule{one(depends, call, dropping)}, Drops},
		{"some come back", accept, []rule{one(yes, call, leaving)}, DropsSome},
		{"some come back to another drop", accept, []rule{one(yes, call, leaving), one(yes, drop, nil)}, Drops},
		{"replaced", accept, []rule{one(yes, replace, leaving), one(yes, drop, nil)}, DropsSome},
		{"some replaced", accept, []rule{one(depends, replace, leaving), one(yes, drop, nil)}, DropsSome},
		{"some leave", drop, []rule{one(depends, leave, nil), one(yes, accept, nil)}, DropsSome},
	} {
		b := base{chain: &chain{rules: c.rules}, hook: Input, policy: c.policy, where: "policy", remedy: func(Packet) string { return "" }}
		faults, err := ruleset{b}.Faults(Packet{}, Input)
		var got Verdict
		if len(faults) > 0 {
			got = faults[0].Verdict
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, faults, err, c.want)
		}
	}
}

// TestWalkInACircle has chains as no kernel takes them.
func TestWalkInACircle(t *testing.T) {
	self := &chain{}
	self.rules = []rule{one(depends, call, self), one(yes, call, self)}
	wide := &chain{}
	for range 100 {
		wide = &chain{rules: []rule{one(depends, call, wide), one(depends, call, wide)}}
	}
	for i, c := range []*chain{self, wide} {
		if faults, err := (ruleset{{chain: c}}).Faults(Packet{}, way...); !errors.Is(err, errTooLong) {
			t.Errorf("%d: %v, %v; want %v", i, faults, err, errTooLong)
		}
		if _, err := (ruleset{{chain: c, nat: true}}).Redirects(Packet{}); !errors.Is(err, errTooLong) {
			t.Errorf("%d: %v; want %v", i, err, errTooLong)
		}
	}
}

func TestWalkInOrder(t *testing.T) {
	var bases []base
	for _, priority := range []int32{10, -300, 0} {
		bases = append(bases, base{
			chain: &chain{}, hook: Input, priority: priority, policy: drop, where: fmt.Sprint(priority),
			remedy: func(Packet) string { return "" },
		})
	}
	faults, err := ruleset(bases).Faults(Packet{}, Output, Input)
	if err != nil || len(faults) != 3 || faults[0].Where != "-300" || faults[1].Where != "0" || faults[2].Where != "10" {
		t.Errorf("%+v, %v", faults, err)
	}
}
