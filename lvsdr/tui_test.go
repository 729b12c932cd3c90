package lvsdr

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"lvsdr/internal/hint"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	tests := []struct {
		name string
		err  error
		want []string
	}{
		{"plain", one, []string{"one"}},
		{"advice", hint.Add(one, "try"), []string{"one", "hint: try"}},
		{"advice inside", fmt.Errorf("deed: %w", hint.Add(one, "try")), []string{"deed: one", "hint: try"}},
		{"both", errors.Join(one, two), []string{"one", "two"}},
		{"both in a verb", inVerb{"vs start", hint.Add(errors.Join(one, two), "try")}, []string{"vs start: one", "vs start: two", "hint: try"}},
		{"not root", explain(fmt.Errorf("deed: %w", syscall.EPERM)), []string{"deed: operation not permitted", "hint: needs CAP_NET_ADMIN; run it as root"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lines(tt.err)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
