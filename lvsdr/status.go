package lvsdr

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/plan"
	"lvsdr/internal/status"
	"lvsdr/internal/terminal"
)

// statusCommand is "lvsdr vs status" or "lvsdr rs status".
func statusCommand(r plan.Role) *cli.Command {
	return verb(r, "status", "show what is in place and what is missing", completeFor(r), showStatus)
}

// showStatus prints what is in place. Status 3 says that not all of it is.
func showStatus(o order) error {
	s, err := o.look(o.need())
	if err != nil {
		return err
	}
	st, err := s.status()
	if err != nil {
		return err
	}
	if s.json {
		err = writeJSON(s.stdout, st)
	} else {
		err = printStatus(s.stdout, st, s.colours)
	}
	if err == nil && !st.InPlace {
		return exitError{status: statusDiffers}
	}
	return err
}

func (s *session) status() (status.Status, error) {
	w := s.wish()
	state, err := plan.Look(s.Machine, w, s.Record)
	if err != nil {
		return status.Status{}, err
	}
	st, err := plan.Report(w, state)
	for _, who := range s.Record.Orphans() {
		st.Orphans = append(st.Orphans, status.Orphan{Role: string(who.Role), File: who.File})
	}
	st.Watch = s.watch()
	st.Retired = s.Record.IsRetired(s.Claimant)
	st.InPlace = st.InPlace && !st.Retired
	return st, err
}

// watch is what is known of "vs watch"; nil: nobody watches, nor did so lately.
func (s *session) watch() *status.Watch {
	switch {
	case s.Record.IsStopped(s.Claimant):
		return &status.Watch{State: status.WatchStopped}
	case s.watched == nil:
		return nil
	}
	w := &status.Watch{State: status.Watching, Age: s.watched.At.Since().Seconds()}
	switch {
	case s.watched.Stale():
		w.State = status.WatchSilent
	case s.watched.Ended:
		w.State = status.WatchEnded
	}
	return w
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// stateColours are how the states are painted.
var stateColours = map[status.State]terminal.Colour{
	status.OK: terminal.Green, status.Missing: terminal.Red, status.Differs: terminal.Yellow, status.Draining: terminal.Cyan,
	status.IsDown: terminal.Red,
}

// printStatus draws the tables.
func printStatus(w io.Writer, st status.Status, coloured bool) error {
	text := func(s status.State) string {
		if !coloured {
			return string(s)
		}
		return terminal.Paint(stateColours[s], string(s))
	}
	vips := terminal.NewTable(w, "VIP", "Interface", "State")
	for _, v := range st.VIPs {
		if v.VRRP != "" {
			vips.Append(v.Address.String(), cmp.Or(v.Interface, "-"), "held by VRRP: "+v.VRRP)
			continue
		}
		vips.Append(v.Address.String(), v.Interface, text(v.State))
	}
	sysctls := terminal.NewTable(w, "Sysctl", "Value", "Wanted", "State")
	for _, v := range st.Sysctls {
		sysctls.Append(v.Name, strconv.Itoa(v.Value), strconv.Itoa(v.Wanted), text(v.State))
	}
	columns := []string{"Service", "Real server", "Forward", "Weight", "Configured", "Active", "Inactive", "Rate", "State"}
	if st.Watch != nil {
		columns = append(columns, "Health")
	}
	services := terminal.NewTable(w, columns...)
	line := func(cells ...string) { services.Append(cells[:len(columns)]...) }
	for _, s := range st.Services {
		line(strings.TrimLeft(s.Name+" "+s.Service+" "+s.Scheduler, " "), "", "", "", "", "", "", "", text(s.State), turn(s))
		for _, rs := range s.RealServers {
			line("", rs.Address, rs.Forward, number(rs.Weight), number(rs.Configured),
				number(rs.Active), number(rs.Inactive), strconv.FormatUint(rs.Rate, 10), text(rs.State), healthWords(rs))
		}
	}
	timeouts := terminal.NewTable(w, "Timeout", "Value", "Wanted", "State")
	for _, v := range st.Timeouts {
		timeouts.Append(v.Name, fmt.Sprint(v.Value), fmt.Sprint(v.Wanted), text(v.State))
	}
	daemons := terminal.NewTable(w, "Synchronisation", "Interface", "ID", "State")
	for _, v := range st.Sync {
		daemons.Append(v.Role, v.Interface, fmt.Sprint(v.ID), text(v.State))
	}
	err := vips.Render()
	for _, t := range []struct {
		table *terminal.Table
		lines int
	}{{sysctls, len(st.Sysctls)}, {services, len(st.Services)}, {timeouts, len(st.Timeouts)}, {daemons, len(st.Sync)}} {
		if err == nil && t.lines > 0 {
			err = t.table.Render()
		}
	}
	if line := watchWords(st.Watch); err == nil && line != "" {
		_, err = fmt.Fprintln(w, line)
	}
	if err == nil && st.Retired {
		_, err = fmt.Fprintln(w, "retired: the VIPs are left to the other director; to take them back: lvsdr vs start")
	}
	for _, o := range st.Orphans {
		if err == nil {
			_, err = fmt.Fprintf(w, "started with %s, which is gone; to undo it: lvsdr %s stop --config %s\n", o.File, o.Role, o.File)
		}
	}
	return err
}

// turn says who answers for a service if it is not its real servers.
func turn(s status.Service) string {
	switch {
	case s.Sorry:
		return "no real server is left: others answer"
	case s.FailOpen:
		return "no real server is left: all are kept in"
	}
	return ""
}

// healthWords say what asking a real server has shown: "up 3m", "down 12s: why; mend
// there: command".
func healthWords(rs status.RealServer) string {
	h := rs.Health
	switch {
	case h == nil && rs.Sorry:
		return "answers in place of real servers"
	case h == nil:
		return ""
	case h.Verdict == status.Unknown:
		return "not asked yet"
	}
	words := fmt.Sprintf("%s %s", h.Verdict, status.Age(h.Age))
	if h.Why != "" {
		words += ": " + h.Why
	}
	if len(h.Remedy) == 0 {
		return words
	}
	where := "mend it: "
	if h.At != "" {
		where = "mend there: "
	}
	return words + "; " + where + strings.Join(h.Remedy, "; ")
}

// watchWords say what is known of the watch, where it is not at work.
func watchWords(w *status.Watch) string {
	switch {
	case w == nil || w.State == status.Watching:
		return ""
	case w.State == status.WatchStopped:
		return "vs watch idles since vs stop; to resume: lvsdr vs start"
	case w.State == status.WatchEnded:
		return fmt.Sprintf("vs watch ended %s ago: real servers are not asked", status.Age(w.Age))
	}
	return fmt.Sprintf("vs watch was last heard of %s ago: its verdicts no longer count", status.Age(w.Age))
}
