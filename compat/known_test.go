//go:build linux

package compat

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// known differences of a step; nil if it must not differ.
func differences(group, step string) []string {
	var ids []string
	for _, d := range Ledger() {
		if slices.Contains(d.Shown[group], step) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// pins collects what our program does in the steps of the ledger, to write
// testdata/ours.txt anew.
var pins strings.Builder

// checkPinned compares what our program did with what is pinned.
func checkPinned(t *testing.T, group, step, got string, ids []string) {
	t.Helper()
	if *rewritePins {
		pin := fmt.Sprintf("\n[%s]\n$ %s\n%s", group, escape(step), got)
		if !strings.Contains(pins.String(), pin) { // several programs do the same
			pins.WriteString(pin)
		}
		return
	}
	want, ok := Pinned(group, step)
	if !ok {
		t.Errorf("$ %s: %s: nothing is pinned in testdata/ours.txt", escape(step), ids)
	}
	if d := cmp.Diff(sized(want), sized(got)); d != "" {
		t.Errorf("$ %s: %s (-pinned +ours):\n%s", escape(step), ids, d)
	}
}

func writePins(t *testing.T) {
	t.Helper()
	const header = "# What our program does in the steps of the ledger, on purpose.\n# Made by go test -pins; read the difference before you commit it.\n"
	if err := os.WriteFile("testdata/ours.txt", []byte(header+pins.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLedger checks that every entry is complete and that its steps are run, so
// that an entry cannot outlive its cases.
func TestLedger(t *testing.T) {
	steps := make(map[[2]string]bool)
	for _, area := range Areas() {
		for _, g := range area.Groups {
			for _, s := range g.Steps {
				steps[[2]string{g.Name, s}] = true
			}
		}
	}
	for _, d := range Ledger() {
		if d.Title == "" || d.Reason == "" || (len(d.Shown) == 0) != (d.NotShown != "") {
			t.Errorf("%s: incomplete entry", d.ID)
		}
		for group, shown := range d.Shown {
			for _, s := range shown {
				if !steps[[2]string{group, s}] {
					t.Errorf("%s: no case %q in group %q", d.ID, s, group)
				}
			}
		}
	}
}

// TestDifferences checks that docs/differences.md lists exactly the ledger.
func TestDifferences(t *testing.T) {
	text, err := os.ReadFile("../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "## The ledger\n")
	if !ok {
		t.Fatal(`docs/differences.md has no heading "The ledger"`)
	}
	section, _, _ = strings.Cut(section, "\n#")
	for _, d := range Ledger() {
		line := fmt.Sprintf("\n- <a id=%q></a>%s: %s", strings.ToLower(d.ID), d.ID, d.Title)
		if !strings.Contains(section, line) {
			t.Errorf("docs/differences.md does not list %q", line)
		}
	}
	if got, want := strings.Count(section, "\n- "), len(Ledger()); got != want {
		t.Errorf("docs/differences.md lists %d differences, the ledger %d", got, want)
	}
}
