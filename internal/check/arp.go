package check

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/host"
)

// probeARPIgnore wants no answer for an address of another interface: 1, 2 or
// 8. The reserved values, and 3, answer for the VIP on lo like 0 (kernel:
// ip-sysctl.rst).
func probeARPIgnore(s *Site, f *finding) error {
	return s.eachListening("arp_ignore", f, func(value int) bool { return value == 1 || value == 2 || value >= 8 }, 1)
}

// probeARPAnnounce wants an address of the interface as the sender's: 2.
func probeARPAnnounce(s *Site, f *finding) error {
	return s.eachListening("arp_announce", f, func(value int) bool { return value >= 2 }, 2)
}

// eachListening judges a parameter on every interface that hears questions for
// the VIP.
func (s *Site) eachListening(name string, f *finding, good func(int) bool, want int) error {
	if !slices.ContainsFunc(s.Config.VIPs, netip.Addr.Is4) || !s.holdsVIP() {
		f.pass("not needed: this machine holds no VIP of IPv4")
		return nil
	}
	links, err := s.Kernel.Links()
	if err != nil {
		return err
	}
	for _, l := range links {
		if !ethernet(l) {
			continue
		}
		value, err := s.effective(name, l.Name)
		if err != nil {
			return err
		}
		if good(value) {
			f.pass("%d on %s", value, l.Name)
			continue
		}
		f.fail("%d on %s", value, l.Name).mend(s.raise(name, l.Name, value, want))
	}
	return nil
}

// raise is the command that sets a parameter right. start does where it is
// configured to, and gives it back in the end; but it lowers nothing.
func (s *Site) raise(name, link string, value, want int) string {
	configured := slices.Contains(s.Config.ARP.Interfaces, "all") || slices.Contains(s.Config.ARP.Interfaces, link)
	switch {
	case value >= want:
		return fmt.Sprintf("sysctl -w %s=%d %s=%d", host.LinkParameter("all", name), want, host.LinkParameter(link, name), want)
	case configured:
		return s.Lvsdr("rs", "start")
	}
	return fmt.Sprintf("sysctl -w %s=%d", host.LinkParameter(link, name), want)
}
