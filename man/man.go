// Package man has the manual pages, and takes their source apart so that tests
// can hold it against the program. Nothing of it is part of the program.
package man

import (
	"embed"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed *.5 *.8
var files embed.FS

// Pages are the file names of the pages.
func Pages() []string {
	names, err := fs.Glob(files, "*.[58]")
	if err != nil {
		panic(err)
	}
	return names
}

// A Line is a line of a page that begins with a macro of mdoc(7), and where it
// stands.
type Line struct {
	Section, Subsection string
	Words               []string // the macro comes first
}

// Lines are the macro lines of a page. A section begins with the line that
// names it.
func Lines(page string) []Line {
	var all []Line
	section, subsection := "", ""
	for _, text := range source(page) {
		text, ok := strings.CutPrefix(text, ".")
		if !ok {
			continue
		}
		macro, rest, _ := strings.Cut(text, " ")
		switch macro {
		case "Sh":
			section, subsection = rest, ""
		case "Ss":
			subsection = rest
		}
		all = append(all, Line{section, subsection, strings.Fields(text)})
	}
	return all
}

func source(page string) []string {
	text, err := files.ReadFile(page)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

var (
	macro       = regexp.MustCompile(`^[A-Z][a-z]$`)
	punctuation = regexp.MustCompile(`^[][().,:;?!|]$`)
)

// Marked are the words of a line that a macro marks: of ".It Fl a , Fl
// -add-server Ar host", "Fl" marks "a" and "-add-server".
func (l Line) Marked(by string) []string {
	var words []string
	marks := false
	for _, w := range l.Words {
		switch {
		case macro.MatchString(w):
			marks = w == by
		case marks && !punctuation.MatchString(w):
			words = append(words, w)
		}
	}
	return words
}

// Flags are the options of a line as they are typed, "-a" and "--add-server".
func (l Line) Flags() []string {
	words := l.Marked("Fl")
	for i, w := range words {
		words[i] = "-" + w
	}
	return words
}

// escapes of roff(7) that a literal text may need.
var escapes = strings.NewReplacer(`\e`, `\`, `\(aq`, `'`, `\(ga`, "`", `\-`, "-")

// Literal are the lines of each literal text in a section, as they are read.
// Offset is that of the texts that are meant; "" is none.
func Literal(page, section, offset string) [][]string {
	begin := ".Bd -literal"
	if offset != "" {
		begin += " -offset " + offset
	}
	var all [][]string
	here, inside := false, false
	for _, line := range source(page) {
		switch {
		case strings.HasPrefix(line, ".Sh "):
			here = line == ".Sh "+section
		case here && line == begin:
			inside, all = true, append(all, nil)
		case line == ".Ed":
			inside = false
		case inside:
			last := &all[len(all)-1]
			*last = append(*last, escapes.Replace(line))
		}
	}
	return all
}
