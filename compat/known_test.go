//go:build linux

package compat

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// knownStep is a step at which a difference is expected.
type knownStep struct {
	difference Difference
	pin        Pin
}

// pinned finds the ledger's entry for a step.
func pinned(group, step string) (knownStep, bool) {
	for _, d := range Ledger() {
		for _, p := range d.Pins {
			if p.Group == group && p.Step == step {
				return knownStep{d, p}, true
			}
		}
	}
	return knownStep{}, false
}

// check compares what our program did with what the ledger says.
func (k knownStep) check(t *testing.T, line, got string) {
	t.Helper()
	if k.pin.Ours != "" {
		if d := cmp.Diff(k.pin.Ours, got); d != "" {
			t.Errorf("$ %s: %s (-pinned +ours):\n%s", escape(line), k.difference.ID, d)
		}
	}
	for _, want := range k.pin.Contains {
		if !strings.Contains(got, want) {
			t.Errorf("$ %s: %s: %q is not in\n%s", escape(line), k.difference.ID, want, got)
		}
	}
}

// TestLedger checks that every pin belongs to a step that is run, so that an
// entry cannot outlive its cases.
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
		if d.Title == "" || d.Reason == "" || (len(d.Pins) == 0) != (d.NotShown != "") {
			t.Errorf("%s: incomplete entry", d.ID)
		}
		for _, p := range d.Pins {
			if !steps[[2]string{p.Group, p.Step}] {
				t.Errorf("%s: no case %q in group %q", d.ID, p.Step, p.Group)
			}
			if (p.Ours == "") == (p.Contains == nil) {
				t.Errorf("%s: %q pins nothing, or twice", d.ID, p.Step)
			}
		}
	}
}

// TestREADME checks that the README lists exactly the ledger.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "Differences from ipvsadm\n")
	if !ok {
		t.Fatal(`README.md has no heading "Differences from ipvsadm"`)
	}
	section, _, _ = strings.Cut(section, "\n#")
	for _, d := range Ledger() {
		if line := d.ID + ": " + d.Title; !strings.Contains(section, line) {
			t.Errorf("README.md does not list %q", line)
		}
	}
	if got, want := strings.Count(section, "\n- "), len(Ledger()); got != want {
		t.Errorf("README.md lists %d differences, the ledger %d", got, want)
	}
}
