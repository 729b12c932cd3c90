package lvsdr

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/plan"
)

// Diff is what "diff --json" and "--dry-run --json" print.
type Diff struct {
	Role    string   `json:"role"`    // vs or rs
	Changes []string `json:"changes"` // commands, in order; none: nothing to do
}

// diffCommand is "lvsdr vs diff" or "lvsdr rs diff".
func diffCommand(r plan.Role) *cli.Command {
	return verb(r, "diff", "show what start would change", completeFor(r), func(o order) error { return preview(o, plan.Start) })
}

// preview prints a plan. Status 3 says that there is something to do.
func preview(o order, planned planner) error {
	s, err := o.look(o.need())
	if err != nil {
		return err
	}
	return s.preview(planned)
}

func (s *session) preview(planned planner) error {
	p, err := s.compare(planned)
	if err != nil {
		return err
	}
	s.remark(p)
	d := Diff{Role: string(s.Role), Changes: []string{}}
	for _, change := range p.Changes {
		d.Changes = append(d.Changes, change.Line)
	}
	if s.json {
		err = writeJSON(s.stdout, d)
	} else {
		for _, line := range d.Changes {
			fmt.Fprintln(s.stdout, line)
		}
	}
	if err == nil && len(p.Changes) > 0 {
		return exitError{status: statusDiffers}
	}
	return err
}
