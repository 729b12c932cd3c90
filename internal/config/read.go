package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// A reader makes values of nodes. It keeps the first fault.
type reader struct{ fault *Fault }

func (r *reader) refuse(n *node, what, want string) {
	if r.fault == nil {
		r.fault = n.fault(what, want)
	}
}

// fields are the keys that a mapping may have, and who reads their values.
type fields []struct {
	name string
	read func(*node)
}

func (f fields) names() string {
	var names []string
	for _, field := range f {
		names = append(names, field.name)
	}
	return strings.Join(names, ", ")
}

func (f fields) find(name string) (read func(*node)) {
	for _, field := range f {
		if field.name == name {
			return field.read
		}
	}
	return nil
}

// mapping reads the values of a mapping that has no other keys, and none twice.
func (r *reader) mapping(n *node, f fields) {
	if n.kind != mappingNode {
		r.refuse(n, n.kind, "a mapping with "+f.names())
		return
	}
	for i, key := range n.keys {
		if r.fault != nil {
			break
		}
		r.field(n, key, n.items[i], f)
	}
}

// field reads the value of one key.
func (r *reader) field(n, key, value *node, f fields) {
	name := key.token.Value
	switch read := f.find(name); {
	case key.token.Type != token.StringType && !key.quoted():
		r.refuse(key, "not a key", "one of "+f.names())
	case read == nil:
		r.refuse(key, "unknown key", "one of "+f.names())
	case n.value(name) != value:
		key.name = "key"
		r.refuse(key, fmt.Sprintf("a second time (the first is on line %d)", n.value(name).token.Position.Line), "each key once")
	default:
		value.name = name
		read(value)
	}
}

// list reads each item of a list.
func (r *reader) list(n *node, want string, read func(*node)) {
	if n.kind != listNode {
		r.refuse(n, n.kind, want)
		return
	}
	for _, item := range n.items {
		if r.fault != nil {
			break
		}
		item.name = n.name
		read(item)
	}
}

func (r *reader) refuseEmpty(n *node, want string) {
	if n.kind == listNode && len(n.items) == 0 {
		r.refuse(n, "an empty list", want)
	}
}

// set is what reads a single value.
func set[T any](r *reader, to *T, k kind[T]) func(*node) {
	return func(n *node) { *to = word(r, n, k) }
}

// add is what reads a list of single values.
func add[T any](r *reader, to *[]T, want string, k kind[T]) func(*node) {
	return func(n *node) {
		*to = nil
		r.list(n, want, func(n *node) { *to = append(*to, word(r, n, k)) })
	}
}

// oneOrMore is what reads a single value, or a list that is not empty.
func oneOrMore[T any](r *reader, to *[]T, k kind[T]) func(*node) {
	return func(n *node) {
		if n.kind != listNode {
			*to = []T{word(r, n, k)}
			return
		}
		add(r, to, k.want, k)(n)
		r.refuseEmpty(n, k.want)
	}
}

// word reads a single value. It goes by its text, so that an address or a name
// is one even where YAML sees a number.
func word[T any](r *reader, n *node, k kind[T]) (value T) {
	var err error
	switch {
	case n.kind != wordNode:
		r.refuse(n, n.kind, k.want)
	case n.quoted() && k.plain:
		r.refuse(n, "text in quotes", k.want)
	default:
		if value, err = k.parse(n.token.Value); err != nil {
			r.refuse(n, err.Error(), k.want)
		}
	}
	return value
}
