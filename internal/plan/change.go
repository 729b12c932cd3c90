package plan

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"lvsdr/internal/ipvs"
)

// Change is one deed, with the command that an administrator would type for it.
type Change struct {
	Line string

	do func(Site) error
	// undo is nil where the deed leaves nothing behind that could be taken back.
	undo func(Site) error
}

// Site is where changes are made: a machine, and what is remembered of it.
type Site struct {
	Machine
	Record *Record
}

// Start are the changes that a machine lacks, in their order: the table with its
// timeouts and its synchronisation, then the VIPs, then the announcements; on a real server the parameters before the
// VIPs.
func Start(w Wish, s State) (all []Change, err error) {
	if w.Exclusive {
		all = deleteOthers(w, s)
	}
	ended, daemons, err := startDaemons(w, s)
	if err != nil {
		return nil, err
	}
	all = append(append(all, ended...), changeTimeouts(w, w.Timeouts, s)...)
	for _, v := range w.Services {
		all = append(all, startService(v, s.Service(v.Key()))...)
	}
	all = append(all, daemons...)
	parameters, err := raiseSysctls(w, s)
	if err != nil {
		return nil, err
	}
	all = append(all, parameters...)
	announced := announcements(w, s)
	for _, a := range w.VIPs {
		placed, err := placeVIP(a, s, len(announced[a.Prefix.Addr()]) > 0)
		if err != nil {
			return nil, err
		}
		all = append(all, placed...)
	}
	for _, a := range w.VIPs {
		all = append(all, announced[a.Prefix.Addr()]...)
	}
	if w.FlushFirewall && s.Rules > 0 { // last: rules that are gone cannot be given back
		all = append(all, Change{Line: "iptables -F", do: func(at Site) error { return at.FlushFilter() }})
	}
	return all, nil
}

// Stop are the changes that take away what is there of a wish, in the reverse
// order of [Start].
func Stop(w Wish, s State) (all []Change, err error) {
	for _, a := range slices.Backward(w.VIPs) {
		all = append(all, removeVIP(a, s)...)
	}
	all = append(all, stopDaemons(w, s)...)
	parameters, err := lowerSysctls(w, s)
	if err != nil {
		return nil, err
	}
	all = append(all, parameters...)
	for _, v := range slices.Backward(w.Services) {
		if have := s.Service(v.Key()); have != nil {
			all = append(all, deleteService(have))
		}
	}
	return append(all, changeTimeouts(w, ipvs.Timeouts{}, s)...), nil
}

// Apply carries out changes and says each on w. If one fails, those before it
// are undone; the error tells of both.
func Apply(w io.Writer, at Site, changes []Change) error {
	for i, c := range changes {
		fmt.Fprintln(w, c.Line)
		if err := c.do(at); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", c.Line, err), undo(w, at, changes[:i]))
		}
	}
	return nil
}

// undo takes changes back, the last one first. One that cannot be taken back
// does not stop the others.
func undo(w io.Writer, at Site, done []Change) error {
	var errs []error
	for _, c := range slices.Backward(done) {
		if c.undo == nil {
			continue
		}
		fmt.Fprintf(w, "undo: %s\n", c.Line)
		if err := c.undo(at); err != nil {
			errs = append(errs, fmt.Errorf("undo: %s: %w", c.Line, err))
		}
	}
	return errors.Join(errs...)
}
