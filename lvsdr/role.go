package lvsdr

import (
	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/plan"
)

// roleCommand is "lvsdr vs" or "lvsdr rs".
func roleCommand(r plan.Role) *cli.Command {
	verbs := []*cli.Command{startCommand(r), stopCommand(r), statusCommand(r), diffCommand(r)}
	if r == plan.Director {
		verbs = append(verbs, drainCommand(), undrainCommand(), retireCommand(), watchCommand())
	}
	return &cli.Command{Name: string(r), Usage: wordsOf(r).usage, Subcommands: verbs}
}

// roleFlag names the role of a machine.
func roleFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "role", Usage: usage}
}

// roleTold is the role that the flag names; "": none.
func roleTold(c *cli.Context) (plan.Role, error) {
	r := plan.Role(c.String("role"))
	if r != "" && r != plan.Director && r != plan.RealServer {
		return "", usageError("%s: --role %q: expected vs or rs", c.Command.Name, r)
	}
	return r, nil
}

// verb is a verb of a role, which needs a configuration that is complete for it.
func verb(r plan.Role, name, usage string, complete func(config.Config) error, run func(order) error, more ...cli.Flag) *cli.Command {
	return verbOf(r, name, usage, complete, func(o order, wrong error) error {
		if wrong != nil {
			return wrong
		}
		return run(o)
	}, more...)
}

// verbOf is a verb that is told what is wrong with the configuration, if
// anything.
func verbOf(r plan.Role, name, usage string, complete func(config.Config) error, run func(o order, wrong error) error, more ...cli.Flag) *cli.Command {
	if r == plan.RealServer {
		more = append(more, &cli.BoolFlag{Name: "all-vips", Usage: "every VIP, not only those of services that list this machine"})
	}
	return &cli.Command{
		Name:  name,
		Usage: usage,
		Flags: append(append(globalFlags(), configFlags()...), more...),
		Action: func(c *cli.Context) error {
			o, wrong := orderOf(c, r, complete)
			return failIn(o.verb, o.netns, run(o, wrong))
		},
	}
}
