package lvsdr

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"

	"github.com/olekukonko/tablewriter"
	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
	"lvsdr/internal/kernel"
)

// Status is what "status --json" prints.
type Status struct {
	Role     string          `json:"role"`     // vs or rs
	InPlace  bool            `json:"in_place"` // start has nothing to do
	VIPs     []VIPStatus     `json:"vips"`
	Services []ServiceStatus `json:"services,omitempty"` // of a director
	Sysctls  []SysctlStatus  `json:"sysctls,omitempty"`  // of a real server
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

// VIPStatus is a VIP on its interface.
type VIPStatus struct {
	Address   netip.Prefix `json:"address"`
	Interface string       `json:"interface"` // where it is, or should be
	State     State        `json:"state"`
}

// ServiceStatus is a virtual service.
type ServiceStatus struct {
	Service     string             `json:"service"` // as ipvsadm's options name it
	Scheduler   string             `json:"scheduler"`
	State       State              `json:"state"`
	RealServers []RealServerStatus `json:"real_servers"`
}

// RealServerStatus is a real server of a service.
type RealServerStatus struct {
	Address    string `json:"address"`
	Forward    string `json:"forward"`    // direct, tunnel or masquerade
	Weight     uint32 `json:"weight"`     // now
	Configured uint32 `json:"configured"` // weight of the configuration
	Active     uint32 `json:"active"`     // connections
	Inactive   uint32 `json:"inactive"`
	Rate       uint64 `json:"rate"` // new connections a second
	State      State  `json:"state"`
}

// SysctlStatus is a kernel setting of a real server.
type SysctlStatus struct {
	Name   string `json:"name"`
	Value  int    `json:"value"`
	Wanted int    `json:"wanted"` // at least
	State  State  `json:"state"`
}

func (st *RealServerStatus) fill(d *kernel.DestinationEntry) {
	st.Forward, st.Weight = forwardText(d.Forward), d.Weight
	st.Active, st.Inactive, st.Rate = d.Active, d.Inactive, d.Stats.ConnectionRate
}

func forwardText(f kernel.Forward) string {
	switch f & 7 {
	case kernel.Masquerade:
		return "masquerade"
	case kernel.Tunnel:
		return "tunnel"
	}
	return "direct"
}

// status prints what is in place. Status 3 says that not all of it is.
func status(c *cli.Context, r role) error {
	s, end, err := begin(c, r, reading)
	if err != nil {
		return err
	}
	defer end()
	st, err := s.status()
	if err != nil {
		return err
	}
	if s.json {
		err = writeJSON(c.App.Writer, st)
	} else {
		_, plain := os.LookupEnv("NO_COLOR")
		st.print(c.App.Writer, command.IsTerminal(c.App.Writer) && !plain)
	}
	if err == nil && !st.InPlace {
		return exitError{status: statusDiffers}
	}
	return err
}

func (s *session) status() (Status, error) {
	st := Status{Role: string(s.role), VIPs: []VIPStatus{}}
	for _, t := range s.steps {
		if err := t.report(s.scene, &st); err != nil {
			return Status{}, err
		}
	}
	st.InPlace = st.allInPlace()
	return st, nil
}

func (st Status) allInPlace() bool {
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

// colours of the states, in the codes of ECMA-48.
var colours = map[State]string{OK: "\x1b[32m", Missing: "\x1b[31m", Differs: "\x1b[33m", Draining: "\x1b[36m"}

// print draws the tables: framed and coloured on a terminal, plain in a pipe.
func (st Status) print(w io.Writer, coloured bool) {
	text := func(s State) string {
		if !coloured {
			return string(s)
		}
		return colours[s] + string(s) + "\x1b[0m"
	}
	vips := newTable(w, "VIP", "Interface", "State")
	for _, v := range st.VIPs {
		vips.Append([]string{v.Address.String(), v.Interface, text(v.State)})
	}
	vips.Render()
	if len(st.Sysctls) > 0 {
		t := newTable(w, "Sysctl", "Value", "Wanted", "State")
		for _, v := range st.Sysctls {
			t.Append([]string{v.Name, strconv.Itoa(v.Value), strconv.Itoa(v.Wanted), text(v.State)})
		}
		t.Render()
	}
	if len(st.Services) == 0 {
		return
	}
	t := newTable(w, "Service", "Real server", "Forward", "Weight", "Configured", "Active", "Inactive", "Rate", "State")
	for _, s := range st.Services {
		t.Append([]string{s.Service + " " + s.Scheduler, "", "", "", "", "", "", "", text(s.State)})
		for _, rs := range s.RealServers {
			t.Append([]string{"", rs.Address, rs.Forward, fmt.Sprint(rs.Weight), fmt.Sprint(rs.Configured),
				fmt.Sprint(rs.Active), fmt.Sprint(rs.Inactive), fmt.Sprint(rs.Rate), text(rs.State)})
		}
	}
	t.Render()
}

func newTable(w io.Writer, header ...string) *tablewriter.Table {
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
