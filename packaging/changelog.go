package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// maintainer is who signs the entries of Debian's changelog, as in nfpm.yaml.
const maintainer = "lvsdr maintainers <maintainers@lvsdr.example>"

// A release is a section of CHANGELOG.md.
type release struct {
	version string
	date    time.Time
	notes   []string // paragraphs and items, each on one line
}

var heading = regexp.MustCompile(`^## (\d+\.\d+\.\d+) — (\d{4}-\d\d-\d\d)$`)

// parseChangelog reads CHANGELOG.md, whose newest release comes first.
func parseChangelog(text string) (releases []release, err error) {
	joins := false // the line goes on with the note of the line before
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "## ") {
			m := heading.FindStringSubmatch(line)
			if m == nil {
				return nil, fmt.Errorf("CHANGELOG.md: %q is not of the form ## 1.2.3 — 2026-01-31", line)
			}
			date, err := time.Parse(time.DateOnly, m[2])
			if err != nil {
				return nil, fmt.Errorf("CHANGELOG.md: %q: %w", line, err)
			}
			releases = append(releases, release{version: m[1], date: date})
			joins = false
			continue
		}
		if len(releases) == 0 {
			continue
		}
		r := &releases[len(releases)-1]
		item, isItem := strings.CutPrefix(line, "- ")
		switch {
		case joins && !isItem && line != "":
			r.notes[len(r.notes)-1] += " " + line
		case line != "":
			r.notes = append(r.notes, item)
		}
		joins = line != ""
	}
	if len(releases) == 0 {
		return nil, fmt.Errorf("CHANGELOG.md: no release")
	}
	return releases, nil
}

// debianChangelog writes releases as deb-changelog(5) wants them.
func debianChangelog(releases []release) string {
	var b strings.Builder
	for i, r := range releases {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "lvsdr (%s) unstable; urgency=medium\n\n", r.version)
		for _, note := range r.notes {
			b.WriteString("  * " + strings.Join(fold(note, 74), "\n    ") + "\n")
		}
		fmt.Fprintf(&b, "\n -- %s  %s\n", maintainer, r.date.Format(time.RFC1123Z))
	}
	return b.String()
}

// fold breaks text into lines of at most width characters, at blanks.
func fold(text string, width int) (lines []string) {
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && len(lines[last])+1+len(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
