package main

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name  string
		times []time.Duration
		want  time.Duration
	}{
		{"none", nil, 0},
		{"odd", []time.Duration{9, 1, 2}, 2},
		{"even", []time.Duration{9, 1, 2, 4}, 3},
	}
	for _, tt := range tests {
		if got := median(tt.times); got != tt.want {
			t.Errorf("%s: median(%v) = %v, want %v", tt.name, tt.times, got, tt.want)
		}
	}
}

func TestRules(t *testing.T) {
	tests := []struct {
		table table
		want  string
	}{
		{smallest, "-A -t 10.0.0.1:80 -s wrr\n" +
			"-a -t 10.0.0.1:80 -r 11.0.0.1:80 -g -w 1\n" +
			"-a -t 10.0.0.1:80 -r 11.0.0.2:80 -g -w 1\n"},
		{table{services: 1, destinations: 1, kind: overIPv6}, "-A -t [fd00:a::0:1]:80 -s wrr\n" +
			"-a -t [fd00:a::0:1]:80 -r [fd00:b::0:1]:80 -g -w 1\n"},
		{table{services: 1, destinations: 1, kind: throughTunnels}, "-A -t 10.0.0.1:80 -s wrr\n" +
			"-a -t 10.0.0.1:80 -r 11.0.0.1:80 -i --tun-type gue --tun-port 6080 -w 1\n"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, string(tt.table.rules())); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.table, diff)
		}
	}
}

// Each table has as many different rules as it says.
func TestRowsTables(t *testing.T) {
	for _, r := range rows {
		seen := map[string]bool{}
		for line := range strings.Lines(string(r.table.rules())) {
			seen[line] = true
		}
		if len(seen) != r.table.lines() {
			t.Errorf("%s: %d different rules, want %d", r, len(seen), r.table.lines())
		}
	}
}

// Results are found by the names of their rows, and limits by those of both.
func TestRowsNames(t *testing.T) {
	names := map[string]bool{}
	for _, r := range rows {
		if names[r.String()] {
			t.Errorf("two rows %q", r)
		}
		names[r.String()] = true
	}
	for _, l := range limits {
		if !names[l.of] || !names[l.to] {
			t.Errorf("limit %q: no row %q or %q", l.name, l.of, l.to)
		}
	}
}

func TestSelected(t *testing.T) {
	for expression, want := range map[string]string{
		"^-A":            "-A",
		"restore":        "ipvsadm-restore 10000×10",
		"-Ln 1000.4 IPv": "-Ln 1000×4 IPv6",
		"stats":          "-Ln --stats 1000×4",
		"-Lnc":           "-Lnc 5000 connections",
	} {
		got, err := plan{Rows: expression}.selected()
		if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("rows for %q: %v %v, want %s", expression, got, err, want)
		}
	}
	if _, err := (plan{Rows: "("}).selected(); err == nil {
		t.Error("a broken expression selects")
	}
}

func TestDiffers(t *testing.T) {
	right := trial{outcome: outcome{[]byte("a\n"), 0}, table: "b\n"}
	tests := []struct {
		name string
		ours trial
		want string
	}{
		{"same", right, ""},
		{"output", trial{outcome: outcome{[]byte("aa\n"), 0}, table: "b\n"}, "output differs: 3 bytes, theirs 2"},
		{"table", trial{outcome: right.outcome}, "table differs: 0 bytes, theirs 2"},
		{"status", trial{outcome: outcome{[]byte("a\n"), 2}, table: "b\n"}, "exit status 2, theirs 0: a\n"},
	}
	for _, tt := range tests {
		if got := tt.ours.differs(right); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	failed := trial{outcome: outcome{status: 1}}
	empty := trial{short: "0 lines instead of 3"}
	for _, same := range []trial{failed, empty} {
		if same.differs(same) == "" {
			t.Errorf("%+v twice passes for a measurement", same)
		}
	}
}

func TestMaskExpiry(t *testing.T) {
	const listing = "pro expire state       source             virtual            destination\n" +
		"UDP 04:59  UDP         127.0.0.1:20000    127.0.0.1:80       127.0.0.1:81\n"
	got := string(maskExpiry([]byte(listing)))
	if want := strings.Replace(listing, "04:59", "", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSortTable(t *testing.T) {
	const head = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port\n  -> RemoteAddress:Port\n"
	const one = "TCP  0A000001:0050 wrr\n  -> 0B000002:0050      Route   1\n  -> 0B000001:0050      Route   1\n"
	const two = "TCP  0A000002:0050 wrr\n"
	if got := sortTable([]byte(head + two + one)); got != one+two {
		t.Errorf("got %q, want %q", got, one+two)
	}
	if got := sortTable([]byte(head)); got != "" {
		t.Errorf("got %q of an empty table", got)
	}
}

func TestJudge(t *testing.T) {
	took := func(ours, theirs time.Duration) result {
		return result{Ours: side{Times: []time.Duration{ours}}, Theirs: side{Times: []time.Duration{theirs}}}
	}
	tests := []struct {
		name    string
		row     string
		result  result
		verdict string
		bad     bool
	}{
		{"at the goal", "-Ln 1×2", took(115, 100), "ok", false},
		{"above", "-Ln 1×2", took(116, 100), "FAIL", true},
		{"no time", "-Ln 1×2", took(0, 0), "FAIL", true},
		{"wrong and fast", "-Ln 1×2", result{Wrong: "output differs"}, "output differs", true},
		{"no goal", "-Ln 20000×10", result{}, "", false},
	}
	for _, tt := range tests {
		tt.result.Row = tt.row
		lines := judge([]result{tt.result})
		if len(lines) != 1 || lines[0].verdict != tt.verdict || lines[0].bad != tt.bad {
			t.Errorf("%s: %+v, want %q", tt.name, lines, tt.verdict)
		}
	}
}

func TestLimits(t *testing.T) {
	of := func(row string, lines, memory int, took time.Duration) result {
		return result{Row: row, Lines: lines, Ours: side{Times: []time.Duration{took}, Memory: memory}}
	}
	want := map[string]float64{
		"-Ln, time a line, 10000×10 to 1000×4": 2,
		"-A, memory to 3 MB":                   0.5,
		"-Ln 10000×10, memory to 12 MB":        0.5,
		"-Ln, memory, 20000×10 to 10000×10":    1.5,
	}
	got := map[string]float64{}
	for _, l := range judge([]result{
		of("-A", 1, 1536, 0),
		of("-Ln 1000×4", 5000, 5000, 5000),
		of("-Ln 10000×10", 110000, 6*1024, 220000),
		of("-Ln 20000×10", 220000, 9*1024, 0),
	}) {
		if l.row == nil && !math.IsNaN(l.value) {
			got[l.name] = l.value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWrite(t *testing.T) {
	r := result{Row: "-Ln 1×2", Ours: side{Times: []time.Duration{2 * time.Millisecond}, Memory: 8, Calls: 20},
		Theirs: side{Times: []time.Duration{2 * time.Millisecond}, Memory: 4}}
	lines := judge([]result{r})
	for markdown, want := range map[bool]string{
		false: "work     ours ms  theirs ms  ratio  goal      ours kB  theirs kB  ours calls  theirs calls\n" +
			"-Ln 1×2  2.00     2.00       1.000  1.15  ok  8        4          20          -\n",
		true: "| work | ours ms | theirs ms | ratio | goal |  | ours kB | theirs kB | ours calls | theirs calls |\n" +
			"|---|---|---|---|---|---|---|---|---|---|\n" +
			"| -Ln 1×2 | 2.00 | 2.00 | 1.000 | 1.15 | ok | 8 | 4 | 20 | - |\n",
	} {
		var b strings.Builder
		if err := write(&b, lines, markdown); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestReadResults(t *testing.T) {
	const one = `{"Result":{"Row":"-A"}}` + "\r\n"
	tests := []struct {
		name, console string
		said          string
		err           error
	}{
		{"complete", "[ 0.1] hello\r\n" + one + "{}\r\n[ 9.9] reboot\r\n", "[ 0.1] hello\n[ 9.9] reboot\n", nil},
		{"failed", one + `{"Failed":"no such row"}` + "\r\n", "", errors.New("no such row")},
		{"crashed", one + "panic: oh\r\n", "panic: oh\n", errEarly},
	}
	for _, tt := range tests {
		reported := 0
		said, err := readResults(strings.NewReader(tt.console), func(result) { reported++ })
		if string(said) != tt.said || reported != 1 || (err == nil) != (tt.err == nil) || err != nil && err.Error() != tt.err.Error() {
			t.Errorf("%s: %d results, %q, %v; want 1, %q, %v", tt.name, reported, said, err, tt.said, tt.err)
		}
	}
}
