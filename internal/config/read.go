package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A reader makes a configuration of values. It keeps the first fault.
type reader struct {
	fault *Fault
	text  string
	lines []int // where those begin that were looked for
}

func (r *reader) refuse(v value, what, want string) {
	if r.fault == nil {
		r.fault = v.fault(what, want)
	}
}

// fields are the keys that a mapping may have, and who reads their values.
type fields []field

type field struct {
	name string
	read func(value)
}

func (f fields) names() string {
	var names []string
	for _, field := range f {
		names = append(names, field.name)
	}
	return strings.Join(names, ", ")
}

func (f fields) find(name string) (read func(value)) {
	for _, field := range f {
		if field.name == name {
			return field.read
		}
	}
	return nil
}

// mapping reads the values of a mapping that has no other keys, and none twice.
func (r *reader) mapping(v value, f fields) {
	if v.form() != mappingForm {
		r.refuse(v, v.form(), "a mapping with "+f.names())
		return
	}
	for i := 0; i < len(v.Content) && r.fault == nil; i += 2 {
		key := value{Node: v.Content[i]}
		read, first := f.find(key.Value), v.part(key.Value)
		switch {
		case key.form() != wordForm || key.Tag != "!!str":
			r.refuse(key, "not a key", "one of "+f.names())
		case read == nil:
			r.refuse(key, "unknown key", "one of "+f.names())
		case first.Node != v.Content[i+1]:
			key.key = "key"
			r.refuse(key, fmt.Sprintf("a second time (the first is on line %d)", first.Line), "each key once")
		default:
			read(first)
		}
	}
}

// set is what reads a single value.
func set[T any](r *reader, to *T, k kind[T]) func(value) {
	return func(v value) { *to = word(r, v, k) }
}

// items is what reads a list.
func items[T any](r *reader, to *[]T, want string, read func(value) T) func(value) {
	return func(v value) {
		*to = nil
		if v.form() != listForm {
			r.refuse(v, v.form(), want)
			return
		}
		for i := 0; i < len(v.Content) && r.fault == nil; i++ {
			*to = append(*to, read(value{v.Content[i], v.key}))
		}
	}
}

// some is what reads a list that is not empty.
func some[T any](r *reader, to *[]T, want string, list func(value)) func(value) {
	return func(v value) {
		if list(v); len(*to) == 0 {
			r.refuse(v, "an empty list", want)
		}
	}
}

// oneOrMore is what reads a single value, or a list that is not empty.
func oneOrMore[T any](r *reader, to *[]T, k kind[T]) func(value) {
	return func(v value) {
		if v.form() != listForm {
			*to = []T{word(r, v, k)}
			return
		}
		some(r, to, k.want, items(r, to, k.want, wordOf(r, k)))(v)
	}
}

func wordOf[T any](r *reader, k kind[T]) func(value) T {
	return func(v value) T { return word(r, v, k) }
}

// word reads a single value. It goes by its text, so that an address or a name
// is one even where YAML sees a number.
func word[T any](r *reader, v value, k kind[T]) (t T) {
	if v.form() != wordForm {
		r.refuse(v, v.form(), k.want)
		return t
	}
	t, err := k.parse(v.Value)
	switch {
	case err != nil:
		r.refuse(v, err.Error(), k.expected(err))
	case k.plain && v.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		r.refuse(v, "text in quotes", k.want)
	}
	return t
}
