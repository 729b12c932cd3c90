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
	// lame is that of each service that no real server is left for or that could not
	// be made, and of each VIP that is not up yet; all of them together leave a
	// director fitter than one that balances nothing.
	lame, lamest = 10, 90
	// Unfit is that of a director that balances nothing. Lower than this no
	// priority falls, which is never so low that VRRP has the VIP nowhere.
	Unfit = 100
)

// Penalty is what to take off the priority of a director with this health, so many
// VIPs, and services that it lacks.
func (h *Health) Penalty(vips, lacking int) int {
	waiting := 0
	for _, held := range h.Held {
		if held {
			waiting++
		}
	}
	if waiting > 0 && waiting == vips {
		return Unfit
	}
	penalty := Fit + lame*(waiting+lacking)
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

// Lacking is how many services of the wish are not there.
func (w Wish) Lacking(s State) (n int) {
	for _, v := range w.Services {
		if s.Service(v.Key()) == nil {
			n++
		}
	}
	return n
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
