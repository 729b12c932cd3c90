package main

import (
	"regexp"
	"strings"
	"time"
)

// A row is one invocation, of our program and of the original.
type row struct {
	program string // ipvsadm if empty
	args    []string
	work    work
	table   table
	goal    float64 // of the ratio of the times, ours to theirs; 0: ours alone, for its memory
}

// work is what an invocation does with its row's table.
type work int

const (
	lists    work = iota // the kernel has it; what is printed counts
	restores             // it is the input of a program that finds an empty kernel, and leaves it there
	adds                 // none: an empty kernel gets one service
)

var (
	smallest = table{services: 1, destinations: 2}
	usual    = table{services: 1000, destinations: 4}
	wide     = table{services: 100, destinations: 100}
	large    = table{services: 10000, destinations: 10}
	larger   = table{services: 20000, destinations: 10}
	ipv6     = table{services: 1000, destinations: 4, kind: overIPv6}
	tunnels  = table{services: 1000, destinations: 4, kind: throughTunnels}
	local    = table{services: 1, destinations: 1, connections: 5000}
)

// rows with the same table are neighbours: it is made once, by the original if
// it is restored first.
var rows = []row{
	{args: []string{"-A", "-t", "10.0.0.1:80", "-s", "wrr"}, work: adds, goal: 1.25},
	{args: []string{"-Ln"}, table: smallest, goal: 1.15},
	{args: []string{"-R"}, table: usual, work: restores, goal: 0.125},
	{args: []string{"-Ln"}, table: usual, goal: 0.11},
	{args: []string{"-Ln", "--stats"}, table: usual, goal: 0.127},
	{args: []string{"-Sn"}, table: usual, goal: 0.11},
	{args: []string{"-Ln"}, table: wide, goal: 0.15},
	{args: []string{"-R"}, table: ipv6, work: restores, goal: 0.40},
	{args: []string{"-Ln"}, table: ipv6, goal: 0.40},
	{args: []string{"-Ln"}, table: tunnels, goal: 0.40},
	{args: []string{"-Sn"}, table: tunnels, goal: 0.40},
	{args: []string{"-Lnc"}, table: local, goal: 0.42},
	{program: "ipvsadm-restore", table: large, work: restores, goal: 0.15},
	{args: []string{"-R"}, table: large, work: restores, goal: 0.11},
	{args: []string{"-Ln"}, table: large, goal: 0.10},
	{args: []string{"-Ln"}, table: larger},
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

func (r row) String() string {
	if r.work == adds {
		return r.args[0]
	}
	return strings.TrimSpace(r.program+" "+strings.Join(r.args, " ")) + " " + r.table.String()
}
