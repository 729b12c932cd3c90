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
	where    string   // of the policy
	devices  []string // of [Ingress] and [Egress]: where it is asked
	bridged  bool     // likewise: it is asked by bridges
	remedy   func(Packet) string
	ofARP    func(Packet) string // the remedy for packets of ARP
}

// priorityTracking is where connection tracking looks at the packet
// (NF_IP_PRI_CONNTRACK in linux/netfilter_ipv4.h).
const priorityTracking = -200

// priorityIPVS is where IPVS takes its packets at Input: before the source is
// translated (NF_IP_PRI_NAT_SRC, 100). A chain of priority 99 is asked still, one of
// 100 is not (measured on Linux 6.1 with a chain that counts).
const priorityIPVS = 99

// ruleset is [Rules] as the base chains that the kernel has.
type ruleset []base

// Faults is that of [Rules].
func (bases ruleset) Faults(p Packet, hooks ...Hook) ([]Fault, error) {
	var faults []Fault
	if len(hooks) == 0 {
		return nil, nil
	}
	track := newTracking(hooks[0])
	for _, hook := range hooks {
		for _, b := range bases.at(hook) {
			asked := b.asks(p)
			if asked == no {
				continue
			}
			w, err := b.follow(track.view(p, hook, b))
			if err != nil {
				return nil, err
			}
			track.untracked, track.marks = max(track.untracked, w.untracked), w.view.marks
			if asked == depends {
				w.accepts = true
			}
			switch {
			case w.drops != "":
				faults = append(faults, Fault{Verdict: w.verdict(), Hook: hook, Where: w.drops, Remedy: b.remedy(p)})
			case w.perhaps != "":
				faults = append(faults, Fault{Verdict: DropsPerhaps, Hook: hook, Where: w.perhaps})
			}
			if w.redirected != "" && p.Balanced && hook == Prerouting {
				f := Fault{Verdict: Drops, Hook: hook, Redirects: true, Where: w.redirected, Remedy: b.remedy(p)}
				if w.accepts {
					f.Verdict = DropsSome
				}
				faults = append(faults, f)
			}
		}
	}
	return faults, nil
}

// asks tells whether the base chain sees a packet that comes to its hook.
func (b *base) asks(p Packet) truth {
	switch {
	case b.hook == Input && p.Balanced:
		return truthOf(b.priority <= priorityIPVS)
	case b.bridged:
		return truthOf(p.Bridge)
	case b.hook == Ingress:
		return b.sees(p.In, p.Ports)
	case b.hook == Egress:
		return b.sees(p.Out, p.Ports)
	}
	return yes
}

// sees tells whether the base chain is asked on an interface with these ports.
func (b *base) sees(link string, ports []string) truth {
	switch {
	case b.covers(link):
		return yes
	case link == "" || slices.ContainsFunc(ports, b.covers):
		if len(ports) > 0 && !slices.ContainsFunc(ports, func(port string) bool { return !b.covers(port) }) {
			return yes
		}
		return depends
	}
	return no
}

func (b *base) covers(link string) bool { return slices.Contains(b.devices, link) }

// at are the base chains of a hook in the order in which they are asked.
func (bases ruleset) at(hook Hook) ruleset {
	found := slices.DeleteFunc(slices.Clone(bases), func(b base) bool { return b.hook != hook })
	slices.SortStableFunc(found, func(a, b base) int { return cmp.Compare(a.priority, b.priority) })
	return found
}

// follow sends a packet through the base chain.
func (b *base) follow(v *view) (*walk, error) {
	w := &walk{view: v}
	leaves, err := w.through(b.chain, every, 0)
	if leaves && err == nil {
		_, _, err = w.take(effect{when: yes, do: b.policy}, b.where, every, 0)
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
		track := newTracking(Prerouting)
		w, err := b.follow(track.view(p, Prerouting, b))
		if err != nil || w.redirects && !w.accepts && w.drops == "" {
			return err == nil, err
		}
	}
	return false, nil
}

// tracking is what is known of the packet beside its bytes.
type tracking struct {
	untracked truth
	marks     Marks
}

// newTracking is of a packet that comes to its first hook. On the wire there are no
// marks.
func newTracking(h Hook) tracking {
	if h == Prerouting || h == Ingress {
		return tracking{no, Marks{Values: []uint32{0}}}
	}
	return tracking{no, Marks{Any: true}}
}

// port is the interface that a chain of [Ingress] or [Egress] sees; "" is any.
func (p Packet) port(b base, link string) string {
	if b.bridged || len(p.Ports) > 0 && !b.covers(link) {
		return ""
	}
	return link
}

// view is the packet as a base chain sees it.
func (t tracking) view(p Packet, h Hook, b base) *view {
	switch h { // of what the interface is plugged into, perhaps
	case Ingress:
		p.In = p.port(b, p.In)
	case Egress:
		p.Out = p.port(b, p.Out)
	}
	return &view{Packet: p, hook: h, state: t.before(p, b), marks: t.marks}
}

// before are the states in which the packet may come to a base chain.
func (t tracking) before(p Packet, b base) State {
	tracked := cmp.Or(p.State, New)
	switch {
	case b.hook == Ingress, b.hook == Prerouting && b.priority < priorityTracking:
		tracked = Invalid
	case b.hook == Output || b.hook == Postrouting || b.hook == Egress:
		tracked = cmp.Or(p.Sent, tracked)
	}
	switch t.untracked {
	case no:
		return tracked
	case yes:
		return Untracked
	}
	return tracked | Untracked
}
