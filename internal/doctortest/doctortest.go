// Package doctortest reads what a start warns of, for tests.
package doctortest

import (
	"regexp"
	"strings"
)

// doctor begins a line of what a start warns of.
var doctor = regexp.MustCompile(`^lvsdr: (vs|rs) start: warning: [a-z_ -]+: `)

// Split takes out of standard error what a start says of the network, which most
// tests are not about.
func Split(stderr string) (said, warnings string) {
	about := false
	for line := range strings.Lines(stderr) {
		about = doctor.MatchString(line) || about && strings.HasPrefix(line, "lvsdr: hint: ")
		if about {
			warnings += line
		} else {
			said += line
		}
	}
	return said, warnings
}
