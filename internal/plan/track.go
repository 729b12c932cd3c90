package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What a VRRP daemon takes off the priority of a director: the number in its
// track file (keepalived.conf(5)), weighed by -1.
const (
	// Fit is that of a director all of whose services are served.
	Fit = 0
	// lame is that of each service that no real server is left for; all of them
	// together leave a director fitter than one that balances nothing.
	lame, lamest = 10, 90
	// Unfit is that of a director that balances nothing. Lower than this no
	// priority falls, which is never so low that VRRP has the VIP nowhere.
	Unfit = 100
)

// Penalty is what to take off the priority of a director with this health.
func (h *Health) Penalty() int {
	penalty := Fit
	for _, held := range h.Held {
		if held {
			return Unfit
		}
	}
	for _, s := range h.Services {
		if s.Instead || s.FailOpen {
			penalty += lame
		}
	}
	return min(penalty, lamest)
}

// Tracked is the number in a track file.
func Tracked(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}

// Track puts a number into a track file.
func Track(file string, penalty int) error {
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = writeAtomically(file, fmt.Appendln(nil, penalty))
	}
	if err != nil {
		return fmt.Errorf("tell the VRRP daemon: %w", err)
	}
	return nil
}

// VRRPHolds reports whether a VRRP daemon has a VIP of the wish here.
func (w Wish) VRRPHolds(s State) bool {
	for _, a := range s.Addresses {
		if w.isMoved(&s, a) {
			return true
		}
	}
	return false
}

// Connections is how many connections the services of the wish have had.
func (w Wish) Connections(s State) (n uint64) {
	for _, v := range w.Services {
		if have := s.Service(v.Key()); have != nil {
			n += have.Stats.Connections
		}
	}
	return n
}
