package check

import (
	"fmt"
	"io"

	"lvsdr/internal/terminal"
)

// colours of the outcomes.
var colours = map[Outcome]terminal.Colour{
	Pass: terminal.Green, Warn: terminal.Yellow, Fail: terminal.Red, Unknown: terminal.Cyan,
}

// words are what the role is called.
func (r Role) words() string {
	if r == Director {
		return "the director"
	}
	return "a real server"
}

// Print writes a report for an operator: a line each and, where something is
// wrong, why it matters and what mends it. Brief leaves out what is well.
func (r Report) Print(w io.Writer, coloured, brief bool) {
	count := map[Outcome]int{}
	fmt.Fprintf(w, "checked as %s:\n", r.Role.words())
	for _, c := range r.Checks {
		count[c.Outcome]++
		if brief && c.Outcome == Pass {
			continue
		}
		c.print(w, coloured)
	}
	fmt.Fprintf(w, "%d passed, %d warned, %d failed, %d not checked\n", count[Pass], count[Warn], count[Fail], count[Unknown])
}

func (c Result) print(w io.Writer, coloured bool) {
	outcome := fmt.Sprintf("%-7s", c.Outcome)
	if coloured {
		outcome = terminal.Paint(colours[c.Outcome], outcome)
	}
	fmt.Fprintf(w, "%s  %-13s  %s\n", outcome, c.Name, c.Seen)
	if c.Outcome != Warn && c.Outcome != Fail {
		return
	}
	fmt.Fprintf(w, "         why: %s\n", c.Why)
	for _, m := range c.Remedy {
		where := ""
		if m.On != "" {
			where = " on " + m.On
		}
		fmt.Fprintf(w, "         mend%s: %s\n", where, m.Command)
	}
}
