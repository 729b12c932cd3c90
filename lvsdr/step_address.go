package lvsdr

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/status"
)

// addressSteps put the VIPs on the loopback interface.
func addressSteps(c config.Config) []step {
	var steps []step
	for _, vip := range c.VIPs {
		a := host.Address{Prefix: netip.PrefixFrom(vip, vip.BitLen()), Interface: interfaceOf(c.Label), Label: c.Label}
		if vip.Is6() {
			a.Label, a.Deprecated = "", true
		}
		steps = append(steps, addressStep{a})
	}
	return steps
}

// addressStep is a VIP on its interface.
type addressStep struct{ want host.Address }

func (t addressStep) missing(s *scene) ([]change, error) {
	vip := t.want.Prefix.Addr()
	if !s.hasLink(t.want.Interface) {
		return nil, hinted(fmt.Errorf("there is no interface %s for %s", t.want.Interface, vip),
			"see: ip link; name another one with --label INTERFACE:ALIAS")
	}
	there, wrong := false, []change(nil)
	for _, have := range s.addressesOf(vip) {
		switch {
		case have.Interface != t.want.Interface:
			return nil, hinted(fmt.Errorf("%s is already on %s", vip, have.Interface), addressLine("del", have))
		case have.Prefix == t.want.Prefix:
			there = true
		default:
			wrong = append(wrong, deleteAddress(s.machine, have))
		}
	}
	switch {
	case there:
		return wrong, nil
	case vip.Is6(): // once on an interface, whatever the prefix length
		return append(wrong, t.add(s)), nil
	}
	// The right one first, so that the VIP is never away.
	return append([]change{t.add(s)}, wrong...), nil
}

// add puts the VIP here. That it is to be announced is recorded first, so that
// the next start does it where this one is killed in between.
func (t addressStep) add(s *scene) change {
	vip := t.want.Prefix.Addr()
	return change{
		line: addressLine("add", t.want),
		do: func() error {
			if slices.Contains(s.announcing, vip) {
				if err := s.record.put(vip); err != nil {
					return err
				}
			}
			if err := s.machine.AddAddress(t.want); err != nil {
				return errors.Join(err, s.record.announced(vip))
			}
			return nil
		},
		undo: func() error {
			if err := s.machine.DeleteAddress(t.want); err != nil {
				return err
			}
			return s.record.announced(vip)
		},
	}
}

func (t addressStep) present(s *scene) ([]change, error) {
	var changes []change
	for _, have := range s.addressesOf(t.want.Prefix.Addr()) {
		if have.Interface == t.want.Interface {
			changes = append(changes, deleteAddress(s.machine, have))
		}
	}
	return changes, nil
}

func deleteAddress(m machine, a host.Address) change {
	return change{
		line: addressLine("del", a),
		do:   func() error { return m.DeleteAddress(a) },
		undo: func() error { return m.AddAddress(a) },
	}
}

func (t addressStep) report(s *scene, to *status.Status) error {
	st := status.VIP{Address: t.want.Prefix, Interface: t.want.Interface, State: status.Missing}
	for _, have := range s.addressesOf(t.want.Prefix.Addr()) {
		if have.Prefix != t.want.Prefix || have.Interface != t.want.Interface {
			st = status.VIP{Address: have.Prefix, Interface: have.Interface, State: status.Differs}
			break
		}
		st.State = status.OK
	}
	to.VIPs = append(to.VIPs, st)
	return nil
}

// interfaceOf is the interface of a label: "lo" of "lo:1".
func interfaceOf(label string) string {
	name, _, _ := strings.Cut(label, ":")
	return name
}

// announceStep tells the neighbours of a VIP that start puts here, or that a
// start which was killed has put here.
type announceStep struct{ vip netip.Addr }

func (t announceStep) missing(s *scene) ([]change, error) {
	if len(s.addressesOf(t.vip)) > 0 && !s.record.unannounced(t.vip) {
		return nil, nil
	}
	links, err := s.machine.Facing(t.vip)
	if err != nil {
		return nil, fmt.Errorf("find the interfaces that face the clients of %s: %w", t.vip, err)
	}
	var changes []change
	for i, l := range links {
		changes = append(changes, change{
			line: announceLine(l, t.vip),
			do: func() error {
				if err := s.machine.Announce(l, t.vip); err != nil || i < len(links)-1 {
					return err
				}
				return s.record.announced(t.vip)
			},
		})
	}
	if len(changes) > 0 {
		s.announcing = append(s.announcing, t.vip)
	}
	return changes, nil
}

func (t announceStep) present(*scene) ([]change, error) { return nil, nil }

func (t announceStep) report(*scene, *status.Status) error { return nil }
