package host

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vishvananda/netlink"
)

// A list is whole once the changes that tear it are over; they are not waited for
// for ever, and another error not at all.
func TestWhole(t *testing.T) {
	other := errors.New("no buffer space available")
	for _, tt := range []struct {
		name  string
		tears time.Duration
		then  error
		want  error
		took  time.Duration
	}{
		{"at rest", 0, nil, nil, 0},
		{"another error", 0, other, other, 0},
		{"a machine that starts", 3 * time.Second, nil, nil, 3 * time.Second},
		{"it does not end", time.Hour, nil, netlink.ErrDumpInterrupted, dumpPatience},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, err := whole(func() ([]int, error) {
					if time.Since(begin) < tt.tears {
						return nil, netlink.ErrDumpInterrupted
					}
					return nil, tt.then
				})
				if took := time.Since(begin); !errors.Is(err, tt.want) || took != tt.took {
					t.Errorf("%v after %v, want %v after %v", err, took, tt.want, tt.took)
				}
			})
		})
	}
}
