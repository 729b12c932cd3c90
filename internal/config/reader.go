package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A reader makes a configuration of the nodes of a file. It keeps the first
// fault, and where the values are.
type reader struct {
	places map[path]place
	fault  *Fault
}

// place is where a value begins, and the text of a scalar in quotes.
type place struct {
	line, column int
	text         string
}

func placeOf(n ast.Node) place {
	l := place{line: 1, column: 1}
	if t := firstToken(n); t != nil && t.Position != nil {
		l.line, l.column = t.Position.Line, t.Position.Column
	}
	if isScalar(n) {
		l.text = quote(n.GetToken().Value)
	}
	return l
}

// firstToken is where the node begins; the parser's own token of a mapping in
// block style is the first colon.
func firstToken(n ast.Node) *token.Token {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return firstToken(m.Values[0])
		}
	case *ast.MappingValueNode:
		return firstToken(m.Key)
	}
	return n.GetToken()
}

func (r *reader) has(at path) bool {
	_, ok := r.places[at]
	return ok
}

// refuse notes the fault of a node, if it is the first.
func (r *reader) refuse(n ast.Node, at path, what, want string) {
	if r.fault == nil {
		r.fault = placeOf(n).fault(at, what, want)
	}
}

// fail notes the fault of a value that has been read, if it is the first.
func (r *reader) fail(at path, what, want string) {
	if r.fault == nil {
		r.fault = r.places[at].fault(at, what, want)
	}
}

// fields are the keys of a mapping, and who reads their values.
type fields []struct {
	name string
	read func(ast.Node, path)
}

func (f fields) names() string {
	var names []string
	for _, field := range f {
		names = append(names, field.name)
	}
	return strings.Join(names, ", ")
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

// isScalar reports whether the node is a word, bare or in quotes.
func isScalar(n ast.Node) bool {
	switch n.Type() {
	case ast.StringType, ast.IntegerType, ast.FloatType, ast.BoolType, ast.InfinityType, ast.NanType:
		return true
	}
	return false
}

// mapping reads the values of a mapping that has no other keys, and none twice.
func (r *reader) mapping(n ast.Node, at path, f fields) {
	if !isMapping(n) {
		r.refuse(n, at, typeOf(n), "a mapping with "+f.names())
		return
	}
	r.places[at] = placeOf(n)
	for it := n.(ast.MapNode).MapRange(); it.Next() && r.fault == nil; {
		r.field(it.KeyValue(), at, f)
	}
}

// field reads one key with its value.
func (r *reader) field(kv *ast.MappingValueNode, at path, f fields) {
	name := kv.Key.GetToken().Value
	if kv.Key.Type() != ast.StringType {
		r.refuse(kv.Key, "", "not a key", "one of "+f.names())
		return
	}
	for _, field := range f {
		if field.name != name {
			continue
		}
		if at := at.key(name); r.has(at) {
			first := fmt.Sprintf("a second time (the first is on line %d)", r.places[at].line)
			r.refuse(kv.Key, "key", first, "each key once")
		} else {
			r.places[at] = placeOf(kv.Value)
			field.read(kv.Value, at)
		}
		return
	}
	r.refuse(kv.Key, "", "unknown key", "one of "+f.names())
}

// list reads a sequence. An empty one is nil.
func list[T any](r *reader, n ast.Node, at path, want string, read func(ast.Node, path) T) []T {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuse(n, at, typeOf(n), want)
		return nil
	}
	var all []T
	for i, n := range seq.Values {
		if r.fault != nil {
			break
		}
		at := at.item(i)
		r.places[at] = placeOf(n)
		all = append(all, read(n, at))
	}
	return all
}

// oneOrMore reads a scalar or a list of them, which is not empty.
func oneOrMore[T any](r *reader, n ast.Node, at path, k kind[T]) []T {
	if _, ok := n.(*ast.SequenceNode); !ok {
		r.places[at.item(0)] = placeOf(n)
		return []T{scalar(r, n, at, k)}
	}
	all := list(r, n, at, k.want, func(n ast.Node, at path) T { return scalar(r, n, at, k) })
	r.refuseEmpty(n, at, len(all), k.want)
	return all
}

func (r *reader) refuseEmpty(n ast.Node, at path, length int, want string) {
	if length == 0 {
		r.refuse(n, at, "an empty list", want)
	}
}

// scalar reads a single value. It goes by its text, so that an address or a
// name is one even where YAML sees a number.
func scalar[T any](r *reader, n ast.Node, at path, k kind[T]) (value T) {
	if !isScalar(n) {
		r.refuse(n, at, typeOf(n), k.want)
		return value
	}
	t := n.GetToken()
	if quoted := t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType; quoted && k.plain {
		r.refuse(n, at, "text in quotes", k.want)
		return value
	}
	value, wrong := k.parse(t.Value)
	if wrong != "" {
		r.refuse(n, at, wrong, k.want)
	}
	return value
}

// typeOf says in plain words what a node is.
func typeOf(n ast.Node) string {
	switch n.Type() {
	case ast.NullType:
		return "nothing"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.LiteralType:
		return "a block of text"
	case ast.AnchorType:
		return "an anchor"
	case ast.AliasType:
		return "an alias"
	case ast.TagType:
		return "a tag"
	case ast.DirectiveType:
		return "a directive"
	}
	return "a single value"
}
