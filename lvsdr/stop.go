package lvsdr

import (
	"cmp"
	"errors"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
)

// stopCommand is "lvsdr vs stop" or "lvsdr rs stop". It removes what is there, and
// does not need to know the real servers. If the record knows what start put there,
// it does not need the file either.
func stopCommand(r plan.Role) *cli.Command {
	return verbOf(r, "stop", "undo what start did", config.Config.ValidateRealServer, stop, dryRunFlag())
}

// stop has what is wrong with the configuration, if anything.
func stop(o order, wrong error) error {
	o.stops = true
	s, end, err := o.openToStop()
	if err != nil {
		return cmp.Or(wrong, err)
	}
	if err = s.takeAway(wrong); err == nil && !o.dryRun {
		end()
		return s.say(wordsOf(s.Role).canceled)
	}
	end()
	return err
}

// takeAway undoes what start did. If that fails, all is as before.
func (s *session) takeAway(wrong error) error {
	switch {
	case !s.findClaim() && wrong != nil:
		return wrong
	case s.dryRun:
		return s.preview(plan.Stop)
	}
	watched, err := s.isWatched()
	if err != nil {
		return err
	}
	stopped, retired, told := s.Record.IsStopped(s.Claimant), s.Record.IsRetired(s.Claimant), s.told()
	err = errors.Join(s.tell(plan.Unfit), s.Record.SetRetired(s.Claimant, false))
	if err == nil && watched { // it idles until start, which goes by what it has found
		err = s.Record.SetStopped(s.Claimant, true)
	}
	if err == nil {
		err = s.carryOut(plan.Stop)
	}
	switch {
	case err != nil:
		return errors.Join(err, s.Record.SetStopped(s.Claimant, stopped), s.Record.SetRetired(s.Claimant, retired), told())
	case !watched && s.watched != nil: // what one that has ended had found is forgotten
		return plan.DropHealth(s.folder, s.namespace, s.Claimant)
	}
	return nil
}

func (o order) openToStop() (*session, func(), error) {
	if !o.dryRun {
		return o.lock(min(o.need(), anyTable))
	}
	s, err := o.look(min(o.need(), anyTable))
	return s, func() {}, err
}

// findClaim reports whether a start has recorded what it put there. Where
// neither a file nor flags are given, it may have been either.
func (s *session) findClaim() bool {
	if s.Record.Claim(s.Claimant).Started() {
		return true
	}
	alone := plan.Claimant{Role: s.Role, File: plan.FlagsAlone}
	if s.File == defaultConfig && s.Record.Claim(alone).Started() && !exists(defaultConfig) {
		s.Claimant = alone
		return true
	}
	return false
}
