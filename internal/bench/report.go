package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// heading names the columns of the lines that judge makes.
var heading = []string{"work", "ours ms", "theirs ms", "ratio", "goal", "", "kB ours", "theirs", "calls ours", "theirs"}

// judge makes a line of the table of each result, and says whether all is as
// it should be.
func judge(results []result, p plan) (lines [][]string, ok bool, err error) {
	selected, err := p.selected()
	if err != nil {
		return nil, false, err
	}
	goals := map[string]float64{}
	for _, r := range selected {
		goals[r.String()] = r.goal
	}
	ok = true
	for _, r := range results {
		verdict := "ok"
		switch goal := goals[r.Row]; {
		case r.Wrong != "":
			verdict, ok = "WRONG: "+r.Wrong, false
		case r.ratio() > goal:
			verdict, ok = "FAIL", false
		}
		lines = append(lines, []string{
			r.Row, milliseconds(median(r.Ours.Times)), milliseconds(median(r.Theirs.Times)),
			fmt.Sprintf("%.3f", r.ratio()), fmt.Sprintf("%.2f", goals[r.Row]), verdict,
			fmt.Sprint(r.Ours.Memory), fmt.Sprint(r.Theirs.Memory), fmt.Sprint(r.Ours.Calls), fmt.Sprint(r.Theirs.Calls),
		})
	}
	return lines, ok, nil
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}

func writeTable(w io.Writer, lines [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range append([][]string{heading}, lines...) {
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
	return t.Flush()
}
