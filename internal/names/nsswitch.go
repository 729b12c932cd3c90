package names

import (
	"os"
	"slices"
	"strings"
)

// A status is the outcome of asking a source, in the words of nsswitch.conf(5).
type status int

const (
	success status = iota
	notFound
	unavailable
	tryAgain
	statuses // how many there are
)

// statusNames are the words in the brackets of nsswitch.conf, in lower case.
var statusNames = [statuses]string{"success", "notfound", "unavail", "tryagain"}

// A source is one place to ask, and the outcomes that end the search there.
type source struct {
	name string
	ends [statuses]bool
}

func newSource(name string) source {
	return source{name: name, ends: [statuses]bool{success: true}}
}

// nsswitch holds the two databases of nsswitch.conf that matter here.
type nsswitch struct {
	hosts, services []source
}

// switchFile is nsswitch.conf, read once.
func (r *Resolver) switchFile() *nsswitch {
	if r.order == nil {
		text, _ := os.ReadFile(r.paths.order) // no file: only defaults
		r.order = parseSwitch(string(text))
	}
	return r.order
}

// parseSwitch reads nsswitch.conf. A database without a line gets the default,
// and the last of several lines counts. A mistake in brackets costs the whole
// file, so that nothing resolves. There are no comments: "#files" is a line for
// an unknown database, and in the middle of a line "#" is an unknown source.
func parseSwitch(text string) *nsswitch {
	sw := &nsswitch{
		hosts:    []source{newSource("files"), newSource("dns")},
		services: []source{newSource("files")},
	}
	databases := map[string]*[]source{"hosts": &sw.hosts, "services": &sw.services}
	for line := range strings.Lines(text) {
		database, rest := cutAny(strings.TrimLeft(line, blanks), blanks+":")
		list := databases[database]
		if list == nil {
			continue
		}
		var ok bool
		if *list, ok = parseSources(strings.TrimLeft(rest, blanks+":")); !ok {
			return &nsswitch{}
		}
	}
	return sw
}

// blanks are what isspace(3) accepts in the C locale.
const blanks = " \t\n\v\f\r"

// cutAny splits the text before the first of the characters.
func cutAny(text, characters string) (before, rest string) {
	if i := strings.IndexAny(text, characters); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// parseSources reads what follows the colon: names, each perhaps followed by
// actions in brackets. Brackets in any other place end the list.
func parseSources(text string) (list []source, ok bool) {
	for {
		var name string
		name, text = cutAny(strings.TrimLeft(text, blanks), blanks+"[")
		if name == "" {
			return list, true
		}
		s := newSource(name)
		text = strings.TrimLeft(text, blanks)
		if inside, found := strings.CutPrefix(text, "["); found {
			actions, rest, closed := strings.Cut(inside, "]")
			if !closed || !s.apply(actions) {
				return nil, false
			}
			text = rest
		}
		list = append(list, s)
	}
}

// apply reads the inside of one pair of brackets, one or more STATUS=ACTION. An
// exclamation mark means every status but this one. Merging is not done: it has
// a meaning only for groups.
func (s *source) apply(actions string) bool {
	words := strings.Fields(strings.ReplaceAll(strings.ToLower(actions), "=", " = "))
	if len(words) == 0 || len(words)%3 != 0 {
		return false
	}
	for w := range slices.Chunk(words, 3) {
		name, negated := strings.CutPrefix(w[0], "!")
		status := slices.Index(statusNames[:], name)
		known := w[2] == "return" || w[2] == "continue" || w[2] == "merge"
		if status < 0 || w[1] != "=" || !known {
			return false
		}
		for i := range s.ends {
			if (i == status) != negated {
				s.ends[i] = w[2] == "return"
			}
		}
	}
	return true
}

// ask goes through the sources until an outcome ends the search. The answer is
// that of the last source that could be asked.
func ask[T any](order []source, known map[string]func() answer[T]) answer[T] {
	last := answer[T]{status: unavailable}
	for _, s := range order {
		outcome := unavailable
		if f := known[s.name]; f != nil {
			last = f()
			outcome = last.status
		}
		if s.ends[outcome] {
			break
		}
	}
	return last
}
