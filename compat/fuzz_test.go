//go:build linux

package compat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sequenceLength is how many commands share a table.
const sequenceLength = 25

// TestGenerated compares generated sequences of commands. The same -seed gives
// the same commands.
func TestGenerated(t *testing.T) {
	if goldenOnly || *rewriteGolden || *rewritePins {
		return // generated commands need both programs
	}
	for done := 0; done < *fuzzCommands; done += sequenceLength {
		seed := *fuzzSeed<<32 | uint64(done)
		steps := newGenerator(seed).sequence(min(sequenceLength, *fuzzCommands-done))
		turns := []program{overSockopt, overNetlink, multicall}
		changes := turns[done/sequenceLength%len(turns)]
		at, _ := differ(t, changes, steps)
		compared += len(steps)
		if at < 0 {
			continue
		}
		steps = shrink(t, changes, steps[:at+1])
		_, diff := differ(t, changes, steps)
		t.Fatalf("-seed %d, after %d commands; the shortest sequence that differs:\n$ %s\n(-real +ours)\n%s",
			*fuzzSeed, done, strings.Join(escaped(steps), "\n$ "), diff)
	}
}

// differ runs steps with the real program and ours, each in a fresh namespace,
// up to the first that differs, and returns its place, or -1. What lists runs
// with all of ours.
func differ(t *testing.T, ours program, steps []string) (at int, diff string) {
	t.Helper()
	a, b := openSession(t), openSession(t)
	defer a.end(t)
	defer b.end(t)
	for i, line := range steps {
		c := parse(t, line)
		want := a.run(t, reference, c)
		s, programs := b, []program{ours}
		if c.Lists() {
			s, programs = a, []program{overSockopt, overNetlink, multicall}
		}
		for _, p := range programs {
			if d := cmp.Diff(want.String(), s.run(t, p, c).String()); d != "" {
				return i, d
			}
		}
	}
	return -1, ""
}

func openSession(t *testing.T) *session {
	t.Helper()
	n, err := newNamespace()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{namespace: n}
	if err := s.setup(t, reference, aDummy); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *session) end(t *testing.T) {
	t.Helper()
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// shrink leaves out steps as long as the rest still differs: halves first, then
// smaller pieces.
func shrink(t *testing.T, ours program, steps []string) []string {
	t.Helper()
	for size := len(steps) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(steps) && len(steps) > size; {
			rest := append(append([]string{}, steps[:i]...), steps[i+size:]...)
			if at, _ := differ(t, ours, rest); at >= 0 {
				steps = rest[:at+1]
			} else {
				i += size
			}
		}
	}
	return steps
}

func escaped(steps []string) []string {
	list := make([]string, len(steps))
	for i, s := range steps {
		list[i] = escape(s)
	}
	return list
}
