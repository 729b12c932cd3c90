package plan

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// placeVIP are the changes after which a VIP is on its interface with a full
// mask, and not where the same file had it before.
func (s *State) placeVIP(w Wish, want host.Address, former Claim, announced bool) ([]Change, error) {
	vip := want.Prefix.Addr()
	if s.isOwn(w, want) {
		return nil, nil
	}
	if !slices.ContainsFunc(s.Links, func(l host.Link) bool { return l.Name == want.Interface }) {
		return nil, hint.Add(fmt.Errorf("there is no interface %s for %s", want.Interface, vip),
			"see: ip link; name another one with --label INTERFACE:ALIAS")
	}
	var there bool
	var first, last []Change // before and after the right one is added
	for _, have := range s.addressesOf(vip) {
		old, ours := former.place(vip, have.Interface)
		switch {
		case ours && have.Interface != want.Interface:
			last = append(last, deleteAddress(have))
		case have.Interface != want.Interface:
			return nil, s.refuseElsewhere(w, have)
		case ours && (old.Label == have.Label || vip.Is6()):
			first = append(first, deleteAddress(have))
		case s.fits(w, have):
			there = true
		case s.standsOn(have) != "":
			return nil, s.refuseElsewhere(w, have)
		case vip.Is6(): // once on an interface, whatever the prefix length
			first = append(first, deleteAddress(have))
		default:
			last = append(last, deleteAddress(have))
		}
	}
	if there {
		return append(first, last...), nil
	}
	return slices.Concat(first, []Change{addVIP(want, announced)}, last), nil
}

// refuseElsewhere says why a VIP cannot be put where it is wanted: it is
// somewhere else, or the machine lives on it.
func (s *State) refuseElsewhere(w Wish, have host.Address) error {
	vip := have.Prefix.Addr()
	on := s.standsOn(have)
	if on == "" {
		return hint.Add(fmt.Errorf("%s is already on %s", vip, have.Interface), addressLine("del", have))
	}
	err := fmt.Errorf("%s is an address of this machine's own: on %s, and %s stands on it", have.Prefix, have.Interface, on)
	if w.Role == RealServer {
		return hint.Add(err, "a real server must not answer for the VIP; choose one that is no machine's own address")
	}
	return hint.Add(err, "with direct routing or tunnels the real servers have the VIP too, and would not hear "+
		"this machine any more: choose a VIP that is no machine's own address, or forward: masquerade")
}

// isOwn reports whether a director has a VIP anyway, somewhere else than at its
// label, and may use it as it is: no real server has to have it, too.
func (s *State) isOwn(w Wish, want host.Address) bool {
	vip := want.Prefix.Addr()
	if w.Role != Director || !w.masquerades(vip) {
		return false
	}
	have := s.addressesOf(vip)
	return len(have) > 0 && !slices.ContainsFunc(have, func(a host.Address) bool { return a.Interface == want.Interface && s.fits(w, a) })
}

// masquerades reports whether all services of a VIP are forwarded by
// masquerading.
func (w Wish) masquerades(vip netip.Addr) bool {
	return !slices.ContainsFunc(w.Services, func(v Service) bool {
		mine := v.FWMark == 0 && v.Addr == vip || v.FWMark != 0 && v.Family == ipvs.FamilyOf(vip)
		return mine && slices.ContainsFunc(v.Destinations, func(d Destination) bool { return d.Forward != ipvs.Masquerade })
	})
}

// fits reports whether the mask of a VIP is right: it adds no network that its
// interface does not have without it.
func (s *State) fits(w Wish, have host.Address) bool {
	if have.Prefix.IsSingleIP() {
		return true
	}
	if s.isLoopback(have.Interface) {
		return false // all of the network would be this machine
	}
	return slices.ContainsFunc(s.Addresses, func(a host.Address) bool {
		isVIP := slices.ContainsFunc(w.VIPs, func(v host.Address) bool { return v.Prefix.Addr() == a.Prefix.Addr() })
		return !isVIP && a.Interface == have.Interface && a.Prefix.Bits() <= have.Prefix.Bits() && a.Prefix.Contains(have.Prefix.Addr())
	})
}

func (s *State) isLoopback(link string) bool {
	return slices.ContainsFunc(s.Links, func(l host.Link) bool { return l.Name == link && l.Loopback })
}

// standsOn names a route or another address that would go with an address; ""
// if there is none. Of the IPv4 addresses of one network on an interface, the
// first is the primary, and takes the others with it.
func (s *State) standsOn(a host.Address) string {
	for _, r := range s.Routes {
		if r.Source == a.Prefix.Addr() && r.Prefix != a.Prefix.Masked() {
			return fmt.Sprintf("the route to %s", r.Prefix)
		}
	}
	if a.Prefix.IsSingleIP() {
		return ""
	}
	inNetwork := func(b host.Address) bool { return b.Interface == a.Interface && b.Prefix.Masked() == a.Prefix.Masked() }
	first := slices.IndexFunc(s.Addresses, inNetwork)
	for i, b := range s.Addresses {
		switch {
		case !inNetwork(b) || b.Prefix == a.Prefix:
		case a.Prefix.Addr().Is6() || s.Addresses[first].Prefix != a.Prefix:
			return "" // that one keeps the network
		case i > first:
			return b.Prefix.String()
		}
	}
	for _, r := range s.Routes {
		if r.Prefix == a.Prefix.Masked() && r.Interface == a.Interface && !r.Gateway {
			return fmt.Sprintf("the route to %s", r.Prefix)
		}
	}
	return ""
}

// stands is what stands on what is at a place.
func (s *State) stands(p Place) string {
	for _, have := range s.addressesOf(p.VIP) {
		if on := s.standsOn(have); on != "" && have.Interface == p.Interface {
			return on
		}
	}
	return ""
}

// removeVIP takes a VIP away from its interface.
func (p *Plan) removeVIP(at Place, w Wish, s State) {
	going, staying := s.going(at, w)
	for _, a := range going {
		p.Changes = append(p.Changes, deleteAddress(a))
	}
	for _, a := range staying {
		p.remark("%s stays on %s: %s stands on it", a.Prefix, a.Interface, s.standsOn(a))
	}
}

// going are the addresses at a place that is no longer claimed, whatever their
// mask; staying are those that start did not put there, and others stand on. A
// VIP that the wish has elsewhere only moves, which is placeVIP's.
func (s *State) going(at Place, w Wish) (going, staying []host.Address) {
	if slices.ContainsFunc(w.VIPs, func(a host.Address) bool { return a.Prefix.Addr() == at.VIP }) {
		return nil, nil
	}
	for _, have := range s.addressesOf(at.VIP) {
		switch {
		case have.Interface != at.Interface:
		case at.Adopted && s.standsOn(have) != "":
			staying = append(staying, have)
		default:
			going = append(going, have)
		}
	}
	return going, staying
}

// addVIP puts a VIP on its interface. That it is to be announced is recorded
// first, so that the next start does it where this one is killed in between.
func addVIP(a host.Address, announced bool) Change {
	vip := a.Prefix.Addr()
	return Change{
		Line: addressLine("add", a),
		do: func(at Site) error {
			if announced {
				if err := at.Record.put(vip); err != nil {
					return err
				}
			}
			if err := at.AddAddress(a); err != nil {
				return errors.Join(err, at.Record.announced(vip))
			}
			return nil
		},
		undo: func(at Site) error {
			if err := at.DeleteAddress(a); err != nil {
				return err
			}
			return at.Record.announced(vip)
		},
	}
}

func deleteAddress(a host.Address) Change {
	return Change{
		Line: addressLine("del", a),
		do:   func(at Site) error { return at.DeleteAddress(a) },
		undo: func(at Site) error { return at.AddAddress(a) },
	}
}

// announcements tell the neighbours of VIPs, on all interfaces that face their
// clients.
func announcements(w Wish, s State) map[netip.Addr][]Change {
	all := map[netip.Addr][]Change{}
	for _, a := range w.VIPs {
		vip := a.Prefix.Addr()
		if !s.announces(w, vip) {
			continue
		}
		links := host.FacingLinks(vip, s.Links, s.Addresses, s.Routes)
		for i, l := range links {
			all[vip] = append(all[vip], announce(l, vip, i == len(links)-1))
		}
	}
	return all
}

// announce tells the neighbours on one interface; the last one is the end of
// it.
func announce(l host.Link, vip netip.Addr, last bool) Change {
	return Change{
		Line: announceLine(l, vip),
		do: func(at Site) error {
			if err := at.Announce(l, vip); err != nil || !last {
				return err
			}
			return at.Record.announced(vip)
		},
	}
}
