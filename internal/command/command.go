// Package command holds what every command of this binary is given: its
// arguments, its three streams and the environment it may ask. A command is a
// function from an [Env] to an exit status; only main calls os.Exit.
package command

import (
	"io"
	"io/fs"
	"os"
	"path"
	"unsafe"

	"golang.org/x/sys/unix"
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

// Program is the base name of Args[0]. Where the caller gave no name, which execve
// allows, it is the kernel's for this process: that of the file it was started
// from, as the caller wrote it, cut to 15 bytes (prctl(2), PR_GET_NAME).
func (e Env) Program() string {
	if name := e.Name(""); name != "" {
		return path.Base(name)
	}
	var name [16]byte
	if err := unix.Prctl(unix.PR_GET_NAME, uintptr(unsafe.Pointer(&name)), 0, 0, 0); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name[:])
}

// IsTerminal reports whether somebody is watching what is written to w: a
// character device.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
