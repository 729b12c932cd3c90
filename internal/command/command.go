// Package command holds what every command of this binary is given: its
// arguments, its three streams and the environment it may ask. A command is a
// function from an [Env] to an exit status; only main calls os.Exit.
package command

import (
	"io"
	"os"
)

// Env is one invocation of a command.
type Env struct {
	// Args are the words of the command line; Args[0] is the name the command
	// was called by, exactly as given. It may be empty: execve allows that.
	Args []string

	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	// LookupEnv answers for the process environment, as [os.LookupEnv] does.
	LookupEnv func(name string) (string, bool)
}

// OS is the Env of the running process, with the given words.
func OS(args []string) Env {
	return Env{
		Args:      args,
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		LookupEnv: os.LookupEnv,
	}
}

// Name is Args[0], or the fallback where execve passed no words at all.
func (e Env) Name(fallback string) string {
	if len(e.Args) == 0 {
		return fallback
	}
	return e.Args[0]
}

// IsTerminal reports whether somebody is watching what is written to w: a
// character device.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
