package config

import (
	"slices"

	"github.com/goccy/go-yaml/token"
)

// otherKind is the kind of a node that the file is refused for.
func otherKind(t token.Type) string {
	switch t {
	case token.NullType, token.ImplicitNullType:
		return "nothing"
	case token.LiteralType, token.FoldedType:
		return "a block of text"
	case token.AnchorType:
		return "an anchor"
	case token.AliasType:
		return "an alias"
	case token.TagType:
		return "a tag"
	}
	return ""
}

var (
	// wordTokens are those of a single value. What YAML takes it for is of no
	// consequence, as long as it is not in quotes.
	wordTokens = []token.Type{
		token.StringType, token.SingleQuoteType, token.DoubleQuoteType, token.BoolType, token.IntegerType,
		token.BinaryIntegerType, token.OctetIntegerType, token.HexIntegerType, token.FloatType,
		token.InfinityType, token.NanType,
	}
	markTokens = []token.Type{token.DocumentHeaderType, token.DocumentEndType}
)

// maxDepth bounds the lists and mappings within each other; we need 5.
const maxDepth = 16

// A parser makes nodes of tokens, in one pass: the time that the library's own
// takes for a mapping grows with the square of its size. It needs no more of
// YAML than single values, lists and mappings.
type parser struct {
	tokens token.Tokens // that are left
	last   *token.Token // that was taken
	depth  int
	fault  *Fault
	done   bool // the rest of the file matters no more
}

// parse returns the one value of the file.
func parse(text string) (*node, *Fault) {
	tokens, fault := scan(text)
	if fault != nil {
		return nil, fault
	}
	p := parser{tokens: tokens}
	if p.at(token.DirectiveType) {
		return nil, faultAt(tokens[0], "a directive", "none")
	}
	for p.at(markTokens...) {
		p.take()
	}
	if len(p.tokens) == 0 {
		return nil, &Fault{What: "no configuration", Want: "one as lvsdr init prints it"}
	}
	root := p.behindKey(0)
	p.end()
	return root, p.fault
}

// end sees to it that the file ends here.
func (p *parser) end() {
	var mark *token.Token // of another document, or at least of the end of this one
	for p.at(markTokens...) {
		if t := p.take(); mark == nil || mark.Type == token.DocumentEndType {
			mark = t
		}
	}
	switch {
	case len(p.tokens) > 0 && mark == nil:
		p.refuse(p.tokens[0], "not YAML: value is not allowed in this context", wantYAML)
	case len(p.tokens) > 0:
		p.refuse(p.tokens[0], "another document", "one document")
	case mark != nil && mark.Type == token.DocumentHeaderType:
		p.refuse(mark, "another document", "one document")
	}
}

// stop skips the rest of the file: something has been found that it is refused
// for.
func (p *parser) stop() { p.tokens, p.done = nil, true }

func (p *parser) refuse(t *token.Token, what, want string) {
	if !p.done {
		p.fault = faultAt(t, what, want)
		p.stop()
	}
}

func (p *parser) take() *token.Token {
	p.last, p.tokens = p.tokens[0], p.tokens[1:]
	return p.last
}

// at reports whether the next token is of one of the types.
func (p *parser) at(types ...token.Type) bool {
	return len(p.tokens) > 0 && slices.Contains(types, p.tokens[0].Type)
}

// atKey reports whether a key is next, with its colon on the same line. It may
// be one that the file is refused for.
func (p *parser) atKey() bool {
	if p.at(token.MappingKeyType) {
		return true
	}
	key := p.at(wordTokens...) || p.at(token.NullType, token.MergeKeyType)
	if !key || len(p.tokens) < 2 || p.tokens[1].Type != token.MappingValueType {
		return false
	}
	return p.tokens[1].Position.Line == p.tokens[0].Position.Line
}

// column is that of the next token; zero at the end of the file.
func (p *parser) column() int {
	if len(p.tokens) == 0 {
		return 0
	}
	return p.tokens[0].Position.Column
}

// inline reports whether the next token is on the line of the last.
func (p *parser) inline() bool {
	return len(p.tokens) > 0 && p.last != nil && p.tokens[0].Position.Line == p.last.Position.Line
}

// behindKey reads the value of a key in the column. A list may be in the same
// column; no block begins in the line of the key.
func (p *parser) behindKey(column int) *node {
	switch dash := p.at(token.SequenceEntryType); {
	case p.inline() && (dash || p.atKey()):
		p.refuse(p.tokens[0], "not YAML: mapping value is not allowed in this context", wantYAML)
	case dash && p.column() == column:
		return p.list()
	}
	return p.value(column)
}

// value reads a value that begins in the same line, or to the right of the
// column.
func (p *parser) value(column int) *node {
	switch {
	case !p.inline() && p.column() <= column:
		return p.nothing()
	case p.at(token.SequenceEntryType):
		return p.list()
	case p.atKey():
		return p.mapping()
	}
	return p.flow()
}

// list reads a list with dashes.
func (p *parser) list() *node {
	n := &node{kind: listNode, token: p.tokens[0]}
	p.enter(n)
	defer p.leave()
	for column := p.column(); p.at(token.SequenceEntryType) && p.column() == column; {
		p.take()
		n.items = append(n.items, p.value(column))
	}
	return n
}

// mapping reads a mapping of one line a key.
func (p *parser) mapping() *node {
	n := &node{kind: mappingNode, token: p.tokens[0]}
	for column := p.column(); p.column() == column && p.atKey(); {
		p.key(n)
		n.items = append(n.items, p.behindKey(column))
	}
	return n
}

// key reads a key with its colon.
func (p *parser) key(n *node) {
	key := &node{kind: wordNode, token: p.take()}
	n.keys = append(n.keys, key)
	if !slices.Contains(wordTokens, key.token.Type) {
		key.kind = "" // the reader refuses it
		p.stop()
	}
	if p.at(token.MappingValueType) {
		p.take()
	}
}

// nothing is the value that is missing behind the last token.
func (p *parser) nothing() *node {
	at := token.Position{Line: 1}
	if p.last != nil {
		at = *p.last.Position
	}
	at.Column++
	p.stop()
	return &node{kind: otherKind(token.ImplicitNullType), token: &token.Token{Type: token.ImplicitNullType, Position: &at}}
}

// enter begins a list, or a mapping in braces. A block mapping bounds its depth
// by itself: each needs a line, and more blanks in it than the one before.
func (p *parser) enter(n *node) {
	if p.depth++; p.depth > maxDepth {
		p.refuse(n.token, "lists within lists", "no more than lvsdr init prints")
	}
}

func (p *parser) leave() { p.depth-- }
