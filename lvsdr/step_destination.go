package lvsdr

import (
	"slices"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// destinationStep is a real server of a service. One that is being drained has
// weight 0 until that ends.
type destinationStep struct {
	service ipvs.Service
	want    ipvs.Destination
}

// effective is what is wanted now.
func (t destinationStep) effective(s *scene) ipvs.Destination {
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

func sameDestination(a, b *ipvs.Destination) bool { return len(differences(a, b)) == 0 }

// differences are what a real server has that is not as wanted, in the words
// of [status.RealServer].
func differences(have, want *ipvs.Destination) []string {
	var all []string
	if have.Forward != want.Forward {
		all = append(all, "forward")
	}
	if want.Forward == ipvs.Tunnel &&
		(have.TunnelType != want.TunnelType || have.TunnelPort != want.TunnelPort || have.TunnelFlags != want.TunnelFlags) {
		all = append(all, "tunnel")
	}
	if have.Weight != want.Weight {
		all = append(all, "weight")
	}
	if have.Upper != want.Upper || have.Lower != want.Lower {
		all = append(all, "thresholds")
	}
	return all
}

// report adds to the service that was reported last: its real servers follow
// it in the list of steps.
func (t destinationStep) report(s *scene, to *status.Status) error {
	want := t.effective(s)
	st := status.RealServer{Address: destinationWords(&t.service, &want), Forward: ipvs.Methods.Name(want.Forward),
		Configured: t.want.Weight, State: status.Missing}
	if have := s.service(&t.service).destination(&want); have != nil {
		fill(&st, have)
		switch {
		case !sameDestination(&have.Destination, &want):
			st.State, st.Differs = status.Differs, differences(&have.Destination, &want)
		case s.record.draining(want.Addr):
			st.State = status.Draining
		default:
			st.State = status.OK
		}
	}
	last := &to.Services[len(to.Services)-1]
	last.RealServers = append(last.RealServers, st)
	return nil
}

// unlistedStep is that a configured service has no other real servers.
type unlistedStep struct {
	service ipvs.Service
	listed  []ipvs.Destination
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
func (t unlistedStep) unlisted(have *service) []ipvs.DestinationEntry {
	if have == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(have.destinations), func(d ipvs.DestinationEntry) bool {
		return slices.ContainsFunc(t.listed, func(l ipvs.Destination) bool { return l.Key() == d.Key() })
	})
}

func (t unlistedStep) present(*scene) ([]change, error) { return nil, nil }

// report shows real servers that are there but not configured.
func (t unlistedStep) report(s *scene, to *status.Status) error {
	have := s.service(&t.service)
	last := &to.Services[len(to.Services)-1]
	for _, d := range t.unlisted(have) {
		st := status.RealServer{Address: destinationWords(&t.service, &d.Destination), State: status.Differs, Differs: []string{"unlisted"}}
		fill(&st, &d)
		last.RealServers = append(last.RealServers, st)
	}
	return nil
}
