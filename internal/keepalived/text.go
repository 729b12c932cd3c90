package keepalived

import (
	"bytes"
	"fmt"
	"strings"
)

// text is a file as it grows. Its words need no quotes: they are numbers,
// addresses, and names and paths whose characters were checked.
type text struct {
	b     bytes.Buffer
	depth int
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
