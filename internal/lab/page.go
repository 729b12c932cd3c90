package lab

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"lvsdr/internal/terminal"
)

// page is where a reader follows the walk.
type page struct {
	w        io.Writer
	coloured bool
}

// heading begins a step. It fails if the reader has gone.
func (p page) heading(s Step) error {
	_, err := fmt.Fprintf(p.w, "\n%d  %s\n\n", s.Number, s.Title)
	return err
}

// prompt shows a command as it stands on the host's screen.
func (p page) prompt(c Command) { fmt.Fprintf(p.w, "[root@%s ~]# %s\n", c.On, c.Command) }

// output shows what a command printed.
func (p page) output(text string) {
	if text != "" {
		fmt.Fprintln(p.w, strings.TrimSuffix(text, "\n"))
	}
}

// expectations ends a step: what was expected, and what was seen.
func (p page) expectations(all []Expectation) {
	fmt.Fprintln(p.w)
	t := terminal.NewTable(p.w, "", "What", "Expected", "Seen")
	for _, e := range all {
		t.Append(p.verdict(e.OK), e.What, e.Expected, e.Seen)
	}
	t.Render()
}

// packets shows a handshake: the hosts that each packet goes between, and its
// IP and TCP headers, which stay the same.
func (p page) packets(all []Packet) {
	fmt.Fprintln(p.w)
	t := terminal.NewTable(p.w, "No.", "Flags", "From host (MAC)", "To host (MAC)", "Source", "Destination")
	for _, q := range all {
		t.Append(strconv.Itoa(q.Number), q.Flags, hostAndMAC(q.From, q.FromMAC), "→ "+hostAndMAC(q.To, q.ToMAC),
			q.Source.String(), "→ "+q.Destination.String())
	}
	t.Render()
}

func hostAndMAC(host, mac string) string {
	if host == "" {
		host = "?"
	}
	return fmt.Sprintf("%s (%s)", host, mac)
}

// end tells the outcome of the walk.
func (p page) end(r Report) error {
	text := counted(len(r.Steps), "step") + " as expected"
	if !r.OK {
		text = fmt.Sprintf("step %d was not as expected", len(r.Steps))
	}
	_, err := fmt.Fprintf(p.w, "\n%s: %s\n", text, p.verdict(r.OK))
	return err
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// verdict is ok or FAILED.
func (p page) verdict(ok bool) string {
	word, colour := "FAILED", terminal.Red
	if ok {
		word, colour = "ok", terminal.Green
	}
	if !p.coloured {
		return word
	}
	return terminal.Paint(colour, word)
}
