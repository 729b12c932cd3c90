package lvsdr

import (
	"context"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/guest"
	"lvsdr/internal/lab"
)

func labExecCommand() *cli.Command {
	return &cli.Command{
		Name:      "exec",
		Usage:     "run a command on a host of the lab: client, router, lvs, rs1 or rs2",
		ArgsUsage: "HOST -- CMD [ARG...]",
		Description: "Input, output, signals, working directory and exit status are CMD's own. On the host,\n" +
			"lvsdr and ipvsadm are this program, whatever is installed. If no lab is up, CMD gets\n" +
			"one for as long as it runs, inside user-mode-linux if need be.",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "no-build", Usage: "fail if no lab is up"}},
		Action: labExec,
	}
}

func labGetCommand() *cli.Command {
	return &cli.Command{
		Name:        "get",
		Usage:       "fetch a page as the client does",
		ArgsUsage:   "URL",
		Description: "It needs no curl.",
		Action:      labGet,
	}
}

func labExec(c *cli.Context) error {
	words := c.Args().Slice()
	if len(words) == 0 {
		return incomplete(c, "host")
	}
	host, command := words[0], words[1:]
	if err := lab.CheckHost(host); err != nil {
		return usageError("lab exec: %w", err)
	}
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return incomplete(c, "command")
	}
	if !c.Bool("no-build") && !guest.Native() {
		return inGuest(c)
	}
	l, err := lab.Open()
	if err == nil {
		status, err := l.Exec(host, command)
		return labExit(c, status, err)
	}
	if c.Bool("no-build") {
		return labExit(c, statusFailed, err)
	}
	return inTemporaryLab(c, func(ctx context.Context, l *lab.Lab) (status int, err error) {
		if err := l.SetUp(ctx, io.Discard, io.Discard); err != nil {
			return statusFailed, err
		}
		return follow(l.Command(context.WithoutCancel(ctx), host, command...))
	})
}

func labGet(c *cli.Context) error {
	if c.NArg() == 0 {
		return incomplete(c, "URL")
	}
	if c.NArg() > 1 {
		return unexpected(c, c.Args().Get(1))
	}
	url := c.Args().First()
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	if !guest.Native() {
		return inGuest(c)
	}
	get := func(ctx context.Context, l *lab.Lab) (status int, err error) {
		page, err := l.Get(ctx, url)
		if err != nil {
			return statusFailed, err
		}
		_, err = io.WriteString(c.App.Writer, page)
		return 0, err
	}
	if l, err := lab.Open(); err == nil {
		status, err := get(c.Context, l)
		return labExit(c, status, err)
	}
	return inTemporaryLab(c, func(ctx context.Context, l *lab.Lab) (status int, err error) {
		if err := l.SetUp(ctx, io.Discard, io.Discard); err != nil {
			return statusFailed, err
		}
		return get(ctx, l)
	})
}
