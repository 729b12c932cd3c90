package terminal

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	var w strings.Builder
	table := NewTable(&w, "Service", "Real server", "State")
	table.Append("-t 172.16.0.100:80 wrr", "", Paint(Green, "ok"))
	table.Append("", "10.0.0.7", Paint(Red, "missing"))
	for _, tt := range []struct {
		name   string
		render func() error
		want   string
	}{
		{"plain", table.Render, "" +
			"Service                 Real server  State\n" +
			"-t 172.16.0.100:80 wrr               \x1b[32mok\x1b[0m\n" +
			"                        10.0.0.7     \x1b[31mmissing\x1b[0m\n"},
		{"framed", func() error { b := bufio.NewWriter(&w); return errors.Join(table.framed(b), b.Flush()) }, "" +
			"+------------------------+-------------+---------+\n" +
			"| Service                | Real server | State   |\n" +
			"+------------------------+-------------+---------+\n" +
			"| -t 172.16.0.100:80 wrr |             | \x1b[32mok\x1b[0m      |\n" +
			"|                        | 10.0.0.7    | \x1b[31mmissing\x1b[0m |\n" +
			"+------------------------+-------------+---------+\n"},
	} {
		w.Reset()
		if err := tt.render(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, w.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// counter counts what would be system calls.
type counter struct{ calls, bytes int }

func (c *counter) Write(b []byte) (int, error) {
	c.calls, c.bytes = c.calls+1, c.bytes+len(b)
	return len(b), nil
}

// A row costs the same in a large table as in a small one, and no system call.
func TestTableGrows(t *testing.T) {
	table := func(rows int) *Table {
		t := NewTable(io.Discard, "Service", "Real server", "State")
		for range rows {
			t.Append("-t 172.16.0.100:80 wrr", "10.0.0.7", Paint(Green, "ok"))
		}
		return t
	}
	for name, draw := range map[string]func(*Table, *bufio.Writer) error{"plain": (*Table).plain, "framed": (*Table).framed} {
		cost := func(rows int) float64 {
			table, w := table(rows), bufio.NewWriter(io.Discard)
			return testing.AllocsPerRun(3, func() { draw(table, w) })
		}
		if row := (cost(2000) - cost(1000)) / 1000; row > 3 {
			t.Errorf("%s: %.1f allocations a row", name, row)
		}
	}
	var c counter
	large := table(1000)
	large.w = &c
	if err := large.Render(); err != nil || c.calls > c.bytes/2048 {
		t.Errorf("%d calls for %d bytes, %v", c.calls, c.bytes, err)
	}
}

// What a table is made of is drawn as it is, whatever its width.
func TestTableCells(t *testing.T) {
	long := strings.Repeat("x", 200)
	for _, tt := range []struct{ name, cell, want string }{
		{"empty", "", "A  B\n   1\n"},
		{"nothing else in its row", "a", "A  B\na\n"},
		{"two lines", "a\nbc", "A   B\na   1\nbc\n"},
		{"long", long, "A" + strings.Repeat(" ", 201) + "B\n" + long + "  1\n"},
		{"wide", "\u4f60", "A   B\n\u4f60  1\n"},
	} {
		var w strings.Builder
		table := NewTable(&w, "A", "B")
		if table.Append(tt.cell, "1"); tt.cell == "a" {
			table.rows[0][1] = ""
		}
		if err := table.Render(); err != nil || w.String() != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, &w, err, tt.want)
		}
	}
}
