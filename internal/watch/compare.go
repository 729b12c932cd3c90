package watch

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/status"
)

// Difference is where what a shadow has found of a real server, or of a service,
// is not what the table has.
type Difference struct {
	Event
	// Kind tells two differences about the same entry apart. None is none: in other
	// words than a watch would use, the table has what was found.
	Kind string
	// Grace is for how long somebody else may take to find the same.
	Grace time.Duration

	about string // the words of ipvsadm
}

// Compare finds where the table differs from what the fates of a wish say, and
// which of the changes that a watch would make have nothing to do with that.
func Compare(c config.Config, w plan.Wish, s plan.State, changes []plan.Change) (all []Difference, rest []string) {
	wanted := map[ipvs.Key]config.Wanted{}
	for _, one := range c.Wanted() {
		wanted[one.Service.Key()] = one
	}
	for _, v := range w.Services {
		if one := wanted[v.Key()]; one.Of.Check.Asks() {
			all = append(all, compareService(v, one, s.Service(v.Key()))...)
		}
	}
	for _, change := range changes {
		i := slices.IndexFunc(all, func(d Difference) bool { return d.isAbout(change.Line) })
		switch {
		case i < 0:
			rest = append(rest, change.Line)
		case all[i].Would == "":
			all[i].Would = change.Line
		default:
			all[i].Would += "; " + change.Line
		}
	}
	return slices.DeleteFunc(all, func(d Difference) bool { return d.Kind == "" }), rest
}

// compareService finds the differences of a service, of which have is what the
// table holds; nil: nothing.
func compareService(v plan.Service, wanted config.Wanted, have *plan.Entry) (all []Difference) {
	add := func(kind string, d *ipvs.Destination, format string, args ...any) {
		check := wanted.Of.Check
		one := Difference{Kind: kind, Grace: time.Duration(check.Fall)*check.Interval + check.Timeout}
		one.Service, one.Why = plan.Called(v.Name, &v.Service), fmt.Sprintf(format, args...)
		if one.about = plan.ServiceWords(&v.Service); v.FWMark == 0 {
			one.VIP = v.Addr.String()
		}
		if d != nil {
			one.RealServer = netip.AddrPortFrom(d.Addr, d.Port).String()
			one.about += " -r " + plan.DestinationWords(&v.Service, d)
		}
		all = append(all, one)
	}
	if have == nil {
		add("no service", nil, "the table does not have the service")
		return all
	}
	answers := false
	for _, d := range slices.Concat(v.Destinations, v.Out) {
		if d.Sorry {
			continue
		}
		answers = answers || d.Fate.Verdict == status.Up && !d.Draining
		if kind, why := compareFate(d, have.Destination(d.Key())); why != "" || d.Fate.Verdict == status.Down {
			add(kind, &d.Destination, "%s", why)
		}
	}
	for _, d := range wanted.Sorry {
		entry := have.Destination(d.Key())
		needed := slices.ContainsFunc(v.Destinations, func(w plan.Destination) bool { return w.Sorry && w.Weight > 0 && w.Key() == d.Key() })
		switch {
		case needed && !takes(entry):
			add("not sorry", &d, "no real server is left, and %s in their place", said(entry))
		case answers && takes(entry):
			add("sorry", &d, "real servers answer, and %s in their place", said(entry))
		}
	}
	if wanted.Of.Sorry.Page != "" && v.Instead && !leadsElsewhere(v, have) {
		add("no page", nil, "no real server is left: the sorry page would answer, and the table leads nowhere else")
	}
	return all
}

// compareFate says how the entry of a real server differs from what was found of
// it.
func compareFate(d plan.Destination, entry *ipvs.DestinationEntry) (kind, why string) {
	kept := d.Fate.Standing == plan.In && d.Configured > 0 && !d.Draining
	switch verdict := d.Fate.Verdict; {
	case verdict == status.Up && kept && !takes(entry):
		return "up", "it is up, and " + said(entry)
	case verdict != status.Down || !kept && !takes(entry):
		return "", ""
	case kept:
		return "kept", fmt.Sprintf("it is down (%s), but kept in for want of others; %s", d.Fate.Why, said(entry))
	default:
		return "down", fmt.Sprintf("it is down (%s), and %s", d.Fate.Why, said(entry))
	}
}

// takes reports whether an entry gets connections.
func takes(entry *ipvs.DestinationEntry) bool { return entry != nil && entry.Weight > 0 }

// said is what the table has of somebody.
func said(entry *ipvs.DestinationEntry) string {
	if entry == nil {
		return "the table does not have it"
	}
	return fmt.Sprintf("the table has it with weight %d", entry.Weight)
}

// leadsElsewhere reports whether somebody gets connections who is no real server
// of the service.
func leadsElsewhere(v plan.Service, have *plan.Entry) bool {
	return slices.ContainsFunc(have.Destinations, func(e ipvs.DestinationEntry) bool {
		return takes(&e) && !slices.ContainsFunc(slices.Concat(v.Destinations, v.Out), func(d plan.Destination) bool { return d.Key() == e.Key() })
	})
}

// isAbout reports whether a change is about the entry, or the service, of a
// difference.
func (d Difference) isAbout(line string) bool {
	words := strings.SplitN(line, " ", 3) // ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7 …
	return len(words) == 3 && words[0] == "ipvsadm" && strings.HasPrefix(words[2]+" ", d.about+" ")
}
