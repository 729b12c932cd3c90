package top

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"lvsdr/internal/status"
)

// Options are what is known before the first look.
type Options struct {
	Host string
	// Configured: there is a configuration to compare with.
	Configured bool
	Unicode    bool // else ASCII alone
	Colours    bool
	// Bare: no escape sequence at all, for what is no terminal.
	Bare bool
}

// Model is what has been seen, and how it is shown.
type Model struct {
	Options
	look    Look
	seen    map[string]seen
	earlier map[string]seen // at the look before the last
	total   seen
	up, all int // real servers
	history []sample
	events  []Event // the newest first
	err     error   // of the last look
	message string  // about the last request

	sort      int // of orders
	filter    string
	collapsed map[string]bool
	cursor    string // the key of a row
	rows      []row
	first     int // the row at the top
	page      int // rows that the last frame had room for
	typing    bool
	paused    bool
	help      bool
	question  *Request // that waits for a yes
}

// New is a model that has seen nothing yet.
func New(o Options) *Model {
	return &Model{Options: o, collapsed: map[string]bool{}, page: 1}
}

// row is a line of the list: a service, one of its real servers, or the reason why
// that is not as it should be, and what mends it.
type row struct {
	service *status.Service
	server  *status.RealServer // nil: the service itself
	reason  string
}

func (r row) key() string { return keyOf(*r.service, r.server) }

// orders are the ways to sort: what stands in the list first.
var orders = []struct {
	name string
	less func(m *Model, a, b row) int // nil: as in the table
}{
	{"table", nil},
	{"rate", func(m *Model, a, b row) int { return cmp.Compare(m.seen[b.key()].rate, m.seen[a.key()].rate) }},
	{"active", func(m *Model, a, b row) int { return cmp.Compare(m.seen[b.key()].active, m.seen[a.key()].active) }},
	{"name", func(m *Model, a, b row) int { return compareNames(a, b) }},
	{"health", func(m *Model, a, b row) int { return cmp.Compare(m.trouble(a), m.trouble(b)) }},
}

func compareNames(a, b row) int {
	if a.server == nil {
		return cmp.Compare(a.service.Title(), b.service.Title())
	}
	return addressOf(a.server).Compare(addressOf(b.server))
}

// trouble is smaller for what is worse; that of a service is its worst real
// server's.
func (m *Model) trouble(r row) int {
	if r.server != nil {
		switch m.seen[r.key()].condition {
		case string(status.Down), string(status.Missing):
			return 0
		case string(status.Up):
			return 2
		}
		return 1
	}
	worst := 2
	for i := range r.service.RealServers {
		worst = min(worst, m.trouble(row{service: r.service, server: &r.service.RealServers[i]}))
	}
	return worst
}

// addressOf is the address of a real server without its port.
func addressOf(rs *status.RealServer) netip.Addr {
	if a, err := netip.ParseAddr(rs.Address); err == nil {
		return a
	}
	a, _ := netip.ParseAddrPort(rs.Address)
	return a.Addr()
}

// arrange lists the rows anew.
func (m *Model) arrange() {
	m.rows = m.rows[:0]
	var services []row
	for i := range m.look.Status.Services {
		services = append(services, row{service: &m.look.Status.Services[i]})
	}
	m.sorted(services)
	for _, s := range services {
		servers := m.serversOf(s.service)
		if m.filter != "" && len(servers) == 0 && !m.matches(s.service.Title()) {
			continue
		}
		m.rows = append(m.rows, s)
		if m.collapsed[s.key()] {
			continue
		}
		m.sorted(servers)
		for _, r := range servers {
			m.rows = append(m.rows, r)
			for _, reason := range why(*r.server) {
				m.rows = append(m.rows, row{r.service, r.server, reason})
			}
		}
	}
	if m.at() < 0 && len(m.rows) > 0 {
		m.cursor = m.rows[0].key()
	}
}

// serversOf are the real servers that the filter lets pass.
func (m *Model) serversOf(s *status.Service) (servers []row) {
	all := m.matches(s.Title())
	for i := range s.RealServers {
		rs := &s.RealServers[i]
		if all || m.matches(rs.Address+" "+m.seen[keyOf(*s, rs)].condition+" "+strings.Join(why(*rs), " ")) {
			servers = append(servers, row{service: s, server: rs})
		}
	}
	return servers
}

func (m *Model) matches(text string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(m.filter))
}

func (m *Model) sorted(rows []row) {
	if less := orders[m.sort].less; less != nil {
		slices.SortStableFunc(rows, func(a, b row) int { return less(m, a, b) })
	}
}

// at is the place of the selected row; negative: it is not there.
func (m *Model) at() int {
	return slices.IndexFunc(m.rows, func(r row) bool { return r.reason == "" && r.key() == m.cursor })
}

// move selects the row that is so many rows away; reasons are passed over.
func (m *Model) move(by int) {
	if len(m.rows) == 0 {
		return
	}
	at := min(max(m.at()+by, 0), len(m.rows)-1)
	for by > 0 && m.rows[at].reason != "" && at < len(m.rows)-1 {
		at++
	}
	for m.rows[at].reason != "" {
		at--
	}
	m.cursor = m.rows[at].key()
}

// Request is what a key asks of the program around.
type Request struct {
	Kind       RequestKind
	RealServer netip.Addr
}

// RequestKind is what is asked for.
type RequestKind string

// The requests.
const (
	Quit    RequestKind = "quit"
	Suspend RequestKind = "suspend" // as Ctrl-Z does
	Drain   RequestKind = "drain"
	Undrain RequestKind = "undrain"
)

// keys are what there is to press, in the words of the help.
var keys = [][2]string{
	{"up down j k", "select a line; PgUp, PgDn, Home, End too"},
	{"space enter", "collapse a service, or show its real servers again"},
	{"s", "sort: as in the table, by rate, active, name, health"},
	{"/", "filter by service, address, condition or reason; Esc ends it"},
	{"p", "pause, and go on"},
	{"d", "drain the selected real server: weight 0 in every service"},
	{"u", "undrain it: its configured weight again"},
	{"?", "this help"},
	{"q Ctrl-C", "quit"},
}

// Key is told which key was pressed, by bubbletea's name of it.
func (m *Model) Key(name string) (r Request) {
	m.message = ""
	switch {
	case name == "ctrl+c":
		return Request{Kind: Quit}
	case name == "ctrl+z":
		return Request{Kind: Suspend}
	case m.question != nil:
		if name == "y" || name == "Y" {
			r = *m.question
		}
		m.question = nil
	case m.typing:
		m.typeFilter(name)
	case m.help:
		m.help = false
	default:
		r = m.command(name)
	}
	m.arrange()
	return r
}

// typeFilter is a key while the filter is being typed.
func (m *Model) typeFilter(name string) {
	switch name {
	case "enter":
		m.typing = false
	case "esc":
		m.typing, m.filter = false, ""
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(m.filter)
		m.filter = m.filter[:len(m.filter)-size]
	case "space":
		m.filter += " "
	default:
		if utf8.RuneCountInString(name) == 1 {
			m.filter += name
		}
	}
}

func (m *Model) command(name string) (r Request) {
	switch name {
	case "q":
		r.Kind = Quit
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	case "pgup":
		m.move(-m.page)
	case "pgdown":
		m.move(m.page)
	case "home":
		m.move(-len(m.rows))
	case "end":
		m.move(len(m.rows))
	case "space", "enter":
		m.collapse()
	case "s":
		m.sort = (m.sort + 1) % len(orders)
	case "/":
		m.typing = true
	case "esc":
		m.filter = ""
	case "p":
		m.paused = !m.paused
	case "?":
		m.help = true
	case "d":
		m.ask(Drain)
	case "u":
		m.ask(Undrain)
	}
	return r
}

func (m *Model) collapse() {
	if at := m.at(); at >= 0 {
		m.cursor = keyOf(*m.rows[at].service, nil)
		m.collapsed[m.cursor] = !m.collapsed[m.cursor]
	}
}

// ask puts the question that comes before a change.
func (m *Model) ask(kind RequestKind) {
	at := m.at()
	switch {
	case !m.Configured:
		m.message = fmt.Sprintf("%s: there is no configuration; make one: lvsdr init", kind)
	case at < 0 || m.rows[at].server == nil:
		m.message = fmt.Sprintf("%s: select a real server first", kind)
	default:
		m.question = &Request{kind, addressOf(m.rows[at].server)}
	}
}

// Done is told how a request ended: with an error, or a warning.
func (m *Model) Done(r Request, warning string, err error) {
	switch {
	case err != nil:
		m.message = err.Error()
	case warning != "":
		m.message = warning
	default:
		m.message = fmt.Sprintf("%s %s: done", r.Kind, r.RealServer)
	}
}

// Paused reports whether nothing is to be looked at.
func (m *Model) Paused() bool { return m.paused }
