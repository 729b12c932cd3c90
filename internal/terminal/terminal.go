// Package terminal is what an operator's eyes get beyond words: tables and
// colours, where somebody is watching.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/olekukonko/tablewriter"
)

// Colour is a code of ECMA-48.
type Colour string

// The colours. No other is used.
const (
	Green  Colour = "\x1b[32m"
	Yellow Colour = "\x1b[33m"
	Red    Colour = "\x1b[31m"
	Cyan   Colour = "\x1b[36m"
)

// Paint colours a text.
func Paint(c Colour, text string) string { return string(c) + text + "\x1b[0m" }

// Is reports whether somebody is watching what is written to w: a character
// device.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Coloured reports whether w gets colours: a terminal, unless the environment
// has NO_COLOR (no-color.org).
func Coloured(w io.Writer, lookupEnv func(string) (string, bool)) bool {
	if !Is(w) {
		return false
	}
	_, plain := lookupEnv("NO_COLOR")
	return !plain
}

// Table is rows of cells below a header: framed on a terminal, plain elsewhere.
type Table struct {
	w      io.Writer
	header []string
	rows   [][]string
}

// NewTable is a table that [Table.Render] writes to w.
func NewTable(w io.Writer, header ...string) *Table { return &Table{w: w, header: header} }

// Append adds a row.
func (t *Table) Append(cells ...string) { t.rows = append(t.rows, cells) }

// Render writes the table.
func (t *Table) Render() error {
	if Is(t.w) {
		return t.framed()
	}
	return t.plain()
}

func (t *Table) framed() error {
	out := tablewriter.NewTable(t.w,
		tablewriter.WithRendition(tw.Rendition{Symbols: tw.NewSymbols(tw.StyleASCII)}),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft), tablewriter.WithRowAlignment(tw.AlignLeft))
	out.Header(t.header)
	if err := out.Bulk(t.rows); err != nil {
		return err
	}
	return out.Render()
}

// plain has columns that are two blanks apart, and no line ends in a blank.
func (t *Table) plain() error {
	out := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', 0)
	for _, cells := range append([][]string{t.header}, t.rows...) {
		for _, line := range linesOf(cells) {
			fmt.Fprintln(out, strings.Join(line, "\t"))
		}
	}
	return out.Flush()
}

// linesOf spreads a row over as many lines as its longest cell has.
func linesOf(cells []string) (lines [][]string) {
	for column, cell := range cells {
		for i, text := range strings.Split(cell, "\n") {
			if i == len(lines) {
				lines = append(lines, make([]string, len(cells)))
			}
			lines[i][column] = text
		}
	}
	return lines
}
