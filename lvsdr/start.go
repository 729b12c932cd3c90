package lvsdr

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/check"
	"lvsdr/internal/config"
	"lvsdr/internal/plan"
)

// startCommand is "lvsdr vs start" or "lvsdr rs start".
func startCommand(r plan.Role) *cli.Command {
	flags := []cli.Flag{dryRunFlag()}
	if r == plan.Director {
		flags = append(flags,
			&cli.BoolFlag{Name: "exclusive",
				Usage: "delete services that the configuration does not have"},
			&cli.BoolFlag{Name: "flush-firewall",
				Usage: "delete all rules of the IPv4 packet filter; stop does not restore them"})
	}
	return verb(r, "start", "apply the configuration", completeFor(r), start, flags...)
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, change nothing"}
}

func start(o order) error {
	if o.dryRun {
		return preview(o, plan.Start)
	}
	s, err := o.bring()
	if err != nil {
		return err
	}
	s.warn()
	return s.say(wordsOf(s.Role).ready)
}

// bring makes everything as configured.
func (o order) bring() (*session, error) {
	s, end, err := o.lock(o.need())
	if err != nil {
		return nil, err
	}
	defer end()
	s.warnOfStale()
	if err := s.Record.SetStopped(s.Claimant, false); err != nil {
		return nil, err
	}
	if err := s.Record.SetRetired(s.Claimant, false); err != nil {
		return nil, err
	}
	if err := s.carryOut(plan.Start); err != nil {
		return nil, err
	}
	if watched, err := s.isWatched(); watched || err != nil {
		return s, err
	}
	return s, s.tell(plan.Fit)
}

// warnOfStale says that what a watch has found is not gone by.
func (s *session) warnOfStale() {
	if w := s.watched; w != nil && w.Stale() {
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: vs watch was last heard of %s ago: its verdicts no longer count\n",
			s.verb, w.At.Since().Round(time.Second))
	}
}

// carryOut makes the changes of a plan.
func (s *session) carryOut(planned planner) error {
	p, err := s.compare(planned)
	if err != nil {
		return err
	}
	if len(p.Changes) == 0 {
		fmt.Fprintf(s.stderr, "lvsdr: %s: nothing to do\n", s.verb)
	}
	if err := plan.Apply(s.stderr, s.Site, p); err != nil {
		return err
	}
	s.remark(p)
	return nil
}

// warn says what the doctor finds wrong although all is in place, as far as it
// costs no packet.
func (s *session) warn() {
	if s.Role == plan.Director {
		warnOf(s.warnings, s.verb, s.whole)
	}
	site, err := s.site()
	if err != nil {
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: the result could not be checked: %v\n", s.verb, err)
		return
	}
	report := check.RunQuietly(site, s.kernel)
	aimRemedies(&report, s.netns)
	for _, r := range report.Checks {
		if r.Outcome != check.Fail {
			continue
		}
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: %s: %s\n", s.verb, r.Name, r.Seen)
		for _, m := range r.Remedy {
			fmt.Fprintf(s.warnings, "lvsdr: hint: %s\n", m)
		}
	}
}

// site is what the doctor looks at.
func (s *session) site() (site *check.Site, err error) {
	site = &check.Site{
		Role: check.Role(s.Role), Config: s.whole, Drained: s.Record.DrainedFor(s.Claimant), Directed: s.options.Directed, Lvsdr: s.again,
	}
	if s.Role == plan.Director {
		site.Status, err = s.status()
	}
	return site, err
}

// remark says what a plan leaves as it is.
func (s *session) remark(p plan.Plan) {
	for _, r := range p.Remarks {
		fmt.Fprintf(s.stderr, "lvsdr: %s: %s\n", s.verb, r)
	}
}

// say prints a line of the tutorial's scripts.
func (s *session) say(words string) error {
	_, err := fmt.Fprintln(s.stdout, words)
	return unsaid(s.verb, err)
}

// completeFor is what a configuration must say for a role.
func completeFor(r plan.Role) func(config.Config) error {
	if r == plan.RealServer {
		return config.Config.ValidateRealServer
	}
	return config.Config.Validate
}
