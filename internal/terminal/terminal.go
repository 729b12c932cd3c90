// Package terminal is what an operator's eyes get beyond words: tables and
// colours, where somebody is watching.
package terminal

import (
	"io"
	"os"

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
func (t *Table) Render() {
	out := tablewriter.NewWriter(t.w)
	out.SetHeader(t.header)
	out.SetAutoFormatHeaders(false)
	out.SetAutoWrapText(false)
	out.SetAlignment(tablewriter.ALIGN_LEFT)
	out.SetHeaderAlignment(tablewriter.ALIGN_LEFT)
	if !Is(t.w) {
		out.SetBorder(false)
		out.SetHeaderLine(false)
		out.SetColumnSeparator("")
		out.SetCenterSeparator("")
		out.SetRowSeparator("")
		out.SetTablePadding("  ")
		out.SetNoWhiteSpace(true)
	}
	out.AppendBulk(t.rows)
	out.Render()
}
