package lvsdr

import (
	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
)

// stopCommand is "lvsdr vs stop" or "lvsdr rs stop". It takes away what is
// there: who the real servers are is nothing to it.
func stopCommand(r plan.Role) *cli.Command {
	return verb(r, "stop", "take exactly that away again", config.Config.ValidateRealServer, stop, dryRunFlag())
}

func stop(o order) error {
	o.stops = true
	if o.dryRun {
		return preview(o, plan.Stop)
	}
	s, end, err := o.lock(min(o.need(), anyTable))
	if err != nil {
		return err
	}
	defer end()
	if err := s.carryOut(plan.Stop); err != nil {
		return err
	}
	if err := s.Record.ForgetAll(s.role); err != nil {
		return err
	}
	return s.say(wordsOf(s.role).canceled)
}
