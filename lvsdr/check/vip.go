package check

import (
	"fmt"
	"net/netip"
	"strings"

	"lvsdr/internal/kernel"
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
	for _, vip := range s.Config.VIPs {
		s.placed(vip, addresses, f)
	}
	return nil
}

// placed says where a VIP is.
func (s *Site) placed(vip netip.Addr, addresses []kernel.Address, f *finding) {
	home, _, _ := strings.Cut(s.Config.Label, ":")
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
func (s *Site) stray(a kernel.Address, f *finding) {
	saw := f.fail
	if s.Role == Director {
		saw = f.warn
	}
	saw("%s is on %s", a.Prefix, a.Interface).mend(fmt.Sprintf("ip addr del %s dev %s", a.Prefix, a.Interface))
}
