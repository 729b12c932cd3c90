// Package check is the doctor: it looks for the faults that break direct
// routing on this machine, the director or a real server.
//
// A [Check] is a small value with a name, a role, a sentence that says why it
// matters, and a probe; [Run] makes all checks of a [Site] and returns a
// [Report]. Nothing is changed on the machine. What the probes ask of the
// kernel and of the wire is the interface [Kernel].
package check

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Role is what a machine is in the cluster.
type Role string

// The roles.
const (
	Director   Role = "vs"
	RealServer Role = "rs"
)

// Outcome is what a check came to.
type Outcome string

// The outcomes. A check that could not be made, for want of permission or of
// something to look at, is neither passed nor failed.
const (
	Pass    Outcome = "pass"
	Warn    Outcome = "warn"
	Fail    Outcome = "fail"
	Unknown Outcome = "unknown"
)

// Remedy is a command that mends a fault.
type Remedy struct {
	On      string `json:"on,omitempty"` // the machine to run it on; empty is this one
	Command string `json:"command"`
}

// Result is what a check saw.
type Result struct {
	Name    string   `json:"name"`
	Outcome Outcome  `json:"outcome"` // pass, warn, fail or unknown
	Seen    string   `json:"seen"`
	Why     string   `json:"why"` // it matters
	Remedy  []Remedy `json:"remedy,omitempty"`
}

// Report is what "check --json" prints.
type Report struct {
	Role   Role     `json:"role"` // vs or rs
	OK     bool     `json:"ok"`   // nothing failed
	Checks []Result `json:"checks"`
}

// A Check looks for one fault.
type Check struct {
	Name  string
	Role  Role
	Why   string // a sentence
	probe func(*Site, *finding) error
}

// All are the checks, in the order in which they are made.
var All = []Check{
	{"ipvs", Director, "without IPVS in the kernel nothing is balanced", probeIPVS},
	{"vip", Director, "the director takes only packets for an address that it has", probeVIP},
	{"services", Director, "a client reaches only services and real servers that are in the table", probeServices},
	{"weights", Director, "a real server gets connections by its weight; with weight 0 it gets none", probeWeights},
	{"on-link", Director, "direct routing changes only the Ethernet address, which leads no further than the next router", probeOnLink},
	{"neighbours", Director, "packets go to a real server's Ethernet address, which it tells by ARP or neighbour discovery", probeNeighbours},
	{"ports", Director, "IPVS does not look whether a real server works, and sends it connections all the same", probePorts},
	{"vip owner", Director, "whoever else answers for the VIP takes clients past the director, now and then or for good", probeOwner},
	{"return route", Director, "rp_filter drops every packet to whose sender no route leads back", probeDirectorRoute},
	{"packet filter", Director, "packets that are dropped reach neither IPVS nor a real server", probeFilter},
	{"settings", Director, "clients that use a port again soon may be sent where their last connection went", probeSettings},

	{"arp_ignore", RealServer, "a real server that answers for the VIP takes clients past the director", probeARPIgnore},
	{"arp_announce", RealServer, "a real server that asks in the VIP's name teaches its neighbours that the VIP is there", probeARPAnnounce},
	{"vip", RealServer, "a real server takes packets for the VIP only if it has it, and must keep it to itself", probeVIP},
	{"listener", RealServer, "clients' packets arrive with the VIP as their destination, not the real server's own address", probeListeners},
	{"return route", RealServer, "replies go straight to the clients, by way of the router that GATEWAY stands for", probeRealServerRoute},
	{"tunnel", RealServer, "packets out of a tunnel come from clients whom the way back does not lead into the tunnel", probeTunnel},
	{"packet filter", RealServer, "packets that are dropped do not reach the server", probeFilter},
}

// Run makes the checks of the site's role.
func Run(s *Site) Report {
	report := Report{Role: s.Role, OK: true, Checks: []Result{}}
	for _, c := range All {
		if c.Role != s.Role {
			continue
		}
		r := c.run(s)
		report.OK = report.OK && r.Outcome != Fail
		report.Checks = append(report.Checks, r)
	}
	return report
}

func (c Check) run(s *Site) Result {
	var f finding
	if err := c.probe(s, &f); err != nil {
		f.unknown("%s", reason(err))
	}
	r := Result{Name: c.Name, Why: c.Why, Outcome: Unknown, Seen: "nothing to look at"}
	for _, o := range []Outcome{Fail, Warn, Unknown, Pass} {
		if seen := f.seen[o]; len(seen) > 0 {
			r.Outcome, r.Seen, r.Remedy = o, strings.Join(seen, "; "), f.remedies
			break
		}
	}
	return r
}

// reason is why a check could not be made.
func reason(err error) string {
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return "not permitted; run it as root"
	}
	return err.Error()
}

// finding gathers what a probe sees. The worst of it is the check's outcome.
type finding struct {
	seen     map[Outcome][]string
	remedies []Remedy
}

func (f *finding) add(o Outcome, format string, args ...any) *finding {
	if f.seen == nil {
		f.seen = map[Outcome][]string{}
	}
	f.seen[o] = append(f.seen[o], fmt.Sprintf(format, args...))
	return f
}

func (f *finding) pass(format string, args ...any)          { f.add(Pass, format, args...) }
func (f *finding) unknown(format string, args ...any)       { f.add(Unknown, format, args...) }
func (f *finding) warn(format string, args ...any) *finding { return f.add(Warn, format, args...) }
func (f *finding) fail(format string, args ...any) *finding { return f.add(Fail, format, args...) }

// mend adds a command for this machine.
func (f *finding) mend(command string) *finding { return f.mendOn("", command) }

// mendOn adds a command for another machine. One command may mend several
// faults: it is said once.
func (f *finding) mendOn(machine, command string) *finding {
	r := Remedy{machine, command}
	for _, said := range f.remedies {
		if said == r {
			return f
		}
	}
	f.remedies = append(f.remedies, r)
	return f
}
