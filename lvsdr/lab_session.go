package lvsdr

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"lvsdr/internal/guest"
	"lvsdr/internal/hint"
	"lvsdr/internal/lab"
)

// interruptible runs something with a ctx that ends with a signal, which does nothing
// else: the function must then return by itself. A reader that goes away does not end
// it, but its next write fails.
func interruptible(do func(context.Context) error) error {
	surviveReaders()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return do(ctx)
}

// withLabLock does something with the lab while no other lvsdr does.
func withLabLock(c *cli.Context, do func() error) error {
	unlock, err := lab.Lock("lvsdr lab " + c.Command.Name)
	if err != nil {
		return err
	}
	return errors.Join(do(), unlock())
}

// inTemporaryLab does something in a lab that is there only for that.
func inTemporaryLab(c *cli.Context, do func(context.Context, *lab.Lab) (status int, err error)) error {
	status := 0
	err := interruptible(func(ctx context.Context) error {
		return withLabLock(c, func() error {
			if _, err := lab.Open(); err == nil {
				return hint.Add(errors.New("a lab is up already"), "lvsdr lab down")
			}
			l, err := lab.Up(ctx, io.Discard)
			if err != nil {
				return err
			}
			status, err = do(ctx, l)
			return errors.Join(err, l.Down())
		})
	})
	return labExit(c, status, err)
}

// inGuest does the whole command again, with more words, on a kernel of
// user-mode-linux.
func inGuest(c *cli.Context, more ...string) error {
	self, err := os.Executable()
	if err != nil {
		return labExit(c, statusFailed, err)
	}
	words := append([]string{self}, os.Args[1:]...)
	status, err := guest.Boot(append(words, more...))
	return labExit(c, status, err)
}

// follow runs a program in our place: its streams and its signals are ours. The
// status is 128 plus the number of the signal that killed it, if one did.
func follow(cmd *exec.Cmd) (status int, err error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	defer close(signals)
	defer signal.Stop(signals)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	group := !watched()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: group}
	if err := cmd.Start(); err != nil {
		return statusFailed, err
	}
	target := cmd.Process.Pid
	if group {
		target = -target
	}
	go func() {
		for s := range signals {
			if n := s.(syscall.Signal); group || !fromKeyboard(n) {
				syscall.Kill(target, n)
			}
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws := exit.Sys().(syscall.WaitStatus); ws.Signaled() {
			return 128 + int(ws.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}

// watched reports whether our process group is in the foreground of a terminal.
// What is typed there is for the programs that we start too.
func watched() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// fromKeyboard are the signals that a terminal sends to the whole foreground.
func fromKeyboard(s syscall.Signal) bool { return s == syscall.SIGINT || s == syscall.SIGQUIT }
