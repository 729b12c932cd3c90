package lvsdr

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
)

// brokenPipes is where the signals of writes to nobody go; it is full at once.
var brokenPipes = make(chan os.Signal, 1)

// surviveReaders makes writes to a reader that has gone away fail, instead of
// killing us: a change of the machine is completed. Programs that we start are not
// affected.
func surviveReaders() {
	if !signal.Ignored(syscall.SIGPIPE) { // our parent's wish; theirs too
		signal.Notify(brokenPipes, syscall.SIGPIPE)
	}
}

// output is standard output. It remembers the first write that failed, whoever
// looked at its error.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// Stat lets [command.IsTerminal] see what is behind it.
func (o *output) Stat() (fs.FileInfo, error) {
	if f, ok := o.Writer.(*os.File); ok {
		return f.Stat()
	}
	return nil, errors.ErrUnsupported
}

// settle adds what could not be written to how a command ended, unless there is
// a word about something in that already.
func (o *output) settle(err error) error {
	exit, ok := err.(exitError)
	if o.err == nil || err != nil && !(ok && exit.err == nil) {
		return err
	}
	return exitError{statusFailed, o.err}
}

// unsaid tells that the words of a verb could not be written after all was done:
// that is no failure of the deed.
func unsaid(verb string, err error) error {
	if err == nil {
		return nil
	}
	return exitError{0, inVerb{verb, "", fmt.Errorf("done, but standard output could not be written: %w", cause(err))}}
}

// unwritten tells of an object that could not be written after all was done.
// Whoever asked for it lacks it: that is a failure.
func unwritten(done string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s, but that could not be written: %w", done, cause(err))
}

// cause is an error of a file without the file's name.
func cause(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}
