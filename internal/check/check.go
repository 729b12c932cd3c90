// Package check is the doctor: it looks for the faults that break direct routing on
// this machine, the director or a real server.
//
// [Run] first gathers the facts, each once and with its own error: what the machine,
// its neighbours and its real servers say is the interface [Kernel]. Then each
// [Check] judges the facts without asking anybody. A fact that could not be gathered
// makes only the checks that need it unknown. Nothing on the machine is changed.
package check

import (
	"slices"
	"strings"
	"time"

	"lvsdr/internal/each"
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

// String is the command, with the machine to run it on if it is another.
func (r Remedy) String() string {
	if r.On == "" {
		return r.Command
	}
	return "on " + r.On + ": " + r.Command
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
	judge func(*facts, *finding) error
}

// silence is the time to wait for answers where nobody is asked.
const silence = -time.Second

// asks are the checks for which packets are sent.
var asks = []string{"neighbours", "ports", "vip owner"}

// All are the checks, in the order in which they are made.
var All = []Check{
	{"ipvs", Director, "without IPVS in the kernel nothing is balanced", judgeIPVS},
	{"vip", Director, "the director accepts only packets for addresses that it has", judgeVIP},
	{"vip answer", Director, "clients, or their router, ask where the VIP is, and only the director may answer", judgeAnswer},
	{"services", Director, "clients reach only services and real servers that are in the table", judgeServices},
	{"weights", Director, "a real server gets connections by its weight; with weight 0 it gets none", judgeWeights},
	{"on-link", Director, "direct routing changes only the Ethernet address, which leads no further than the next router", judgeOnLink},
	{"neighbours", Director, "packets go to a real server's Ethernet address, which ARP or neighbour discovery finds", judgeNeighbours},
	{"ports", Director, "IPVS does not check whether a real server works: it sends connections anyway", judgePorts},
	{"vip owner", Director, "another machine that answers for the VIP takes clients past the director, intermittently or permanently", judgeOwner},
	{"return route", Director, "rp_filter drops every packet whose sender no route leads back to", judgeDirectorRoute},
	{"forwarding", Director, "answers of masqueraded real servers pass through the director, which has to forward them", judgeForwarding},
	{"marks", Director, "a firewall-mark service gets only packets that a rule has marked", judgeMarks},
	{"packet filter", Director, "dropped packets reach neither IPVS nor a real server", judgeFilter},
	{"settings", Director, "a client that soon reuses a port may be sent to the real server of its last connection", judgeSettings},

	{"arp_ignore", RealServer, "a real server that answers for the VIP takes clients past the director", judgeARPIgnore},
	{"arp_announce", RealServer, "a real server that asks in the VIP's name teaches its neighbours that the VIP is there", judgeARPAnnounce},
	{"vip", RealServer, "a real server accepts packets for the VIP only if it has the VIP, and must not answer for it", judgeVIP},
	{"listener", RealServer, "clients' packets arrive with the VIP as their destination, not the real server's own address", judgeListeners},
	{"return route", RealServer, "replies go straight to the clients, by way of the router that GATEWAY stands for", judgeRealServerRoute},
	{"tunnel", RealServer, "packets leave the tunnel with the client's address, and the route back does not lead into the tunnel", judgeTunnel},
	{"packet filter", RealServer, "dropped packets do not reach the server", judgeFilter},
}

// Run makes the checks of the site's role. Wait is how long answers from the
// network are waited for.
func Run(s *Site, k Kernel, wait time.Duration) Report {
	return judge(gather(s, k, wait))
}

// RunQuietly makes those of the checks that cost no packet.
func RunQuietly(s *Site, k Kernel) Report {
	report := judge(gather(s, k, silence))
	report.Checks = slices.DeleteFunc(report.Checks, func(r Result) bool { return slices.Contains(asks, r.Name) })
	report.OK = !slices.ContainsFunc(report.Checks, func(r Result) bool { return r.Outcome == Fail })
	return report
}

// Add adds a result.
func (r *Report) Add(one Result) {
	r.Checks = append(r.Checks, one)
	r.OK = r.OK && one.Outcome != Fail
}

// judge makes the checks on facts.
func judge(m *facts) Report {
	report := Report{Role: m.Role, OK: true, Checks: []Result{}}
	for _, c := range All {
		if c.Role != m.Role {
			continue
		}
		report.Add(c.run(m))
	}
	return report
}

func (c Check) run(m *facts) Result {
	var f finding
	if err := c.judge(m, &f); err != nil {
		f.unknown("%s", reason(err))
	}
	r := Result{Name: c.Name, Why: c.Why, Outcome: Unknown, Seen: "nothing to look at"}
	for _, o := range []Outcome{Fail, Warn, Unknown, Pass} {
		if seen := f.seen[o]; len(seen) > 0 {
			r.Outcome, r.Seen, r.Remedy = o, strings.Join(each.Once(seen), "; "), f.remedies
			break
		}
	}
	return r
}
