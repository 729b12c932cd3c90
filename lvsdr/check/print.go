package check

import (
	"fmt"
	"io"
)

// colours of the outcomes, in the codes of ECMA-48.
var colours = map[Outcome]string{Pass: "\x1b[32m", Warn: "\x1b[33m", Fail: "\x1b[31m", Unknown: "\x1b[36m"}

// roleWords are what the roles are called.
var roleWords = map[Role]string{Director: "the director", RealServer: "a real server"}

// Print writes a report for an operator: a line each and, where something is
// wrong, why it matters and what mends it. Brief leaves out what is well.
func (r Report) Print(w io.Writer, coloured, brief bool) {
	count := map[Outcome]int{}
	fmt.Fprintf(w, "checked as %s:\n", roleWords[r.Role])
	for _, c := range r.Checks {
		count[c.Outcome]++
		if brief && c.Outcome == Pass {
			continue
		}
		c.print(w, coloured)
	}
	fmt.Fprintf(w, "%d passed, %d warned, %d failed, %d not made\n", count[Pass], count[Warn], count[Fail], count[Unknown])
}

func (c Result) print(w io.Writer, coloured bool) {
	outcome := fmt.Sprintf("%-7s", c.Outcome)
	if coloured {
		outcome = colours[c.Outcome] + outcome + "\x1b[0m"
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
