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
}

// The events.
const (
	EventStarted   = "started"   // it begins to watch
	EventReady     = "ready"     // what it watches is served, as far as real servers allow
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
	return line
}
