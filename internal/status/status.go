// Package status is what is in place of a configuration, and how an operator
// reads it: as tables, or as one JSON object.
package status

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"

	"github.com/olekukonko/tablewriter"

	"lvsdr/internal/command"
)

// Status is what "status --json" prints.
type Status struct {
	Role     string    `json:"role"`     // vs or rs
	InPlace  bool      `json:"in_place"` // start has nothing to do
	VIPs     []VIP     `json:"vips"`
	Services []Service `json:"services,omitempty"` // of a director
	Sysctls  []Sysctl  `json:"sysctls,omitempty"`  // of a real server
}

// State of one thing: in place, absent, there but not as configured or, of a
// real server, at weight 0 until "undrain".
type State string

// The states.
const (
	OK       State = "ok"
	Missing  State = "missing"
	Differs  State = "differs"
	Draining State = "draining"
)

// VIP is a VIP on its interface.
type VIP struct {
	Address   netip.Prefix `json:"address"`
	Interface string       `json:"interface"` // where it is, or should be
	State     State        `json:"state"`
}

// Service is a virtual service.
type Service struct {
	Service     string       `json:"service"` // as ipvsadm's options name it
	Scheduler   string       `json:"scheduler"`
	State       State        `json:"state"`
	RealServers []RealServer `json:"real_servers"`
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
	State      State  `json:"state"`
	// Differs is what is not as configured: forward, tunnel, weight, thresholds
	// or, of a real server that is not configured at all, unlisted.
	Differs []string `json:"differs,omitempty"`
}

// Sysctl is a kernel setting of a real server.
type Sysctl struct {
	Name   string `json:"name"`
	Value  int    `json:"value"`
	Wanted int    `json:"wanted"` // at least
	State  State  `json:"state"`
}

// AllInPlace reports whether everything is as configured; a real server that is
// being drained is.
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
	for _, s := range st.Services {
		if s.State != OK {
			return false
		}
		for _, rs := range s.RealServers {
			if rs.State != OK && rs.State != Draining {
				return false
			}
		}
	}
	return true
}

// colour of a state, in the codes of ECMA-48.
func (s State) colour() string {
	switch s {
	case OK:
		return "\x1b[32m"
	case Missing:
		return "\x1b[31m"
	case Differs:
		return "\x1b[33m"
	}
	return "\x1b[36m"
}

// Print draws the tables: framed and coloured on a terminal, plain in a pipe.
func (st Status) Print(w io.Writer, coloured bool) {
	text := func(s State) string {
		if !coloured {
			return string(s)
		}
		return s.colour() + string(s) + "\x1b[0m"
	}
	vips := NewTable(w, "VIP", "Interface", "State")
	for _, v := range st.VIPs {
		vips.Append([]string{v.Address.String(), v.Interface, text(v.State)})
	}
	vips.Render()
	if len(st.Sysctls) > 0 {
		t := NewTable(w, "Sysctl", "Value", "Wanted", "State")
		for _, v := range st.Sysctls {
			t.Append([]string{v.Name, strconv.Itoa(v.Value), strconv.Itoa(v.Wanted), text(v.State)})
		}
		t.Render()
	}
	if len(st.Services) == 0 {
		return
	}
	t := NewTable(w, "Service", "Real server", "Forward", "Weight", "Configured", "Active", "Inactive", "Rate", "State")
	for _, s := range st.Services {
		t.Append([]string{s.Service + " " + s.Scheduler, "", "", "", "", "", "", "", text(s.State)})
		for _, rs := range s.RealServers {
			t.Append([]string{"", rs.Address, rs.Forward, fmt.Sprint(rs.Weight), fmt.Sprint(rs.Configured),
				fmt.Sprint(rs.Active), fmt.Sprint(rs.Inactive), fmt.Sprint(rs.Rate), text(rs.State)})
		}
	}
	t.Render()
}

// NewTable is a table in our manner: framed on a terminal, plain elsewhere.
func NewTable(w io.Writer, header ...string) *tablewriter.Table {
	t := tablewriter.NewWriter(w)
	t.SetHeader(header)
	t.SetAutoFormatHeaders(false)
	t.SetAutoWrapText(false)
	t.SetAlignment(tablewriter.ALIGN_LEFT)
	t.SetHeaderAlignment(tablewriter.ALIGN_LEFT)
	if !command.IsTerminal(w) {
		t.SetBorder(false)
		t.SetHeaderLine(false)
		t.SetColumnSeparator("")
		t.SetCenterSeparator("")
		t.SetRowSeparator("")
		t.SetTablePadding("  ")
		t.SetNoWhiteSpace(true)
	}
	return t
}
