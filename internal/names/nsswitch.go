package names

import (
	"os"
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
		text, _ := os.ReadFile(r.Switch) // no file: only defaults
		r.order = parseSwitch(string(text))
	}
	return r.order
}

// parseSwitch reads nsswitch.conf. A database without a line gets the default.
func parseSwitch(text string) *nsswitch {
	sw := &nsswitch{
		hosts:    []source{newSource("files"), newSource("dns")},
		services: []source{newSource("files")},
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		database, rest, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		switch strings.TrimSpace(database) {
		case "hosts":
			sw.hosts = parseSources(rest)
		case "services":
			sw.services = parseSources(rest)
		}
	}
	return sw
}

// parseSources reads what follows the colon: names, each perhaps followed by
// actions in brackets.
func parseSources(text string) []source {
	var list []source
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if actions, ok := strings.CutPrefix(text, "["); ok {
			actions, text, _ = strings.Cut(actions, "]")
			if len(list) > 0 {
				list[len(list)-1].apply(actions)
			}
			continue
		}
		end := strings.IndexAny(text, " \t\r\n\v\f[")
		if end < 0 {
			end = len(text)
		}
		list = append(list, newSource(text[:end]))
		text = text[end:]
	}
	return list
}

// apply reads the inside of one pair of brackets: STATUS=ACTION words, where an
// exclamation mark means every status but this one.
func (s *source) apply(actions string) {
	for _, word := range strings.Fields(strings.ToLower(actions)) {
		key, action, _ := strings.Cut(word, "=")
		key, negated := strings.CutPrefix(key, "!")
		for st, name := range statusNames {
			if (name == key) != negated {
				s.ends[st] = action == "return"
			}
		}
	}
}

// ask goes through the sources until an outcome ends the search. The answer is
// that of the last source asked.
func ask[T any](order []source, known map[string]func() answer[T]) answer[T] {
	a := answer[T]{status: notFound}
	for _, s := range order {
		a = answer[T]{status: unavailable}
		if f := known[s.name]; f != nil {
			a = f()
		}
		if s.ends[a.status] {
			break
		}
	}
	return a
}
