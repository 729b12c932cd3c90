package lvsdr

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/hint"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
)

// takeShare restricts a real server to the VIPs that it takes: those of the services
// that list one of its addresses, except those that it directs. A director has its
// VIPs already, and with a raised arp_ignore nobody would find them.
func (s *session) takeShare() error {
	if s.Role != plan.RealServer {
		return nil
	}
	if err := s.findDirected(); err != nil {
		return err
	}
	all := s.config.AllVIPs()
	isDirected := func(vip netip.Addr) bool { return s.options.Directed[vip] }
	others := slices.DeleteFunc(slices.Clone(all), isDirected)
	taken := all
	if len(others) > 0 {
		listed, err := s.listedVIPs(all)
		if err != nil {
			return err
		}
		taken = listed
	}
	taken = slices.DeleteFunc(slices.Clone(taken), isDirected)
	if len(others) < len(all) && !s.stops {
		directed := slices.DeleteFunc(slices.Clone(all), func(vip netip.Addr) bool { return !isDirected(vip) })
		fmt.Fprintf(s.stderr, "lvsdr: %s: this machine is the director of %s, and needs no setup as a real server of it\n",
			s.verb, joined(directed))
	}
	if len(taken) < len(all) {
		s.config = s.config.Carrying(taken)
	}
	return nil
}

// findDirected finds the VIPs that this machine is a director of, by the record
// or by its table.
func (s *session) findDirected() error {
	services, err := s.Services(ipvs.Everything)
	if err != nil {
		return fmt.Errorf("read the ipvs table: %w", err)
	}
	s.options.Directed = map[netip.Addr]bool{}
	if s.config.Watch.VIP == config.VIPVRRP {
		own, err := s.ownAddresses()
		if err != nil {
			return fmt.Errorf("read addresses: %w", err)
		}
		if s.config.ShareOf(own).Listed { // the other director sends it its share
			return nil
		}
		for _, vip := range s.config.AllVIPs() {
			s.options.Directed[vip] = s.Record.Claim(plan.Claimant{Role: plan.Director, File: s.File}).Started()
		}
	}
	for _, vip := range s.Record.Directs() {
		s.options.Directed[vip] = true
	}
	for _, v := range services {
		if v.FWMark == 0 {
			s.options.Directed[v.Addr] = true
		}
	}
	return nil
}

// listedVIPs are the VIPs of services that list one of the machine's addresses. If no
// real server is listed at all, as with flags alone, every VIP counts, and stop takes
// those that are there.
func (s *session) listedVIPs(all []netip.Addr) ([]netip.Addr, error) {
	if s.allVIPs || !s.config.Lists() {
		return all, nil
	}
	own, err := s.ownAddresses()
	if err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	switch share := s.config.ShareOf(own); {
	case share.Listed:
		if len(share.VIPs) == 0 {
			fmt.Fprintf(s.stderr, "lvsdr: %s: this machine needs no VIP: it is listed only with masquerading\n", s.verb)
		}
		return share.VIPs, nil
	case s.stops:
	case len(all) == 1:
		fmt.Fprintf(s.warnings, "lvsdr: %s: warning: %s; it gets %s anyway\n", s.verb, unlisted(own), all[0])
	default:
		return nil, exitError{statusUsage, hint.Add(fmt.Errorf("%s: %s; which of the %d VIPs it needs is unknown", s.verb, unlisted(own), len(all)),
			"list one of its addresses; or take every VIP: --all-vips")}
	}
	return all, nil
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
	words := joined(own)
	if words == "" {
		words = "it has no address of its own"
	}
	return "no service lists this machine as a real server (" + words + ")"
}

func joined(all []netip.Addr) string {
	var words []string
	for _, a := range all {
		words = append(words, a.String())
	}
	return strings.Join(words, ", ")
}
