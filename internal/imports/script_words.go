package imports

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

var (
	errCommand = errors.New("it uses the output of another command")
	errLarge   = fmt.Errorf("its words would be more than %d bytes", mostWords)
	errBraces  = fmt.Errorf("a word with more than %d braces", mostBraces)
)

// mostBraces are in a word: each makes the word many.
const mostBraces = 32

// text is a variable that has a value.
func text(value string) expand.Variable {
	return expand.Variable{Set: true, Kind: expand.String, Str: value}
}

// Get is a variable or an argument, for package expand; nothing of our own
// environment is.
func (s *script) Get(name string) expand.Variable {
	switch n, err := strconv.Atoi(name); {
	case name == "@" || name == "*":
		return expand.Variable{Set: true, Kind: expand.Indexed, List: s.arguments}
	case name == "#":
		return text(strconv.Itoa(len(s.arguments)))
	case name == "0":
		return text("script")
	case err != nil:
		return s.variables[name]
	case n <= len(s.arguments):
		return text(s.arguments[n-1])
	}
	return text("")
}

// Each goes through all variables.
func (s *script) Each(yield func(string, expand.Variable) bool) {
	for name, v := range s.variables {
		if !yield(name, v) {
			return
		}
	}
}

// shell expands words without running anything and without looking at files.
func (s *script) shell() *expand.Config { return &expand.Config{Env: s, NoUnset: true} }

// fields are what words become, bounded.
func (s *script) fields(words ...*syntax.Word) (all []string, err error) {
	size := 0
	for _, w := range words {
		if err := s.bounded(w); err != nil {
			return nil, err
		}
	}
	for field, err := range expand.FieldsSeq(s.shell(), words...) {
		if err != nil {
			return nil, told(err)
		}
		if size += len(field) + 1; size > mostWords {
			return nil, errLarge
		}
		all = append(all, field)
	}
	return all, nil
}

// literal is what a word becomes where it stays one, bounded.
func (s *script) literal(w *syntax.Word) (string, error) {
	if w == nil {
		return "", nil
	}
	if err := s.bounded(w); err != nil {
		return "", err
	}
	value, err := expand.Literal(s.shell(), w)
	return value, told(err)
}

// told is why words cannot be expanded.
func told(err error) error {
	if errors.As(err, new(expand.UnexpectedCommandError)) {
		return errCommand
	}
	return err
}

// bounded fails if a word could become too much.
func (s *script) bounded(w *syntax.Word) error {
	braces := 0
	for _, part := range w.Parts {
		if lit, is := part.(*syntax.Lit); is {
			braces += strings.Count(lit.Value, "{")
		}
	}
	switch {
	case braces > mostBraces:
		return errBraces
	case s.size(w) > mostWords:
		return errLarge
	}
	return nil
}

// size is how many bytes words may become, or more.
func (s *script) size(n syntax.Node) (size int64) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Lit:
			size += int64(len(n.Value))
		case *syntax.SglQuoted:
			size += int64(len(n.Value))
		case *syntax.ParamExp:
			own := s.sizeOf(n)
			if size += own; n.Repl != nil && n.Repl.With != nil { // each byte may become the other word
				size += (own + 1) * min(s.size(n.Repl.With), mostWords)
				return false
			}
		}
		return size <= mostWords
	})
	return size
}

// sizeOf is the size of a variable, or of one with whose name that begins.
func (s *script) sizeOf(p *syntax.ParamExp) (size int64) {
	if p.Param == nil {
		return 0
	}
	v := s.Get(p.Param.Value)
	if p.Excl { // what it names, or the names of all
		return mostWords / 4
	}
	size = int64(len(v.Str))
	for _, one := range v.List {
		size += int64(len(one)) + 1
	}
	return size
}

// assign sets a variable; one that cannot be told is unset, and so named where
// it is used.
func (s *script) assign(a *syntax.Assign) {
	if a.Name == nil || a.Naked {
		return
	}
	name := a.Name.Value
	value, err := s.value(a)
	if err != nil {
		delete(s.variables, name)
		s.remark(a, "%s: %v", source(a), err)
		return
	}
	s.variables[name] = value
}

// value is what an assignment makes of a variable.
func (s *script) value(a *syntax.Assign) (v expand.Variable, err error) {
	if a.Index != nil {
		return v, errUnknown
	}
	if a.Append {
		v = s.variables[a.Name.Value]
	}
	if a.Array == nil {
		word, err := s.literal(a.Value)
		if err == nil && len(v.Str)+len(word) > mostWords {
			err = errLarge
		}
		if v.Kind == expand.Indexed {
			err = errUnknown
		}
		return text(v.Str + word), err
	}
	var words []*syntax.Word
	for _, one := range a.Array.Elems {
		if one.Index != nil {
			return v, errUnknown
		}
		words = append(words, one.Value)
	}
	list, err := s.fields(words...)
	if v.Kind == expand.String && v.Set {
		list = append([]string{v.Str}, list...)
	}
	list = append(v.List[:len(v.List):len(v.List)], list...)
	if err == nil && len(strings.Join(list, " ")) > mostWords {
		err = errLarge
	}
	return expand.Variable{Set: true, Kind: expand.Indexed, List: list}, err
}
