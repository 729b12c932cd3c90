package imports

import (
	"fmt"
	"slices"
	"strings"
)

// Ldirectord is the draft of a file of ldirectord(8).
func Ldirectord(text string, names Names) Draft {
	l := ldirectord{names: names, global: section{}}
	var virtuals []section
	in := l.global
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = uncommented(line)
		key, value, isSetting := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case key == "" && !isSetting:
			continue
		case !isSetting:
			l.draft.remark("line %d not imported: %s", n, key)
			continue
		case line[0] != ' ' && line[0] != '\t' && (key == "virtual" || key == "virtual6"):
			in = section{}
			virtuals = append(virtuals, in)
		case line[0] != ' ' && line[0] != '\t':
			in = l.global
		}
		if have := in[key]; len(have) > 0 && !slices.Contains(repeatable, key) {
			l.draft.remark("line %d not imported: %s: line %d says another one", have[len(have)-1].line, key, n)
		}
		in[key] = append(in[key], setting{n, value})
	}
	for _, v := range virtuals {
		l.virtual(v)
	}
	for _, key := range l.global.keys() {
		if !slices.Contains(ldirectordInherited, key) {
			l.global.unsaid(key, l.draft.remark)
		}
	}
	return l.draft
}

type ldirectord struct {
	names   Names
	draft   Draft
	global  section
	servers int // of all services
}

// uncommented is a line up to a comment; what is in quotes is none.
func uncommented(line string) string {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted:
			return line[:i]
		}
	}
	return line
}

// A section is the settings of a virtual service, or the global ones.
type section map[string][]setting

type setting struct {
	line  int
	value string
}

// repeatable are the settings that may be there several times.
var repeatable = []string{"real", "real6"}

// last is the setting of a key that counts.
func (s section) last(key string) (one setting, found bool) {
	if all := s[key]; len(all) > 0 {
		return all[len(all)-1], true
	}
	return one, false
}

// keys are in the order of the file.
func (s section) keys() (all []string) {
	for key := range s {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int { return s[a][0].line - s[b][0].line })
	return all
}

// instead is what does the work of some settings.
var instead = map[string]string{
	"emailalert": "watch: {on_event: [PROGRAM]} reports events", "fallbackcommand": "watch: {on_event: [PROGRAM]} reports sorry servers",
	"autoreload": "systemctl reload lvsdr-watch reads the file again", "callback": "nothing is called when the file changes",
	"maintenancedir": "lvsdr vs drain ADDRESS takes a real server out", "cleanstop": "vs watch leaves the table as it is; vs stop removes it",
	"logfile": "vs watch prints events on standard output, to the journal", "monitorfile": "vs watch prints events on standard output, to the journal",
	"comment": "it is only a comment",
}

// unsaid remarks on settings that the file does not have.
func (s section) unsaid(key string, remark func(string, ...any)) {
	for _, one := range s[key] {
		what := fmt.Sprintf("line %d not imported: %s = %s", one.line, key, one.value)
		if key == "passwd" || key == "secret" {
			what = fmt.Sprintf("line %d not imported: %s", one.line, key)
		}
		if hint := instead[key]; hint != "" {
			what += ": " + hint
		}
		remark("%s", what)
	}
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func isYes(s string) bool {
	return strings.EqualFold(s, "yes") || strings.EqualFold(s, "true") || s == "1"
}
