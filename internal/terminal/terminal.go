// Package terminal formats output for a terminal: tables and colours, where somebody
// is watching.
package terminal

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"lvsdr/internal/command"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"
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

// Coloured reports whether w gets colours: a terminal, unless the environment
// has NO_COLOR (no-color.org).
func Coloured(w io.Writer, lookupEnv func(string) (string, bool)) bool {
	if !command.IsTerminal(w) {
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
	w := bufio.NewWriter(t.w) // else each cell would be a system call
	draw := t.plain
	if command.IsTerminal(t.w) {
		draw = t.framed
	}
	if err := draw(w); err != nil {
		return err
	}
	return w.Flush()
}

// plain has columns that are two blanks apart, and no line ends in a blank.
func (t *Table) plain(w *bufio.Writer) error {
	rows, widths := t.layout()
	for _, cells := range slices.Concat([][]string{t.header}, rows) {
		end := len(cells)
		for end > 0 && cells[end-1] == "" {
			end--
		}
		for i, cell := range cells[:end] {
			w.WriteString(cell)
			if i < end-1 {
				pad(w, widths[i]-width(cell)+2)
			}
		}
		w.WriteByte('\n')
	}
	return nil
}

// framed has tablewriter draw the frame around the header and one row of the
// widest cells, and sets the rows into it: a row that tablewriter draws costs
// more than all the rest of a listing.
func (t *Table) framed(w *bufio.Writer) error {
	rows, widths := t.layout()
	top, bottom, err := t.frame(widths)
	if err != nil {
		return err
	}
	w.WriteString(top)
	for _, cells := range rows {
		for i, cell := range cells {
			w.WriteString("| ")
			w.WriteString(cell)
			pad(w, widths[i]-width(cell)+1)
		}
		w.WriteString("|\n")
	}
	w.WriteString(bottom)
	return nil
}

// layout are the lines of the rows, those with long cells over several, and the
// width of each column.
func (t *Table) layout() (lines [][]string, widths []int) {
	for _, cells := range t.rows {
		lines = append(lines, linesOf(cells)...)
	}
	widths = make([]int, len(t.header))
	for _, cells := range slices.Concat([][]string{t.header}, lines) {
		for i, cell := range cells {
			widths[i] = max(widths[i], width(cell))
		}
	}
	return lines, widths
}

const blanks = "                                                                                "

func pad(w *bufio.Writer, n int) {
	for ; n > len(blanks); n -= len(blanks) {
		w.WriteString(blanks)
	}
	w.WriteString(blanks[:n])
}

// frame is what stands above and below rows of these widths.
func (t *Table) frame(widths []int) (top, bottom string, err error) {
	var b strings.Builder
	out := tablewriter.NewTable(&b,
		tablewriter.WithRendition(tw.Rendition{Symbols: tw.NewSymbols(tw.StyleASCII)}),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft), tablewriter.WithRowAlignment(tw.AlignLeft))
	out.Header(t.header)
	var widest []string
	for _, n := range widths {
		widest = append(widest, strings.Repeat("x", n))
	}
	if err := out.Append(widest); err != nil {
		return "", "", err
	}
	if err := out.Render(); err != nil {
		return "", "", err
	}
	const row = 3 // lines above it: border, header, border
	lines := strings.SplitAfter(b.String(), "\n")
	return strings.Join(lines[:row], ""), strings.Join(lines[row+1:], ""), nil
}

// width is how many columns a cell has on a terminal.
func width(cell string) int {
	for _, c := range []byte(cell) {
		if c < ' ' || c > '~' {
			return twwidth.Width(cell)
		}
	}
	return len(cell)
}

// linesOf spreads a row over as many lines as its longest cell has.
func linesOf(cells []string) (lines [][]string) {
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.Contains(c, "\n") }) {
		return [][]string{cells}
	}
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
