package check

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"

	"lvsdr/internal/host"
)

// judgeAnswer looks whether this director answers for its VIPs on the interfaces
// that face clients. A machine cannot ask itself on the wire: its settings and the
// places of the VIPs show it.
func judgeAnswer(m *facts, f *finding) error {
	if m.byBGP() {
		m.judgeAdverts(f)
		return errRouted
	}
	addresses, err := m.addresses.get()
	if err != nil {
		return err
	}
	moves, err := m.vrrp.get()
	if err != nil {
		return err
	}
	for _, vip := range m.vips() {
		if !m.holds(vip) && !m.delivered[vip].value {
			if moves {
				f.pass("not needed: %s is not here, and VRRP is active", vip)
			} else {
				f.unknown("%s is on no interface", vip)
			}
			continue
		}
		if other := m.otherDirector(vip); other != "" {
			f.warn("this machine does not answer for %s, but %s does", vip, other)
			continue
		}
		facing, err := m.facing(vip)
		if err != nil {
			return err
		}
		m.judgeCarrier(vip, facing, f)
		for _, l := range facing {
			if l.Unplugged {
				continue
			}
			if l.NoARP && !slices.Contains(withoutARP, l.Kind) {
				f.fail("%s neither asks nor answers neighbours (NOARP)", l.Name).mend(fmt.Sprintf("ip link set %s arp on", l.Name))
				continue
			}
			if err := m.judgeAnswerOn(l.Name, vip, addresses, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// judgeAdverts looks whether the routes are there by which a routing daemon learns of
// the VIPs.
func (m *facts) judgeAdverts(f *finding) {
	for _, v := range m.Status.VIPs {
		if slices.Contains(v.Differs, "route") {
			f.fail("the route to %s in table %d is not as configured", v.Address.Addr(), m.Config.AnnounceTable).mend(m.Lvsdr("vs", "start"))
		}
	}
}

// judgeCarrier looks whether clients can come in at all. A bridge without a carrier,
// such as docker0, is nothing to them if they can come in elsewhere.
func (m *facts) judgeCarrier(vip netip.Addr, facing []host.Link, f *finding) {
	if link := m.downFor(vip); link != "" {
		f.fail("%s, in whose network %s is, is down", link, vip).mend(fmt.Sprintf("ip link set %s up", link))
		return
	}
	if len(facing) == 0 {
		f.unknown("which interface faces clients of %s is unknown", vip)
	}
	bad := Fail
	if slices.ContainsFunc(facing, func(l host.Link) bool { return !l.Unplugged }) {
		bad = Warn
	}
	for _, l := range facing {
		if l.Unplugged && (bad == Fail || l.Kind != "bridge") {
			f.add(bad, "%s has no carrier: no client of %s comes in by it", l.Name, vip)
		}
	}
}

// downFor is the interface that is down, and in whose network a VIP would be; "" if
// it is in one that is up.
func (m *facts) downFor(vip netip.Addr) string {
	if host.LAN(vip, m.links.value, m.routes.value) != "" {
		return ""
	}
	for _, a := range m.addresses.value {
		if !a.Prefix.IsSingleIP() && a.Prefix.Contains(vip) && m.isDown(a.Interface) {
			return a.Interface
		}
	}
	return ""
}

// withoutARP are kinds of interfaces that never have it: an ipvlan's parent answers
// for it, and behind a dummy there is nobody.
var withoutARP = []string{"dummy", "ipvlan"}

func (m *facts) judgeAnswerOn(link string, vip netip.Addr, addresses []host.Address, f *finding) error {
	if vip.Is6() {
		m.judgeSolicited(link, vip, addresses, f)
		return nil
	}
	ignore, err := m.effective("arp_ignore", link)
	if err != nil {
		return err
	}
	if answersARP(ignore, link, vip, addresses) {
		if err := m.judgeARPFilter(link, vip, f); err != nil {
			return err
		}
		return m.judgeARPRules(link, vip, f)
	}
	f.fail("arp_ignore is %d on %s, where %s is not", ignore, link, vip)
	if m.keepsQuiet(addresses) { // for others' VIPs: 1 lets it answer for those of the interface
		if ignore != 1 {
			f.mend(setIgnore(link, 1))
		}
		f.mend(fmt.Sprintf("ip addr add %s/32 dev %s", vip, link))
		return nil
	}
	f.mend(setIgnore(link, 0))
	return nil
}

// judgeARPFilter judges arp_filter: with it, the kernel answers only where its own
// route to the asker leads (kernel: ip-sysctl.rst). Somebody who asks for a VIP of
// another network may be of that network, and reached by another interface here.
func (m *facts) judgeARPFilter(link string, vip netip.Addr, f *finding) error {
	filter, err := m.effective("arp_filter", link)
	way, known := m.ways[vip]
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || filter == 0 || !known || host.LAN(vip, m.links.value, m.routes.value) == link || way.err == nil && way.value.Interface == link {
		return err
	}
	f.warn("arp_filter is %d on %s, and the route to whoever asks for %s may not lead there", filter, link, vip).
		mend(fmt.Sprintf("sysctl -w %s=0 %s=0", host.LinkParameter("all", "arp_filter"), host.LinkParameter(link, "arp_filter")))
	return nil
}

// judgeARPRules looks for rules of the packet filter that keep the director from
// answering, as they should keep a real server (arptables).
func (m *facts) judgeARPRules(link string, vip netip.Addr, f *finding) error {
	rules, err := m.arp.get()
	if err != nil {
		return err
	}
	faults, err := rules.Faults(vip, link)
	if err != nil {
		return err
	}
	for _, fault := range faults {
		f.fail("%s drops ARP for %s on %s", fault.Where, vip, link).mend(fault.Remedy)
	}
	if len(faults) == 0 {
		f.pass("%s on %s", vip, link)
	}
	return nil
}

func setIgnore(link string, value int) string {
	return fmt.Sprintf("sysctl -w %s=%d %s=%d", host.LinkParameter("all", "arp_ignore"), value, host.LinkParameter(link, "arp_ignore"), value)
}

// answersARP reports whether the kernel answers on an interface for an address
// that it has (kernel: ip-sysctl.rst, arp_ignore; the reserved values are as 0).
func answersARP(ignore int, link string, vip netip.Addr, addresses []host.Address) bool {
	on := func(fits func(host.Address) bool) bool {
		return slices.ContainsFunc(addresses, func(a host.Address) bool { return a.Prefix.Addr() == vip && fits(a) })
	}
	switch ignore {
	case 1:
		return on(func(a host.Address) bool { return a.Interface == link })
	case 2: // only to askers of the address's network
		return on(func(a host.Address) bool { return a.Interface == link && !a.Prefix.IsSingleIP() })
	case 3:
		return on(func(a host.Address) bool { return !a.Host })
	case 8:
		return false
	}
	return true
}

// keepsQuiet reports whether this director has VIPs of others, for which it
// must not answer.
func (m *facts) keepsQuiet(addresses []host.Address) bool {
	vips := m.vips()
	return slices.ContainsFunc(addresses, func(a host.Address) bool {
		silent := slices.ContainsFunc(m.links.value, func(l host.Link) bool { return l.Name == a.Interface && l.Silent() })
		vip := a.Prefix.Addr()
		return vip.Is4() && a.Prefix.IsSingleIP() && !vip.IsLoopback() && silent && !slices.Contains(vips, vip)
	})
}

// judgeSolicited judges IPv6: Linux answers neighbour solicitations only for the
// addresses of the interface that hears them. If the VIP is in no network of the
// interface, nobody asks: a router's route leads here.
func (m *facts) judgeSolicited(link string, vip netip.Addr, addresses []host.Address, f *finding) {
	switch {
	case held(vip, addresses, link):
		f.pass("%s on %s", vip, link)
	case host.LAN(vip, m.links.value, m.routes.value) != link:
		f.pass("nobody asks for %s on %s", vip, link)
	default:
		f.fail("neighbours on %s ask for %s, which is on another interface", link, vip).
			mend(fmt.Sprintf("ip addr add %s/128 dev %s nodad preferred_lft 0", vip, link))
	}
}
