package plan

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
)

// placeVIP are the changes after which a VIP is on its interface with a full
// mask, and with no other.
func placeVIP(want host.Address, s State, announced bool) ([]Change, error) {
	vip := want.Prefix.Addr()
	if !slices.ContainsFunc(s.Links, func(l host.Link) bool { return l.Name == want.Interface }) {
		return nil, hint.Add(fmt.Errorf("there is no interface %s for %s", want.Interface, vip),
			"see: ip link; name another one with --label INTERFACE:ALIAS")
	}
	there, wrong := false, []Change(nil)
	for _, have := range s.addressesOf(vip) {
		switch {
		case have.Interface != want.Interface:
			return nil, hint.Add(fmt.Errorf("%s is already on %s", vip, have.Interface), addressLine("del", have))
		case have.Prefix == want.Prefix:
			there = true
		default:
			wrong = append(wrong, deleteAddress(have))
		}
	}
	switch {
	case there:
		return wrong, nil
	case vip.Is6(): // once on an interface, whatever the prefix length
		return append(wrong, addVIP(want, announced)), nil
	}
	// The right one first, so that the VIP is never away.
	return append([]Change{addVIP(want, announced)}, wrong...), nil
}

// removeVIP takes a VIP away from its interface, whatever its mask.
func removeVIP(want host.Address, s State) (all []Change) {
	for _, have := range s.addressesOf(want.Prefix.Addr()) {
		if have.Interface == want.Interface {
			all = append(all, deleteAddress(have))
		}
	}
	return all
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
