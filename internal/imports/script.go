package imports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Script is the draft of a shell script that sets up a director or a real
// server: what it would do when it is called with the word start. Nothing is run:
// its assignments and the commands that concern the cluster are understood, and
// whatever else there is becomes a remark with its line.
func Script(text string, names Names) (Draft, error) {
	file, err := syntax.NewParser().Parse(strings.NewReader(text), "")
	if err != nil {
		return Draft{}, err
	}
	s := script{
		table: table{names: names}, functions: map[string]*syntax.Stmt{}, arp: map[string]*ARP{},
		variables: environment{"0": "script"},
	}
	s.arguments([]string{"script", "start"})
	s.statements(file.Stmts)
	return s.draft(), nil
}

// script is a script at work.
type script struct {
	table
	variables environment
	functions map[string]*syntax.Stmt
	addresses []Address
	arp       map[string]*ARP
	links     []string // of arp, in order
	remarks   []string
	depth     int
	steps     int
	left      bool // it has ended
}

func (s *script) remark(at syntax.Node, format string, args ...any) {
	text := fmt.Sprintf("line %d not imported: ", at.Pos().Line()) + fmt.Sprintf(format, args...)
	if !slices.Contains(s.remarks, text) {
		s.remarks = append(s.remarks, text)
	}
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
	d.InUse, d.Timeouts = false, s.timeouts
	d.Remarks = slices.Concat(s.remarks, d.Remarks)
	return d
}

func (s *script) statements(all []*syntax.Stmt) {
	for _, one := range all {
		if s.left {
			return
		}
		s.statement(one)
	}
}

// Bounds of what a script does: calls and blocks within each other, and steps.
const (
	deepestCall = 50
	mostSteps   = 1 << 16
)

func (s *script) statement(one *syntax.Stmt) {
	s.depth++
	s.steps++
	if s.depth > deepestCall || s.steps > mostSteps {
		s.remark(one, "too much, or too deep")
		s.left = true
	} else {
		s.command(one, one.Cmd)
	}
	s.depth--
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
		s.statements(c.Stmts)
	case *syntax.BinaryCmd:
		s.statement(c.X)
		s.statement(c.Y)
	case *syntax.FuncDecl:
		s.functions[c.Name.Value] = c.Body
	case *syntax.CaseClause:
		s.cases(c)
	case *syntax.IfClause:
		s.condition(c)
	case *syntax.ForClause:
		s.loop(c)
	case *syntax.TestClause, nil:
	default:
		s.remark(one, "%s", source(one))
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

// environment is what a script has set, and nothing of our own.
type environment map[string]string

// Get is a variable, for package expand.
func (e environment) Get(name string) expand.Variable {
	value, set := e[name]
	return expand.Variable{Set: set, Exported: true, Kind: expand.String, Str: value}
}

// Each goes through all variables.
func (e environment) Each(yield func(string, expand.Variable) bool) {
	for name := range e {
		if !yield(name, e.Get(name)) {
			return
		}
	}
}

var errCommand = errors.New("it takes what another command says")

// shell expands words without running anything and without looking at files.
func (s *script) shell() *expand.Config {
	return &expand.Config{Env: s.variables, NoUnset: true}
}

// assign sets a variable; one that cannot be told is unset, so that who uses it
// is named.
func (s *script) assign(a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	if a.Value == nil {
		if !a.Naked {
			s.variables[a.Name.Value] = ""
		}
		return
	}
	value, err := expand.Literal(s.shell(), a.Value)
	if err != nil {
		delete(s.variables, a.Name.Value)
		s.remark(a, "%s: %v", source(a), told(err))
		return
	}
	s.variables[a.Name.Value] = value
}

// told is why words cannot be expanded.
func told(err error) error {
	if errors.As(err, new(expand.UnexpectedCommandError)) {
		return errCommand
	}
	return err
}

func (s *script) call(one *syntax.Stmt, c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			s.assign(a)
		}
		return
	}
	words, err := expand.Fields(s.shell(), c.Args...)
	if err == nil && len(words) == 0 {
		return
	}
	if err != nil {
		s.remark(one, "%s: %v", source(one), told(err))
		return
	}
	if body := s.functions[words[0]]; body != nil {
		s.function(body, words)
		return
	}
	if err := s.do(one, words); err != nil {
		s.remark(one, "%s: %v", source(one), err)
	}
}

// function runs through the body of a function, with its own arguments.
func (s *script) function(body *syntax.Stmt, words []string) {
	before := maps.Clone(s.variables)
	s.arguments(words)
	s.statement(body)
	for _, name := range positional {
		s.variables[name] = before[name]
	}
}

// positional are the parameters that a call sets.
var positional = []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "#", "@", "*"}

// arguments sets them to the words of a call.
func (s *script) arguments(words []string) {
	for i := 1; i <= 9; i++ {
		s.variables[strconv.Itoa(i)] = ""
		if i < len(words) {
			s.variables[strconv.Itoa(i)] = words[i]
		}
	}
	s.variables["#"] = strconv.Itoa(len(words) - 1)
	s.variables["@"] = strings.Join(words[1:], " ")
	s.variables["*"] = s.variables["@"]
}

// cases takes the branch that the word is for.
func (s *script) cases(c *syntax.CaseClause) {
	word, err := expand.Literal(s.shell(), c.Word)
	if err != nil {
		s.remark(c, "case %s: %v", source(c.Word), told(err))
		return
	}
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			if pattern, err := expand.Literal(s.shell(), p); err == nil && (pattern == word || pattern == "*") {
				s.statements(item.Stmts)
				return
			}
		}
	}
}

// condition takes a branch: the one that a comparison of words tells, else the
// first, as where everything is in order.
func (s *script) condition(c *syntax.IfClause) {
	for ; c != nil; c = c.Else {
		if len(c.Cond) == 0 { // else
			s.statements(c.Then)
			return
		}
		holds, known := s.holds(c.Cond)
		if !known {
			s.remark(c, "if %s: taken as if that held", source(c.Cond[0]))
		}
		if holds || !known {
			s.statements(c.Then)
			return
		}
	}
}

// holds tells whether words are equal, where just that is asked.
func (s *script) holds(condition []*syntax.Stmt) (holds, known bool) {
	if len(condition) != 1 || condition[0].Negated {
		return false, false
	}
	var words []string
	switch c := condition[0].Cmd.(type) {
	case *syntax.CallExpr:
		words, _ = expand.Fields(s.shell(), c.Args...)
		if len(words) == 5 && words[0] == "[" {
			words = words[1:4]
		}
	case *syntax.TestClause:
		if x, is := c.X.(*syntax.BinaryTest); is {
			left, isWord := x.X.(*syntax.Word)
			right, areWords := x.Y.(*syntax.Word)
			if !isWord || !areWords {
				return false, false
			}
			a, err := expand.Literal(s.shell(), left)
			b, wrong := expand.Literal(s.shell(), right)
			if err == nil && wrong == nil {
				words = []string{a, x.Op.String(), b}
			}
		}
	}
	if len(words) != 3 || !slices.Contains([]string{"=", "==", "!="}, words[1]) {
		return false, false
	}
	return (words[0] == words[2]) == (words[1] != "!="), true
}

// loop goes through words.
func (s *script) loop(c *syntax.ForClause) {
	over, isWords := c.Loop.(*syntax.WordIter)
	if !isWords {
		s.remark(c, "%s", source(c))
		return
	}
	items, err := expand.Fields(s.shell(), over.Items...)
	if err != nil {
		s.remark(c, "for %s: %v", over.Name.Value, told(err))
		return
	}
	for _, item := range items {
		s.variables[over.Name.Value] = item
		s.statements(c.Do)
	}
}

// nothing are commands that do nothing to the cluster, or what start does anyway.
var nothing = []string{
	"echo", "printf", ":", "true", "false", "test", "[", "sleep", "modprobe", "arping", "send_arp", "local", "set", "shift", "return", "break",
}

var errRoute = errors.New("lvsdr sets no routes; a VIP on its interface needs none")

// do understands a command.
func (s *script) do(one *syntax.Stmt, words []string) error {
	name := words[0][strings.LastIndexByte(words[0], '/')+1:]
	if path, written, err := s.written(one); err != nil || path != "" {
		if name == "echo" && err == nil && strings.HasPrefix(path, "/proc/sys/") {
			return s.sysctl(strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".") + "=" + strings.Join(words[1:], " "))
		}
		if written {
			return cmp.Or(err, errors.New("a file is no matter of the cluster's"))
		}
	}
	switch name {
	case "ipvsadm":
		if len(words) > 1 && (words[1] == "-R" || words[1] == "--restore") {
			return errors.New("its rules are elsewhere: lvsdr import --rules FILE")
		}
		return s.table.command(words[1:])
	case "route":
		return errRoute
	case "ifconfig":
		return s.ifconfig(words[1:])
	case "ip":
		return s.ip(words[1:])
	case "sysctl":
		for _, word := range words[1:] {
			if strings.HasPrefix(word, "-") && word != "-p" {
				continue
			}
			if err := s.sysctl(word); err != nil {
				return err
			}
		}
		return nil
	case "iptables":
		if len(words) == 2 && words[1] == "-F" {
			return errors.New("vs start --flush-firewall does it, if it has to be")
		}
	case "exit":
		s.left = true
		return nil
	}
	if slices.Contains(nothing, name) {
		return nil
	}
	return errors.New("not understood")
}

// written is the file that a command writes; /dev/null is none.
func (s *script) written(one *syntax.Stmt) (path string, written bool, err error) {
	for _, r := range one.Redirs {
		if r.Word == nil || !slices.Contains([]string{">", ">>", ">|"}, r.Op.String()) {
			continue
		}
		if path, err = expand.Literal(s.shell(), r.Word); err != nil {
			return "", true, told(err)
		}
		if path != "/dev/null" {
			return path, true, nil
		}
	}
	return "", false, nil
}

// sysctl takes the parameters that keep a real server from answering.
func (s *script) sysctl(assignment string) error {
	name, value, _ := strings.Cut(assignment, "=")
	name, value = strings.ReplaceAll(strings.TrimSpace(name), "/", "."), strings.TrimSpace(value)
	link, isLink := strings.CutPrefix(name, "net.ipv4.conf.")
	at := strings.LastIndexByte(link, '.')
	n, err := strconv.Atoi(value)
	if !isLink || at < 0 || err != nil || link[at+1:] != "arp_ignore" && link[at+1:] != "arp_announce" {
		return errors.New("the file knows arp_ignore and arp_announce alone; this belongs into /etc/sysctl.d")
	}
	link, parameter := link[:at], link[at+1:]
	one := s.arp[link]
	if one == nil {
		one = &ARP{Interface: link}
		s.arp[link] = one
		s.links = append(s.links, link)
	}
	if parameter == "arp_ignore" {
		one.Ignore = n
	} else {
		one.Announce = n
	}
	return nil
}

// put puts an address on an interface.
func (s *script) put(prefix netip.Prefix, link, label string) {
	silent := false
	for _, kind := range []string{"lo", "dummy", "tunl", "gre", "ip6tnl"} {
		rest, is := strings.CutPrefix(link, kind)
		silent = silent || is && strings.Trim(rest, "0123456789") == ""
	}
	s.addresses = append(s.addresses, Address{Prefix: prefix, Interface: link, Label: label, Silent: silent})
}

// ifconfig reads: INTERFACE[:ALIAS] [add] ADDRESS[/LENGTH] [netmask MASK]
// [broadcast ADDRESS] [up], or INTERFACE[:ALIAS] down.
func (s *script) ifconfig(words []string) error {
	if len(words) == 0 {
		return nil
	}
	label := words[0]
	link, _, _ := strings.Cut(label, ":")
	var prefix netip.Prefix
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "up" || word == "add" || word == "inet" || word == "inet6" || word == "-arp":
		case word == "down" && len(words) == 2:
			s.addresses = slices.DeleteFunc(s.addresses, func(a Address) bool { return a.Label == label || label == a.Interface })
			return nil
		case word == "broadcast" && i+1 < len(words):
			i++
		case word == "netmask" && i+1 < len(words):
			i++
			mask, err := parseMask(words[i])
			if err != nil {
				return err
			}
			bits := 0
			for m := uint32(mask); m != 0; m <<= 1 {
				bits++
			}
			prefix = netip.PrefixFrom(prefix.Addr(), bits)
		default:
			p, err := parsePrefix(word)
			if err != nil || prefix.IsValid() {
				return fmt.Errorf("%q: not understood", word)
			}
			prefix = p
		}
	}
	if prefix.IsValid() {
		s.put(prefix, link, label)
	}
	return nil
}

// parsePrefix reads ADDRESS, which is one with a full mask, or ADDRESS/LENGTH.
func parsePrefix(word string) (netip.Prefix, error) {
	if strings.Contains(word, "/") {
		return netip.ParsePrefix(word)
	}
	addr, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// ip reads addresses, and lets interfaces be set up: addr add ADDRESS[/LENGTH] [broadcast ADDRESS] dev INTERFACE [label
// LABEL].
func (s *script) ip(words []string) error {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "-4" || w == "-6" || w == "-f" })
	switch {
	case len(words) > 1 && words[0] == "link" && words[1] == "set" && slices.Contains(words, "up"):
		return nil
	case len(words) > 0 && words[0] != "" && strings.HasPrefix("route", words[0]):
		return errRoute
	case len(words) < 3 || words[1] == "" || words[0] == "" || !strings.HasPrefix("address", words[0]):
		return errors.New("not understood")
	}
	prefix, err := parsePrefix(words[2])
	if err != nil {
		return err
	}
	said := map[string]string{}
	for rest := words[3:]; len(rest) > 1; rest = rest[2:] {
		said[rest[0]] = rest[1]
	}
	link := said["dev"]
	switch verb := words[1]; {
	case link == "":
		return errors.New("no interface")
	case strings.HasPrefix("add", verb) || verb == "replace":
		s.put(prefix, link, said["label"])
	case strings.HasPrefix("delete", verb):
		s.addresses = slices.DeleteFunc(s.addresses, func(a Address) bool { return a.Prefix == prefix && a.Interface == link })
	default:
		return errors.New("not understood")
	}
	return nil
}
