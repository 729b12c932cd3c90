package lvsdr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/guest"
	"lvsdr/internal/lab"
)

func labUpCommand() *cli.Command {
	return &cli.Command{
		Name:  "up",
		Usage: "build the lab, start it, and leave it running",
		Description: "If this kernel has no IPVS, or you may not use it, the lab is built in user-mode-linux:\n" +
			"you get a shell there, and the lab ends with that shell.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "bare", Usage: "do not run vs start and rs start"},
			&cli.BoolFlag{Name: "shell", Usage: "start a shell, and remove the lab when it exits"},
			quietFlag(),
		},
		Action: labUp,
	}
}

func labDownCommand() *cli.Command {
	return &cli.Command{Name: "down", Usage: "remove the lab, or what is left of it", Action: labDown}
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Usage: "do not print the steps"}
}

func labUp(c *cli.Context) error {
	if !guest.Native() {
		return inGuest(c, "--shell")
	}
	status := 0
	err := interruptible(func(ctx context.Context) (err error) {
		if !c.Bool("shell") {
			return build(ctx, c, c.App.Writer)
		}
		if err = build(ctx, c, c.App.ErrWriter); err == nil {
			status, err = labShell(c)
		}
		return errors.Join(err, takeDown(c))
	})
	if lost := c.App.Writer.(*output).err; err == nil && lost != nil && !c.Bool("shell") {
		return unsaid("lab up", lost)
	}
	return labExit(c, status, err)
}

// build builds the lab and starts the cluster on it, whose words go to stdout.
// If something fails, what it has built goes.
func build(ctx context.Context, c *cli.Context, stdout io.Writer) error {
	steps := c.App.ErrWriter
	if boolOf(c, "quiet") {
		steps = io.Discard
	}
	return withLabLock(c, func() error {
		_, missing := lab.Open()
		l, err := lab.Up(ctx, steps)
		if err != nil || c.Bool("bare") {
			return err
		}
		err = l.SetUp(ctx, stdout, steps)
		if err != nil && missing != nil {
			err = errors.Join(err, l.Down())
		}
		return err
	})
}

func labDown(c *cli.Context) error {
	if !lab.Exists() {
		fmt.Fprintln(c.App.ErrWriter, "lvsdr: lab down: no lab is up")
		return nil
	}
	err := interruptible(func(context.Context) error { return takeDown(c) })
	return labExit(c, 0, err)
}

func takeDown(c *cli.Context) error {
	if !lab.Exists() {
		return nil
	}
	return withLabLock(c, lab.Down)
}

// labShell gives the user a shell in which the lab's programs are found.
func labShell(c *cli.Context) (status int, err error) {
	program := os.Getenv("SHELL")
	if _, err := exec.LookPath(program); err != nil {
		program = "sh"
	}
	if !boolOf(c, "quiet") {
		fmt.Fprintln(c.App.ErrWriter, "lvsdr: the lab is up, and ends with this shell. In it:")
		fmt.Fprintln(c.App.ErrWriter, "lvsdr lab exec lvs -- ipvsadm -Ln; lvsdr lab get http://172.16.0.100/")
	}
	cmd := exec.Command(program)
	cmd.Env = lab.Environment(os.Environ())
	if self, err := os.Executable(); err == nil && filepath.Base(self) == "lvsdr" { // it outlives the lab's folder
		cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(self)+":"+os.Getenv("PATH"))
	}
	return follow(cmd)
}
