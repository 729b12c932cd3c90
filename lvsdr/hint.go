package lvsdr

import (
	"errors"
	"strings"
)

// hint is an error with a line of advice.
type hint struct {
	error
	advice string
}

func (h hint) Unwrap() error { return h.error }

// hinted adds advice: what to do, best a command to paste.
func hinted(err error, advice string) error { return hint{err, advice} }

const hintWord = "hint: "

// lines are what there is to say about an error: each thing that went wrong on
// a line of its own, with its verb, and advice last.
func lines(err error) []string {
	switch e := err.(type) {
	case inVerb:
		all := lines(e.error)
		for i, line := range all {
			if !strings.HasPrefix(line, hintWord) {
				all[i] = e.verb + ": " + line
			}
		}
		return all
	case hint:
		return append(lines(e.error), hintWord+e.advice)
	case interface{ Unwrap() []error }:
		var all []string
		for _, one := range e.Unwrap() {
			all = append(all, lines(one)...)
		}
		return all
	}
	all := []string{err.Error()}
	if h, ok := errors.AsType[hint](err); ok {
		all = append(all, hintWord+h.advice)
	}
	return all
}
