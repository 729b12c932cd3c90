package watch

import (
	"fmt"
	"strings"
	"time"
)

// Event is what a watch tells: one JSON object a line.
type Event struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event"` // see the constants
	Service    string    `json:"service,omitempty"`
	VIP        string    `json:"vip,omitempty"`
	RealServer string    `json:"real_server,omitempty"`
	Why        string    `json:"why,omitempty"`
	Remedy     string    `json:"remedy,omitempty"`
	Would      string    `json:"would,omitempty"`  // what a shadow would do
	Shadow     bool      `json:"shadow,omitempty"` // of a watch that changes nothing
}

// The events.
const (
	EventStarted   = "started"   // it begins to watch
	EventReady     = "ready"     // real servers have first verdicts; table and VIPs are in place
	EventUp        = "up"        // a real server does its work
	EventDown      = "down"      // it does not
	EventUnasked   = "unasked"   // it could not be asked, which says nothing about it
	EventDrained   = "drained"   // by "vs drain"
	EventUndrained = "undrained" // by "vs undrain"
	EventSorry     = "sorry"     // no real server is left, and others answer
	EventFailOpen  = "fail_open" // no real server is left, and all are kept in
	EventServing   = "serving"   // real servers answer again
	EventPutBack   = "put_back"  // what was missing is there again
	EventKept      = "kept"      // what somebody changed by hand stays
	EventReloaded  = "reloaded"  // the file was read again
	EventRefused   = "reload_failed"
	EventStopped   = "stopped" // by "vs stop": it idles
	EventResumed   = "resumed" // by "vs start"
	EventError     = "error"   // something could not be done, and is tried again
	EventEnded     = "ended"

	// Of a shadow.
	EventDiffers = "differs" // the table is not as its verdicts say
	EventAgrees  = "agrees"  // it is, again
	EventWould   = "would"   // what else it would do
	EventSummary = "summary"
)

// event is an event that is not told yet.
type event = Event

// String is the event as a person reads it.
func (e Event) String() string {
	words := []string{e.Time.Format(time.TimeOnly), e.Event}
	if e.Service != "" {
		words = append(words, e.Service)
	}
	if e.VIP != "" {
		words = append(words, "on "+e.VIP)
	}
	if e.RealServer != "" {
		words = append(words, e.RealServer)
	}
	line := strings.Join(words, " ")
	if e.Why != "" {
		line += ": " + e.Why
	}
	if e.Remedy != "" {
		line += fmt.Sprintf("; mend it: %s", e.Remedy)
	}
	if e.Would != "" {
		line += ": " + e.Would
	}
	return line
}
