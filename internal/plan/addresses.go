package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
)

// due are the VIPs that are there, or that nothing holds back.
func (w Wish) due(s State) []host.Address {
	return slices.DeleteFunc(slices.Clone(w.VIPs), func(a host.Address) bool {
		vip := a.Prefix.Addr()
		return w.Health != nil && w.Health.Held[vip] && len(s.addressesOf(vip)) == 0
	})
}

// placeVIP returns the changes after which a VIP is on its interface with a full
// mask; wrong are the places where it still is then and should not be: with another
// mask, or where the same file had it before.
func (s *State) placeVIP(w Wish, want host.Address, former Claim, others holders, announced bool) (all []Change, wrong []host.Address, err error) {
	vip := want.Prefix.Addr()
	if s.isOwn(w, want) {
		return nil, nil, nil
	}
	if !slices.ContainsFunc(s.Links, func(l host.Link) bool { return l.Name == want.Interface }) {
		return nil, nil, hint.Add(fmt.Errorf("there is no interface %s for %s", want.Interface, vip),
			"see: ip link; name another one with --label INTERFACE:ALIAS")
	}
	if w.Role == RealServer && !s.isSilent(want.Interface) {
		return nil, nil, hint.Add(fmt.Errorf("%s on %s: this machine would answer for it there; expected loopback or an interface without ARP", vip, want.Interface),
			"use --label lo:1, or a dummy or tunnel interface; if the director has it on another interface, set director_label")
	}
	var there bool
	for _, have := range s.addressesOf(vip) {
		old, ours := former.place(vip, have.Interface)
		moves := ours && (old.Label == have.Label || vip.Is6())
		who, held := others.place(Place{VIP: vip, Interface: have.Interface})
		switch {
		case w.isMoved(s, have):
		case held && have.Interface != want.Interface:
			return nil, nil, hint.Add(fmt.Errorf("%s is already on %s: %s", vip, have.Interface, who.wants()),
				"give both the same label or director_label, or stop the other one first")
		case have.Interface != want.Interface && !ours || !moves && !s.fits(have) && s.standsOn(have) != "":
			return nil, nil, s.refuseElsewhere(w, have)
		case have.Interface != want.Interface:
			wrong = append(wrong, have)
		case !moves && s.fits(have):
			there = true
		case vip.Is6() || have.Prefix == want.Prefix: // only once on an interface
			all = append(all, deleteAddress(have))
		default: // after the right one, so that the VIP is never away
			wrong = append(wrong, have)
		}
	}
	if !there {
		all = append(all, addVIP(want, announced))
	}
	return all, wrong, nil
}

// deleteAddresses deletes the primary of a network last: it would take the others
// along.
func (s *State) deleteAddresses(all []host.Address) (changes []Change) {
	for _, a := range slices.Backward(s.Addresses) {
		if slices.Contains(all, a) {
			changes = append(changes, deleteAddress(a))
		}
	}
	return changes
}

// refuseElsewhere says why a VIP cannot be put where it is wanted: it is
// somewhere else, or the machine lives on it.
func (s *State) refuseElsewhere(w Wish, have host.Address) error {
	vip := have.Prefix.Addr()
	on := s.standsOn(have)
	if on == "" {
		return hint.Add(fmt.Errorf("%s is already on %s", vip, have.Interface), addressLine("del", have))
	}
	err := fmt.Errorf("%s is this machine's own address on %s, and %s depends on it", have.Prefix, have.Interface, on)
	if w.Role == RealServer {
		return hint.Add(err, "a real server must not answer for the VIP: choose a VIP that is not the address of a machine")
	}
	return hint.Add(err, "with direct routing or tunnels the real servers have the VIP too, and could no longer reach "+
		"this machine: choose a VIP that is not the address of a machine, or forward: masquerade")
}

// isOwn reports whether a director has a VIP anyway, somewhere else than at its
// label, and may use it as it is: no real server has to have it, too.
func (s *State) isOwn(w Wish, want host.Address) bool {
	vip := want.Prefix.Addr()
	if !slices.Contains(w.Masqueraded, vip) {
		return false
	}
	have := s.addressesOf(vip)
	return len(have) > 0 && !slices.ContainsFunc(have, func(a host.Address) bool { return a.Interface == want.Interface && s.fits(a) })
}

func (s *State) fits(have host.Address) bool { return s.neighbourhood().Fits(have) }

func (s *State) standsOn(a host.Address) string { return s.neighbourhood().StandsOn(a) }

func (s *State) neighbourhood() host.Neighbourhood {
	return host.Neighbourhood{Links: s.Links, Addresses: s.Addresses, Routes: s.Routes, VIPs: s.vips}
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

// going are the addresses at a place that is no longer claimed, whatever their
// mask; staying are those that start did not put there and that others stand on. A
// VIP that the wish has elsewhere only moves, by placeVIP.
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
			return at.AddAddress(a)
		},
		undo: func(at Site) error { return at.DeleteAddress(a) },
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
