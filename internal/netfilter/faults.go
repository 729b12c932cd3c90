package netfilter

import (
	"cmp"
	"slices"
)

// base is a chain that the kernel itself asks, at a hook.
type base struct {
	chain    *chain
	hook     Hook
	priority int32 // lower ones are asked first
	nat      bool  // can redirect
	policy   action
	where    string // of the policy
	remedy   func(Packet) string
}

// priorityTracking is where connection tracking looks at the packet
// (NF_IP_PRI_CONNTRACK in linux/netfilter_ipv4.h).
const priorityTracking = -200

// ruleset is [Rules] as the base chains that the kernel has.
type ruleset []base

// Faults is that of [Rules].
func (bases ruleset) Faults(p Packet, hooks ...Hook) ([]Fault, error) {
	var faults []Fault
	track := tracking{untracked: no}
	for _, hook := range hooks {
		for _, b := range bases.at(hook) {
			w, err := b.follow(newView(p, hook, track.before(b)))
			if err != nil {
				return nil, err
			}
			track.untracked = max(track.untracked, w.untracked)
			if w.drops != "" {
				faults = append(faults, Fault{Verdict: w.verdict(), Hook: hook, Where: w.drops, Remedy: b.remedy(p)})
			}
		}
	}
	return faults, nil
}

// at are the base chains of a hook in the order in which they are asked.
func (bases ruleset) at(hook Hook) ruleset {
	found := slices.DeleteFunc(slices.Clone(bases), func(b base) bool { return b.hook != hook })
	slices.SortStableFunc(found, func(a, b base) int { return cmp.Compare(a.priority, b.priority) })
	return found
}

// follow sends a packet through the base chain.
func (b *base) follow(v *view) (*walk, error) {
	w := &walk{view: v}
	leaves, err := w.through(b.chain, false, 0)
	if leaves && err == nil {
		_, _, err = w.take(effect{when: yes, do: b.policy}, b.where, false, 0)
	}
	return w, err
}

func (w *walk) verdict() Verdict {
	if w.accepts || w.redirects {
		return DropsSome
	}
	return Drops
}

// Redirects is that of [Rules].
func (bases ruleset) Redirects(p Packet) (bool, error) {
	for _, b := range bases.at(Prerouting) {
		if !b.nat {
			continue
		}
		w, err := b.follow(newView(p, Prerouting, stateNew))
		if err != nil || w.redirects && !w.accepts && w.drops == "" {
			return err == nil, err
		}
	}
	return false, nil
}

// tracking is what is known of the packet's connection.
type tracking struct{ untracked truth }

// before are the states in which the packet may come to a base chain.
func (t tracking) before(b base) state {
	tracked := stateNew
	if b.hook == Prerouting && b.priority < priorityTracking {
		tracked = stateInvalid
	}
	switch t.untracked {
	case no:
		return tracked
	case yes:
		return stateUntracked
	}
	return tracked | stateUntracked
}
