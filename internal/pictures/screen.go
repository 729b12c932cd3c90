package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// screen is what a terminal of ours shows. It knows what our programs, bubbletea
// among them, send to one; anything else is an error.
type screen struct {
	columns, rows int
	x, y          int
	top, bottom   int    // lines between which it scrolls
	style         string // classes of the picture: "bold red"
	cells         [][]cell
	last          string // that was printed
	err           error
}

// cell is a place on the screen; text is "" right of a wide character.
type cell struct{ text, style string }

func newScreen(columns, rows int) *screen {
	s := &screen{columns: columns, rows: rows, bottom: rows - 1, cells: make([][]cell, rows)}
	for y := range s.cells {
		s.cells[y] = blank(columns)
	}
	return s
}

func blank(n int) []cell {
	line := make([]cell, n)
	for x := range line {
		line[x].text = " "
	}
	return line
}

// show takes all that a program has written.
func (s *screen) show(data string) error {
	p, state := ansi.NewParser(), byte(0)
	for len(data) > 0 && s.err == nil {
		seq, width, n, next := ansi.DecodeSequence(data, state, p)
		switch {
		case width > 0:
			s.print(seq, width)
		case strings.HasPrefix(seq, "\x1b["):
			s.command(p)
		case seq == "\x1bM":
			s.up()
		case len(seq) == 1:
			s.control(seq[0])
		}
		data, state = data[n:], next
	}
	return s.err
}

func (s *screen) print(text string, width int) {
	if s.x+width > s.columns {
		s.x = 0
		s.down()
	}
	s.cells[s.y][s.x] = cell{text, s.style}
	for i := 1; i < width; i++ {
		s.cells[s.y][s.x+i] = cell{"", s.style}
	}
	s.x, s.last = s.x+width, text
}

func (s *screen) control(c byte) {
	switch c {
	case '\r':
		s.x = 0
	case '\n':
		s.down()
	case '\b':
		s.x = max(0, s.x-1)
	case '\t':
		s.x = min(s.columns-1, s.x/8*8+8)
	}
}

func (s *screen) down() {
	if s.y == s.bottom {
		s.scroll(s.top, 1)
	} else {
		s.y = min(s.y+1, s.rows-1)
	}
}

func (s *screen) up() {
	if s.y == s.top {
		s.scroll(s.top, -1)
	} else {
		s.y = max(s.y-1, 0)
	}
}

// scroll takes lines away from one on, those below follow; or, with n below zero,
// puts empty ones there.
func (s *screen) scroll(from, n int) {
	for ; n > 0; n-- {
		s.cells = slices.Insert(slices.Delete(s.cells, from, from+1), s.bottom, blank(s.columns))
	}
	for ; n < 0; n++ {
		s.cells = slices.Insert(slices.Delete(s.cells, s.bottom, s.bottom+1), from, blank(s.columns))
	}
}

// command is a control sequence of ECMA-48.
func (s *screen) command(p *ansi.Parser) {
	cmd := ansi.Cmd(p.Command())
	final := cmd.Final()
	switch {
	case cmd.Prefix() != 0, cmd.Intermediate() != 0, final == 'h', final == 'l': // modes and questions
	case final == 'm':
		s.style = styled(s.style, p.Params())
	case final == 'r':
		top, _ := p.Param(0, 1)
		bottom, _ := p.Param(1, s.rows)
		s.top, s.bottom, s.x, s.y = max(1, top)-1, min(max(bottom, top, 1), s.rows)-1, 0, 0
	default:
		n, _ := p.Param(0, 1)
		mode, _ := p.Param(0, 0)
		if column, _ := p.Param(1, 1); !s.move(final, max(1, n), max(1, column)) && !s.edit(final, max(1, n)) && !s.erase(final, mode) {
			s.err = fmt.Errorf("what is %q with %v", final, p.Params())
		}
	}
}

// move moves the cursor, by n or to a place.
func (s *screen) move(final byte, n, column int) (known bool) {
	switch final {
	case 'H':
		s.y, s.x = min(n, s.rows)-1, min(column, s.columns)-1
	case 'd':
		s.y = min(n, s.rows) - 1
	case 'G', '`':
		s.x = min(n, s.columns) - 1
	case 'A':
		s.y = max(0, s.y-n)
	case 'B':
		s.y = min(s.rows-1, s.y+n)
	case 'C':
		s.x = min(s.columns-1, s.x+n)
	case 'D':
		s.x = max(0, s.x-n)
	case 'Z': // tabs back
		s.x = max(0, (s.x+7)/8-n) * 8
	default:
		return false
	}
	return true
}

// edit has n characters or lines go, come or come again.
func (s *screen) edit(final byte, n int) (known bool) {
	line, room := s.cells[s.y], min(n, s.columns-s.x)
	switch final {
	case 'X':
		copy(line[s.x:], blank(room))
	case 'P':
		s.cells[s.y] = append(slices.Delete(line, s.x, s.x+room), blank(room)...)
	case '@':
		s.cells[s.y] = slices.Insert(line, s.x, blank(room)...)[:s.columns]
	case 'b':
		for range n {
			s.print(s.last, 1)
		}
	case 'S':
		s.scroll(s.top, n)
	case 'T':
		s.scroll(s.top, -n)
	case 'M':
		s.scroll(s.y, n)
	case 'L':
		s.scroll(s.y, -n)
	default:
		return false
	}
	return true
}

// erase empties a part of the line or of the screen.
func (s *screen) erase(final byte, mode int) (known bool) {
	from := s.rows // line from which on all is empty
	switch {
	case final == 'K' && mode == 0:
		copy(s.cells[s.y][s.x:], blank(s.columns-s.x))
	case final == 'K' && mode == 1:
		copy(s.cells[s.y], blank(s.x+1))
	case final == 'J' && mode == 2:
		from = 0
	case final == 'J' && mode != 1:
		copy(s.cells[s.y][s.x:], blank(s.columns-s.x))
		from = s.y + 1
	default:
		return false
	}
	for y := from; y < s.rows; y++ {
		s.cells[y] = blank(s.columns)
	}
	return true
}

// colours are those of [terminal.Colour].
var colours = map[int]string{1: "bold", 7: "reverse", 31: "red", 32: "green", 33: "yellow", 36: "cyan"}

// styled is a style after SGR.
func styled(style string, params ansi.Params) string {
	if len(params) == 0 {
		return ""
	}
	has := strings.Fields(style)
	for _, p := range params {
		switch n := p.Param(0); {
		case n == 0:
			has = nil
		case n == 22:
			has = slices.DeleteFunc(has, func(name string) bool { return name == "bold" })
		case n == 27:
			has = slices.DeleteFunc(has, func(name string) bool { return name == "reverse" })
		case n >= 30 && n <= 39:
			has = slices.DeleteFunc(has, func(name string) bool { return name != "bold" && name != "reverse" })
			if n != 39 {
				has = append(has, named(n))
			}
		default:
			has = append(has, named(n))
		}
	}
	return strings.Join(has, " ")
}

func named(n int) string { return cmp.Or(colours[n], "unknown"+strconv.Itoa(n)) }

// find is the first line, from a line on, that begins so; -1: there is none.
func (s *screen) find(from int, prefix string) int {
	for y := max(0, from); y < s.rows; y++ {
		if strings.HasPrefix(s.line(y), prefix) {
			return y
		}
	}
	return -1
}

func (s *screen) line(y int) string {
	var b strings.Builder
	for _, c := range s.cells[y] {
		b.WriteString(c.text)
	}
	return strings.TrimRight(b.String(), " ")
}

// cut leaves the lines from one up to another, and none at the end that are empty.
func (s *screen) cut(from, to int) {
	for to > from && s.line(to-1) == "" {
		to--
	}
	s.cells, s.rows = s.cells[from:to], to-from
}
