package config

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// A node is a value of the file, and where it begins.
type node struct {
	kind  string // in plain words
	token *token.Token
	keys  []*node // of a mapping
	items []*node // of a list, or the values of the keys
	name  string  // the key that it belongs to, once that is known
}

// Kinds of nodes. No value of a configuration is of another one.
const (
	mappingNode = "a mapping"
	listNode    = "a list"
	wordNode    = "a single value"
)

func (n *node) quoted() bool {
	return n.token.Type == token.SingleQuoteType || n.token.Type == token.DoubleQuoteType
}

// fault is a fault at the node.
func (n *node) fault(what, want string) *Fault {
	f := faultAt(n.token, what, want)
	f.Subject = n.name
	if n.kind == wordNode {
		f.Subject = strings.TrimSpace(n.name + " " + quote(n.token.Value))
	}
	return f
}

// value is the value of a key; nil if there is no such key.
func (n *node) value(name string) *node {
	for i, key := range n.keys {
		if key.token.Value == name {
			return n.items[i]
		}
	}
	return nil
}

// find is the node at a path, or what it would be part of.
func (n *node) find(at path) *node {
	for _, step := range at.steps() {
		next := n.value(step)
		if i, err := strconv.Atoi(step); err == nil && i < len(n.items) {
			next = n.items[i]
		}
		if next == nil {
			break
		}
		n = next
	}
	return n
}

// blame gives the fault of a check its place in the file.
func (n *node) blame(f *Fault) *Fault { return n.find(f.at).fault(f.What, f.Want) }
