package top

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"lvsdr/internal/status"
	"lvsdr/internal/terminal"
)

// style is how a line is painted: a colour or an attribute of ECMA-48. There are no
// backgrounds: what can be read on light and on dark is the terminal's choice.
type style = terminal.Colour

const (
	bold    style = "\x1b[1m"
	reverse style = "\x1b[7m"
)

// paint paints a text, as far as the options allow.
func (m *Model) paint(s style, text string) string {
	if s == "" || text == "" || m.Bare || !m.Colours && s != bold && s != reverse {
		return text
	}
	return terminal.Paint(s, text)
}

// clean leaves of a text, which may come from a real server, what a terminal shows
// as it is.
func (m *Model) clean(text string) string {
	return strings.Map(func(c rune) rune {
		if c == ' ' || unicode.IsPrint(c) && (m.Unicode || c < unicode.MaxASCII) {
			return c
		}
		return '?'
	}, text)
}

// fit makes a text exactly so wide.
func (m *Model) fit(text string, width int) string {
	text = m.cut(text, width)
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// cut makes a text at most so wide.
func (m *Model) cut(text string, width int) string {
	tail := "~"
	if m.Unicode {
		tail = "…"
	}
	if text = m.clean(text); ansi.StringWidth(text) <= width {
		return text
	}
	return ansi.Truncate(text, max(0, width), tail)
}

// right sets a text to the right end of so many columns.
func (m *Model) right(text string, width int) string {
	text = m.cut(text, width)
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(text))) + text
}

// Frame is the view as text, at most so wide and so high; height 0 is as high as it
// takes, without what only serves somebody at the keys.
func (m *Model) Frame(width, height int) string {
	lines := m.head(width)
	if height == 0 {
		m.page = len(m.rows)
		lines = append(lines, m.list(width, 0)...)
		return strings.Join(lines, "\n") + "\n"
	}
	foot := m.eventLines(width, min(6, height/5))
	room := max(1, height-len(lines)-len(foot)-2) // below: the titles, above: the last line
	body := m.helpLines(width)
	if !m.help {
		body = m.list(width, room)
	}
	body = body[:min(len(body), room+1)]
	lines = append(lines, body...)
	for len(lines) < height-len(foot)-1 {
		lines = append(lines, "")
	}
	lines = append(append(lines, foot...), m.lastLine(width))
	return strings.Join(lines[max(0, len(lines)-height):], "\n")
}

// head says what all services do together.
func (m *Model) head(width int) []string {
	words := []string{"lvsdr top", m.Host, m.look.At.Format(time.TimeOnly), m.watched()}
	if m.sort != 0 {
		words = append(words, "by "+orders[m.sort].name)
	}
	if m.filter != "" || m.typing {
		words = append(words, "filter "+strconv.Quote(m.filter))
	}
	first := m.cut(strings.Join(words, "  "), width)
	if m.paused {
		first = m.paint(terminal.Yellow, m.cut("PAUSED  "+first, width))
	} else {
		first = m.paint(bold, first)
	}
	bytes := "-" // of one look
	if len(m.history) > 1 {
		bytes = status.Count(m.total.bytes)
	}
	lines := []string{first,
		m.totals("connections/s", status.Count(m.total.rate), fmt.Sprintf("active   %-8s up %d of %d", status.Count(float64(m.total.active)), m.up, m.all),
			func(s sample) float64 { return s.connections }, width),
		m.totals("bytes/s in", bytes, "inactive "+status.Count(float64(m.total.inactive)), func(s sample) float64 { return s.bytes }, width)}
	var wrong []string
	for _, v := range m.look.Status.VIPs {
		if v.State != status.OK {
			wrong = append(wrong, fmt.Sprintf("%s on %s: %s", v.Address, v.Interface, v.State))
		}
	}
	if len(wrong) > 0 {
		lines = append(lines, m.paint(terminal.Red, m.cut("VIP "+strings.Join(wrong, ", "), width)))
	}
	return lines
}

// watched says who looks after the real servers.
func (m *Model) watched() string {
	w := m.look.Status.Watch
	switch {
	case !m.Configured:
		return "no configuration: the kernel's table"
	case w == nil:
		return "no watch"
	case w.State == status.Watching:
		return "watching"
	}
	return fmt.Sprintf("watch %s %s ago", w.State, status.Age(w.Age))
}

// totals is a number with the graph of its last minutes, where there is room.
func (m *Model) totals(name, now, more string, of func(sample) float64, width int) string {
	const label, value, side = 14, 8, 34
	text := fmt.Sprintf("%-*s%*s  ", label, name, value, now)
	room := width - len(text) - side - 1
	if room < 1 {
		return m.cut(text+more, width)
	}
	return text + m.paint(terminal.Cyan, m.graph(of, min(room, keptSamples))) + " " + m.cut(more, side)
}

// graph is a line of so many samples, the newest on the right.
func (m *Model) graph(of func(sample) float64, width int) string {
	levels := []rune("_.-=+*#")
	if m.Unicode {
		levels = []rune("▁▂▃▄▅▆▇█")
	}
	samples := m.history[max(0, len(m.history)-width):]
	most := 0.0
	for _, s := range samples {
		most = max(most, of(s))
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", width-len(samples)))
	for _, s := range samples {
		level := 0
		if most > 0 {
			level = int(of(s) / most * float64(len(levels)-1))
		}
		b.WriteRune(levels[level])
	}
	return b.String()
}

// columns are what stands beside a name, and how wide.
var columns = []struct {
	name  string
	width int
}{{"RATE", 7}, {"BYTES/S", 8}, {"ACTIVE", 7}, {"INACT", 7}, {"WEIGHT", 8}}

const (
	healthWidth = 14
	maxName     = 56
)

// line sets cells in columns.
func (m *Model) line(width int, name string, cells []string, health string) (left, right string) {
	room := width - healthWidth - 2
	for _, c := range columns {
		room -= c.width
	}
	room = min(max(room, 10), maxName)
	var b strings.Builder
	b.WriteString(m.fit(name, room))
	for i, c := range columns {
		b.WriteString(m.right(cells[i], c.width))
	}
	left = m.cut(b.String()+"  ", width)
	return left, m.cut(health, width-ansi.StringWidth(left))
}

// list are the titles and the rows that there is room for, around the selected one;
// room 0: all of them.
func (m *Model) list(width, room int) []string {
	var titles []string
	for _, c := range columns {
		titles = append(titles, c.name)
	}
	left, right := m.line(width, "SERVICE, REAL SERVER", titles, "HEALTH")
	lines := []string{m.paint(bold, left+right)}
	rows := m.rows
	if room > 0 {
		m.page = room
		m.scroll(room)
		rows = rows[m.first:min(len(rows), m.first+room)]
	}
	for _, r := range rows {
		lines = append(lines, m.rowLine(r, width, room > 0 && r.reason == "" && r.key() == m.cursor))
	}
	if len(m.rows) == 0 && m.err == nil {
		lines = append(lines, m.cut("no service", width))
	}
	return lines
}

// scroll brings the selected row, and the reason below it, into view.
func (m *Model) scroll(room int) {
	at := max(m.at(), 0)
	last := at
	for last+1 < len(m.rows) && m.rows[last+1].reason != "" {
		last++
	}
	m.first = min(max(m.first, last-room+1), at)
	m.first = max(0, min(m.first, len(m.rows)-room))
}

func (m *Model) rowLine(r row, width int, selected bool) string {
	if r.reason != "" {
		return m.paint(m.colour(r), m.cut("      "+r.reason, width))
	}
	now := m.seen[r.key()]
	bytes := "-"
	if len(m.history) > 1 {
		bytes = status.Count(now.bytes)
	}
	cells := []string{status.Count(now.rate), bytes, status.Count(float64(now.active)), status.Count(float64(now.inactive)), m.weight(r.server)}
	left, right := m.line(width, m.name(r), cells, m.health(r))
	switch {
	case selected && m.Bare:
	case selected:
		return m.paint(reverse, m.fit(left+right, width))
	case r.server == nil:
		left = m.paint(bold, left)
	}
	return strings.TrimRight(left+m.paint(m.colour(r), right), " ")
}

func (m *Model) name(r row) string {
	if r.server != nil {
		return "    " + r.server.Address
	}
	sign := "- "
	switch folded := m.collapsed[r.key()]; {
	case folded && m.Unicode:
		sign = "▸ "
	case folded:
		sign = "+ "
	case m.Unicode:
		sign = "▾ "
	}
	return sign + r.service.Title() + " " + r.service.Scheduler
}

// weight is the one now and, where it is another, the configured one.
func (m *Model) weight(rs *status.RealServer) string {
	switch {
	case rs == nil:
		return ""
	case !m.Configured:
		return fmt.Sprint(rs.Weight)
	}
	return fmt.Sprintf("%d/%d", rs.Weight, rs.Configured)
}

// health is how a row is, and since when.
func (m *Model) health(r row) string {
	if r.server == nil {
		switch s := serviceCondition(*r.service); {
		case s != serving:
			return strings.ReplaceAll(s, "_", " ")
		case r.service.State != status.OK:
			return string(r.service.State)
		}
		return ""
	}
	word := m.seen[r.key()].condition
	h := r.server.Health
	switch {
	case r.server.Sorry && h == nil:
		return sorry
	case h != nil && h.Verdict == status.Verdict(word):
		return word + " " + status.Age(h.Age)
	case word != string(status.Up):
		return word
	case !m.Configured:
		return ""
	}
	return string(r.server.State)
}

func (m *Model) colour(r row) style {
	word := serviceCondition(*r.service)
	state := r.service.State
	if r.server != nil {
		word, state = m.seen[r.key()].condition, r.server.State
	}
	switch word {
	case string(status.Down), string(status.Missing), sorry, failOpen:
		return terminal.Red
	case drained:
		return terminal.Cyan
	case unasked:
		return terminal.Yellow
	}
	if state == status.Differs {
		return terminal.Yellow
	}
	return terminal.Green
}

func (m *Model) eventLines(width, n int) []string {
	if n < 2 {
		return nil
	}
	lines := []string{m.paint(bold, m.cut("EVENTS", width))}
	for i := range n - 1 {
		text := ""
		if i < len(m.events) {
			e := m.events[i]
			text = fmt.Sprintf("%s %s %s", e.At.Format(time.TimeOnly), e.Kind, e.Text)
		} else if i == 0 {
			text = "none yet"
		}
		lines = append(lines, m.cut(text, width))
	}
	return lines
}

func (m *Model) helpLines(width int) []string {
	lines := []string{m.paint(bold, m.cut("KEYS", width))}
	for _, k := range keys {
		lines = append(lines, m.cut(fmt.Sprintf("  %-12s %s", k[0], k[1]), width))
	}
	return lines
}

// lastLine is a question, an error, or what can be pressed.
func (m *Model) lastLine(width int) string {
	switch {
	case m.question != nil:
		return m.paint(bold, m.cut(fmt.Sprintf("%s %s in every service? y/n", m.question.Kind, m.question.RealServer), width))
	case m.typing:
		return m.paint(bold, m.cut("filter: "+m.filter+"_", width))
	case m.message != "":
		return m.paint(terminal.Yellow, m.cut(m.message, width))
	case m.err != nil:
		return m.paint(terminal.Red, m.cut(m.err.Error(), width))
	}
	return m.cut("q quit  s sort  / filter  space collapse  p pause  d drain  u undrain  ? help", width)
}
