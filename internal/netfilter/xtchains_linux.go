package netfilter

import (
	"bytes"
	"fmt"
)

// xtNames are the tables of x_tables in the order in which they are asked, with
// their priorities (linux/netfilter_ipv4.h).
var xtNames = []struct {
	name     string
	priority int32
}{{"raw", -300}, {"mangle", -150}, {"nat", -100}, {filterTable, 0}, {"security", 50}}

// bases reads all tables of the family.
func (f *xtFamily) bases() ([]base, error) {
	var all []base
	for _, n := range xtNames {
		t, err := f.readTable(n.name)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", n.name, err)
		}
		found, err := t.bases(n.name, n.priority)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", n.name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// bases are the table's own chains, each with the chains that it calls. At the
// end of each is the policy, as a rule.
func (t xtTable) bases(name string, priority int32) ([]base, error) {
	chains, err := t.chains()
	if err != nil {
		return nil, err
	}
	var bases []base
	for hook := range hookNames {
		if !t.valid(hook) {
			continue
		}
		c, ok := chains[int(t.info.hookEntry[hook])]
		if !ok {
			return nil, errXTables
		}
		bases = append(bases, base{
			chain: c, hook: Hook(hook), priority: priority, nat: name == "nat", policy: accept,
			remedy: iptablesRemedy("legacy", name, Hook(hook)),
		})
	}
	if err := t.fill(chains, name); err != nil {
		return nil, err
	}
	return bases, nil
}

// chains finds where chains begin: they are empty as yet.
func (t xtTable) chains() (map[int]*chain, error) {
	chains := map[int]*chain{}
	for hook, at := range t.info.hookEntry {
		if t.valid(hook) {
			chains[int(at)] = &chain{name: hookNames[hook]}
		}
	}
	for at := 0; at < len(t.entries); {
		end, err := t.end(at)
		if err != nil {
			return nil, err
		}
		if t.isError(at) && end < len(t.entries) {
			_, info := t.target(at, end)
			chains[end] = &chain{name: text(info)}
		}
		at = end
	}
	return chains, nil
}

// fill puts the rules into their chains.
func (t xtTable) fill(chains map[int]*chain, table string) error {
	var c *chain
	for at := 0; at < len(t.entries); {
		end, err := t.end(at)
		if err != nil {
			return err
		}
		if next, ok := chains[at]; ok {
			c = next
		}
		if !t.isError(at) {
			if c == nil {
				return errXTables
			}
			where := fmt.Sprintf("rule %d of chain %s (table %s)", len(c.rules)+1, c.name, table)
			if t.isPolicy(at) {
				where = fmt.Sprintf("policy of chain %s (table %s)", c.name, table)
			}
			r, err := t.rule(at, end, chains)
			if err != nil {
				return err
			}
			r.where = where
			c.rules = append(c.rules, r)
		}
		at = end
	}
	return nil
}

func (t xtTable) isPolicy(at int) bool {
	for hook, policy := range t.info.underflow {
		if t.valid(hook) && int(policy) == at {
			return true
		}
	}
	return false
}

// rule reads the entry between two offsets.
func (t xtTable) rule(at, end int, chains map[int]*chain) (rule, error) {
	name, info := t.target(at, end)
	revision := t.entries[at+int(uint16At(t.entries, at+t.family.targetOffset))+xtTargetSize-1]
	result, marks := effect{do: xtAction(name, info)}, xtMarking(name, revision, info)
	if name == "" {
		var err error
		if result, err = standard(info, end, chains); err != nil {
			return rule{}, err
		}
	}
	entry := t.entries[at:end]
	return rule{effects: func(v *view) []effect {
		when, replaces := t.family.head(v, entry)
		result := result
		result.when = min(when, t.matches(v, entry))
		if result.do == call && replaces {
			result.do = replace
		}
		if marks != nil {
			return []effect{{when: result.when, do: mark, by: *marks}, result}
		}
		return []effect{result}
	}}, nil
}

// target returns the name of an entry's target and what belongs to it.
func (t xtTable) target(at, end int) (name string, info []byte) {
	b := t.entries[at+int(uint16At(t.entries, at+t.family.targetOffset)) : end]
	return text(b[xtTargetName : xtTargetSize-1]), b[xtTargetSize:]
}

// text is what stands before the first zero.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// standard is the target that has no name: where to go on, as an offset, or a
// verdict, as a negative number (XT_STANDARD_TARGET in linux/netfilter/x_tables.h).
func standard(info []byte, next int, chains map[int]*chain) (effect, error) {
	if len(info) < 4 {
		return effect{}, errXTables
	}
	const toDrop, toReturn = -1, -5 // -NF_DROP-1, -NF_REPEAT-1
	switch to := int32(uint32At(info, 0)); {
	case to == toDrop:
		return effect{do: drop}, nil
	case to == toReturn:
		return effect{do: leave}, nil
	case to < 0: // NF_ACCEPT; or NF_QUEUE: to a program that may accept
		return effect{do: accept}, nil
	case int(to) == next: // a rule without a target
		return effect{do: proceed}, nil
	default:
		c, ok := chains[int(to)]
		if !ok {
			return effect{}, errXTables
		}
		return effect{do: call, to: c}, nil
	}
}

// xtAction is what a target of x_tables does. Those that are not known here
// change the packet, or write it down, and let it go on.
func xtAction(name string, info []byte) action {
	switch name {
	case "ERROR", "REJECT", "TARPIT":
		return drop
	case "DNAT", "REDIRECT", "TPROXY", "mangle": // arptables' own writes other addresses
		return redirect
	case "SNAT", "MASQUERADE", "QUEUE", "NFQUEUE", "SYNPROXY":
		return accept
	case "NOTRACK":
		return untrack
	case "CT":
		if len(info) >= 2 && uint16At(info, 0)&1 != 0 { // XT_CT_NOTRACK
			return untrack
		}
	}
	return proceed
}

// xtMarking is what a target of x_tables does to the mark of a packet, if anything:
// MARK as of Linux 2.6.25 (struct xt_mark_tginfo2), and those whose marks come from
// elsewhere, such as CONNMARK if it is to restore one (struct xt_connmark_tginfo1,
// and 2 with a shift before the mode).
func xtMarking(name string, revision uint8, info []byte) *marking {
	const restore = 2 // XT_CONNMARK_RESTORE
	mode := 12
	if revision == 2 {
		mode = 14
	}
	switch {
	case name == "MARK" && revision == 2 && len(info) >= 8:
		return &marking{value: uint32At(info, 0), mask: uint32At(info, 4)}
	case name == "CONNMARK" && len(info) > mode && info[mode] != restore:
		return nil
	case name == "MARK", name == "CONNMARK", name == "SET", name == "HMARK", name == "TPROXY", name == "QUEUE", name == "NFQUEUE":
		return &marking{any: true}
	}
	return nil
}
