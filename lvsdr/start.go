package lvsdr

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
)

// startCommand is "lvsdr vs start" or "lvsdr rs start".
func startCommand(r plan.Role) *cli.Command {
	flags := []cli.Flag{dryRunFlag()}
	if r == plan.Director {
		flags = append(flags,
			&cli.BoolFlag{Name: "exclusive",
				Usage: "delete virtual services that are not configured", EnvVars: env("exclusive")},
			&cli.BoolFlag{Name: "flush-firewall",
				Usage: "delete the rules of the IPv4 packet filter; stop does not bring them back", EnvVars: env("flush-firewall")})
	}
	return verb(r, "start", "make it so", completeFor(r), start, flags...)
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, and do nothing", EnvVars: env("dry-run")}
}

func start(o order) error {
	if o.dryRun {
		return preview(o, plan.Start)
	}
	s, end, err := o.lock(o.need())
	if err != nil {
		return err
	}
	defer end()
	if err := s.carryOut(plan.Start); err != nil {
		return err
	}
	return s.say(wordsOf(s.role).ready)
}

// carryOut makes the changes of a plan.
func (s *session) carryOut(planned planner) error {
	changes, err := s.compare(planned)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Fprintf(s.stderr, "lvsdr: %s: nothing to do\n", s.verb)
	}
	return plan.Apply(s.stderr, s.Site, changes)
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
