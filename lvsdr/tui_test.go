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
		{"both in a verb", inVerb{"vs start", "", hint.Add(errors.Join(one, two), "try")}, []string{"vs start: one", "vs start: two", "hint: try"}},
		{"nobody knows what was tried", fmt.Errorf("deed: %w", syscall.EPERM), []string{"deed: operation not permitted"}},
		{
			"of an errno", fmt.Errorf("deed: %w", hint.Try(hint.Address, "eth0", syscall.EACCES)),
			[]string{"deed: permission denied", "hint: IPv6 is disabled on eth0: sysctl -w net.ipv6.conf.eth0.disable_ipv6=0"},
		},
		{
			"in a namespace", inVerb{"rs start", "blue", hint.Try(hint.Address, "eth0.1", syscall.EACCES)},
			[]string{"rs start: permission denied", "hint: IPv6 is disabled on eth0.1: ip netns exec blue sysctl -w net.ipv6.conf.eth0/1.disable_ipv6=0"},
		},
		{
			"two deeds", inVerb{"vs start", "", errors.Join(hint.Try(hint.Frames, "eth0", syscall.ENETDOWN), hint.Try(hint.Table, "", syscall.ESRCH), one)},
			[]string{
				"vs start: network is down", "vs start: no such process", "vs start: one",
				"hint: eth0 is down: ip link set eth0 up", "hint: something else changed it at the same time; run it again",
			},
		},
		{"the same advice twice", errors.Join(hint.Add(one, "try"), hint.Add(two, "try")), []string{"one", "two", "hint: try"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lines(tt.err)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
