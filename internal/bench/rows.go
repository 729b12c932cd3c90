package main

import (
	"regexp"
	"time"
)

// A row is one invocation, of our program and of the original.
type row struct {
	name    string
	program string // ipvsadm unless said
	args    []string
	table   table
	goal    float64 // of the ratio ours to theirs
	work    work
}

// work is what an invocation does with its row's table.
type work int

const (
	lists    work = iota // the table is there; its output counts
	restores             // the table is its input, the kernel has none
	adds                 // the kernel has none
)

var (
	smallest = table{services: 1, destinations: 2}
	usual    = table{services: 1000, destinations: 4}
)

// rows are in the order of their tables, so that each is made once.
var rows = []row{
	{name: "-A", args: []string{"-A", "-t", "10.0.0.1:80", "-s", "wrr"}, goal: 1.5, work: adds},
	{name: "-Ln", args: []string{"-Ln"}, table: smallest, goal: 1.5},
	{name: "-R", args: []string{"-R"}, table: usual, goal: 0.15, work: restores},
	{name: "-Ln", args: []string{"-Ln"}, table: usual, goal: 0.12},
}

func (r row) String() string {
	if r.table.services == 0 {
		return r.name
	}
	return r.name + " " + r.table.String()
}

// input is what the row's program reads.
func (r row) input() []byte {
	if r.work == restores {
		return r.table.rules()
	}
	return nil
}

// A plan is how often to repeat what.
type plan struct {
	Rows   string        // those that this regular expression finds
	Runs   int           // of each program
	Budget time.Duration // no more runs of a row after it has taken that long
}

// selected are the rows to measure.
func (p plan) selected() ([]row, error) {
	expression, err := regexp.Compile(p.Rows)
	if err != nil {
		return nil, err
	}
	var selected []row
	for _, r := range rows {
		if expression.MatchString(r.String()) {
			selected = append(selected, r)
		}
	}
	return selected, nil
}
