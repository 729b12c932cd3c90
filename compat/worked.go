package compat

import (
	_ "embed"
	"strings"
)

//go:embed testdata/worked.txt
var workedText string

// An Example is a worked example: a command line and what comes of it.
type Example struct {
	Group, Step string
	Want        string // in the notation of the golden files, without changes
}

// Worked returns the worked examples as cases, and what they must print.
func Worked() ([]Group, []Example) {
	var groups []Group
	var examples []Example
	for line := range strings.Lines(workedText) {
		mark, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		last := len(groups) - 1
		switch isHead := strings.HasPrefix(line, "["); {
		case !isHead && (last < 0 || line == "\n"):
			continue
		case isHead:
			groups = append(groups, Group{Name: strings.Trim(line, "[]\n")})
		case mark == "%":
			groups[last].Setup = append(groups[last].Setup, text)
		case mark == "$":
			groups[last].Steps = append(groups[last].Steps, text)
			examples = append(examples, Example{Group: groups[last].Name, Step: text})
		default:
			examples[len(examples)-1].Want += line
		}
	}
	return groups, examples
}
