package check

import (
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// ComparePeer compares the table of a director with that of the other one of a
// pair; wrong is why that could not be asked.
func ComparePeer(here, there status.Status, wrong error) Result {
	c := Check{"peer", Director, "when the VIP moves, the other director's table says where clients go", func(_ *facts, f *finding) error {
		if wrong == nil {
			comparePeer(here, there, f)
		}
		return wrong
	}}
	return c.run(nil)
}

func comparePeer(here, there status.Status, f *finding) {
	theirs := map[string]status.Service{}
	for _, v := range there.Services {
		theirs[v.Service] = v
	}
	for _, v := range here.Services {
		other, known := theirs[v.Service]
		delete(theirs, v.Service)
		switch {
		case !known || other.State == status.Missing:
			f.fail("the peer lacks %s", v.Service)
		case v.State == status.Missing:
			f.fail("the peer has %s, which is missing here", v.Service)
		case other.Fingerprint == "":
			f.unknown("the peer's status has no fingerprints: it is of another version of lvsdr")
		case v.Fingerprint == other.Fingerprint:
			f.pass("%s is the same (%s)", v.Service, v.Fingerprint)
		default:
			compareServices(v, other, f)
		}
	}
	for _, v := range there.Services {
		if _, left := theirs[v.Service]; left {
			f.fail("the peer has %s, which is not configured here", v.Service)
		}
	}
}

// compareServices says the first difference of two services. Weights may differ
// for a moment: the directors ask the real servers one after the other.
func compareServices(here, there status.Service, f *finding) {
	theirs := map[string]status.RealServer{}
	for _, r := range there.RealServers {
		theirs[r.Address] = r
	}
	if here.Scheduler != there.Scheduler {
		f.fail("%s: scheduler %s, %s on the peer", here.Service, here.Scheduler, there.Scheduler)
		return
	}
	for _, r := range here.RealServers {
		other, known := theirs[r.Address]
		delete(theirs, r.Address)
		switch {
		case !known:
			f.fail("%s: the peer lacks the real server %s", here.Service, r.Address)
		case r.Forward != other.Forward:
			f.fail("%s: %s by %s, by %s on the peer", here.Service, r.Address, r.Forward, other.Forward)
		case r.Weight != other.Weight:
			f.warn("%s: %s has weight %d, %d on the peer", here.Service, r.Address, r.Weight, other.Weight)
		default:
			continue
		}
		return
	}
	for _, r := range there.RealServers {
		if _, left := theirs[r.Address]; left {
			f.fail("%s: the peer has the real server %s, which is not here", here.Service, r.Address)
			return
		}
	}
	what := "persistence, flags, thresholds or real servers without an entry"
	if here.Scheduler == ipvs.MaglevHash {
		what += ", or the order in which the real servers were added"
	}
	f.fail("%s differs on the peer: %s", here.Service, what)
}
