package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/netfilter"
)

// judgeMarks looks whether the packet filter gives clients' packets the marks that
// services want.
func judgeMarks(m *facts, f *finding) error {
	for _, w := range m.Config.Wanted() {
		if w.Service.FWMark == 0 {
			continue
		}
		for _, vip := range w.VIPs {
			if err := m.judgeMark(w, vip, f); err != nil {
				return err
			}
		}
	}
	if f.seen == nil {
		f.pass("not needed: no service has a mark")
	}
	return nil
}

func (m *facts) judgeMark(w config.Wanted, vip netip.Addr, f *finding) error {
	mark := w.Service.FWMark
	found, err := m.markedFor(vip, mark)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		var words []string
		for _, p := range found {
			words = append(words, endpointOf(p).String())
		}
		f.pass("mark %d for %s", mark, strings.Join(words, ", "))
		return nil
	}
	given, err := m.marksFor(vip)
	switch {
	case err != nil:
		return err
	case given.Any:
		f.unknown("which packets for %s get mark %d cannot be followed", vip, mark)
		return nil
	case given.May(mark):
		f.unknown("whether clients' packets for %s get mark %d is unknown: some do", vip, mark)
		return nil
	}
	others := ""
	for _, v := range given.Values {
		if v != 0 {
			others += fmt.Sprintf(", but mark %d", v)
		}
	}
	f.fail("no packet for %s gets mark %d%s", vip, mark, others)
	program, err := m.iptables[w.Service.Family].get()
	if err != nil {
		return err
	}
	chain := "PREROUTING"
	if others != "" && held(vip, m.addresses.value) {
		chain = "INPUT" // behind whatever gives another mark
	}
	f.mend(program + m.giveMark(w, vip, chain))
	return nil
}

// giveMark is the rule that marks what comes for a VIP: all of it, if nothing else
// is offered there; else PORT stands for what is meant.
func (m *facts) giveMark(w config.Wanted, vip netip.Addr, chain string) string {
	words := []string{" -t mangle -A", chain, "-d", vip.String()}
	if slices.ContainsFunc(m.Config.Wanted(), func(o config.Wanted) bool {
		return o.Service.FWMark != w.Service.FWMark && slices.Contains(o.VIPs, vip)
	}) {
		words = append(words, "-p tcp --dport PORT")
	}
	return fmt.Sprintf("%s -j MARK --set-mark %d", strings.Join(words, " "), w.Service.FWMark)
}

// marked are the packets that certainly have the mark of a service.
func (m *facts) marked(w config.Wanted) (all []netfilter.Packet, err error) {
	for _, vip := range w.VIPs {
		found, err := m.markedFor(vip, w.Service.FWMark)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// markedFor are those for one VIP.
func (m *facts) markedFor(vip netip.Addr, mark uint32) ([]netfilter.Packet, error) {
	p := m.arrival(vip)
	rules, err := m.rulesFor(p)
	if err != nil {
		return nil, err
	}
	return rules.Marked(p, mark)
}

// marksFor are the marks that packets for a VIP may get, of whatever protocol.
func (m *facts) marksFor(vip netip.Addr) (netfilter.Marks, error) {
	p := m.arrival(vip)
	rules, err := m.rulesFor(p)
	if err != nil {
		return netfilter.Marks{}, err
	}
	return rules.Marks(p)
}

// arrival is any packet for a VIP.
func (m *facts) arrival(vip netip.Addr) netfilter.Packet {
	p := netfilter.Packet{Dst: vip}
	m.comesIn(&p)
	return p
}

// comesIn says by which interface a packet comes in and leaves, where there is only
// one to choose from. Clients do not come from a bridge that faces no network, such as
// docker0.
func (m *facts) comesIn(p *netfilter.Packet) {
	facing, _ := m.facing(p.Dst)
	links := slices.DeleteFunc(slices.Clone(m.links.value), func(l host.Link) bool {
		inner := l.Kind == "bridge" && !slices.ContainsFunc(facing, func(f host.Link) bool { return f.Name == l.Name })
		return !l.Up || l.Loopback || l.Port || inner
	})
	if len(links) != 1 {
		return
	}
	p.In = links[0].Name
	m.leavesBy(p, p.In)
}

// leavesBy says by which interface a packet leaves.
func (m *facts) leavesBy(p *netfilter.Packet, name string) {
	p.Out = name
	for _, l := range m.links.value {
		if l.Name == name && (p.In == "" || p.In == name) {
			m.pluggedInto(p, l)
		}
	}
}

// pluggedInto says what a packet's interface is made of.
func (m *facts) pluggedInto(p *netfilter.Packet, link host.Link) {
	p.Bridge, p.Ports = link.Kind == "bridge", nil
	for _, l := range m.links.value {
		if l.Port && (p.Bridge || slices.Contains([]string{"bond", "team"}, link.Kind)) {
			p.Ports = append(p.Ports, l.Name)
		}
	}
}
