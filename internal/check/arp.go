package check

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/host"
	"lvsdr/internal/netfilter"
)

// judgeARPIgnore wants no answer for an address of another interface: 1, 2 or
// 8. The reserved values answer for the VIP on lo like 0, and so does 3, unless the
// VIP is of scope host (kernel: ip-sysctl.rst).
func judgeARPIgnore(m *facts, f *finding) error {
	return m.judgeARP("arp_ignore", f, func(value int) bool {
		return value == 1 || value == 2 || value >= 8 || value == 3 && m.ofScopeHost()
	}, 1)
}

// ofScopeHost reports whether all VIPs here are of scope host: with 3 the kernel
// does not answer for those.
func (m *facts) ofScopeHost() bool {
	vips := m.vips()
	return !slices.ContainsFunc(m.addresses.value, func(a host.Address) bool {
		return slices.Contains(vips, a.Prefix.Addr()) && a.Prefix.Addr().Is4() && !a.Host
	})
}

// judgeARPAnnounce wants an address of the interface as the sender's: 2.
func judgeARPAnnounce(m *facts, f *finding) error {
	return m.judgeARP("arp_announce", f, func(value int) bool { return value >= 2 }, 2)
}

// hearing are the interfaces that hear questions for the VIP, if this machine
// must not answer.
func (m *facts) hearing() []host.Link {
	if !m.mustKeepQuiet() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(m.links.value), func(l host.Link) bool { return !hears(l) })
}

// mustKeepQuiet reports whether this real server has a VIP that neighbours ask
// for by ARP.
func (m *facts) mustKeepQuiet() bool {
	return m.holdsVIP() && slices.ContainsFunc(m.vips(), func(vip netip.Addr) bool { return vip.Is4() && !m.takenByRule(vip) })
}

// judgeARP judges a parameter on every interface that hears questions for the
// VIP.
func (m *facts) judgeARP(name string, f *finding, good func(int) bool, want int) error {
	if !m.mustKeepQuiet() {
		f.pass("not needed: this machine holds no VIP of IPv4")
		return nil
	}
	if m.links.err != nil {
		return m.links.err
	}
	for _, l := range m.hearing() {
		value, err := m.effective(name, l.Name)
		if err != nil {
			return err
		}
		if good(value) {
			f.pass("%d on %s", value, l.Name)
			continue
		}
		quiet, err := m.quietByRules(name, l.Name)
		if err != nil {
			return err
		}
		if quiet {
			f.pass("%d on %s, where rules for ARP keep the VIP quiet", value, l.Name)
			continue
		}
		f.fail("%d on %s", value, l.Name).mend(m.raise(name, l.Name, value, want))
	}
	return nil
}

// quietByRules reports whether the packet filter does what a parameter should do:
// lets nothing be answered for the VIPs, or has it asked in another name (arptables).
func (m *facts) quietByRules(name, link string) (bool, error) {
	rules, err := m.arp.get()
	if err != nil {
		return false, err
	}
	for _, vip := range m.vips() {
		if !vip.Is4() {
			continue
		}
		quiet, err := rules.Renames(vip, link)
		if name == "arp_ignore" {
			var faults []netfilter.Fault
			faults, err = rules.Faults(vip, link)
			quiet = len(faults) > 0
		}
		if !quiet || err != nil {
			return false, err
		}
	}
	return true, nil
}

// raise is the command that sets a parameter right. start does where it is
// configured to, and gives it back in the end; but it lowers nothing.
func (m *facts) raise(name, link string, value, want int) string {
	configured := slices.Contains(m.Config.ARP.Interfaces, "all") || slices.Contains(m.Config.ARP.Interfaces, link)
	switch {
	case value >= want:
		return fmt.Sprintf("sysctl -w %s=%d %s=%d", host.LinkParameter("all", name), want, host.LinkParameter(link, name), want)
	case configured:
		return m.start()
	}
	return fmt.Sprintf("sysctl -w %s=%d", host.LinkParameter(link, name), want)
}
