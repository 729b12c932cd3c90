package lvsdr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/plan"
)

// What the user sees of every verb, beside its own output:
//
//   - An error is a line on standard error, "lvsdr: verb: deed: cause": lower
//     case, no full stop; each thing that went wrong has a line of its own.
//   - Advice follows as "lvsdr: hint: …", preferably a command to paste.
//   - The exit status is one of the four below.
//   - --json prints one indented object on standard output.

// Exit statuses beside 0, done or already so.
const (
	statusFailed  = 1 // a step failed
	statusUsage   = 2 // usage or configuration
	statusDiffers = 3 // status: not in place; diff: there are differences
)

// An exitError ends the command with a status, and a message if it has one.
type exitError struct {
	status int
	err    error
}

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", e.status) }
func (e exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return exitError{statusUsage, fmt.Errorf(format, args...)}
}

// inVerb is an error of a verb, at work in a network namespace.
type inVerb struct {
	verb, netns string
	error
}

func (e inVerb) Unwrap() error { return e.error }

// failIn names the verb in its error. An error that has its exit status already
// stays as it is.
func failIn(verb, netns string, err error) error {
	if err == nil {
		return nil
	}
	if exit, ok := err.(exitError); ok {
		return exit
	}
	return exitError{statusFailed, inVerb{verb, netns, err}}
}

// reportError says an error on w, and returns the exit status.
func reportError(w io.Writer, err error) (status int) {
	if err == nil {
		return 0
	}
	var exit exitError
	if !errors.As(err, &exit) {
		exit = exitError{statusFailed, err}
	}
	if exit.err != nil {
		for _, line := range lines(exit.err) {
			fmt.Fprintf(w, "lvsdr: %s\n", line)
		}
	}
	return exit.status
}

const hintWord = "hint: "

// lines are what there is to say about an error: each thing that went wrong on
// a line of its own, with its verb, and advice last, each once.
func lines(err error) []string {
	said, advice := tell(err, "")
	for i, a := range advice {
		if !slices.Contains(advice[:i], a) {
			said = append(said, hintWord+a)
		}
	}
	return said
}

// tell takes an error apart. Whoever made it may have added advice; else what
// was tried, and the kernel's errno, tell what to do.
func tell(err error, netns string) (said, advice []string) {
	switch e := err.(type) {
	case inVerb:
		said, advice = tell(e.error, e.netns)
		for i := range said {
			said[i] = e.verb + ": " + said[i]
		}
		return said, advice
	case hint.Error:
		said, _ = tell(e.Err, netns)
		return said, []string{hint.Within(netns, e.Advice)}
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			words, more := tell(one, netns)
			said, advice = append(said, words...), append(advice, more...)
		}
		return said, advice
	}
	said = []string{err.Error()}
	if h, ok := errors.AsType[hint.Error](err); ok {
		return said, []string{hint.Within(netns, h.Advice)}
	}
	words, command := hint.For(err)
	switch {
	case command != "":
		return said, []string{words + ": " + hint.Within(netns, command)}
	case words != "":
		return said, []string{words}
	}
	return said, nil
}

// writeJSON writes one object.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// mayNotRead reports whether a record is closed to this user: who may not read
// it may not see the table either.
func mayNotRead(err error) bool { return errors.Is(err, fs.ErrPermission) }

// A roleWords is what the verbs of a role say.
type roleWords struct{ usage, machine, ready, canceled string }

// wordsOf are the tutorial's own lines.
func wordsOf(r plan.Role) roleWords {
	if r == plan.Director {
		return roleWords{"the director: set it up, undo it, look at it, drain, watch", "A running director", "The VS Server is Ready!", "The VS Server is Canceled!"}
	}
	return roleWords{"a real server: set it up, undo it, look at it", "A running real server", "The RS Server is Ready!", "The RS Server is Canceled!"}
}
