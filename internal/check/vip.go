package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/host"
)

// probeVIP looks for the VIPs: on the interface of their label, with a full
// mask and, on a real server, nowhere else.
func probeVIP(s *Site, f *finding) error {
	if s.Role == RealServer && !s.holdsVIP() {
		f.pass("not needed: no service is forwarded by direct routing or tunnel")
		return nil
	}
	addresses, err := s.Kernel.Addresses()
	if err != nil {
		return err
	}
	moves, err := s.moves()
	if err != nil {
		return err
	}
	for _, vip := range s.Config.VIPs {
		if moves && !held(vip, addresses, s.home()) {
			s.moved(vip, addresses, f)
			continue
		}
		s.placed(vip, addresses, f)
	}
	return nil
}

// moves reports whether another program moves the VIPs of directors.
func (s *Site) moves() (bool, error) {
	if s.Role != Director {
		return false, nil
	}
	return s.Kernel.VRRP()
}

// home is the interface of the VIPs' label.
func (s *Site) home() string {
	home, _, _ := strings.Cut(s.Config.Label, ":")
	return home
}

// held reports whether the machine has the VIP, on one of these interfaces if
// there are any.
func held(vip netip.Addr, addresses []host.Address, on ...string) bool {
	return slices.ContainsFunc(addresses, func(a host.Address) bool {
		return a.Prefix.Addr() == vip && (len(on) == 0 || slices.Contains(on, a.Interface))
	})
}

// moved says where a VIP is that VRRP moves. Wherever that is, we do not mend
// it.
func (s *Site) moved(vip netip.Addr, addresses []host.Address, f *finding) {
	for _, a := range addresses {
		if a.Prefix.Addr() == vip {
			f.pass("%s on %s, where VRRP is at work", a.Prefix, a.Interface)
		}
	}
	if !held(vip, addresses) {
		f.warn("%s is on no interface: VRRP is at work here, and may have it on another director", vip)
	}
}

// placed says where a VIP is.
func (s *Site) placed(vip netip.Addr, addresses []host.Address, f *finding) {
	home := s.home()
	var there, narrow, elsewhere bool
	for _, a := range addresses {
		switch {
		case a.Prefix.Addr() != vip:
		case a.Interface != home:
			elsewhere = true
			s.stray(a, f)
		case a.Prefix.Bits() == vip.BitLen():
			there = true
		default:
			narrow = true
			f.fail("%s on %s claims its whole network: the mask should be /%d", a.Prefix, a.Interface, vip.BitLen())
		}
	}
	start := s.Lvsdr(string(s.Role), "start")
	switch {
	case there && !narrow:
		f.pass("%s on %s", netip.PrefixFrom(vip, vip.BitLen()), home)
	case narrow || elsewhere:
		f.mend(start)
	default:
		f.fail("%s is on no interface", vip).mend(start)
	}
}

// stray is a VIP on another interface than configured. Clients reach a director
// there all the same; a real server answers for it, whatever arp_ignore says.
func (s *Site) stray(a host.Address, f *finding) {
	saw := f.fail
	if s.Role == Director {
		saw = f.warn
	}
	saw("%s is on %s", a.Prefix, a.Interface).mend(fmt.Sprintf("ip addr del %s dev %s", a.Prefix, a.Interface))
}
