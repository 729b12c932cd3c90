package imports

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Script is the draft of a shell script that sets up a director or a real
// server: what it would do when it is called with the word start. Nothing is run:
// its assignments and the commands that concern the cluster are understood, and
// whatever else there is becomes a remark with its line.
func Script(text string, names Names) (Draft, error) {
	if len(text) > mostScript {
		return Draft{}, fmt.Errorf("%d bytes: expected a script of at most %d", len(text), mostScript)
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(text), "")
	if err != nil {
		return Draft{}, err
	}
	s := script{
		table: table{names: names}, functions: map[string]*syntax.Stmt{}, arp: map[string]*ARP{},
		variables: map[string]expand.Variable{}, arguments: []string{"start"}, remarked: map[uint][]string{},
	}
	s.statements(file.Stmts)
	return s.draft(), nil
}

// Bounds of a script: its bytes, which bound the parser's stack; calls and blocks
// within each other; commands; the bytes of what words become.
const (
	mostScript  = 1 << 16
	deepestCall = 50
	mostSteps   = 1 << 13
	mostWords   = 1 << 16
	mostRemarks = 16 // on one place
)

// script is a script at work.
type script struct {
	table
	variables map[string]expand.Variable
	arguments []string // of the script, or of the function that it is in
	functions map[string]*syntax.Stmt
	addresses []Address
	arp       map[string]*ARP
	links     []string // of arp, in order
	remarks   []string
	remarked  map[uint][]string // of them, by the place in the script
	depth     int
	steps     int
	asking    bool // the commands are a condition, which has a remark of its own
	outcome   outcome
	jump      jump
}

// A jump is how a script leaves what it is in: the words of the shell, or stop
// where a bound was reached. Empty: it goes on.
type jump string

const (
	jumpBreak    jump = "break"
	jumpContinue jump = "continue"
	jumpReturn   jump = "return"
	jumpExit     jump = "exit"
	jumpStop     jump = "stop"
)

// land ends a jump that leads to here.
func (s *script) land(from ...jump) {
	if slices.Contains(from, s.jump) {
		s.jump = ""
	}
}

// remark tells once what is not imported of a place in the script, where loops may
// come by with ever other words.
func (s *script) remark(at syntax.Node, format string, args ...any) {
	text := fmt.Sprintf("line %d not imported: ", at.Pos().Line()) + fmt.Sprintf(format, args...)
	have := s.remarked[at.Pos().Offset()]
	switch {
	case slices.Contains(have, text) || len(have) > mostRemarks:
		return
	case len(have) == mostRemarks:
		text = fmt.Sprintf("line %d: and more of that kind", at.Pos().Line())
	}
	s.remarked[at.Pos().Offset()] = append(have, text)
	s.remarks = append(s.remarks, text)
}

// draft is of a director if there are services, else of a real server.
func (s *script) draft() Draft {
	m := Machine{Services: s.services, Addresses: s.addresses, Timeouts: s.timeouts, Daemons: s.daemons}
	for _, link := range s.links {
		m.ARP = append(m.ARP, *s.arp[link])
	}
	var d Draft
	if len(s.services) > 0 {
		d = m.Director()
		for _, link := range s.links {
			d.remark("arp_ignore and arp_announce of %s: a director needs neither", link)
		}
	} else {
		d = m.RealServer()
	}
	vips := slices.Concat(d.allVIPs(), d.VIPs)
	for _, a := range s.addresses {
		addr := a.Prefix.Addr()
		switch vip := slices.Contains(vips, addr); {
		case vip && !a.Prefix.IsSingleIP():
			d.remark("%s on %s: the file means %s", a.Prefix, a.Interface, netip.PrefixFrom(addr, addr.BitLen()))
		case !vip && !a.looksLikeVIP():
			d.remark("not imported: %s on %s: it is no VIP", a.Prefix, a.Interface)
		}
	}
	d.InUse, d.Timeouts = false, s.timeouts
	d.Remarks = slices.Concat(s.remarks, d.Remarks)
	return d
}

func (s *script) statements(all []*syntax.Stmt) {
	for _, one := range all {
		if s.jump != "" {
			return
		}
		s.statement(one)
	}
}

func (s *script) statement(one *syntax.Stmt) {
	s.depth++
	s.steps++
	s.outcome = unknown
	switch {
	case s.depth > deepestCall:
		s.remark(one, "%s and what follows: too deep", source(one))
		s.stop()
	case s.steps > mostSteps:
		s.remark(one, "%s and what follows: more than %d commands", source(one), mostSteps)
		s.stop()
	default:
		s.command(one, one.Cmd)
	}
	if one.Negated {
		s.outcome = -s.outcome
	}
	s.depth--
}

// stop ends the script at a bound: what else it would do to its services is not
// known.
func (s *script) stop() {
	s.jump = jumpStop
	for i := range s.services {
		s.services[i].partial = "the script goes on"
	}
}

// lose has the services left out that a part of the script would change which is
// not understood.
func (s *script) lose(n syntax.Node) {
	seen := map[string]bool{} // functions
	var visit func(syntax.Node) bool
	visit = func(n syntax.Node) bool {
		c, isCall := n.(*syntax.CallExpr)
		if !isCall || len(c.Args) == 0 {
			return true
		}
		name, _ := s.literal(c.Args[0])
		if body := s.functions[name]; body != nil && !seen[name] {
			seen[name] = true
			syntax.Walk(body, visit)
		}
		if path.Base(name) != "ipvsadm" {
			return true
		}
		var words []string
		for _, w := range c.Args[1:] {
			all, err := s.fields(w)
			if err != nil {
				all = []string{untold + source(w)}
			}
			words = append(words, all...)
		}
		call, _ := parseCall(words)
		s.table.lose(call)
		return true
	}
	syntax.Walk(n, visit)
}

func (s *script) command(one *syntax.Stmt, c syntax.Command) {
	switch c := c.(type) {
	case *syntax.CallExpr:
		s.call(one, c)
	case *syntax.DeclClause:
		for _, a := range c.Args {
			s.assign(a)
		}
	case *syntax.Block:
		s.statements(c.Stmts)
	case *syntax.Subshell:
		before := maps.Clone(s.variables)
		s.statements(c.Stmts)
		s.variables = before
		s.land(jumpExit)
	case *syntax.BinaryCmd:
		s.binary(one, c)
	case *syntax.FuncDecl:
		s.functions[c.Name.Value] = c.Body
	case *syntax.CaseClause:
		s.cases(c)
	case *syntax.IfClause:
		s.condition(c)
	case *syntax.ForClause:
		s.loop(c)
	case *syntax.TestClause:
		s.outcome = s.test(c.X)
	case nil:
	default:
		s.remark(one, "%s", source(one))
		s.lose(one)
	}
}

// source is what a script says somewhere, on one line.
func source(n syntax.Node) string {
	var b strings.Builder
	syntax.NewPrinter(syntax.SingleLine(true)).Print(&b, n)
	first, rest, _ := strings.Cut(b.String(), "\n")
	if rest != "" {
		first += " …"
	}
	return first
}

func (s *script) call(one *syntax.Stmt, c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			s.assign(a)
		}
		return
	}
	words, err := s.fields(c.Args...)
	if err == nil && len(words) == 0 {
		return
	}
	if err == nil && s.functions[words[0]] != nil {
		s.function(s.functions[words[0]], words[1:])
		return
	}
	if err == nil {
		err = s.do(one, words)
	} else {
		s.lose(c)
	}
	if err != nil && !(s.asking && s.outcome == unknown) {
		s.remark(one, "%s: %v", source(one), err)
	}
}

// function runs through the body of a function, with its own arguments.
func (s *script) function(body *syntax.Stmt, arguments []string) {
	before := s.arguments
	s.arguments = arguments
	s.statement(body)
	s.land(jumpReturn)
	s.arguments = before
}

// cases takes the branch that the word is for.
func (s *script) cases(c *syntax.CaseClause) {
	word, err := s.literal(c.Word)
	if err != nil {
		s.remark(c, "case %s: %v", source(c.Word), err)
		s.lose(c)
		return
	}
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			pattern, err := s.literal(p)
			if matches, _ := path.Match(pattern, word); err == nil && (matches || pattern == word || pattern == "*") {
				s.statements(item.Stmts)
				return
			}
		}
	}
}

// loop goes through words.
func (s *script) loop(c *syntax.ForClause) {
	over, isWords := c.Loop.(*syntax.WordIter)
	if !isWords {
		s.remark(c, "%s", source(c))
		s.lose(c)
		return
	}
	items, err := s.arguments, error(nil)
	if over.InPos.IsValid() {
		items, err = s.fields(over.Items...)
	}
	if err != nil {
		s.remark(c, "for %s: %v", over.Name.Value, err)
		s.lose(c)
		return
	}
	for _, item := range items {
		s.variables[over.Name.Value] = text(item)
		s.statements(c.Do)
		if s.land(jumpContinue); s.jump != "" {
			break
		}
	}
	s.land(jumpBreak)
}
