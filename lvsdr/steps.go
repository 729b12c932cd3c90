package lvsdr

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/kernel"
)

// step is one thing that start makes so and stop takes away. Steps are the one
// list behind every verb: start carries out what they lack, diff and --dry-run
// print that, status counts it, stop walks them backwards.
type step interface {
	// missing are the changes that make it so; none: it is so already.
	missing(*scene) ([]change, error)
	// present are the changes that take it away; none: nothing of it is there.
	present(*scene) ([]change, error)
	// report adds what there is of it to a status.
	report(*scene, *Status) error
}

// change is one deed, with the command an administrator would type for it. A
// deed that leaves nothing behind has no undo.
type change struct {
	line string
	do   func() error
	undo func() error
}

// options of start that go beyond the configuration.
type options struct {
	exclusive bool // virtual services that are not configured go
}

// stepsFor is the list for a machine of that role, in the order of start.
func stepsFor(r role, c config.Config, o options) []step {
	var steps []step
	if r == realServer {
		for _, name := range []string{"arp_ignore", "arp_announce"} {
			for _, i := range c.ARP.Interfaces {
				steps = append(steps, sysctlStep{"net.ipv4.conf." + i + "." + name, arpValues[name]})
			}
		}
		if !slices.ContainsFunc(c.VIPs, netip.Addr.Is4) {
			steps = nil // neighbour discovery has no such switches
		}
		return append(steps, addressSteps(c)...)
	}
	wanted := c.Wanted()
	if o.exclusive {
		steps = append(steps, othersStep{wanted})
	}
	for _, w := range wanted {
		steps = append(steps, serviceStep{w.Service})
		for _, d := range w.Destinations {
			steps = append(steps, destinationStep{w.Service, d})
		}
		steps = append(steps, unlistedStep{w.Service, w.Destinations})
	}
	steps = append(steps, addressSteps(c)...)
	if c.Announce {
		for _, vip := range c.VIPs {
			steps = append(steps, announceStep{vip})
		}
	}
	return steps
}

// arpValues are what a real server needs so as not to answer for the VIP:
// arp_ignore 1 replies only for addresses of the interface that was asked,
// arp_announce 2 never announces another one (kernel: ip-sysctl.rst).
var arpValues = map[string]int{"arp_ignore": 1, "arp_announce": 2}

// serviceStep is a virtual service.
type serviceStep struct{ want kernel.Service }

func (t serviceStep) missing(s *scene) ([]change, error) {
	have := s.service(&t.want)
	switch {
	case have == nil:
		return []change{{
			line: serviceLine("-A", &t.want),
			do:   func() error { return s.machine.AddService(t.want) },
			undo: func() error { return s.machine.DeleteService(t.want) },
		}}, nil
	case sameScheduling(&have.Service, &t.want):
		return nil, nil
	}
	return []change{{
		line: serviceLine("-E", &t.want),
		do:   func() error { return s.machine.EditService(t.want) },
		undo: func() error { return s.machine.EditService(have.Service) },
	}}, nil
}

func (t serviceStep) present(s *scene) ([]change, error) {
	have := s.service(&t.want)
	if have == nil {
		return nil, nil
	}
	return []change{deleteService(s.machine, have)}, nil
}

// deleteService deletes a service with its destinations; undone, all of them
// come back.
func deleteService(m machine, have *service) change {
	return change{
		line: serviceLine("-D", &have.Service),
		do:   func() error { return m.DeleteService(have.Service) },
		undo: func() error {
			if err := m.AddService(have.Service); err != nil {
				return err
			}
			for _, d := range slices.Backward(have.destinations) { // the kernel has the newest first
				if err := m.AddDestination(have.Service, d.Destination); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// sameScheduling compares everything of a service but its identity. Timeout
// and netmask count only where it is persistent.
func sameScheduling(a, b *kernel.Service) bool {
	const flags = kernel.Persistent | kernel.OnePacket |
		kernel.SchedulerFlag1 | kernel.SchedulerFlag2 | kernel.SchedulerFlag3
	if a.Scheduler != b.Scheduler || a.PE != b.PE || a.Flags&flags != b.Flags&flags {
		return false
	}
	return a.Flags&kernel.Persistent == 0 || a.Timeout == b.Timeout && a.Netmask == b.Netmask
}

// destinationStep is a real server of a service. One that is being drained has
// weight 0 until that ends.
type destinationStep struct {
	service kernel.Service
	want    kernel.Destination
}

// effective is what is wanted now.
func (t destinationStep) effective(s *scene) kernel.Destination {
	d := t.want
	if s.record.draining(d.Addr) {
		d.Weight = 0
	}
	return d
}

func (t destinationStep) missing(s *scene) ([]change, error) {
	want := t.effective(s)
	have := s.service(&t.service).destination(&want)
	switch {
	case have == nil:
		return []change{{
			line: destinationLine("-a", &t.service, &want),
			do:   func() error { return s.machine.AddDestination(t.service, want) },
			undo: func() error { return s.machine.DeleteDestination(t.service, want) },
		}}, nil
	case sameDestination(&have.Destination, &want):
		return nil, nil
	}
	return []change{{
		line: destinationLine("-e", &t.service, &want),
		do:   func() error { return s.machine.EditDestination(t.service, want) },
		undo: func() error { return s.machine.EditDestination(t.service, have.Destination) },
	}}, nil
}

// present: the service takes its destinations along.
func (t destinationStep) present(*scene) ([]change, error) { return nil, nil }

func sameDestination(a, b *kernel.Destination) bool {
	same := a.Forward&7 == b.Forward&7 && a.Weight == b.Weight && a.Upper == b.Upper && a.Lower == b.Lower
	if b.Forward == kernel.Tunnel {
		same = same && a.TunnelType == b.TunnelType && a.TunnelPort == b.TunnelPort && a.TunnelFlags == b.TunnelFlags
	}
	return same
}

// unlistedStep is that a configured service has no other real servers.
type unlistedStep struct {
	service kernel.Service
	listed  []kernel.Destination
}

func (t unlistedStep) missing(s *scene) ([]change, error) {
	var changes []change
	for _, d := range t.unlisted(s.service(&t.service)) {
		changes = append(changes, change{
			line: destinationLine("-d", &t.service, &d.Destination),
			do:   func() error { return s.machine.DeleteDestination(t.service, d.Destination) },
			undo: func() error { return s.machine.AddDestination(t.service, d.Destination) },
		})
	}
	return changes, nil
}

// unlisted are the destinations of a service, if it is there, that are not
// configured.
func (t unlistedStep) unlisted(have *service) []kernel.DestinationEntry {
	if have == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(have.destinations), func(d kernel.DestinationEntry) bool {
		return slices.ContainsFunc(t.listed, func(l kernel.Destination) bool { return l.Addr == d.Addr && l.Port == d.Port })
	})
}

func (t unlistedStep) present(*scene) ([]change, error) { return nil, nil }

// othersStep is that there are no other virtual services.
type othersStep struct{ wanted []config.Wanted }

func (t othersStep) missing(s *scene) ([]change, error) {
	var changes []change
	for i := range s.services {
		have := &s.services[i]
		wanted := func(w config.Wanted) bool { return sameService(&w.Service, &have.Service) }
		if !slices.ContainsFunc(t.wanted, wanted) {
			changes = append(changes, deleteService(s.machine, have))
		}
	}
	return changes, nil
}

func (t othersStep) present(*scene) ([]change, error) { return nil, nil }

// addressSteps put the VIPs on the loopback interface.
func addressSteps(c config.Config) []step {
	var steps []step
	for _, vip := range c.VIPs {
		a := kernel.Address{Prefix: netip.PrefixFrom(vip, vip.BitLen()), Interface: interfaceOf(c.Label), Label: c.Label}
		if vip.Is6() {
			a.Label, a.Deprecated = "", true
		}
		steps = append(steps, addressStep{a})
	}
	return steps
}

// addressStep is a VIP on its interface.
type addressStep struct{ want kernel.Address }

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

func (t addressStep) add(s *scene) change {
	return change{
		line: addressLine("add", t.want),
		do:   func() error { return s.machine.AddAddress(t.want) },
		undo: func() error { return s.machine.DeleteAddress(t.want) },
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

func deleteAddress(m machine, a kernel.Address) change {
	return change{
		line: addressLine("del", a),
		do:   func() error { return m.DeleteAddress(a) },
		undo: func() error { return m.AddAddress(a) },
	}
}

// announceStep tells the neighbours of a VIP that start puts here.
type announceStep struct{ vip netip.Addr }

func (t announceStep) missing(s *scene) ([]change, error) {
	if len(s.addressesOf(t.vip)) > 0 {
		return nil, nil
	}
	links, err := s.machine.Facing(t.vip)
	if err != nil {
		return nil, fmt.Errorf("find the interfaces that face the clients of %s: %w", t.vip, err)
	}
	var changes []change
	for _, l := range links {
		changes = append(changes, change{
			line: announceLine(l, t.vip),
			do:   func() error { return s.machine.Announce(l, t.vip) },
		})
	}
	return changes, nil
}

func (t announceStep) present(*scene) ([]change, error) { return nil, nil }

// sysctlStep is a value that must be at least so high. What was found is
// recorded, and given back where the value is still ours.
type sysctlStep struct {
	name string
	want int
}

func (t sysctlStep) missing(s *scene) ([]change, error) {
	have, err := s.machine.Get(t.name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	if have >= t.want {
		return nil, nil
	}
	return []change{{
		line: sysctlLine(t.name, t.want),
		do: func() error {
			if err := s.record.found(t.name, have, t.want); err != nil {
				return err
			}
			return s.machine.Set(t.name, t.want)
		},
		undo: func() error {
			if err := s.machine.Set(t.name, have); err != nil {
				return err
			}
			return s.record.forget(t.name)
		},
	}}, nil
}

func (t sysctlStep) present(s *scene) ([]change, error) {
	r, ok := s.record.Sysctls[t.name]
	if !ok {
		return nil, nil
	}
	have, err := s.machine.Get(t.name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	if have != r.Set || have == r.Found {
		return nil, nil // no longer ours
	}
	return []change{{
		line: sysctlLine(t.name, r.Found),
		do: func() error {
			if err := s.machine.Set(t.name, r.Found); err != nil {
				return err
			}
			return s.record.forget(t.name)
		},
		undo: func() error {
			if err := s.record.found(t.name, r.Found, r.Set); err != nil {
				return err
			}
			return s.machine.Set(t.name, r.Set)
		},
	}}, nil
}

// interfaceOf is the interface of a label: "lo" of "lo:1".
func interfaceOf(label string) string {
	name, _, _ := strings.Cut(label, ":")
	return name
}
