package lvsdr

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/guest"
	"lvsdr/internal/hint"
	"lvsdr/internal/lab"
)

func labCommand() *cli.Command {
	return &cli.Command{
		Name:  "lab",
		Usage: "try everything in a network on this machine",
		Subcommands: []*cli.Command{
			labRunCommand(),
			labUpCommand(),
			labDownCommand(),
			labExecCommand(),
			labGetCommand(),
			labRehearseCommand(),
			labWebCommand(),
			{
				Name:      "kernel",
				Usage:     "run a command on a kernel that has IPVS",
				ArgsUsage: "-- CMD [ARG...]",
				Description: "CMD runs in a fresh network namespace of the running kernel if that has IPVS and\n" +
					"you may use it, otherwise inside Debian's user-mode-linux, as any user. Input,\n" +
					"output, signals, working directory, environment and exit status are CMD's own.",
				Flags: []cli.Flag{
					&cli.BoolFlag{Name: "stock", Usage: "use Debian's kernel for real machines, in QEMU"},
					&cli.StringFlag{Name: "from", Usage: "use the stock kernel whose packages are unpacked in `DIR`"},
					&cli.StringFlag{Name: "append", Usage: "boot the stock kernel with `PARAMETERS`"},
				},
				Action: labKernel,
			},
			{
				Name:      guest.InitWord,
				Usage:     "the other side of lab kernel",
				ArgsUsage: "[WORD...]", // a kernel hands on what it does not know
				Hidden:    true,
				Action:    func(c *cli.Context) error { return guest.Init(c.Args().Slice()) },
			},
		},
	}
}

// labKernel hands this process over to a command; from then on only its exit
// status is ours.
func labKernel(c *cli.Context) error {
	if c.NArg() == 0 {
		return incomplete(c, "command")
	}
	run := guest.Run
	if o := (guest.StockOptions{Dir: c.String("from"), Parameters: c.String("append")}); c.Bool("stock") || o.Dir != "" || o.Parameters != "" {
		run = func(args []string) (int, error) { return guest.BootStock(args, o) }
	}
	status, err := run(c.Args().Slice())
	return labExit(c, status, err)
}

// labExit is how a command ended in whose name we ran, or what kept us from it.
func labExit(c *cli.Context, status int, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	case errors.Is(err, lab.ErrNone):
		err = hint.Add(err, "lvsdr lab up")
	}
	if err != nil {
		return exitError{max(status, statusFailed), inVerb{"lab " + c.Command.Name, "", err}}
	}
	if status != 0 {
		return exitError{status: status}
	}
	return nil
}
