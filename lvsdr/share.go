package lvsdr

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/hint"
	"lvsdr/internal/plan"
)

// takeShare leaves to a real server the VIPs that it takes: those of the
// services that list one of its addresses. Nothing tells them from the others
// where no real server is listed at all, as with flags alone; stop takes what is
// there then.
func (s *session) takeShare() error {
	if s.Role != plan.RealServer || s.allVIPs || !s.config.Lists() {
		return nil
	}
	own, err := s.ownAddresses()
	if err != nil {
		return fmt.Errorf("read addresses: %w", err)
	}
	share, all := s.config.ShareOf(own), s.config.AllVIPs()
	switch {
	case share.Listed:
		if len(share.VIPs) == 0 {
			fmt.Fprintf(s.stderr, "lvsdr: %s: this machine needs no VIP: it is listed with masquerading alone\n", s.verb)
		}
		s.config = s.config.Carrying(share.VIPs)
	case s.stops:
	case len(all) == 1:
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: %s; it takes %s all the same\n", s.verb, unlisted(own), all[0])
	default:
		return exitError{statusUsage, hint.Add(fmt.Errorf("%s: %s; which of the %d VIPs it takes cannot be told", s.verb, unlisted(own), len(all)),
			"list one of its addresses; or take every VIP: --all-vips")}
	}
	return nil
}

// ownAddresses are those that others may know the machine by.
func (s *session) ownAddresses() (own []netip.Addr, err error) {
	links, err := s.Links()
	if err != nil {
		return nil, err
	}
	addresses, err := s.AddressesOn(links)
	vips := s.config.AllVIPs()
	for _, a := range addresses {
		addr := a.Prefix.Addr()
		if !addr.IsLoopback() && !(addr.Is6() && addr.IsLinkLocalUnicast()) && !slices.Contains(vips, addr) && !slices.Contains(own, addr) {
			own = append(own, addr)
		}
	}
	return own, err
}

func unlisted(own []netip.Addr) string {
	var words []string
	for _, a := range own {
		words = append(words, a.String())
	}
	if len(words) == 0 {
		words = []string{"it has no address of its own"}
	}
	return "no service lists this machine as a real server (" + strings.Join(words, ", ") + ")"
}
