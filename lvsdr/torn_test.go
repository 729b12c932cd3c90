package lvsdr

import (
	"errors"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/machinetest"
)

// restless is a machine whose services, or their real servers, never come to
// rest: what it tells lacks something.
type restless struct {
	*machinetest.Machine
	services bool
}

func (m restless) Services(d ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	list, err := m.Machine.Services(d)
	if m.services && err == nil {
		return list[:len(list)-1], ipvs.ErrTorn
	}
	return list, err
}

func (m restless) Destinations(s *ipvs.ServiceEntry, d ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	list, err := m.Machine.Destinations(s, d, buf)
	return list[:len(list)-1], errors.Join(err, ipvs.ErrTorn)
}

// No plan rests on a table that could not be read whole.
func TestTornTable(t *testing.T) {
	for _, verb := range []string{"vs start", "vs stop", "vs diff", "vs status", "vs drain 10.0.0.7", "vs undrain 10.0.0.7"} {
		for _, services := range []bool{true, false} {
			d := newDesk(t, tutorial)
			d.succeed("vs start")
			before, record := d.text(), d.record()
			d.system.open = func(need) (machine, error) { return restless{d.machine, services}, nil }
			d.expect(verb, result{"", "lvsdr: vs " + strings.Fields(verb)[1] + ": read the ipvs table: it is being changed: readings do not agree\n" +
				"lvsdr: hint: a program keeps changing virtual services, here or in another network namespace; try again when it is done\n", 1})
			d.looks("after "+verb, before)
			if d.record() != record {
				t.Errorf("%s: the record has changed:\n%s", verb, d.record())
			}
		}
	}
}
