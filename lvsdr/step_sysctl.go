package lvsdr

import (
	"fmt"
)

// arpValues are what a real server needs so as not to answer for the VIP:
// arp_ignore 1 replies only for addresses of the interface that was asked,
// arp_announce 2 never announces another one (kernel: ip-sysctl.rst).
var arpValues = map[string]int{"arp_ignore": 1, "arp_announce": 2}

// sysctlStep is a value that must be at least so high. What was found is
// recorded, and given back where the value is still ours.
type sysctlStep struct {
	name string
	want int
}

func (t sysctlStep) missing(s *scene) ([]change, error) {
	have, err := s.machine.Get(t.name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	if have >= t.want {
		return nil, nil
	}
	return []change{{
		line: sysctlLine(t.name, t.want),
		do: func() error {
			if err := s.record.found(t.name, have, t.want); err != nil {
				return err
			}
			return s.machine.Set(t.name, t.want)
		},
		undo: func() error {
			if err := s.machine.Set(t.name, have); err != nil {
				return err
			}
			return s.record.forget(t.name)
		},
	}}, nil
}

func (t sysctlStep) present(s *scene) ([]change, error) {
	r, ok := s.record.Sysctls[t.name]
	if !ok {
		return nil, nil
	}
	have, err := s.machine.Get(t.name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	if have != r.Set || have == r.Found {
		return nil, nil // no longer ours
	}
	return []change{{
		line: sysctlLine(t.name, r.Found),
		do: func() error {
			if err := s.machine.Set(t.name, r.Found); err != nil {
				return err
			}
			return s.record.forget(t.name)
		},
		undo: func() error {
			if err := s.record.found(t.name, r.Found, r.Set); err != nil {
				return err
			}
			return s.machine.Set(t.name, r.Set)
		},
	}}, nil
}

func (t sysctlStep) report(s *scene, to *Status) error {
	have, err := s.machine.Get(t.name)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	st := SysctlStatus{t.name, have, t.want, OK}
	if have < t.want {
		st.State = Differs
	}
	to.Sysctls = append(to.Sysctls, st)
	return nil
}
