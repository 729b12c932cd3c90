package rehearse

import (
	"fmt"
	"io"
	"strings"
	"time"

	"lvsdr/internal/terminal"
)

// Report is what "lab rehearse --json" prints.
type Report struct {
	OK      bool      `json:"ok"` // no promise was broken
	Traffic []Traffic `json:"traffic"`
	Faults  []Fault   `json:"faults"`
}

// Traffic is what became of a service's requests while nothing was wrong.
type Traffic struct {
	Service   string  `json:"service"`
	VIP       string  `json:"vip"`
	Scheduler string  `json:"scheduler"`
	Requests  int     `json:"requests"` // each from another address of the client
	Lost      int     `json:"lost"`
	Shares    []Share `json:"shares"`
	Judged    bool    `json:"judged"` // the scheduler shares by numbers: rr, wrr, lc, wlc
	// Again is how many clients that are to stay with their real server asked
	// twice, Moved how many did not stay.
	Again int    `json:"again,omitempty"`
	Moved int    `json:"moved,omitempty"`
	OK    bool   `json:"ok"`
	Why   string `json:"why,omitempty"` // not
}

// Share is a real server's part of the requests.
type Share struct {
	RealServer string  `json:"real_server"`
	Weight     uint32  `json:"weight"`
	Expected   float64 `json:"expected"` // of the requests; where shares are judged
	Seen       int     `json:"seen"`
}

// Fault is what became of a service when a fault befell a real server of it, or
// all services.
type Fault struct {
	Fault      string `json:"fault"`
	RealServer string `json:"real_server,omitempty"`
	Service    string `json:"service,omitempty"` // empty: every service
	VIP        string `json:"vip,omitempty"`
	Promised   Times  `json:"promised"`
	Seen       Times  `json:"seen"`
	Stays      string `json:"stays,omitempty"` // why the real server stays in
	Lost       int    `json:"lost"`            // requests, from the fault until it was over
	// LostOut are those that were made when the real server was out, before the
	// fault was mended.
	LostOut int `json:"lost_out"`
	// Late is how many seconds a busy machine kept the rehearsal waiting: so much
	// longer was given.
	Late float64 `json:"late,omitempty"`
	OK   bool    `json:"ok"`
	Why  string  `json:"why,omitempty"` // not
}

// Times are seconds from the fault until the real server is out, and from its
// mending until it is back; null: never.
type Times struct {
	Out  *float64 `json:"out"`
	Back *float64 `json:"back"`
}

func seconds(d time.Duration) *float64 {
	s := float64(d.Round(10*time.Millisecond)) / float64(time.Second)
	return &s
}

// Print prints both tables, and what broke.
func (r Report) Print(w io.Writer, coloured bool) error {
	traffic := terminal.NewTable(w, "Service", "VIP", "Scheduler", "Requests", "Lost", "Shares (expected)", "")
	for _, t := range r.Traffic {
		traffic.Append(t.Service, t.VIP, t.Scheduler, fmt.Sprint(t.Requests), fmt.Sprint(t.Lost), t.shares(), verdict(t.OK, coloured))
	}
	if err := traffic.Render(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	faults := terminal.NewTable(w, "Fault", "Real server", "Service", "Out: promised", "Seen", "Back: promised", "Seen", "Lost", "When out", "")
	for _, f := range r.Faults {
		out, back := f.promised()
		faults.Append(f.Fault, f.RealServer, f.Service, out, cell(f.Seen.Out), back, cell(f.Seen.Back),
			fmt.Sprint(f.Lost), fmt.Sprint(f.LostOut), verdict(f.OK, coloured))
	}
	if err := faults.Render(); err != nil {
		return err
	}
	for _, line := range r.broken() {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// broken says each promise that broke.
func (r Report) broken() (lines []string) {
	for _, t := range r.Traffic {
		if !t.OK {
			lines = append(lines, fmt.Sprintf("%s on %s: %s", t.Service, t.VIP, t.Why))
		}
	}
	for _, f := range r.Faults {
		if !f.OK {
			lines = append(lines, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", f.Fault, f.RealServer, f.Service)), " ")+": "+f.Why+f.busy())
		}
	}
	return lines
}

// busy says that the machine had a part in it.
func (f Fault) busy() string {
	if f.Late < 1 {
		return ""
	}
	return fmt.Sprintf(" (the machine was busy, and kept the rehearsal waiting for %.1f s)", f.Late)
}

// promised are the cells of what is promised.
func (f Fault) promised() (out, back string) {
	switch {
	case f.Fault == arpLost:
		return "check reports it", "check passes"
	case f.Stays != "":
		return "stays in", ""
	}
	return cell(f.Promised.Out), cell(f.Promised.Back)
}

// shares is "10.0.0.7:80 12 (12.0), 10.0.0.17:80 4 (4.0)".
func (t Traffic) shares() string {
	var words []string
	for _, s := range t.Shares {
		word := fmt.Sprintf("%s %d", s.RealServer, s.Seen)
		if t.Judged {
			word += fmt.Sprintf(" (%.1f)", s.Expected)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// cell is a time of a table.
func cell(s *float64) string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f s", *s)
}

func verdict(ok, coloured bool) string {
	word, colour := "BROKEN", terminal.Red
	if ok {
		word, colour = "ok", terminal.Green
	}
	if !coloured {
		return word
	}
	return terminal.Paint(colour, word)
}
