package keepalived

import (
	"bytes"
	"fmt"
	"strings"
)

// text is a file as it grows. Its words are numbers, addresses, and names and paths
// whose characters were checked; others are quoted.
type text struct {
	b     bytes.Buffer
	depth int
	lost  int
}

// lose says what of the file keepalived does not do.
func (t *text) lose(all ...string) {
	for _, what := range all {
		t.note("Not exported: " + what + ".")
	}
	t.lost += len(all)
}

func (t *text) line(format string, args ...any) {
	line := strings.Repeat("    ", t.depth) + fmt.Sprintf(format, args...)
	t.b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// note is a comment of one or more lines.
func (t *text) note(lines ...string) {
	for _, line := range lines {
		t.line("# %s", line)
	}
}

func (t *text) gap() { t.b.WriteByte('\n') }

// block is a word with a body in braces.
func (t *text) block(head string, body func()) {
	t.line("%s {", head)
	t.depth++
	body()
	t.depth--
	t.line("}")
}
