package lvsdr

import (
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// serviceStep is a virtual service.
type serviceStep struct{ want ipvs.Service }

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
func sameScheduling(a, b *ipvs.Service) bool {
	const flags = ipvs.Persistent | ipvs.OnePacket | ipvs.SchedulerFlags
	if a.Scheduler != b.Scheduler || a.PE != b.PE || a.Flags&flags != b.Flags&flags {
		return false
	}
	return a.Flags&ipvs.Persistent == 0 || a.Timeout == b.Timeout && a.Netmask == b.Netmask
}

func (t serviceStep) report(s *scene, to *status.Status) error {
	st := status.Service{Service: serviceWords(&t.want), Scheduler: t.want.Scheduler, State: status.Missing, RealServers: []status.RealServer{}}
	if have := s.service(&t.want); have != nil {
		st.Scheduler, st.State = have.Scheduler, status.OK
		if !sameScheduling(&have.Service, &t.want) {
			st.State = status.Differs
		}
	}
	to.Services = append(to.Services, st)
	return nil
}

// othersStep is that there are no other virtual services.
type othersStep struct{ wanted []config.Wanted }

func (t othersStep) missing(s *scene) ([]change, error) {
	var changes []change
	for i := range s.services {
		have := &s.services[i]
		wanted := func(w config.Wanted) bool { return w.Service.Key() == have.Key() }
		if !slices.ContainsFunc(t.wanted, wanted) {
			changes = append(changes, deleteService(s.machine, have))
		}
	}
	return changes, nil
}

func (t othersStep) present(*scene) ([]change, error) { return nil, nil }

func (t othersStep) report(*scene, *status.Status) error { return nil }
