package plan

import (
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// Report is what of a wish is in place.
func Report(w Wish, s State) (status.Status, error) {
	st := status.Status{Role: string(w.Role), VIPs: []status.VIP{}}
	for _, want := range w.Sysctls {
		have := s.Sysctls[want.Name]
		if have.Err != nil {
			return status.Status{}, have.Err
		}
		one := status.Sysctl{Name: want.Name, Value: have.Value, Wanted: want.Want, State: status.OK}
		if have.Value < want.Want {
			one.State = status.Differs
		}
		st.Sysctls = append(st.Sysctls, one)
	}
	for _, v := range w.Services {
		st.Services = append(st.Services, reportService(v, s.Service(v.Key())))
	}
	for _, want := range w.VIPs {
		one := status.VIP{Address: want.Prefix, Interface: want.Interface, State: status.Missing}
		for _, have := range s.addressesOf(want.Prefix.Addr()) {
			if have.Prefix != want.Prefix || have.Interface != want.Interface {
				one = status.VIP{Address: have.Prefix, Interface: have.Interface, State: status.Differs}
				break
			}
			one.State = status.OK
		}
		st.VIPs = append(st.VIPs, one)
	}
	st.Timeouts, st.Sync = reportTimeouts(w, s), reportDaemons(w, s)
	st.InPlace = st.AllInPlace()
	return st, nil
}

func reportService(v Service, have *Entry) status.Service {
	st := status.Service{Name: v.Name, Service: serviceWords(&v.Service), Scheduler: v.Scheduler, State: status.Missing, RealServers: []status.RealServer{}}
	if have != nil {
		st.Scheduler, st.State = have.Scheduler, status.OK
		if !sameScheduling(&have.Service, &v.Service) {
			st.State = status.Differs
		}
	}
	for _, d := range v.Destinations {
		st.RealServers = append(st.RealServers, reportDestination(v, d, have))
	}
	for _, d := range unlisted(v, have) {
		one := status.RealServer{Address: destinationWords(&v.Service, &d.Destination), State: status.Differs, Differs: []string{"unlisted"}}
		fill(&one, &d)
		st.RealServers = append(st.RealServers, one)
	}
	return st
}

func reportDestination(v Service, d Destination, have *Entry) status.RealServer {
	st := status.RealServer{Address: destinationWords(&v.Service, &d.Destination), Forward: ipvs.Methods.Name(d.Forward),
		Configured: d.Configured, State: status.Missing}
	now := have.Destination(d.Key())
	if now == nil {
		return st
	}
	fill(&st, now)
	st.Differs = differences(&now.Destination, &d.Destination)
	switch {
	case len(st.Differs) > 0:
		st.State = status.Differs
	case d.Draining:
		st.State = status.Draining
	default:
		st.State = status.OK
	}
	return st
}

// fill adds what the kernel has of a real server.
func fill(st *status.RealServer, d *ipvs.DestinationEntry) {
	st.Forward, st.Weight = ipvs.Methods.Name(d.Forward), d.Weight
	st.Active, st.Inactive, st.Rate = d.Active, d.Inactive, d.Stats.ConnectionRate
}
