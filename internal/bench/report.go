package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// A line of the report is a row's, or a limit's.
type line struct {
	name    string
	row     *result // nil: a limit's
	value   float64 // a ratio, mostly
	goal    float64 // value may be as large as that; 0: there is no goal
	verdict string
	bad     bool
}

// A limit is a goal that is not about the ratio of a row. Its value comes from
// the results of two rows.
type limit struct {
	name   string
	of, to string
	goal   float64
	value  func(of, to result) float64
}

var limits = []limit{
	{"-Ln, time a line, 10000×10 to 1000×4", "-Ln 10000×10", "-Ln 1000×4", 1.3, timePerLine},
	{"-R, time a line, 10000×10 to 1000×4", "-R 10000×10", "-R 1000×4", 1.3, timePerLine},
	{"-A, memory to 3 MB", "-A", "-A", 1, func(of, _ result) float64 {
		return float64(of.Ours.Memory) / (3 * 1024)
	}},
	{"-Ln 10000×10, memory to 12 MB", "-Ln 10000×10", "-Ln 10000×10", 1, func(of, _ result) float64 {
		return float64(of.Ours.Memory) / (12 * 1024)
	}},
	{"-Ln, memory, 20000×10 to 10000×10", "-Ln 20000×10", "-Ln 10000×10", 2, func(of, to result) float64 {
		return float64(of.Ours.Memory) / float64(to.Ours.Memory)
	}},
}

func timePerLine(of, to result) float64 {
	perLine := func(r result) float64 { return float64(median(r.Ours.Times)) / float64(r.Lines) }
	return perLine(of) / perLine(to)
}

// judge makes the lines of the report.
func judge(results []result) []line {
	goals := map[string]float64{}
	for _, r := range rows {
		goals[r.String()] = r.goal
	}
	var lines []line
	byName := map[string]result{}
	for _, r := range results {
		byName[r.Row] = r
		l := line{name: r.Row, row: &r, value: r.ratio(), goal: goals[r.Row]}
		if r.Wrong != "" {
			l.verdict, l.bad = r.Wrong, true
		}
		lines = append(lines, l)
	}
	for _, l := range limits {
		of, ok := byName[l.of]
		to, also := byName[l.to]
		if ok && also && of.Wrong == "" && to.Wrong == "" {
			lines = append(lines, line{name: l.name, value: l.value(of, to), goal: l.goal})
		}
	}
	for i := range lines {
		lines[i].judge()
	}
	return lines
}

func (l *line) judge() {
	if l.bad || l.goal == 0 {
		return
	}
	if l.value <= l.goal {
		l.verdict = "ok"
	} else { // a value that is not a number included
		l.verdict, l.bad = "FAIL", true
	}
}

// heading names the cells of a line.
var heading = []string{"work", "ours ms", "theirs ms", "ratio", "goal", "", "ours kB", "theirs kB", "ours calls", "theirs calls"}

func (l line) cells() []string {
	var ours, theirs side
	if l.row != nil {
		ours, theirs = l.row.Ours, l.row.Theirs
	}
	value, goal := "-", "-"
	if l.goal > 0 {
		value, goal = fmt.Sprintf("%.3f", l.value), fmt.Sprintf("%.2f", l.goal)
	}
	return []string{
		l.name, milliseconds(ours.Times), milliseconds(theirs.Times), value, goal, l.verdict,
		count(ours.Memory), count(theirs.Memory), count(ours.Calls), count(theirs.Calls),
	}
}

func milliseconds(times []time.Duration) string {
	if len(times) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(median(times))/float64(time.Millisecond))
}

func count(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// write prints the report in columns, or as a table in Markdown.
func write(w io.Writer, lines []line, markdown bool) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	put := func(cells []string) { fmt.Fprintln(columns, strings.Join(cells, "\t")) }
	if markdown {
		put = func(cells []string) { fmt.Fprintln(w, "|", strings.Join(cells, " | "), "|") }
	}
	put(heading)
	if markdown {
		fmt.Fprintln(w, strings.Repeat("|---", len(heading))+"|")
	}
	for _, l := range lines {
		put(l.cells())
	}
	return columns.Flush()
}
