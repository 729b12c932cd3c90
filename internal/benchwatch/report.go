package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// measure measures all, and prints it as Markdown.
func measure(o options, w io.Writer) error {
	begin := time.Now()
	var chosen []program
	for _, p := range programs {
		if slices.ContainsFunc(faults, func(f fault) bool { return o.run.MatchString(f.name + ": " + p.name) }) {
			chosen = append(chosen, p)
			fmt.Fprintf(w, "- %s: %s\n", p.name, p.settings)
		}
	}
	if len(chosen) > 0 {
		fmt.Fprint(w, "\n| fault |")
		for _, p := range chosen {
			fmt.Fprintf(w, " %s |", p.name)
		}
		fmt.Fprintln(w, "\n|---|"+strings.Repeat("---|", len(chosen)))
	}
	for _, f := range faults {
		cells, any := "", false
		for _, p := range chosen {
			if !o.run.MatchString(f.name + ": " + p.name) {
				cells += " |"
				continue
			}
			all, err := trial(p, f, o)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", f.name, p.name, err)
			}
			any = true
			cells += " " + cell(all) + " |"
			fmt.Fprintf(os.Stderr, "%4.0f s  %s: %s: %s %v\n", time.Since(begin).Seconds(), f.name, p.name, cell(all), all)
		}
		if any {
			fmt.Fprintf(w, "| %s |%s\n", f.name, cells)
		}
	}
	return measureChanges(o, w)
}
