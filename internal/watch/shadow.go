package watch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// shadow remembers which differences there are.
type shadow struct {
	since   time.Time
	open    map[string]opened
	would   map[string]bool // what is told of the rest
	told    int
	passing int           // that were over within their grace
	longest time.Duration // of those
}

// opened is a difference that lasts.
type opened struct {
	Difference
	began time.Time
	told  bool
}

func newShadow(now time.Time) *shadow {
	return &shadow{since: now, open: map[string]opened{}, would: map[string]bool{}}
}

// key tells differences apart.
func (d Difference) key() string {
	return strings.Join([]string{d.Kind, d.Service, d.VIP, d.RealServer}, " ")
}

// note takes what differs now, and returns what is to be told: of a difference
// when it outlasts its grace, and when it ends.
func (s *shadow) note(now time.Time, differences []Difference, rest []string) (events []Event) {
	would := map[string]bool{}
	for _, line := range rest {
		if would[line] = true; !s.would[line] {
			events = append(events, Event{Event: EventWould, Would: line})
		}
	}
	s.would = would
	lasting := map[string]bool{}
	for _, d := range differences {
		key := d.key()
		one, known := s.open[key]
		if !known {
			one.began = now
		}
		one.Difference, lasting[key] = d, true
		if age := now.Sub(one.began); !one.told && age > d.Grace {
			one.told = true
			s.told++
			e := d.Event
			e.Event, e.Why = EventDiffers, fmt.Sprintf("for %s: %s", round(age), d.Why)
			events = append(events, e)
		}
		s.open[key] = one
	}
	for _, key := range slices.Sorted(maps.Keys(s.open)) {
		one := s.open[key]
		if lasting[key] {
			continue
		}
		delete(s.open, key)
		age := now.Sub(one.began)
		if !one.told {
			s.passing, s.longest = s.passing+1, max(s.longest, age)
			continue
		}
		events = append(events, Event{Event: EventAgrees, Service: one.Service, VIP: one.VIP, RealServer: one.RealServer, Why: "after " + round(age)})
	}
	return events
}

// maxNamed is how many differences a summary names.
const maxNamed = 10

// summary tells of all differences since it began.
func (s *shadow) summary(now time.Time) Event {
	var lasting []string
	young := 0
	for _, one := range s.open {
		if !one.told {
			young++
			continue
		}
		lasting = append(lasting, strings.Join(strings.Fields(one.Service+" "+one.VIP+" "+one.RealServer), " ")+" for "+round(now.Sub(one.began)))
	}
	slices.Sort(lasting)
	why := fmt.Sprintf("in %s: %d differences", round(now.Sub(s.since)), s.told)
	if s.told == 1 {
		why = strings.TrimSuffix(why, "s")
	}
	if n := len(lasting); n > 0 {
		why += fmt.Sprintf(", %d now: %s", n, strings.Join(lasting[:min(n, maxNamed)], ", "))
		if n > maxNamed {
			why += ", …"
		}
	}
	if young > 0 {
		why += fmt.Sprintf("; %d more, too young to count yet", young)
	}
	if s.passing > 0 {
		why += fmt.Sprintf("; %d too short to count, at most %s", s.passing, round(s.longest))
	}
	return Event{Event: EventSummary, Why: why}
}

// round leaves out what nobody reads.
func round(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
