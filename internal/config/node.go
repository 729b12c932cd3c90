package config

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A value is a node of the file, and the key that it belongs to.
type value struct {
	*yaml.Node
	key string
}

// Forms that a value may have. No value of a configuration has another one.
const (
	mappingForm = "a mapping"
	listForm    = "a list"
	wordForm    = "a single value"
	blockForm   = "a block of text" // of what is sent alone
)

// form says in plain words what the value is.
func (v value) form() string {
	switch {
	case v.Anchor != "":
		return "an anchor"
	case v.Kind == yaml.AliasNode:
		return "an alias"
	case v.Style&yaml.TaggedStyle != 0, v.Tag == "!":
		return "a tag"
	case v.Kind == yaml.MappingNode:
		return mappingForm
	case v.Kind == yaml.SequenceNode:
		return listForm
	case v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return blockForm
	case v.Tag == "!!null":
		return "nothing"
	}
	return wordForm
}

// fault is a fault at the value.
func (v value) fault(what, want string) *Fault {
	f := &Fault{Line: v.Line, Column: v.Column, Subject: v.key, What: what, Want: want}
	if v.form() == wordForm {
		f.Subject = strings.TrimSpace(v.key + " " + quote(v.Value))
	}
	return f
}

// part is the value of a key, or the item with a number; it has no node if there
// is none.
func (v value) part(step string) value {
	switch v.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(v.Content); i += 2 {
			if v.Content[i].Value == step {
				return value{v.Content[i+1], step}
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i < len(v.Content) {
			return value{v.Content[i], v.key}
		}
	}
	return value{}
}

// find is the value at a place or, if there is none, what it would be part of.
func (v value) find(at path) (_ value, found bool) {
	for _, step := range at.steps() {
		part := v.part(step)
		if part.Node == nil {
			return v, false
		}
		v = part
	}
	return v, true
}

// blame gives the fault of a check its place in the file: where one of its values is
// said, if that of the fault is a default.
func (v value) blame(f *Fault) *Fault {
	at, _ := v.find(f.at)
	for _, other := range f.also {
		if at.Node == v.Node {
			at, _ = v.find(other)
		}
	}
	return at.fault(f.What, f.Want)
}
