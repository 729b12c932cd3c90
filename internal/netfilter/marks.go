package netfilter

import (
	"encoding/binary"
	"maps"
	"slices"

	"lvsdr/internal/ipvs"
)

// Marks are the firewall marks that packets may have. Packets that are alike in all
// that is known of them may have different ones.
type Marks struct {
	Values []uint32
	Any    bool // others as well: it cannot be followed
}

// Only reports whether every such packet has this mark.
func (m Marks) Only(mark uint32) bool { return !m.Any && len(m.Values) == 1 && m.Values[0] == mark }

// May reports whether some such packet may have this mark.
func (m Marks) May(mark uint32) bool { return m.Any || slices.Contains(m.Values, mark) }

// change gives packets another mark, or only some of them.
func (m Marks) change(by marking, some bool) Marks {
	if by.any {
		return Marks{Any: true}
	}
	var values []uint32
	for _, v := range m.Values {
		values = append(values, v&^by.mask^by.value)
	}
	if m.Any && by.mask == 1<<32-1 {
		values = []uint32{by.value}
	}
	changed := Marks{Values: values, Any: m.Any && by.mask != 1<<32-1}
	if some {
		changed.Values, changed.Any = append(changed.Values, m.Values...), m.Any
	}
	slices.Sort(changed.Values)
	changed.Values = slices.Compact(changed.Values)
	return changed
}

// bits are those that all the marks have in common, in the machine's byte order.
func (m Marks) bits() bits {
	if m.Any || len(m.Values) == 0 {
		return unknown(4)
	}
	first, differ := m.Values[0], uint32(0)
	for _, v := range m.Values {
		differ |= v ^ first
	}
	number := func(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
	return bits{value: number(first &^ differ), known: number(^differ)}
}

// marking is what a rule does to a mark: it clears the bits of the mask and turns
// those of the value round (struct xt_mark_tginfo2); or nobody knows.
type marking struct {
	value, mask uint32
	any         bool
}

// ports are those that rules ask for.
type ports map[uint16]bool

// maxPorts bounds how many are tried.
const maxPorts = 256

func (p ports) note(asked ...uint16) {
	for _, port := range asked {
		if p != nil && len(p) < maxPorts && port != 0 && port != 0xffff {
			p[port] = true
		}
	}
}

// or are the marks of either.
func (m Marks) or(other Marks) Marks {
	values := append(slices.Clone(m.Values), other.Values...)
	slices.Sort(values)
	return Marks{slices.Compact(values), m.Any || other.Any}
}

// marks sends a packet to IPVS, and returns the marks with which it gets there, and
// the ports that rules looked for on the way. Of chains with the same priority, the
// kernel visits the latest one first. Between an older and a newer table that order is
// unknown: either may come first.
func (bases ruleset) marks(p Packet) (Marks, ports, error) {
	asked, turned := ports{}, slices.Clone(bases)
	slices.Reverse(turned)
	marks, err := bases.marksInOrder(p, asked)
	if err != nil {
		return Marks{}, nil, err
	}
	other, err := turned.marksInOrder(p, asked)
	return marks.or(other), asked, err
}

func (bases ruleset) marksInOrder(p Packet, asked ports) (Marks, error) {
	track := newTracking(Prerouting)
	p.Balanced = true
	for _, b := range slices.Concat(bases.at(Ingress), bases.at(Prerouting), bases.at(Input)) {
		seen := b.asks(p)
		if seen == no {
			continue
		}
		v := track.view(p, b.hook, b)
		v.asked = asked
		if _, err := b.follow(v); err != nil {
			return Marks{}, err
		}
		if seen == depends {
			v.marks = v.marks.or(track.marks)
		}
		track.marks = v.marks
	}
	return track.marks, nil
}

// Marks is that of [Rules]. What p leaves open is tried: the protocols, the ports
// that rules name, and one for all the others.
func (bases ruleset) Marks(p Packet) (all Marks, err error) {
	protocols, port := []ipvs.Protocol{p.Protocol}, p.Port
	if p.Protocol == 0 {
		const icmp = 1 // stands for all without ports
		protocols = []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP, icmp}
	}
	for _, p.Protocol = range protocols {
		p.Port = port
		marks, asked, err := bases.marks(p)
		if err != nil {
			return Marks{}, err
		}
		if port != 0 || len(asked) == maxPorts {
			all = all.or(marks)
			continue
		}
		other := uint16(1)
		for asked[other] {
			other++
		}
		asked[other] = true
		for p.Port = range asked {
			marks, _, err := bases.marks(p)
			if err != nil {
				return Marks{}, err
			}
			all = all.or(marks)
		}
	}
	return all, nil
}

// Marked is that of [Rules]. Rules name the ports that they mark: those are tried.
func (bases ruleset) Marked(p Packet, mark uint32) (found []Packet, err error) {
	marks, _, err := bases.marks(p)
	if err != nil || marks.Only(mark) {
		return []Packet{p}, err
	}
	for _, p.Protocol = range []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP} {
		p.Port = 0
		marks, asked, err := bases.marks(p)
		if err != nil {
			return nil, err
		}
		if marks.Only(mark) {
			found = append(found, p)
			continue
		}
		for _, p.Port = range slices.Sorted(maps.Keys(asked)) {
			marks, _, err := bases.marks(p)
			if err != nil {
				return nil, err
			}
			if marks.Only(mark) {
				found = append(found, p)
			}
		}
	}
	return found, nil
}
