//go:build linux

package compat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWorked compares the worked examples with what was recorded of the real
// program, so that the text and the program cannot drift apart.
func TestWorked(t *testing.T) {
	if *rewriteGolden {
		return // TestCases has just made what would be read
	}
	golden := readGolden(t, "worked")
	groups, examples := Worked()
	if len(examples) != 90 {
		t.Fatalf("%d examples, want 90", len(examples))
	}
	var recorded []string
	for _, g := range groups {
		recorded = append(recorded, golden[g.Name]...)
	}
	if len(recorded) != len(examples) {
		t.Fatalf("%d recorded, %d examples", len(recorded), len(examples))
	}
	for i, e := range examples {
		if d := cmp.Diff(e.Want, printed(recorded[i])); d != "" {
			t.Errorf("[%d] %s $ %s (-example +recorded):\n%s", i+1, e.Group, e.Step, d)
		}
	}
}

// printed is an outcome without the changes to the table.
func printed(outcome string) string {
	var b strings.Builder
	for line := range strings.Lines(outcome) {
		if !strings.HasPrefix(line, "+ ") && !strings.HasPrefix(line, "- ") {
			b.WriteString(line)
		}
	}
	return b.String()
}
