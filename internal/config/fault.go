package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is something wrong with a configuration, and where it was said: a fault
// of a file has a position there, one of a flag names the flag.
type Fault struct {
	File    string
	Line    int    // from 1; zero without a file
	Column  int    // from 1, in characters
	Text    string // the line itself
	Subject string // the offending key or flag, with its text
	What    string // what is wrong with it
	Want    string // what was expected

	// A conflict may come of several values: the one at fault, and others
	// that have a share in it. A check knows only these; [node.blame] and
	// [applier.blame] find where they were said.
	at   path
	also []path
}

// Error tells the place and the fault. It shows the line of a file, with a mark
// below the fault.
func (f *Fault) Error() string {
	message := fmt.Sprintf("%s, expected %s", f.What, f.Want)
	if f.Subject != "" {
		message = f.Subject + ": " + message
	}
	if f.Line == 0 {
		return message
	}
	before, line := f.excerpt()
	return fmt.Sprintf("%s:%d:%d: %s\n%s\n%s^", printable(f.File), f.Line, f.Column, message, line, blank(before))
}

// pin makes sure that the position is inside the text, and takes its line.
func (f *Fault) pin(file, text string) {
	lines := strings.Split(text, "\n")
	if n := len(lines); n > 1 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	f.File = file
	f.Line = min(max(f.Line, 1), len(lines))
	f.Text = strings.TrimSuffix(lines[f.Line-1], "\r")
	f.Column = min(max(f.Column, 1), utf8.RuneCountInString(f.Text)+1)
}

// shown is how many characters of a long line an error shows on either side of
// the fault.
const shown = 100

// excerpt returns the part of the line that is shown, and what of it precedes
// the fault.
func (f *Fault) excerpt() (before, line string) {
	chars := []rune(printable(f.Text))
	at := min(max(f.Column-1, 0), len(chars))
	from := max(at-shown, 0)
	return string(chars[from:at]), string(chars[from:min(at+shown, len(chars))])
}

// printable replaces what a terminal would take as a command, and what is not
// text at all.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// blank is as wide as s: its tabs stay.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, s)
}

// quote shows the user's own text, the beginning of it if it is long.
func quote(s string) string {
	const most = 60
	if chars := []rune(s); len(chars) > most {
		s = string(chars[:most]) + "…"
	}
	return strconv.Quote(s)
}

// A path names a value of a configuration, as in services[0].port.
type path string

func (p path) key(name string) path { return p + "." + path(name) }

func (p path) item(i int) path { return p + path("["+strconv.Itoa(i)+"]") }

// parent is what the value is part of; the whole is "".
func (p path) parent() path {
	return p[:max(strings.LastIndexAny(string(p), ".["), 0)]
}

// steps are the keys and the numbers that lead to the value.
func (p path) steps() []string {
	return strings.FieldsFunc(string(p), func(r rune) bool { return strings.ContainsRune(".[]", r) })
}
