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
		verbs = append(verbs, drainCommand(), undrainCommand())
	}
	return &cli.Command{Name: string(r), Usage: wordsOf(r).usage, Subcommands: verbs}
}

// verb is a verb of a role, which needs a configuration that is complete for it.
func verb(r plan.Role, name, usage string, complete func(config.Config) error, run func(order) error, more ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name:  name,
		Usage: usage,
		Flags: append(append(globalFlags(), configFlags()...), more...),
		Action: func(c *cli.Context) error {
			o, err := orderOf(c, r, complete)
			if err == nil {
				err = run(o)
			}
			return failIn(string(r)+" "+name, stringOf(c, "netns"), err)
		},
	}
}
