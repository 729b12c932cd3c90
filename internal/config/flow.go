package config

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/token"
)

// flow reads a single value, or a list or a mapping in brackets.
func (p *parser) flow() *node {
	if len(p.tokens) == 0 {
		return p.nothing()
	}
	t := p.take()
	switch {
	case t.Type == token.SequenceStartType:
		return p.brackets(&node{kind: listNode, token: t})
	case t.Type == token.MappingStartType:
		return p.brackets(&node{kind: mappingNode, token: t})
	case slices.Contains(wordTokens, t.Type):
		if p.at(token.MappingValueType) { // a key of several lines
			p.refuse(t, "not YAML: unexpected key name", wantYAML)
		}
		return &node{kind: wordNode, token: t}
	}
	other := otherKind(t.Type)
	if other == "" {
		p.refuse(t, fmt.Sprintf("not YAML: unexpected %q", t.Value), wantYAML)
	}
	p.stop()
	return &node{kind: other, token: t}
}

// brackets reads what is in brackets, or in braces for a mapping.
func (p *parser) brackets(n *node) *node {
	end, bracket := token.SequenceEndType, "]"
	if n.kind == mappingNode {
		end, bracket = token.MappingEndType, "}"
	}
	p.enter(n)
	defer p.leave()
	for len(p.tokens) > 0 && !p.at(end) {
		switch {
		case n.kind == mappingNode:
			p.pair(n)
		case p.atKey(): // a mapping of one key needs no braces
			n.items = append(n.items, p.pair(&node{kind: mappingNode, token: p.tokens[0]}))
		default:
			n.items = append(n.items, p.flow())
		}
		if !p.at(token.CollectEntryType) {
			break
		}
		p.take()
	}
	switch {
	case p.at(end):
		p.take()
	case len(p.tokens) > 0:
		p.refuse(p.tokens[0], fmt.Sprintf("not YAML: ',' or '%s' must be specified", bracket), wantYAML)
	default:
		p.refuse(n.token, fmt.Sprintf("not YAML: end token '%s' not found", bracket), wantYAML)
	}
	return n
}

// pair reads a key with its value in brackets.
func (p *parser) pair(n *node) *node {
	if p.key(n); p.last.Type != token.MappingValueType || p.at(token.CollectEntryType, token.MappingEndType, token.SequenceEndType) {
		n.items = append(n.items, p.nothing())
	} else {
		n.items = append(n.items, p.flow())
	}
	return n
}
