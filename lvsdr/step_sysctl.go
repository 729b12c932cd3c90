package lvsdr

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/status"
)

// arpValues are what a real server needs so as not to answer for the VIP:
// arp_ignore 1 replies only for addresses of the interface that was asked,
// arp_announce 2 never announces another one (kernel: ip-sysctl.rst).
var arpValues = [...]struct {
	name  string
	value int
}{{"arp_ignore", 1}, {"arp_announce", 2}}

// sysctlSteps keep a real server from answering for its VIPs. IPv6 has no such
// switches.
func sysctlSteps(c config.Config) []step {
	var steps []step
	listed := map[string]bool{}
	if slices.ContainsFunc(c.VIPs, netip.Addr.Is4) {
		for _, arp := range arpValues {
			for _, i := range c.ARP.Interfaces {
				t := sysctlStep{host.LinkParameter(i, arp.name), arp.value}
				steps, listed[t.name] = append(steps, t), true
			}
		}
	}
	return append(steps, formerSysctlsStep{listed})
}

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
	old, recorded := s.record.Sysctls[t.name]
	unrecord := func() error {
		if recorded {
			return s.record.remember(t.name, old)
		}
		return s.record.forget(t.name)
	}
	ours := foundValue{Found: have, Set: t.want}
	if recorded {
		ours.Found = old.Found // the first one counts
	}
	return []change{{
		line: sysctlLine(t.name, t.want),
		do: func() error {
			if err := s.record.remember(t.name, ours); err != nil {
				return err
			}
			if err := s.machine.Set(t.name, t.want); err != nil {
				return errors.Join(err, unrecord())
			}
			return nil
		},
		undo: func() error {
			if err := s.machine.Set(t.name, have); err != nil {
				return err
			}
			return unrecord()
		},
	}}, nil
}

func (t sysctlStep) present(s *scene) ([]change, error) { return giveBack(s, t.name) }

// giveBack is the change that puts a recorded value back, if what is there is
// still what start put there.
func giveBack(s *scene, name string) ([]change, error) {
	r, ok := s.record.Sysctls[name]
	if !ok {
		return nil, nil
	}
	have, err := s.machine.Get(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // the interface is gone, and its value with it
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case have != r.Set || have == r.Found:
		return nil, nil // no longer ours
	}
	return []change{{
		line: sysctlLine(name, r.Found),
		do: func() error {
			if err := s.machine.Set(name, r.Found); err != nil {
				return err
			}
			return s.record.forget(name)
		},
		undo: func() error {
			if err := s.record.remember(name, r); err != nil {
				return err
			}
			return s.machine.Set(name, r.Set)
		},
	}}, nil
}

func (t sysctlStep) report(s *scene, to *status.Status) error {
	have, err := s.machine.Get(t.name)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	st := status.Sysctl{Name: t.name, Value: have, Wanted: t.want, State: status.OK}
	if have < t.want {
		st.State = status.Differs
	}
	to.Sysctls = append(to.Sysctls, st)
	return nil
}

// formerSysctlsStep is that no value stays raised that the configuration no
// longer lists.
type formerSysctlsStep struct{ listed map[string]bool }

func (t formerSysctlsStep) missing(s *scene) ([]change, error) {
	var changes []change
	for _, name := range slices.Sorted(maps.Keys(s.record.Sysctls)) {
		if t.listed[name] {
			continue
		}
		back, err := giveBack(s, name)
		if err != nil {
			return nil, err
		}
		changes = append(changes, back...)
	}
	return changes, nil
}

func (t formerSysctlsStep) present(s *scene) ([]change, error) { return t.missing(s) }

func (t formerSysctlsStep) report(*scene, *status.Status) error { return nil }
