package lvsdr

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v4"

	"lvsdr/internal/config"
)

// initCommand is "lvsdr init".
func initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "print a commented example configuration",
		Action: func(c *cli.Context) error {
			_, err := c.App.Writer.Write(config.Example())
			return err
		},
	}
}

// configCommand is "lvsdr config".
func configCommand() *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "check file, environment and flags, and print the configuration",
		Flags: append(append(globalFlags(), configFlags()...), roleFlag("refuse what says too little for a machine with this `ROLE`: vs or rs")),
		Action: func(c *cli.Context) error {
			r, err := roleTold(c)
			if err != nil {
				return err
			}
			cfg, err := configOf(c)
			if err == nil && r != "" {
				err = requireComplete(c, cfg, completeFor(r))
			}
			if err != nil {
				return err
			}
			warnOf(c.App.ErrWriter, "config", cfg)
			if boolOf(c, "quiet") { // whether it is good is all that is asked
				return nil
			}
			text := cfg.YAML()
			if boolOf(c, "json") {
				var object map[string]any
				if err := yaml.Unmarshal(text, &object); err != nil {
					return err
				}
				return writeJSON(c.App.Writer, object)
			}
			_, err = c.App.Writer.Write(text)
			return err
		},
	}
}

// warnOf says what a configuration asks for in vain.
func warnOf(w io.Writer, verb string, cfg config.Config) {
	for _, warning := range cfg.Warnings() {
		fmt.Fprintf(w, "lvsdr: %s: warning: %s\n", verb, warning)
	}
}
