package check

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"lvsdr/internal/status"
)

func probeIPVS(s *Site, f *finding) error {
	switch {
	case s.IPVS == nil:
		f.pass("the kernel has it")
	case errors.Is(s.IPVS, syscall.ENOPROTOOPT):
		f.fail("the kernel has none, and did not load it").mend("modprobe ip_vs")
	default:
		return s.IPVS
	}
	return nil
}

// errNoTable says why a check of the table cannot be made.
var errNoTable = errors.New("the table of virtual services cannot be read")

// probeServices compares everything but the weights.
func probeServices(s *Site, f *finding) error {
	if s.IPVS != nil {
		return errNoTable
	}
	for _, v := range s.Status.Services {
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
	if f.seen[Fail] != nil {
		f.mend(s.Lvsdr("vs", "start"))
		return nil
	}
	f.pass("as configured: %d", len(s.Status.Services))
	return nil
}

func compareServer(v status.Service, r status.RealServer, f *finding) {
	what := slices.DeleteFunc(slices.Clone(r.Differs), func(word string) bool { return word == "weight" })
	switch {
	case r.State == status.Missing:
		f.fail("%s lacks the real server %s", v.Service, r.Address)
	case slices.Contains(what, "unlisted"):
		f.fail("%s has the real server %s, which is not configured", v.Service, r.Address)
	case len(what) > 0:
		f.fail("%s of real server %s of %s is not as configured", strings.Join(what, " and "), r.Address, v.Service)
	}
}

// probeWeights looks at the services that are there.
func probeWeights(s *Site, f *finding) error {
	if s.IPVS != nil {
		return errNoTable
	}
	for _, v := range s.Status.Services {
		if v.State != status.Missing && len(v.RealServers) > 0 {
			s.weigh(v, f)
		}
	}
	return nil
}

// weigh looks for a real server that takes connections, and for weights that
// are not as configured.
func (s *Site) weigh(v status.Service, f *finding) {
	var there, wrong []status.RealServer
	most := uint32(0)
	for _, r := range v.RealServers {
		if r.State == status.Missing {
			continue
		}
		there, most = append(there, r), max(most, r.Weight)
		if slices.Contains(r.Differs, "weight") {
			wrong = append(wrong, r)
		}
	}
	switch {
	case len(there) > 0 && most == 0:
		f.fail("weight 0 for every real server of %s", v.Service)
	case len(wrong) > 0:
		f.fail("%s", weights(v, wrong))
	default:
		f.pass("%s", weights(v, there))
		return
	}
	s.reweigh(there, wrong, f)
}

// reweigh gives real servers their weight again.
func (s *Site) reweigh(there, wrong []status.RealServer, f *finding) {
	if len(wrong) > 0 {
		f.mend(s.Lvsdr("vs", "start"))
		return
	}
	for _, r := range there {
		if r.State == status.Draining {
			f.mend(s.Lvsdr("vs", "undrain", hostOf(r.Address)))
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
