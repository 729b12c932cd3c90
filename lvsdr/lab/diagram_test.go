package lab

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDiagramFits(t *testing.T) {
	for line := range strings.Lines(diagram) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
