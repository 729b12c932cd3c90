// Package lvsdr is our own command: what an operator does with an LVS-DR
// cluster beyond ipvsadm.
//
// An error is a line in lower case on standard error, beginning with "lvsdr:". Exit
// statuses: 0 done or nothing to do, 1 a step failed, 2 usage or configuration, 3 not
// in place.
package lvsdr

import (
	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
	"lvsdr/internal/plan"
)

// Run runs lvsdr and returns its exit status.
func Run(env command.Env) int { return run(env, thisSystem) }

func run(env command.Env, sys system) int {
	args := env.Args
	if len(args) == 0 {
		args = []string{"lvsdr"}
	}
	stdout := &output{Writer: env.Stdout}
	env.Stdout = stdout
	app := newApp(env, sys)
	return reportError(env.Stderr, stdout.settle(app.Run(arrange(app, args))))
}

func newApp(env command.Env, sys system) *cli.App {
	app := &cli.App{
		Name:           "lvsdr",
		Usage:          "Linux Virtual Server with direct routing",
		HideVersion:    true, // in every help
		Flags:          append(globalFlags(), &cli.BoolFlag{Name: "version", Usage: "print the version", DisableDefaultText: true}),
		Reader:         env.Stdin,
		Writer:         env.Stdout,
		ErrWriter:      env.Stderr,
		Metadata:       map[string]any{systemKey: sys, environmentKey: env.LookupEnv, argumentsKey: env.Args},
		ExitErrHandler: func(*cli.Context, error) {}, // Run's business
		Commands: []*cli.Command{
			roleCommand(plan.Director),
			roleCommand(plan.RealServer),
			listCommand(),
			checkCommand(),
			topCommand(),
			metricsCommand(),
			initCommand(),
			configCommand(),
			importCommand(),
			exportCommand(),
			labCommand(),
			versionCommand(),
			completionCommand(),
		},
	}
	app.Action = group(app.Name)
	app.OnUsageError = refuseFlags
	app.EnableBashCompletion = true
	for _, c := range app.Commands {
		setUsage(c)
	}
	return app
}

// setUsage gives a command, and those below it, our manner of flags and usage errors.
func setUsage(c *cli.Command) {
	c.OnUsageError = refuseFlags
	c.HideHelpCommand = true
	if !c.Hidden {
		bindFlags(c.Flags)
	}
	if len(c.Subcommands) > 0 {
		c.Action = group(c.Name)
	} else {
		if c.ArgsUsage == "" {
			c.Action = refuseArguments(c.Action)
		}
		c.Action = refuseEmpty(c.Action)
	}
	for _, sub := range c.Subcommands {
		setUsage(sub)
	}
}

// group is the action of a name that only leads to others. Alone, lvsdr has its
// help for an answer; below it a verb is missing.
func group(name string) cli.ActionFunc {
	return func(c *cli.Context) error {
		if word := c.Args().First(); word != "" {
			var names []string
			for _, sub := range c.Command.VisibleCommands() {
				names = append(names, sub.Name)
			}
			return usageError("unknown command %q after %s%s", word, name, didYouMean(nearest(word, names)))
		}
		if c.App.Name == name {
			if c.Bool("version") {
				return printVersion(c)
			}
			return cli.ShowAppHelp(c)
		}
		writeHelp(c.App.ErrWriter, c.Command)
		return exitError{status: statusUsage}
	}
}

// refuseArguments keeps words that mean nothing from being passed over.
func refuseArguments(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.NArg() > 0 {
			return unexpected(c, c.Args().First())
		}
		return action(c)
	}
}
