package plan

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
)

// raiseSysctls are the parameters that are too low, and those that are raised
// no longer because they are wanted no more.
func raiseSysctls(w Wish, s State) (all []Change, err error) {
	for _, want := range w.Sysctls {
		have := s.Sysctls[want.Name]
		if have.Err != nil {
			return nil, have.Err
		}
		if have.Value < want.Want {
			all = append(all, raise(want, have.Value, s.Record))
		}
	}
	former, err := formerSysctls(w, s)
	return append(all, former...), err
}

// lowerSysctls gives everything back that start raised.
func lowerSysctls(w Wish, s State) ([]Change, error) {
	all, err := formerSysctls(w, s)
	for _, want := range slices.Backward(w.Sysctls) {
		back, wrong := giveBack(want.Name, s)
		all, err = append(all, back...), errors.Join(err, wrong)
	}
	return all, err
}

// formerSysctls gives back what a real server raised, but wants no longer.
func formerSysctls(w Wish, s State) (all []Change, err error) {
	if w.Role != RealServer {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.Record.Sysctls)) {
		if slices.ContainsFunc(w.Sysctls, func(want Sysctl) bool { return want.Name == name }) {
			continue
		}
		back, err := giveBack(name, s)
		if err != nil {
			return nil, err
		}
		all = append(all, back...)
	}
	return all, nil
}

// raise raises a parameter. What was found is recorded first; of two findings
// the first one counts.
func raise(want Sysctl, have int, r Record) Change {
	old, recorded := r.Sysctls[want.Name]
	ours := FoundValue{Found: have, Set: want.Want}
	if recorded {
		ours.Found = old.Found
	}
	unrecord := func(at Site) error {
		if recorded {
			return at.Record.remember(want.Name, old)
		}
		return at.Record.forget(want.Name)
	}
	return Change{
		Line: sysctlLine(want.Name, want.Want),
		do: func(at Site) error {
			if err := at.Record.remember(want.Name, ours); err != nil {
				return err
			}
			if err := at.Set(want.Name, want.Want); err != nil {
				return errors.Join(err, unrecord(at))
			}
			return nil
		},
		undo: func(at Site) error {
			if err := at.Set(want.Name, have); err != nil {
				return err
			}
			return unrecord(at)
		},
	}
}

// giveBack is the change that puts a recorded value back, if what is there is
// still what start put there.
func giveBack(name string, s State) ([]Change, error) {
	r, recorded := s.Record.Sysctls[name]
	have := s.Sysctls[name]
	switch {
	case !recorded || errors.Is(have.Err, fs.ErrNotExist): // the interface is gone, and its value with it
		return nil, nil
	case have.Err != nil:
		return nil, have.Err
	case have.Value != r.Set || have.Value == r.Found: // no longer ours
		return nil, nil
	}
	return []Change{{
		Line: sysctlLine(name, r.Found),
		do: func(at Site) error {
			if err := at.Set(name, r.Found); err != nil {
				return err
			}
			return at.Record.forget(name)
		},
		undo: func(at Site) error {
			if err := at.Record.remember(name, r); err != nil {
				return err
			}
			return at.Set(name, r.Set)
		},
	}}, nil
}
