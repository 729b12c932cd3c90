//go:build linux

package compat

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCases runs the table of cases: the real program against ours, and the
// real program against what was recorded of it.
func TestCases(t *testing.T) {
	for _, area := range Areas() {
		t.Run(area.Name, func(t *testing.T) { runArea(t, area) })
	}
	if *rewritePins {
		writePins(t)
	}
}

// runArea compares all groups of an area and keeps its golden file.
func runArea(t *testing.T, area Area) {
	golden := readGolden(t, area.Name)
	for i, g := range area.Groups {
		builds := bothBuilds()
		if i%4 != 0 && !*everyBuild {
			builds = builds[:1]
		}
		t.Run(g.Name, func(t *testing.T) {
			if goldenOnly {
				againstGolden(t, g, golden, builds)
				return
			}
			recorded := againstReal(t, g, builds)
			if *rewriteGolden {
				golden.replace(g.Name, recorded)
				return
			}
			if d := cmp.Diff(normal(g, golden[g.Name]), normal(g, recorded)); d != "" {
				t.Errorf("the real program has changed (-golden +real):\n%s", d)
			}
		})
	}
	if *rewriteGolden {
		golden.write(t, area)
	}
}

// build is one of our programs, in a session of its own.
type build struct {
	program
	*session
}

// bothBuilds are bin/ipvsadm and bin/lvsdr, without their sessions.
func bothBuilds() []build { return []build{{program: ours}, {program: multicall}} }

// open gives each build a session that starts where the group does.
func open(t *testing.T, builds []build, g Group) {
	t.Helper()
	for i := range builds {
		builds[i].session = newSession(t, g.User)
		prepare(t, builds[i].session, builds[i].program, g)
	}
}

// againstReal runs a group with the real program and with builds of ours, compares
// them step by step and returns what the real one did.
func againstReal(t *testing.T, g Group, builds []build) []string {
	theirs := newSession(t, g.User)
	prepare(t, theirs, reference, g)
	open(t, builds, g)
	list := []program{overSockopt, overNetlink}
	for _, b := range builds[1:] {
		list = append(list, b.program)
	}
	var recorded []string
	for _, line := range g.Steps {
		c := parse(t, line)
		compared++
		want := theirs.run(t, reference, c).String()
		if c.Lists() {
			for _, p := range list {
				got := theirs.run(t, p, c).String()
				if got != want && tableGrows() { // it may have changed its order between the two
					want, got = theirs.run(t, reference, c).String(), theirs.run(t, p, c).String()
				}
				compare(t, g, p, line, want, got)
			}
		} else {
			for _, b := range builds {
				compare(t, g, b.program, line, want, b.run(t, b.program, c).String())
			}
		}
		recorded = append(recorded, want)
	}
	return recorded
}

// againstGolden runs a group with our programs alone.
func againstGolden(t *testing.T, g Group, golden goldenFile, builds []build) {
	recorded := golden[g.Name]
	if len(recorded) != len(g.Steps) {
		t.Fatalf("golden file has %d steps, the table %d (make golden)", len(recorded), len(g.Steps))
	}
	open(t, builds, g)
	for i, line := range g.Steps {
		c := parse(t, line)
		compared++
		for _, b := range builds {
			compare(t, g, b.program, line, recorded[i], b.run(t, b.program, c).String())
		}
	}
}

// compare reports a step that differs, unless the [Ledger] knows it; then ours
// must do what is pinned there, and the real program must not.
func compare(t *testing.T, g Group, p program, line, want, got string) {
	t.Helper()
	if goldenOnly {
		want, got = normalOutcome(g, want), normalOutcome(g, got)
	}
	ids := differences(g.Name, line)
	if ids == nil {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("$ %s (-real +%s):\n%s", escape(line), p.name, d)
		}
		return
	}
	if want == got {
		t.Errorf("$ %s: %s: no longer differs", escape(line), ids)
	}
	checkPinned(t, g.Name, line, got, ids)
}

// prepare brings an empty table to where the group starts.
func prepare(t *testing.T, s *session, p program, g Group) {
	t.Helper()
	restore, err := setNames(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := restore(); err != nil {
			t.Error(err)
		}
	})
	if err := s.setup(t, p, g.Setup); err != nil {
		t.Fatalf("setup with %s program: %v", p.name, err)
	}
	if g.Prepare == nil {
		return
	}
	s.touched = true
	if err := g.Prepare(s.table); err != nil {
		t.Fatalf("setup by netlink: %v", err)
	}
	s.changes(t)
}

// setup runs lines that must succeed, as root; those for ipvsadm are given to
// one -R, which is faster than a process for each.
func (s *session) setup(t *testing.T, p program, lines []string) error {
	defer func(user uint32) { s.user = user }(s.user)
	s.user = 0
	rules := "-R\n"
	for _, line := range lines {
		if strings.HasPrefix(line, "-") {
			rules += line + "\n"
			continue
		}
		if o := s.run(t, p, parse(t, line)); o.status != 0 {
			return fmt.Errorf("%s\n%s", line, o)
		}
	}
	o := s.run(t, p, parse(t, rules))
	if o.status != 0 || o.stderr != "" {
		return fmt.Errorf("%s\n%s", rules, o)
	}
	return nil
}

func parse(t testing.TB, line string) Command {
	t.Helper()
	c, err := ParseLine(line)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
