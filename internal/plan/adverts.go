package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/each"
	"lvsdr/internal/host"
)

// fitMetric is that of a VIP all of whose services are served. IPv6 takes zero for
// 1024.
const fitMetric = 1

// adverts are those of the wish's VIPs.
func (w Wish) adverts() (all []host.Advert) {
	if w.Table == 0 || w.Retired {
		return nil
	}
	for _, a := range w.VIPs {
		vip := a.Prefix.Addr()
		all = append(all, host.Advert{VIP: vip, Table: w.Table, Metric: fitMetric + w.Worse[vip]})
	}
	return all
}

// claimed are adverts as a claim has them: their metric changes all the time.
func claimed(adverts []host.Advert) []host.Advert {
	all := slices.Clone(adverts)
	for i := range all {
		all[i].Metric = 0
	}
	return all
}

// lookAtAdverts reads the tables in which the wish or its claim has adverts.
func (s *State) lookAtAdverts(m Machine, w Wish) error {
	var tables []int
	if w.Table != 0 {
		tables = append(tables, w.Table)
	}
	if c := s.Record.Claim(w.Claimant); c != nil {
		for _, a := range c.Adverts {
			tables = append(tables, a.Table)
		}
	}
	for _, table := range each.Once(tables) {
		found, err := m.Adverts(table)
		if err != nil {
			return fmt.Errorf("read the routes of table %d: %w", table, err)
		}
		s.adverts = append(s.adverts, found...)
	}
	return nil
}

// changeAdverts has a routing daemon announce what is wanted. First comes what is
// to be withdrawn before the table or a VIP goes. Last come new adverts, and then
// those that they stand in for: the VIP is announced all the time.
func (s *State) changeAdverts(want []host.Advert, before *Claim, others holders) (first, last []Change) {
	for _, a := range want {
		if !slices.Contains(s.adverts, a) {
			last = append(last, advertise(a))
		}
	}
	ours := claimed(want)
	if before != nil {
		ours = append(ours, before.Adverts...)
	}
	for _, a := range s.adverts {
		same := func(b host.Advert) bool { return b.VIP == a.VIP && b.Table == a.Table }
		switch {
		case slices.Contains(want, a) || !slices.ContainsFunc(ours, same) || slices.ContainsFunc(others.adverts, same):
		case slices.ContainsFunc(want, same):
			last = append(last, withdraw(a))
		default:
			first = append(first, withdraw(a))
		}
	}
	return first, last
}

// Advertise has a routing daemon announce the VIPs that are here, or no longer do
// so where the director has retired. It changes nothing else.
func Advertise(w Wish, s State) (p Plan, err error) {
	w.VIPs = slices.DeleteFunc(slices.Clone(w.VIPs), func(a host.Address) bool { return !s.Owns(a.Prefix.Addr()) })
	before, want := s.Record.Claim(w.Claimant), w.adverts()
	p.during, p.after = Claim{Claimant: w.Claimant}, Claim{Claimant: w.Claimant}
	if before != nil {
		p.during, p.after = *before, *before
	}
	p.after.Adverts = claimed(want)
	p.during.Adverts = each.Once(p.after.Adverts, p.during.Adverts)
	first, last := s.changeAdverts(want, before, s.Record.others(w.Claimant))
	p.Changes = append(first, last...)
	return p, nil
}

// differsInAdvert reports whether start has to do with the advert of a VIP.
func (s *State) differsInAdvert(w Wish, vip netip.Addr) bool {
	about := func(c Change) bool { return c.about == vip }
	first, last := s.changeAdverts(w.adverts(), s.Record.Claim(w.Claimant), s.Record.others(w.Claimant))
	return slices.ContainsFunc(first, about) || slices.ContainsFunc(last, about)
}

func advertise(a host.Advert) Change {
	return Change{
		Line:  advertLine("add", a),
		about: a.VIP,
		do:    func(at Site) error { return at.Advertise(a) },
		undo:  func(at Site) error { return at.Withdraw(a) },
	}
}

func withdraw(a host.Advert) Change {
	return Change{
		Line:  advertLine("del", a),
		about: a.VIP,
		do:    func(at Site) error { return at.Withdraw(a) },
		undo:  func(at Site) error { return at.Advertise(a) },
	}
}

func advertLine(verb string, a host.Advert) string {
	return fmt.Sprintf("ip route %s blackhole %s table %d metric %d proto static", verb, netip.PrefixFrom(a.VIP, a.VIP.BitLen()), a.Table, a.Metric)
}
