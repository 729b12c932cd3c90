package lvsdr

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/guest"
	rehearsal "lvsdr/internal/rehearse"
)

func labRehearseCommand() *cli.Command {
	return &cli.Command{
		Name:  "rehearse",
		Usage: "try out a configuration: its traffic, then one fault after the other",
		Description: "The director, the real servers and a client of FILE, with its addresses. Every service gets\n" +
			"traffic; then faults are made, one at a time, and mended. The exit status is 1 if a promise\n" +
			"was broken. If this kernel has no IPVS, or you may not use it, all runs in user-mode-linux.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "config", Usage: "configuration `FILE`", DefaultText: defaultConfig},
			&cli.StringSliceFlag{Name: "fault", Usage: "make only `FAULT[@SERVER]`: " + strings.Join(rehearsal.Names(), ", ") + "; repeatable"},
			&cli.StringFlag{Name: "rules", Usage: "load `FILE` into the director's packet filter, as iptables-save or nft write it"},
			jsonFlag(),
			quietFlag(),
			&cli.BoolFlag{Name: "here", Hidden: true, Usage: "this network namespace is the client's"},
		},
		Action: labRehearse,
	}
}

// labRehearse refuses what cannot be rehearsed before anything starts.
func labRehearse(c *cli.Context) error {
	cfg, err := configOf(c)
	if err == nil {
		err = requireComplete(c, cfg, config.Config.Validate)
	}
	if err != nil {
		return err
	}
	r, err := rehearsal.New(cfg, c.StringSlice("fault"))
	if err != nil {
		return usageError("lab rehearse: %w", err)
	}
	if !c.Bool("here") {
		return anew(c)
	}
	o := rehearsal.Options{Rules: c.String("rules"), Steps: c.App.ErrWriter}
	if boolOf(c, "quiet") {
		o.Steps = io.Discard
	}
	err = interruptible(func(ctx context.Context) error {
		return withLabLock(c, func() error {
			report, err := r.Run(ctx, o)
			if err != nil {
				return err
			}
			if boolOf(c, "json") {
				err = writeJSON(c.App.Writer, report)
			} else {
				err = report.Print(c.App.Writer, coloured(c, c.App.Writer))
			}
			if err == nil && !report.OK {
				err = errors.New("a promise was broken")
			}
			return err
		})
	})
	return labExit(c, 0, err)
}

// anew does the whole command again, in a network namespace or on a kernel of its
// own.
func anew(c *cli.Context) error {
	if !guest.Native() {
		return inGuest(c, "--here")
	}
	self, err := os.Executable()
	if err != nil {
		return labExit(c, statusFailed, err)
	}
	status, err := guest.Run(append(append([]string{self}, os.Args[1:]...), "--here"))
	return labExit(c, status, err)
}
