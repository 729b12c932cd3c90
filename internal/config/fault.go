package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is something wrong in a configuration file.
type Fault struct {
	File   string
	Line   int    // from 1
	Column int    // from 1, in characters
	Text   string // the line itself
	What   string // the offending text and what is wrong with it
	Want   string // what was expected
}

// Error tells the position and the fault, then shows the line with a mark
// below the fault.
func (f *Fault) Error() string {
	before, line := f.excerpt()
	return fmt.Sprintf("%s:%d:%d: %s, expected %s\n%s\n%s^", printable(f.File), f.Line, f.Column, f.What, f.Want, line, blank(before))
}

// pin makes sure that the position is inside the text, and takes its line.
func (f *Fault) pin(text string) {
	lines := strings.Split(text, "\n")
	if n := len(lines); n > 1 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
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

// A path names a value of a configuration, as in services[0].port.
type path string

func (p path) key(name string) path {
	if p == "" {
		return path(name)
	}
	return p + "." + path(name)
}

func (p path) item(i int) path { return p + path("["+strconv.Itoa(i)+"]") }

// parent is what the value is part of; the whole is "".
func (p path) parent() path {
	return p[:max(strings.LastIndexAny(string(p), ".["), 0)]
}

// name is the last key of the path.
func (p path) name() string {
	s := string(p[strings.LastIndexByte(string(p), '.')+1:])
	s, _, _ = strings.Cut(s, "[")
	return s
}

// A problem is a value that cannot be, wherever it came from.
type problem struct {
	at   path
	also []path // other values that have a share in it
	what string
	want string
}

func (p *problem) Error() string {
	return fmt.Sprintf("%s: %s, expected %s", p.at, p.what, p.want)
}

// quote shows the user's own text, the beginning of it if it is long.
func quote(s string) string {
	const most = 60
	if chars := []rune(s); len(chars) > most {
		s = string(chars[:most]) + "…"
	}
	return strconv.Quote(s)
}
