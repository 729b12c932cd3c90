package lvsdr

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/umlinux"
)

func labCommand() *cli.Command {
	return &cli.Command{
		Name:  "lab",
		Usage: "try things on this machine",
		Subcommands: []*cli.Command{
			{
				Name:      "kernel",
				Usage:     "run a command on a kernel that has IPVS",
				ArgsUsage: "-- CMD [ARG...]",
				Description: "In a fresh network namespace of the running kernel if it has IPVS and we may;\n" +
					"else inside Debian's user-mode-linux, as any user. Streams, terminal, signals,\n" +
					"working directory, environment and exit status are CMD's.",
				Action: labKernel,
			},
			{
				Name:      umlinux.GuestWord,
				Usage:     "the other side of lab kernel",
				ArgsUsage: "[WORD...]", // a kernel hands on what it does not know
				Hidden:    true,
				Action:    func(*cli.Context) error { return umlinux.Guest() },
			},
		},
	}
}

// labKernel hands this process over to a command; from then on only its exit
// status is ours.
func labKernel(c *cli.Context) error {
	if c.NArg() == 0 {
		return usageError("lab kernel: no command given")
	}
	status, err := umlinux.Run(c.Args().Slice())
	switch {
	case err != nil:
		return exitError{status, fmt.Errorf("lab kernel: %w", err)}
	case status != 0:
		return exitError{status: status}
	}
	return nil
}
