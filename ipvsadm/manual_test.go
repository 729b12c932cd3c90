package ipvsadm

import (
	"slices"
	"strings"
	"testing"

	"lvsdr/man"
)

// spellings are how an option is typed.
func (o *option) spellings() []string {
	var all []string
	if o.short != 0 {
		all = append(all, "-"+string(o.short))
	}
	if o.long != "" {
		all = append(all, "--"+o.long)
	}
	return all
}

// optionTyped is the option of a spelling, or nil.
func optionTyped(word string) *option {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		return optionByLong(name)
	}
	if len(word) == 2 && word[0] == '-' {
		return optionByShort(word[1])
	}
	return nil
}

// Every option has an entry in the manual page that has all its spellings, and
// an argument if it takes one.
func TestManualHasEveryOption(t *testing.T) {
	entries := map[string]man.Line{}
	for _, l := range man.Lines("ipvsadm.8") {
		if l.Words[0] != "It" {
			continue
		}
		for _, flag := range l.Flags() {
			if _, twice := entries[flag]; twice {
				t.Errorf("two entries for %s", flag)
			}
			entries[flag] = l
		}
	}
	for i := range table {
		o := &table[i]
		for _, word := range o.spellings() {
			l, ok := entries[word]
			if !ok {
				t.Errorf("no entry for %s", word)
				continue
			}
			for _, other := range o.spellings() {
				if !slices.Contains(l.Flags(), other) {
					t.Errorf("the entry of %s lacks %s", word, other)
				}
			}
			takes := len(l.Marked("Ar")) > 0
			if want := o.arg != without || o.action == setTimeouts; takes != want {
				t.Errorf("the entry of %s has an argument: %t, want %t", word, takes, want)
			}
		}
	}
}

// The manual pages name no other options.
func TestManualHasOnlyOptions(t *testing.T) {
	for _, l := range man.Lines("ipvsadm.8") {
		for _, flag := range l.Flags() {
			if optionTyped(flag) == nil {
				t.Errorf("ipvsadm.8: %q: no option %s", l.Words, flag)
			}
		}
	}
	wrappers := map[string][]string{"ipvsadm-save.8": {"-n"}, "ipvsadm-restore.8": nil}
	for page, want := range wrappers {
		var got []string
		for _, l := range man.Lines(page) {
			got = append(got, l.Flags()...)
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: options %q, want %q", page, got, want)
		}
	}
}

// list names the options.
func (s options) list() (names []string) {
	for o := range optCount {
		if s.has(o) {
			names = append(names, o.String())
		}
	}
	return names
}

// groups are the words of the synopsis that stand for options.
var groups = map[string]options{"service": 1 << optService, "tunnel": tunnelOptions}

// unsaid are options that make no difference to a command that takes them.
var unsaid = map[action]options{list: 1 << optSyncID}

// The synopsis has for each command the options that it takes.
func TestManualSynopsis(t *testing.T) {
	type synopsis struct{ options, optional options }
	said := map[action]synopsis{}
	var actions []action // of the form being read
	for _, l := range man.Lines("ipvsadm.8") {
		if l.Section != "SYNOPSIS" {
			continue
		}
		if l.Words[0] == "Nm" {
			actions = nil
			continue
		}
		var here options
		for _, flag := range l.Flags() {
			if o := optionTyped(flag); o.action != none {
				actions = append(actions, o.action)
			} else {
				here |= 1 << o.id
			}
		}
		for _, word := range l.Marked("Ar") {
			here |= groups[word]
		}
		for _, a := range actions {
			s := said[a]
			s.options |= here
			if l.Words[0] == "Op" {
				s.optional |= here
			}
			said[a] = s
		}
	}
	for a := addService; a <= zero; a++ {
		r := legal[a]
		if got, want := said[a].options|unsaid[a], r.required|r.optional|r.exclusive; got != want {
			t.Errorf("%s: options %s, want %s", a, got.list(), want.list())
		}
		if both := said[a].optional & r.required; both != 0 {
			t.Errorf("%s: optional in the synopsis, but required: %s", a, both.list())
		}
	}
	for _, a := range []action{help, version} {
		if s, ok := said[a]; !ok || s.options != 0 {
			t.Errorf("%d: synopsis %v, %t", a, s, ok)
		}
	}
}
