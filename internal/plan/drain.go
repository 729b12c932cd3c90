package plan

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
)

// Drain gives a real server weight 0 in every service of the wish, and Undrain
// its configured weight again; wish is made anew of the record after the
// change. Only what is there is touched: putting it there is start's business.
// If a weight cannot be changed, everything is as before.
func (at Site) Drain(w io.Writer, rs netip.Addr, wish func() Wish) error {
	return at.reweigh(w, rs, wish, (*Record).drain)
}

// Undrain is the reverse of [Site.Drain].
func (at Site) Undrain(w io.Writer, rs netip.Addr, wish func() Wish) error {
	return at.reweigh(w, rs, wish, (*Record).undrain)
}

// reweigh changes the record, and then the weights to what it says.
func (at Site) reweigh(w io.Writer, rs netip.Addr, wish func() Wish, note func(*Record, Claimant, netip.Addr) error) error {
	before := at.Record.clone()
	if err := note(at.Record, wish().Claimant, rs); err != nil {
		return err
	}
	now := wish()
	s, err := Look(at.Machine, now, at.Record)
	if claim := at.Record.Claim(now.Claimant); err == nil && claim != nil {
		err = at.Record.SetClaim(claim.expecting(now, rs))
	}
	if err == nil {
		err = at.Record.weigh(now, rs)
	}
	if err == nil {
		_, err = apply(w, at, weights(now, s, rs))
	}
	if err != nil {
		err = errors.Join(err, at.Record.restore(before))
	}
	return err
}

// weigh notes the weights that a real server is going to be given, where a watch
// has to tell them from those that somebody gives by hand.
func (r *Record) weigh(w Wish, rs netip.Addr) error {
	before := r.Claim(w.Claimant)
	if before == nil {
		return nil
	}
	claim := *before
	claim.Services = slices.Clone(before.Services)
	for _, v := range w.Services {
		i := slices.IndexFunc(claim.Services, func(c ClaimedService) bool { return c.Service == ServiceWords(&v.Service) })
		if i < 0 {
			continue
		}
		one := &claim.Services[i]
		one.Weights = maps.Clone(one.Weights)
		for _, d := range v.Destinations {
			if server := DestinationWords(&v.Service, &d.Destination); d.Addr == rs && len(one.Weights[server]) > 0 {
				one.weigh(server, d.Weight)
			}
		}
	}
	return r.SetClaim(claim)
}

// weights are the changes of a real server that is there.
func weights(w Wish, s State, rs netip.Addr) (all []Change) {
	for _, v := range w.drainedBy(s.Record.others(w.Claimant)).Services {
		have := s.Service(v.Key())
		for _, d := range v.Destinations {
			if d.Addr == rs && have.Destination(d.Key()) != nil {
				all = append(all, startDestination(v, d, have)...)
			}
		}
	}
	return all
}

// Active counts the connections of a real server in all services of the wish.
func Active(m Machine, w Wish, rs netip.Addr) (n uint32, err error) {
	var s State
	if err := s.lookAtTable(m); err != nil {
		return 0, err
	}
	for _, v := range w.Services {
		for _, d := range v.Destinations {
			if d.Addr != rs {
				continue
			}
			if have := s.Service(v.Key()).Destination(d.Key()); have != nil {
				n += have.Active
			}
		}
	}
	return n, nil
}

// Refused are the services of a real server that refuse its clients while it has
// weight 0, with their schedulers, as in "-t 172.16.0.100:80 (sh)"; and the flags of
// these schedulers that prevent it.
func (w Wish) Refused(rs netip.Addr) (services, flags []string) {
	for _, v := range w.Services {
		if !v.serves(rs) || !v.RefusesAtZero() {
			continue
		}
		services = append(services, fmt.Sprintf("%s (%s)", ServiceWords(&v.Service), v.Scheduler))
		if flag := v.Fallback(); flag != "" && !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	return services, flags
}

func (v Service) serves(rs netip.Addr) bool {
	return slices.ContainsFunc(v.Destinations, func(d Destination) bool { return d.Addr == rs })
}

// Bound are the persistent services of a real server, with the seconds for which
// they bind a client to it: "-t 172.16.0.100:80 (300 s)".
func (w Wish) Bound(rs netip.Addr) (all []string) {
	for _, v := range w.Services {
		if v.serves(rs) && v.Flags&ipvs.Persistent != 0 {
			all = append(all, fmt.Sprintf("%s (%d s)", ServiceWords(&v.Service), v.Timeout))
		}
	}
	return all
}
