// Package keepalived writes a configuration as a keepalived.conf(5): two directors
// in place of one, one of which has the VIP, and checks of the real servers.
//
// [Write] takes a checked [config.Config] and the [Options] that it lacks, and writes
// text with comments for the operator. The virtual services and their real servers
// are those of [config.Config.Wanted], as for "lvsdr vs start". It asks the machine
// nothing.
package keepalived

import (
	"fmt"
	"io"
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Options is what keepalived has to know and the configuration does not say.
type Options struct {
	Interface string // where the VIP goes, and where the directors talk
	RouterID  uint8  // of VRRP, which tells pairs of directors apart
	Priority  uint8  // of this director; 255 is for the owner of an address
	Check     *Check // of all services; nil: the file's, or else a connection
	// Sorry are the servers that stand in when all real servers are down, one for
	// each address family; none: the file's. Without a port it is the service's.
	Sorry []netip.AddrPort
	// VRRPOnly leaves the services to "lvsdr vs watch" on both directors.
	VRRPOnly bool
	Peers    []netip.Addr // the other director, at most one address of each family; none: multicast
}

// Validate reports what of the options cannot be with the configuration.
func (o Options) Validate(c config.Config) error {
	if o.Interface == "lo" {
		return fault("--interface", o.Interface, "loopback leads to no other director", "the interface of the LAN")
	}
	if o.VRRPOnly && c.Watch.VIP != config.VIPVRRP {
		return fmt.Errorf("watch.vip %q: vs start and vs watch would put the VIP up on both directors, expected vrrp", c.Watch.VIP)
	}
	if err := o.checkPeers(c.AllVIPs()); err != nil {
		return err
	}
	var families []bool // whether it is IPv4
	vips := c.AllVIPs()
	for _, s := range o.Sorry {
		addr := s.Addr()
		is := func(vip netip.Addr) bool { return vip.Is4() == addr.Is4() }
		serves := func(w config.Wanted) bool {
			return slices.ContainsFunc(w.Destinations, func(d ipvs.Destination) bool { return d.Addr == addr })
		}
		translated := func(s config.Service) bool { return s.Forward == ipvs.Masquerade }
		switch word := sorryWord(s); {
		case slices.Contains(vips, addr):
			return fault("--sorry-server", word, "it is a VIP", "the server's own address")
		case !slices.ContainsFunc(vips, is):
			return fault("--sorry-server", word, "no VIP is of its address family", "the family of a VIP")
		case slices.ContainsFunc(c.Wanted(), serves):
			return fault("--sorry-server", word, "a real server of the service", "another machine")
		case slices.Contains(families, addr.Is4()):
			return fault("--sorry-server", word, "another one of the same address family", "one for IPv4 and one for IPv6")
		case s.Port() != 0 && !allOf(c.Services, translated):
			return fault("--sorry-server", word, "a port without forward: masquerade", "none: it is the service's")
		}
		families = append(families, addr.Is4())
	}
	return nil
}

// checkPeers looks for what means nothing.
func (o Options) checkPeers(vips []netip.Addr) error {
	for i, peer := range o.Peers {
		switch {
		case !o.VRRPOnly:
			return fault("--peer", peer.String(), "without --vrrp-only", "both")
		case !slices.ContainsFunc(vips, func(vip netip.Addr) bool { return vip.Is4() == peer.Is4() }):
			return fault("--peer", peer.String(), "no VIP is of its address family", "the family of a VIP")
		case slices.ContainsFunc(o.Peers[:i], func(p netip.Addr) bool { return p.Is4() == peer.Is4() }):
			return fault("--peer", peer.String(), "another one of the same address family", "one for IPv4 and one for IPv6")
		}
	}
	return nil
}

func sorryWord(s netip.AddrPort) string {
	if s.Port() == 0 {
		return s.Addr().String()
	}
	return s.String()
}

func fault(flag, word, what, want string) error {
	return fmt.Errorf("%s %q: %s, expected %s", flag, word, what, want)
}

func allOf[T any](all []T, is func(T) bool) bool {
	return !slices.ContainsFunc(all, func(v T) bool { return !is(v) })
}

// Write writes the file, and returns how many things of the configuration keepalived
// does not do, which are comments there. Configuration and options are valid.
func Write(w io.Writer, c config.Config, o Options) (lost int, err error) {
	var t text
	if o.VRRPOnly {
		t.pairPreface(o)
	} else {
		t.preface(c, o)
	}
	t.vrrp(c, o)
	if !o.VRRPOnly {
		t.services(c, o)
	}
	_, err = w.Write(t.b.Bytes())
	return t.lost, err
}
