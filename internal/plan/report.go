package plan

import (
	"fmt"
	"net/netip"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// Report is what of a wish is in place.
func Report(w Wish, s State) (status.Status, error) {
	st := status.Status{Role: string(w.Role), VIPs: []status.VIP{}}
	for _, want := range w.Sysctls {
		have := s.Sysctls[want.Name]
		if w.hidden(have) {
			continue
		}
		if have.Err != nil {
			return status.Status{}, have.Err
		}
		one := status.Sysctl{Name: want.Name, Value: have.Value, Wanted: want.Want, State: status.OK}
		if have.Value < want.Want {
			one.State = status.Differs
		}
		st.Sysctls = append(st.Sysctls, one)
	}
	var former Claim
	if before := s.Record.Claim(w.Claimant); before != nil {
		former = before.gone(claimOf(w, s))
	}
	others := s.Record.others(w.Claimant)
	w = w.sparing(s).drainedBy(others)
	for _, v := range w.Services {
		st.Services = append(st.Services, w.reportService(v, s.Service(v.Key()), others))
	}
	for _, want := range w.VIPs {
		one := s.reportVIP(w, want, former)
		if one.State == status.OK && s.differsInAdvert(w, want.Prefix.Addr()) {
			one.State, one.Differs = status.Differs, []string{"route"}
		}
		st.VIPs = append(st.VIPs, one)
	}
	if w.Role == Director {
		for _, vip := range w.Moved {
			st.VIPs = append(st.VIPs, s.reportMoved(w, vip))
		}
	}
	s.reportFormer(&st, w, former, others)
	st.Timeouts, st.Sync = reportTimeouts(w, s, others), reportDaemons(w, s, others)
	st.InPlace = st.AllInPlace()
	return st, nil
}

// Found is what is in the table, whoever made it: there is nothing to compare it
// with.
func Found(t Table) (status.Status, error) {
	var s State
	if err := s.lookAtTable(t); err != nil {
		return status.Status{}, fmt.Errorf("read the ipvs table: %w", err)
	}
	st := status.Status{Role: string(Director), InPlace: true, VIPs: []status.VIP{}}
	for _, have := range s.services {
		one := newReport("", &have.Service)
		one.State = status.OK
		for _, d := range have.Destinations {
			rs := reportUnlisted(&have.Service, &d)
			rs.State, rs.Differs, rs.Configured = status.OK, nil, d.Weight
			one.RealServers = append(one.RealServers, rs)
		}
		st.Services = append(st.Services, one)
	}
	return st, nil
}

func (s *State) reportVIP(w Wish, want host.Address, former Claim) status.VIP {
	one := status.VIP{Address: want.Prefix, Interface: want.Interface, State: status.Missing}
	own := s.isOwn(w, want)
	for _, have := range s.addressesOf(want.Prefix.Addr()) {
		if w.isMoved(s, have) {
			continue
		}
		old, ours := former.place(have.Prefix.Addr(), have.Interface)
		moves := ours && (old.Label == have.Label || have.Prefix.Addr().Is6())
		one.Address, one.Interface, one.State = have.Prefix, have.Interface, status.OK
		if !own && (moves || have.Interface != want.Interface || !s.fits(have)) {
			one.State = status.Differs
			break
		}
	}
	return one
}

// reportMoved is where VRRP has a VIP.
func (s *State) reportMoved(w Wish, vip netip.Addr) status.VIP {
	one := status.VIP{Address: netip.PrefixFrom(vip, vip.BitLen()), State: status.OK, VRRP: status.NotHere}
	for _, have := range s.addressesOf(vip) {
		if w.isMoved(s, have) {
			one.Address, one.Interface, one.VRRP = have.Prefix, have.Interface, status.Here
		}
	}
	return one
}

// reportFormer adds what start is going to take away: the file has it no longer.
func (s *State) reportFormer(st *status.Status, w Wish, former Claim, others holders) {
	for _, at := range former.VIPs {
		if _, held := others.place(at); held {
			continue
		}
		going, _ := s.going(at, w)
		for _, a := range going {
			if w.isMoved(s, a) {
				continue
			}
			st.VIPs = append(st.VIPs, status.VIP{Address: a.Prefix, Interface: a.Interface, State: status.Differs, Differs: unlistedWord})
		}
	}
	for _, v := range former.Services {
		have := s.byWords(v.Service)
		if _, held := others.services[v.Service]; held || have == nil {
			continue
		}
		one := newReport("", &have.Service)
		one.State, one.Differs = status.Differs, unlistedWord
		for _, d := range have.Destinations {
			one.RealServers = append(one.RealServers, reportUnlisted(&have.Service, &d))
		}
		st.Services = append(st.Services, one)
	}
}

// downWord is what differs about an entry that should be gone.
var downWord = []string{"down"}

// unlistedWord is what differs about what nobody wants.
var unlistedWord = []string{"unlisted"}

func reportUnlisted(s *ipvs.Service, d *ipvs.DestinationEntry) status.RealServer {
	one := status.RealServer{Address: DestinationWords(s, &d.Destination), Port: d.Port, State: status.Differs, Differs: unlistedWord}
	fill(&one, s, d)
	return one
}

// newReport is what there is to say of a service that is missing.
func newReport(name string, s *ipvs.Service) status.Service {
	st := status.Service{Name: name, Service: ServiceWords(s), Called: Called(name, s), Scheduler: s.Scheduler, State: status.Missing, RealServers: []status.RealServer{}}
	if s.FWMark == 0 {
		st.VIP = s.Addr.String()
	}
	return st
}

func (w Wish) reportService(v Service, have *Entry, others holders) status.Service {
	st := newReport(v.Name, &v.Service)
	if have != nil {
		st.Scheduler, st.State = have.Scheduler, status.OK
		if !sameScheduling(&have.Service, &v.Service) {
			st.State = status.Differs
		}
		st.Fingerprint = have.fingerprint()
	}
	st.Sorry, st.FailOpen = v.Instead, v.FailOpen
	for _, d := range v.Destinations {
		st.RealServers = append(st.RealServers, reportDestination(v, d, have))
	}
	gone := map[netip.AddrPort]bool{}
	for _, d := range v.Out {
		one := reportDestination(v, d, have)
		if one.State == status.Missing {
			one.State = status.IsDown
		} else {
			one.State, one.Differs = status.Differs, downWord
		}
		gone[d.Key()] = true
		st.RealServers = append(st.RealServers, one)
	}
	for _, d := range w.unlisted(v, have, ClaimedService{}, others) {
		if gone[d.Key()] {
			continue
		}
		st.RealServers = append(st.RealServers, reportUnlisted(&have.Service, &d))
	}
	return st
}

func reportDestination(v Service, d Destination, have *Entry) status.RealServer {
	st := status.RealServer{Address: DestinationWords(&v.Service, &d.Destination), Port: d.Port, Forward: ipvs.Methods.Name(d.Forward),
		Configured: d.Configured, State: status.Missing, Health: d.Fate.report(), Sorry: d.Sorry}
	now := have.Destination(d.Key())
	if now == nil {
		if d.Fate.Standing == Unasked {
			st.State = status.IsDown
		}
		return st
	}
	fill(&st, &have.Service, now)
	st.Differs = differences(&now.Destination, &d.Destination)
	switch {
	case len(st.Differs) > 0:
		st.State = status.Differs
	case d.Draining:
		st.State = status.Draining
	case d.Fate.Standing == Quiesced, d.Fate.Standing == Unasked && d.Weight < d.Configured:
		st.State = status.IsDown
	default:
		st.State = status.OK
	}
	return st
}

// fill adds what the kernel has of a real server.
func fill(st *status.RealServer, s *ipvs.Service, d *ipvs.DestinationEntry) {
	st.Forward, st.Weight = ipvs.Methods.Name(d.Forward), d.Weight
	st.Active, st.Inactive, st.Rate = d.Active, d.Inactive, d.Stats.ConnectionRate
	if d.Weight == 0 && s.RefusesAtZero() {
		st.Refused = &status.Refused{Fallback: s.Fallback()}
	}
	st.Totals = status.Totals{Connections: d.Stats.Connections, Packets: d.Stats.IncomingPackets, Bytes: d.Stats.IncomingBytes}
}
