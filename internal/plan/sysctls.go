package plan

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"lvsdr/internal/each"
	"lvsdr/internal/host"
)

// hidden reports whether the kernel shows a director's parameter to nobody, as in
// the network namespace of an unprivileged container: it does without.
func (w Wish) hidden(r Reading) bool {
	return w.Role == Director && errors.Is(r.Err, fs.ErrNotExist)
}

// raiseSysctls are the parameters that are too low.
func raiseSysctls(w Wish, s State) (all []Change, err error) {
	for _, want := range w.Sysctls {
		have := s.Sysctls[want.Name]
		if w.hidden(have) {
			continue
		}
		if have.Err != nil {
			return nil, have.Err
		}
		if have.Value < want.Want {
			all = append(all, raise(want, have.Value, s.Record))
		}
	}
	return all, nil
}

// lowerSysctls gives back what a role has raised and nobody wants any more. A
// real server keeps it while a VIP is left that it would then answer for.
func (p *Plan) lowerSysctls(w Wish, s State, gone Claim, others holders) error {
	guarded := ""
	if w.Role == RealServer {
		guarded = s.leftVIPs(w, gone, others)
	}
	names := slices.Clone(gone.Sysctls)
	slices.Reverse(names)
	for _, name := range each.Once(names, slices.Sorted(maps.Keys(s.Record.Sysctls))) {
		wanted := slices.ContainsFunc(w.Sysctls, func(want Sysctl) bool { return want.Name == name })
		if wanted || others.sysctls[name].isSomebody() || (name == whileWatched.Name) != (w.Role == Director) {
			continue
		}
		back, err := giveBack(name, s)
		switch {
		case err != nil:
			return err
		case len(back) > 0 && guarded != "":
			p.remark("%s stays: this machine would answer for %s", name, guarded)
		default:
			p.Changes = append(p.Changes, back...)
			p.forget = append(p.forget, name)
		}
	}
	return nil
}

// leftVIPs names the VIPs that a real server still has when a claim is gone, except
// those of the wish itself: IPv4 addresses of full mask on loopback or on an interface
// without ARP. A director's VIPs do not count: it has to answer for them.
func (s *State) leftVIPs(w Wish, gone Claim, others holders) string {
	var left []string
	for _, a := range s.Addresses {
		vip := a.Prefix.Addr()
		_, going := gone.place(vip, a.Interface)
		_, held := others.place(Place{VIP: vip, Interface: a.Interface})
		wanted := slices.ContainsFunc(w.VIPs, func(b host.Address) bool { return b.Prefix.Addr() == vip })
		if !vip.Is4() || !a.Prefix.IsSingleIP() || vip.IsLoopback() || !s.isSilent(a.Interface) ||
			going && !held || w.Directed[vip] || wanted {
			continue
		}
		left = append(left, fmt.Sprintf("%s on %s", vip, cmp.Or(a.Label, a.Interface)))
	}
	return strings.Join(left, ", ")
}

// isSilent reports whether an interface is loopback, or one without ARP.
func (s *State) isSilent(link string) bool {
	return slices.ContainsFunc(s.Links, func(l host.Link) bool { return l.Name == link && l.Silent() })
}

// raise raises a parameter. What was found is recorded first; of two findings
// the first one counts.
func raise(want Sysctl, have int, r Record) Change {
	ours := FoundValue{Found: have, Set: want.Want}
	if old, recorded := r.Sysctls[want.Name]; recorded {
		ours.Found = old.Found
	}
	return Change{
		Line: sysctlLine(want.Name, want.Want),
		do: func(at Site) error {
			if err := at.Record.remember(want.Name, ours); err != nil {
				return err
			}
			return at.Set(want.Name, want.Want)
		},
		undo: func(at Site) error { return at.Set(want.Name, have) },
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
		do:   func(at Site) error { return at.Set(name, r.Found) },
		undo: func(at Site) error { return at.Set(name, r.Set) },
	}}, nil
}
