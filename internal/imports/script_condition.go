package imports

import (
	"path"
	"slices"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// outcome is how a command ends, where that can be told without running it. Its
// negative is that of the command with an exclamation mark.
type outcome int

const (
	failure outcome = iota - 1
	unknown
	success
)

// outcomeOf is that of a condition which is known.
func outcomeOf(holds bool) outcome {
	if holds {
		return success
	}
	return failure
}

// condition takes a branch: the one that the condition tells, else the first, as
// where everything is in order; hence not one that ends the script.
func (s *script) condition(c *syntax.IfClause) {
	for ; c != nil; c = c.Else {
		if len(c.Cond) == 0 { // else
			s.statements(c.Then)
			return
		}
		asked := s.ask(c.Cond)
		if s.jump != "" {
			return
		}
		if asked == unknown && ends(c.Then) {
			s.remark(c, "if %s: taken as if that did not hold, since it would end there", source(c.Cond[0]))
			asked = failure
		} else if asked == unknown {
			s.remark(c, "if %s: taken as if that held", source(c.Cond[0]))
		}
		if asked != failure {
			s.statements(c.Then)
			return
		}
	}
}

// ask goes through the commands of a condition.
func (s *script) ask(all []*syntax.Stmt) outcome {
	before := s.asking
	s.asking = true
	s.statements(all)
	s.asking = before
	return s.outcome
}

// binary goes through both commands of a pipe, and through the second one of &&
// and || by how the first one ends: well, if that cannot be told and the second
// does not end the script.
func (s *script) binary(one *syntax.Stmt, c *syntax.BinaryCmd) {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		s.statement(c.X)
		if s.jump == "" {
			s.statement(c.Y)
		}
		return
	}
	if s.aside(c.Y) {
		s.statement(c.X)
	} else if s.ask([]*syntax.Stmt{c.X}) == unknown && s.jump == "" {
		s.remark(one, "%s: taken as if the first command succeeded", source(one))
	}
	needed := success
	if c.Op == syntax.OrStmt {
		needed = failure
	}
	ended := s.outcome
	if ended == unknown && !ends([]*syntax.Stmt{c.Y}) {
		ended = success
	}
	if s.jump == "" && ended == needed {
		s.statement(c.Y)
	}
}

// ends reports whether commands end the script, or the function.
func ends(all []*syntax.Stmt) bool {
	return slices.ContainsFunc(all, func(one *syntax.Stmt) bool {
		switch c := one.Cmd.(type) {
		case *syntax.CallExpr:
			return len(c.Args) > 0 && slices.Contains([]jump{jumpExit, jumpReturn}, jump(c.Args[0].Lit()))
		case *syntax.Block:
			return ends(c.Stmts)
		}
		return false
	})
}

// aside reports whether a command has nothing to do with the cluster.
func (s *script) aside(one *syntax.Stmt) bool {
	c, isCall := one.Cmd.(*syntax.CallExpr)
	return ends([]*syntax.Stmt{one}) || isCall && len(c.Args) > 0 && slices.Contains(nothing, c.Args[0].Lit())
}

// test tells whether what is between double brackets holds.
func (s *script) test(x syntax.TestExpr) outcome {
	var words []string
	add := func(x syntax.TestExpr) {
		if w, isWord := x.(*syntax.Word); isWord {
			if word, err := s.literal(w); err == nil {
				words = append(words, word)
			}
		}
	}
	switch x := x.(type) {
	case *syntax.ParenTest:
		return s.test(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			return -s.test(x.X)
		}
		words = append(words, x.Op.String())
		add(x.X)
	case *syntax.BinaryTest:
		switch x.Op {
		case syntax.AndTest:
			return min(s.test(x.X), s.test(x.Y))
		case syntax.OrTest:
			return max(s.test(x.X), s.test(x.Y))
		}
		add(x.X)
		words = append(words, x.Op.String())
		add(x.Y)
		if len(words) != 3 {
			return unknown
		}
		if matches, err := path.Match(words[2], words[0]); err == nil && matches {
			words[2] = words[0]
		}
	default:
		add(x)
	}
	return testWords(words)
}

// testWords tells whether a condition of test(1) holds. Files are not looked at.
func testWords(words []string) outcome {
	switch {
	case len(words) > 1 && words[0] == "!":
		return -testWords(words[1:])
	case len(words) == 1:
		return outcomeOf(words[0] != "")
	case len(words) == 2 && words[0] == "-n":
		return outcomeOf(words[1] != "")
	case len(words) == 2 && words[0] == "-z":
		return outcomeOf(words[1] == "")
	case len(words) != 3:
		return unknown
	}
	switch words[1] {
	case "=", "==":
		return outcomeOf(words[0] == words[2])
	case "!=":
		return outcomeOf(words[0] != words[2])
	}
	a, err := strconv.Atoi(words[0])
	b, wrong := strconv.Atoi(words[2])
	compare, known := map[string]bool{"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}[words[1]]
	if err != nil || wrong != nil || !known {
		return unknown
	}
	return outcomeOf(compare)
}
