package lvsdr

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/guest"
	"lvsdr/internal/lab"
)

func labRunCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "walk through the tutorial in a lab of its own, or let two directors fail",
		ArgsUsage: "[WORD...]",
		Description: "Each step says what was expected and what was seen. The walk ends at the first step that\n" +
			"is not as expected, with exit status 1. If this kernel has no IPVS, or you may not use\n" +
			"it, the lab runs in user-mode-linux.\n" +
			"With --pair a second director joins, with keepalived on both. The one that has the VIP loses\n" +
			"its power, is unplugged, loses its real servers and retires; what clients notice is measured.\n" +
			"WORDs choose: variants (" + strings.Join(lab.Variants(), ", ") + ") and faults\n" +
			"(" + strings.Join(lab.Faults(), ", ") + ").",
		Flags: []cli.Flag{
			jsonFlag(),
			&cli.BoolFlag{Name: "pair", Usage: "two directors with keepalived, in place of the tutorial"},
			&cli.IntFlag{Name: "step", Usage: fmt.Sprintf("end after step `N` of %d", lab.Steps), Value: lab.Steps, DefaultText: "the last"},
			&cli.StringFlag{Name: "pcap", Usage: fmt.Sprintf("save the packets of step %d in `FILE`, for Wireshark", lab.CaptureStep)},
		},
		Action: labRun,
	}
}

// labRun takes its lab down whatever happened in it.
func labRun(c *cli.Context) error {
	o, end, err := labOptions(c)
	if err != nil {
		return err
	}
	defer end()
	walk := lab.Walk
	if c.Bool("pair") {
		walk = func(ctx context.Context, l *lab.Lab, o lab.Options) (lab.Report, error) {
			return lab.WalkPair(ctx, l, o, c.Args().Slice())
		}
	}
	if !guest.Native() {
		return inGuest(c)
	}
	return inTemporaryLab(c, func(ctx context.Context, l *lab.Lab) (status int, err error) {
		report, err := walk(ctx, l, o)
		if err == nil && boolOf(c, "json") {
			err = writeJSON(c.App.Writer, report)
		}
		if err == nil && !report.OK {
			err = fmt.Errorf("step %d was not as expected", len(report.Steps))
		}
		return 0, err
	})
}

// labOptions checks the flags before anything is built. The capture's file is
// open until end is called.
func labOptions(c *cli.Context) (o lab.Options, end func(), err error) {
	o = lab.Options{Last: c.Int("step"), Out: c.App.Writer}
	if boolOf(c, "json") {
		o.Out = io.Discard
	}
	o.Coloured = coloured(c, o.Out)
	end = func() {}
	if c.Bool("pair") {
		return o, end, pairOptions(c)
	}
	name := c.String("pcap")
	switch {
	case c.NArg() > 0:
		return o, nil, unexpected(c, c.Args().First())
	case o.Last < 1 || o.Last > lab.Steps:
		return o, nil, usageError("lab run: --step %d: expected a number from 1 to %d", o.Last, lab.Steps)
	case name == "":
		return o, end, nil
	case o.Last < lab.CaptureStep:
		return o, nil, usageError("lab run: --pcap: step %d captures the packets, and --step %d ends before it", lab.CaptureStep, o.Last)
	}
	f, err := os.Create(name)
	if err != nil {
		return o, nil, usageError("lab run: --pcap: %w", err)
	}
	o.Pcap = f
	return o, func() { f.Close() }, nil
}

// pairOptions checks what is with --pair.
func pairOptions(c *cli.Context) error {
	for _, name := range []string{"step", "pcap"} {
		if c.IsSet(name) {
			return usageError("lab run: --%s is not for --pair", name)
		}
	}
	if err := lab.CheckPair(c.Args().Slice()); err != nil {
		return usageError("lab run: --pair: %w", err)
	}
	if _, err := lab.Keepalived(); err != nil {
		return labExit(c, statusFailed, err)
	}
	return nil
}
