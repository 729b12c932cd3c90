package config

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzLoad loads anything. What is refused is refused at a place in the file;
// what is not, is the same when it is printed and loaded again.
func FuzzLoad(f *testing.F) {
	f.Add(Example())
	for _, test := range files {
		f.Add([]byte(test.file))
	}
	for _, test := range faults {
		f.Add([]byte(test.file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Load("f", data)
		if err != nil {
			checkFault(t, data, err)
			return
		}
		again, err := Load("printed", c.YAML())
		if err != nil {
			t.Fatalf("what was printed: %v\n%s", err, c.YAML())
		}
		if d := cmp.Diff(c, again, equalAddr); d != "" {
			t.Errorf("printed and loaded again (-first +second):\n%s", d)
		}
		if got, err := (Overrides{}).Apply(c); err != nil {
			t.Errorf("no overrides: %v", err)
		} else if d := cmp.Diff(c, got, equalAddr); d != "" {
			t.Errorf("no overrides (-before +after):\n%s", d)
		}
		c.Wanted()
	})
}

// checkFault insists on a fault inside the file, told in three lines that are
// fit for a terminal.
func checkFault(t *testing.T, data []byte, err error) {
	t.Helper()
	var fault *Fault
	if !errors.As(err, &fault) {
		t.Fatalf("error is %T: %v", err, err)
	}
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	if fault.Line < 1 || fault.Line > len(lines) {
		t.Fatalf("line %d of %d: %v", fault.Line, len(lines), err)
	}
	line := strings.TrimSuffix(lines[fault.Line-1], "\r")
	if fault.Text != line || fault.Column < 1 || fault.Column > utf8.RuneCountInString(line)+1 {
		t.Errorf("column %d of %q: %v", fault.Column, line, err)
	}
	message := err.Error()
	if n := strings.Count(message, "\n"); n != 2 || printable(strings.ReplaceAll(message, "\n", "")) != strings.ReplaceAll(message, "\n", "") {
		t.Errorf("message is not three lines of text: %q", message)
	}
}
