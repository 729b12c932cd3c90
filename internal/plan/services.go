package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
)

// startService are the changes that a service lacks, of which have is what the
// table holds: nil if it is not there, and before what was claimed of it.
func (w Wish) startService(v Service, have *Entry, before ClaimedService, others holders) (all []Change) {
	switch {
	case have == nil:
		all = append(all, addService(v.Service))
	case !sameScheduling(&have.Service, &v.Service):
		all = append(all, editService(have.Service, v.Service))
	}
	for _, d := range v.Destinations {
		if !w.keeps(v, d, have, before) {
			all = append(all, startDestination(v, d, have)...)
		}
	}
	for _, d := range w.unlisted(v, have, before, others) {
		all = append(all, deleteDestination(v.Service, d.Destination))
	}
	return all
}

func startDestination(v Service, d Destination, have *Entry) []Change {
	now := have.Destination(d.Key())
	switch {
	case now == nil && d.Fate.Standing == Unasked:
		return nil
	case now == nil:
		return []Change{addDestination(v.Service, d.Destination)}
	case len(differences(&now.Destination, &d.Destination)) > 0:
		return []Change{editDestination(v.Service, now.Destination, d.Destination)}
	}
	return nil
}

// keeps reports whether a weight is somebody else's, and is to stay.
func (w Wish) keeps(v Service, d Destination, have *Entry, before ClaimedService) bool {
	now := have.Destination(d.Key())
	if now == nil || w.Health == nil || !w.Health.Respect {
		return false
	}
	return slices.Equal(differences(&now.Destination, &d.Destination), weightAlone) &&
		before.handmade(DestinationWords(&v.Service, &d.Destination), now.Weight, d.Weight)
}

// unlisted are the destinations of a service, if it is there, that nobody wants.
// Those of others may be allowed to stay: destinations that were never claimed, and
// are not real servers.
func (w Wish) unlisted(v Service, have *Entry, before ClaimedService, others holders) []ipvs.DestinationEntry {
	if have == nil {
		return nil
	}
	foreign := w.foreign(v, before)
	return slices.DeleteFunc(v.strangers(have, others), func(d ipvs.DestinationEntry) bool { return foreign(&d) })
}

// strangers are the destinations of a service that are neither wanted nor claimed
// by others.
func (v Service) strangers(have *Entry, others holders) []ipvs.DestinationEntry {
	listed := make(map[netip.AddrPort]bool, len(v.Destinations))
	for _, d := range v.Destinations {
		listed[d.Key()] = true
	}
	return slices.DeleteFunc(slices.Clone(have.Destinations), func(d ipvs.DestinationEntry) bool {
		return listed[d.Key()] || others.server(&v.Service, &d.Destination)
	})
}

// foreign tells those of the strangers that somebody has added by hand, and that
// are to stay: they are not of the file.
func (w Wish) foreign(v Service, before ClaimedService) func(*ipvs.DestinationEntry) bool {
	out := map[netip.AddrPort]bool{}
	for _, d := range v.Out {
		out[d.Key()] = true
	}
	for _, d := range v.Spare {
		out[d.Key()] = true
	}
	return func(d *ipvs.DestinationEntry) bool {
		return w.Health != nil && w.Health.Respect && !out[d.Key()] &&
			!slices.Contains(before.RealServers, DestinationWords(&v.Service, &d.Destination))
	}
}

// kept says what somebody has changed by hand, and stays.
func (w Wish) kept(v Service, have *Entry, before ClaimedService, others holders) (all []string) {
	if have == nil {
		return nil
	}
	for _, d := range v.Destinations {
		if w.keeps(v, d, have, before) {
			all = append(all, fmt.Sprintf("%s -r %s: weight %d was set by hand and is kept; the configuration has %d",
				ServiceWords(&v.Service), DestinationWords(&v.Service, &d.Destination), have.Destination(d.Key()).Weight, d.Weight))
		}
	}
	foreign := w.foreign(v, before)
	for _, d := range v.strangers(have, others) {
		if foreign(&d) {
			all = append(all, fmt.Sprintf("%s -r %s was added by hand and is kept", ServiceWords(&v.Service), DestinationWords(&v.Service, &d.Destination)))
		}
	}
	return all
}

// server reports whether somebody claims a real server of a service.
func (h holders) server(s *ipvs.Service, d *ipvs.Destination) bool {
	return len(h.servers) > 0 && h.servers[[2]string{ServiceWords(s), DestinationWords(s, d)}]
}

// deleteServers takes away the real servers of a service that others have, too:
// those that nobody else claims.
func deleteServers(v ClaimedService, have *Entry, others holders) (all []Change) {
	for _, d := range have.Destinations {
		claimed := slices.Contains(v.RealServers, DestinationWords(&have.Service, &d.Destination))
		if claimed && !others.server(&have.Service, &d.Destination) {
			all = append(all, deleteDestination(have.Service, d.Destination))
		}
	}
	return all
}

// deleteOthers takes away the services that are not wanted.
func deleteOthers(w Wish, s State) (all []Change) {
	wanted := make(map[ipvs.Key]bool, len(w.Services))
	for _, v := range w.Services {
		wanted[v.Key()] = true
	}
	for i := range s.services {
		if have := &s.services[i]; !wanted[have.Key()] {
			all = append(all, deleteService(have))
		}
	}
	return all
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

// weightAlone are the differences of an entry that has another weight.
var weightAlone = []string{"weight"}

// differences are what a real server has that is not as wanted, in the words
// of [RealServerStatus].
func differences(have, want *ipvs.Destination) (all []string) {
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

func addService(s ipvs.Service) Change {
	return Change{
		Line: serviceLine("-A", &s),
		do:   func(at Site) error { return at.AddService(s) },
		undo: func(at Site) error { return at.DeleteService(s) },
	}
}

func editService(have, want ipvs.Service) Change {
	return Change{
		Line: serviceLine("-E", &want),
		do:   func(at Site) error { return at.EditService(want) },
		undo: func(at Site) error { return at.EditService(have) },
	}
}

// deleteService deletes a service with its destinations; undone, all of them
// come back.
func deleteService(have *Entry) Change {
	return Change{
		Line: serviceLine("-D", &have.Service),
		do:   func(at Site) error { return at.DeleteService(have.Service) },
		undo: func(at Site) error {
			if err := at.AddService(have.Service); err != nil {
				return err
			}
			for _, d := range slices.Backward(have.Destinations) { // the kernel has the newest first
				if err := at.AddDestination(have.Service, d.Destination); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func addDestination(s ipvs.Service, d ipvs.Destination) Change {
	return Change{
		Line: destinationLine("-a", &s, &d),
		do:   func(at Site) error { return at.AddDestination(s, d) },
		undo: func(at Site) error { return at.DeleteDestination(s, d) },
	}
}

func editDestination(s ipvs.Service, have, want ipvs.Destination) Change {
	return Change{
		Line: destinationLine("-e", &s, &want),
		do:   func(at Site) error { return at.EditDestination(s, want) },
		undo: func(at Site) error { return at.EditDestination(s, have) },
	}
}

func deleteDestination(s ipvs.Service, d ipvs.Destination) Change {
	return Change{
		Line: destinationLine("-d", &s, &d),
		do:   func(at Site) error { return at.DeleteDestination(s, d) },
		undo: func(at Site) error { return at.AddDestination(s, d) },
	}
}
