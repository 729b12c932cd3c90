package imports

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A statement is a line of keepalived.conf(5): words, and those in braces after
// them.
type statement struct {
	at    string // "line 7", in an included file with its name
	words []string
	body  []statement
}

// keyword is the first word.
func (s statement) keyword() string { return s.words[0] }

// arg is a word after the keyword; "" if there is none.
func (s statement) arg(n int) string {
	if n < len(s.words) {
		return s.words[n]
	}
	return ""
}

// reader reads the text of files into statements.
type reader struct {
	files      Files
	remark     func(string, ...any)
	parameters map[string]string
	open       []*[]statement // where statements go; the innermost block last
	inside     []string       // the files that are being read, the innermost last
	size       int            // of all lines
	full       bool
}

var (
	definition = regexp.MustCompile(`^\s*\$([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)
	parameter  = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)(\s|$)`)
)

// deepest is how deep includes, parameters and blocks may lie in each other.
const deepest = 30

// file reads a file into the innermost block.
func (x *reader) file(f Text, name string) {
	x.parameters["_PWD"] = filepath.Dir(f.Path)
	x.inside = append(x.inside, f.Path)
	defer func() { x.inside = x.inside[:len(x.inside)-1] }()
	lines := strings.Split(f.Text, "\n")
	for i := 0; i < len(lines); i++ {
		at := fmt.Sprintf("%sline %d", name, i+1)
		line := strings.TrimRight(lines[i], "\r")
		if d := definition.FindStringSubmatch(line); d != nil {
			value := d[2]
			for strings.HasSuffix(strings.TrimRight(value, " \t"), `\`) && i+1 < len(lines) {
				i++
				value = strings.TrimSuffix(strings.TrimRight(value, " \t"), `\`) + "\n" + strings.TrimRight(lines[i], "\r")
			}
			x.parameters[d[1]] = value
			continue
		}
		x.line(at, line, f.Path, 0)
	}
}

// line reads a line, after its parameters have got their values.
func (x *reader) line(at, line, path string, depth int) {
	if x.size += len(line); x.size > MostText {
		if !x.full {
			x.remark("%s and what follows not imported: too long", at)
		}
		x.full = true
		return
	}
	filled := parameter.ReplaceAllStringFunc(line, func(s string) string {
		m := parameter.FindStringSubmatch(s)
		if value, known := x.parameters[m[1]+m[2]]; known {
			return value + m[3]
		}
		return s
	})
	if filled != line && depth < deepest {
		for one := range strings.SplitSeq(filled, "\n") {
			if d := definition.FindStringSubmatch(one); d != nil {
				x.parameters[d[1]] = d[2]
				continue
			}
			x.line(at, one, path, depth+1)
		}
		return
	}
	words := split(line)
	if len(words) == 0 {
		return
	}
	if id, conditional := strings.CutPrefix(words[0], "@"); conditional {
		if other, not := strings.CutPrefix(id, "^"); not {
			x.remark("%s is imported: it is for every machine but %s", at, other)
			words = words[1:]
		} else {
			x.remark("%s not imported: it is for the machine %s alone", at, id)
			return
		}
	}
	if len(words) > 1 && strings.HasPrefix(words[0], "include") {
		x.include(at, words[1], path)
		return
	}
	x.words(at, words)
}

// words adds a line's words to the innermost block. Braces begin and end blocks.
func (x *reader) words(at string, words []string) {
	var own []string
	end := func() {
		if into := x.open[len(x.open)-1]; len(own) > 0 {
			*into = append(*into, statement{at: at, words: own})
		}
		own = nil
	}
	for _, w := range words {
		switch w {
		case "{":
			end()
			into := x.open[len(x.open)-1]
			if len(*into) == 0 || len(x.open) > deepest {
				x.remark("%s: an opening brace without a block", at)
				continue
			}
			x.open = append(x.open, &(*into)[len(*into)-1].body)
		case "}":
			end()
			if len(x.open) == 1 {
				x.remark("%s: a closing brace without a block", at)
				continue
			}
			x.open = x.open[:len(x.open)-1]
		default:
			own = append(own, strings.TrimPrefix(w, "\x00"))
		}
	}
	end()
}

// include reads the files of a pattern, relative to the file that includes them.
func (x *reader) include(at, pattern, path string) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(path), pattern)
	}
	files, err := x.files(pattern)
	switch {
	case err != nil:
		x.remark("%s not imported: include %s: %v", at, pattern, err)
	case len(files) == 0:
		x.remark("%s: no file is %s", at, pattern)
	case len(x.inside) >= deepest:
		x.remark("%s not imported: include %s: too deep", at, pattern)
		return
	}
	for _, f := range files {
		if slices.Contains(x.inside, f.Path) {
			x.remark("%s not imported: include %s: %s includes itself", at, pattern, f.Path)
			continue
		}
		x.file(f, f.Path+" ")
	}
	x.parameters["_PWD"] = filepath.Dir(path)
}

// split cuts a line into words; braces are words of their own. What is in quotes
// stays together, and is told from a brace by a NUL before it.
func split(line string) (words []string) {
	word, in := "", false
	end := func() {
		if in {
			words = append(words, word)
		}
		word, in = "", false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '#' || c == '!':
			end()
			return words
		case c == ' ' || c == '\t' || c == '\r':
			end()
		case c == '{' || c == '}':
			end()
			words = append(words, string(c))
		case c == '"' || c == '\'':
			if !in {
				word = "\x00"
			}
			in = true
			for i++; i < len(line) && line[i] != c; i++ {
				if line[i] == '\\' && i+1 < len(line) {
					i++
				}
				word += string(line[i])
			}
		case c == '\\' && i+1 < len(line):
			i++
			word, in = word+string(line[i]), true
		default:
			word, in = word+string(c), true
		}
	}
	end()
	return words
}
