package check

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"lvsdr/internal/status"
)

func judgeIPVS(m *facts, f *finding) error {
	switch {
	case m.IPVS == nil:
		f.pass("the kernel has it")
	case errors.Is(m.IPVS, syscall.ENOPROTOOPT):
		f.fail("the kernel has none loaded").mend("modprobe ip_vs")
	default:
		return m.IPVS
	}
	return nil
}

// errNoTable says why a check of the table cannot be made.
var errNoTable = errors.New("the table of virtual services cannot be read")

// judgeServices compares everything but the weights.
func judgeServices(m *facts, f *finding) error {
	if m.IPVS != nil {
		return errNoTable
	}
	for _, v := range m.Status.Services {
		switch v.State {
		case status.Missing:
			f.fail("%s is missing", v.Service)
			continue
		case status.Differs:
			f.fail("%s is not as configured", v.Service)
		}
		for _, r := range v.RealServers {
			compareServer(v, r, f)
		}
	}
	m.compareRest(f)
	if f.seen[Fail] != nil {
		f.mend(m.Lvsdr("vs", "start"))
		return nil
	}
	f.pass("as configured: %d", len(m.Status.Services))
	return nil
}

// compareRest compares what there is one of for all services.
func (m *facts) compareRest(f *finding) {
	for _, t := range m.Status.Timeouts {
		if t.State != status.OK {
			f.fail("the timeout %s is %d, not %d", t.Name, t.Value, t.Wanted)
		}
	}
	for _, d := range m.Status.Sync {
		switch d.State {
		case status.Missing:
			f.fail("the %s synchronisation daemon is missing", d.Role)
		case status.Differs:
			f.fail("the %s synchronisation daemon is not as configured", d.Role)
		}
	}
}

func compareServer(v status.Service, r status.RealServer, f *finding) {
	what := slices.DeleteFunc(slices.Clone(r.Differs), func(word string) bool { return word == "weight" })
	switch {
	case r.State == status.Missing:
		f.fail("%s lacks the real server %s", v.Service, r.Address)
	case slices.Contains(what, "unlisted"):
		f.fail("%s has the real server %s, which is not configured", v.Service, r.Address)
	case slices.Contains(what, "down"):
		f.fail("%s has the real server %s, which is down", v.Service, r.Address)
	case len(what) > 0:
		f.fail("%s of real server %s of %s is not as configured", strings.Join(what, " and "), r.Address, v.Service)
	}
}

// judgeWeights looks at the services that are there.
func judgeWeights(m *facts, f *finding) error {
	if m.IPVS != nil {
		return errNoTable
	}
	if w := m.Status.Watch; w != nil && w.State == status.WatchSilent {
		f.warn("vs watch was last heard of %s ago: its verdicts no longer count", status.Age(w.Age))
	}
	for _, v := range m.Status.Services {
		if v.State != status.Missing && len(v.RealServers) > 0 {
			m.weigh(v, f)
		}
	}
	return nil
}

// weigh looks for a real server that takes connections and does its work, and for
// weights that are not as configured.
func (m *facts) weigh(v status.Service, f *finding) {
	var there, wrong, refused []status.RealServer
	for _, r := range v.RealServers {
		if r.Refused != nil {
			refused = append(refused, r)
		}
		if r.State == status.Missing || isOut(r) {
			continue
		}
		there = append(there, r)
		if slices.Contains(r.Differs, "weight") {
			wrong = append(wrong, r)
		}
	}
	lost, bad := unserved(v, there), Warn
	if lost != "" {
		bad = Fail
		f.fail("%s", lost)
	}
	for _, r := range v.RealServers {
		reportDown(v, r, bad, f)
	}
	switch {
	case lost != "":
	case len(wrong) > 0:
		f.fail("%s", weights(v, wrong))
	case len(refused) > 0:
		words := fmt.Sprintf("%s: %s refuses the clients of %s, which has weight 0, instead of giving them another real server", v.Service, v.Scheduler, refused[0].Address)
		if flag := refused[0].Refused.Fallback; flag != "" {
			words += " (the flag " + flag + " does)"
		}
		f.fail("%s", words)
	default:
		f.pass("%s", weights(v, there))
		return
	}
	m.reweigh(there, wrong, f)
}

// unserved says that no real server serves the clients of a service; "" if one does,
// as far as is known.
func unserved(v status.Service, there []status.RealServer) string {
	left := fmt.Sprintf("no real server of %s is left", v.Service)
	switch {
	case v.Sorry:
		return left + ": others answer"
	case v.FailOpen:
		return left + ": all are kept in"
	case v.Served():
		return ""
	case len(there) > 0 && !slices.ContainsFunc(there, func(r status.RealServer) bool { return r.Weight > 0 }):
		return "weight 0 for every real server of " + v.Service
	}
	return left
}

// isOut reports whether vs watch has a real server out.
func isOut(r status.RealServer) bool { return r.State == status.IsDown && r.Health != nil }

// reportDown says why vs watch has a real server out. That is no difference: start
// would not bring it back. One that is kept in for want of others serves nobody.
func reportDown(v status.Service, r status.RealServer, bad Outcome, f *finding) {
	switch {
	case isOut(r):
		f.add(bad, "%s: vs watch has %s out: %s", v.Service, r.Address, cmp.Or(r.Health.Why, "not asked yet"))
	case r.Down() && r.Weight > 0:
		f.add(bad, "%s: %s is down, but kept in: %s", v.Service, r.Address, r.Health.Why)
	default:
		return
	}
	for _, command := range r.Health.Remedy {
		f.mendOn(r.Health.At, command)
	}
}

// reweigh gives real servers their weight again.
func (m *facts) reweigh(there, wrong []status.RealServer, f *finding) {
	if len(wrong) > 0 {
		f.mend(m.Lvsdr("vs", "start"))
		return
	}
	for _, r := range there {
		if r.State == status.Draining && !r.Down() {
			f.mend(m.Lvsdr("vs", "undrain", hostOf(r.Address)))
		}
	}
}

func weights(v status.Service, servers []status.RealServer) string {
	var words []string
	for _, r := range servers {
		word := fmt.Sprintf("%s has %d", r.Address, r.Weight)
		if r.Weight != r.Configured {
			word += fmt.Sprintf(" (configured: %d)", r.Configured)
		}
		words = append(words, word)
	}
	return v.Service + ": " + strings.Join(words, ", ")
}

// hostOf is the address in the words of a status, which has a port only where
// it is not the service's.
func hostOf(words string) string {
	if at, err := netip.ParseAddrPort(words); err == nil {
		return at.Addr().String()
	}
	return words
}
