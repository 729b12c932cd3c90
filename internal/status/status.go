// Package status describes how much of a configuration is in place: the object that
// "status --json" prints.
package status

import (
	"net/netip"
	"slices"
)

// Status is what "status --json" prints.
type Status struct {
	Role     string    `json:"role"`     // vs or rs
	InPlace  bool      `json:"in_place"` // start has nothing to do
	VIPs     []VIP     `json:"vips"`
	Services []Service `json:"services,omitempty"` // of a director
	Timeouts []Timeout `json:"timeouts,omitempty"` // of a director
	Sync     []Daemon  `json:"sync,omitempty"`     // of a director
	Sysctls  []Sysctl  `json:"sysctls,omitempty"`  // of a real server
	// Orphans are configurations that were started here, and whose file is gone.
	Orphans []Orphan `json:"orphans,omitempty"`
	Watch   *Watch   `json:"watch,omitempty"` // of a director that is watched, or was
	// Retired: the director leaves the VIPs to the other one until start.
	Retired bool `json:"retired,omitempty"`
}

// Watch is what is known of "vs watch".
type Watch struct {
	State string `json:"state"` // see the constants
	// Age is how long ago it was last heard of, in seconds.
	Age float64 `json:"age"`
}

// The states of a watch.
const (
	Watching     = "watching"
	WatchEnded   = "ended"   // in an orderly way; what it found counts for a while
	WatchSilent  = "silent"  // for so long that what it found counts no more
	WatchStopped = "stopped" // by "vs stop": it idles
)

// Health is what asking a real server has shown.
type Health struct {
	Verdict Verdict `json:"verdict"`
	Age     float64 `json:"age"` // of the verdict, in seconds
	Why     string  `json:"why,omitempty"`
	// Remedy are the commands that mend it; At is the machine to type them on, ""
	// for this one.
	Remedy []string `json:"remedy,omitempty"`
	At     string   `json:"at,omitempty"`
}

// Verdict is whether a real server does its work.
type Verdict string

// The verdicts.
const (
	Up      Verdict = "up"
	Down    Verdict = "down"
	Unknown Verdict = "unknown" // not asked yet
)

// Orphan is a configuration that is gone, while what it asked for is there.
type Orphan struct {
	Role string `json:"role"`
	File string `json:"file"`
}

// State of one thing: in place, absent, there but not as configured or, of a
// real server, at weight 0 until "undrain", or out until it does its work again.
type State string

// The states.
const (
	OK       State = "ok"
	Missing  State = "missing"
	Differs  State = "differs"
	Draining State = "draining"
	IsDown   State = "down"
)

// Where a VIP is that a VRRP daemon moves. It is in place either way.
const (
	Here    = "here"
	NotHere = "not here"
)

// VIP is a VIP on its interface.
type VIP struct {
	Address   netip.Prefix `json:"address"`
	Interface string       `json:"interface"` // where it is, or should be; "" if VRRP has it elsewhere
	State     State        `json:"state"`
	// VRRP is [Here] or [NotHere] for one that a VRRP daemon moves.
	VRRP string `json:"vrrp,omitempty"`
	// Differs has unlisted for one that start put there, and is configured no
	// longer, and route for one that a routing daemon is told otherwise of.
	Differs []string `json:"differs,omitempty"`
}

// Service is a virtual service.
type Service struct {
	Name      string   `json:"name,omitempty"`
	Service   string   `json:"service"`       // as ipvsadm's options name it
	Called    string   `json:"called"`        // its name or, where it has none, "tcp/80"
	VIP       string   `json:"vip,omitempty"` // a mark has none
	Scheduler string   `json:"scheduler"`
	State     State    `json:"state"`
	Differs   []string `json:"differs,omitempty"` // as of a VIP
	// Fingerprint is the same where the kernel has the same: everything that says
	// where connections go.
	Fingerprint string       `json:"fingerprint,omitempty"`
	RealServers []RealServer `json:"real_servers"`
	// Sorry: no real server is left, and others answer. FailOpen: nobody does, and
	// all real servers are kept in.
	Sorry    bool `json:"sorry,omitempty"`
	FailOpen bool `json:"fail_open,omitempty"`
}

// RealServer is a real server of a service.
type RealServer struct {
	Address    string `json:"address"`
	Forward    string `json:"forward"`    // direct, tunnel or masquerade
	Weight     uint32 `json:"weight"`     // now
	Configured uint32 `json:"configured"` // weight of the configuration
	Active     uint32 `json:"active"`     // connections
	Inactive   uint32 `json:"inactive"`
	Rate       uint64 `json:"rate"` // new connections a second
	Port       uint16 `json:"port"`
	Totals     Totals `json:"totals"`
	State      State  `json:"state"`
	// Differs is what is not as configured: forward, tunnel, weight, thresholds
	// or, of a real server that is not configured at all, unlisted.
	Differs []string `json:"differs,omitempty"`
	// Health is absent where nobody watches.
	Health *Health `json:"health,omitempty"`
	Sorry  bool    `json:"sorry,omitempty"` // it answers in place of real servers
	// Refused: the kernel has it at weight 0, and its clients get no other one.
	Refused *Refused `json:"-"`
}

// Down reports whether asking a real server has shown that it does not do its work.
func (r RealServer) Down() bool { return r.Health != nil && r.Health.Verdict == Down }

// Served reports whether some real server of a service takes new connections and, as
// far as is known, does its work.
func (s Service) Served() bool {
	return slices.ContainsFunc(s.RealServers, func(r RealServer) bool { return r.Weight > 0 && !r.Sorry && !r.Down() })
}

// Refused is why the clients of a real server get no other one.
type Refused struct {
	Fallback string // the flag of the scheduler that would give them one, or ""
}

// Totals are the kernel's counters since a real server got its entry, or since they
// were last set to zero.
type Totals struct {
	Connections uint64 `json:"connections"`
	Packets     uint64 `json:"packets"` // that came in
	Bytes       uint64 `json:"bytes"`   // the same
}

// Sysctl is a kernel setting of a real server.
type Sysctl struct {
	Name   string `json:"name"`
	Value  int    `json:"value"`
	Wanted int    `json:"wanted"` // at least
	State  State  `json:"state"`
}

// Timeout is a timeout of a director's connections.
type Timeout struct {
	Name   string `json:"name"`   // tcp, tcpfin or udp
	Value  uint32 `json:"value"`  // seconds
	Wanted uint32 `json:"wanted"` // configured or, if no longer so, what start found
	State  State  `json:"state"`
}

// Daemon is a synchronisation daemon: the one that runs, or the one that should.
type Daemon struct {
	Role      string `json:"role"` // master or backup
	Interface string `json:"interface"`
	ID        uint32 `json:"id"`
	MaxLen    uint16 `json:"max_len,omitempty"`
	Group     string `json:"group,omitempty"`
	Port      uint16 `json:"port,omitempty"`
	TTL       uint8  `json:"ttl,omitempty"`
	State     State  `json:"state"`
	// Differs is what is not as configured: interface, id, max_len, group, port,
	// ttl or, of a daemon that is configured no more, unlisted.
	Differs []string `json:"differs,omitempty"`
}

// AllInPlace reports whether everything is as configured; a real server that is
// being drained is, and one that is out because it is down.
func (st Status) AllInPlace() bool {
	for _, v := range st.VIPs {
		if v.State != OK {
			return false
		}
	}
	for _, v := range st.Sysctls {
		if v.State != OK {
			return false
		}
	}
	for _, v := range st.Timeouts {
		if v.State != OK {
			return false
		}
	}
	for _, v := range st.Sync {
		if v.State != OK {
			return false
		}
	}
	for _, s := range st.Services {
		if s.State != OK {
			return false
		}
		for _, rs := range s.RealServers {
			if rs.State != OK && rs.State != Draining && rs.State != IsDown {
				return false
			}
		}
	}
	return true
}
