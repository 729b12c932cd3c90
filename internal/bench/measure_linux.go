package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// A bench measures rows on the running kernel.
type bench struct {
	ours, theirs string // directories of the programs
	room         string // a directory in memory
	plan         plan
	holds        table // what the current namespace has; zero: unknown
}

// measure reports the result of each row as soon as it has it.
func (b *bench) measure(report func(result)) error {
	debug.SetGCPercent(-1) // our own work shall not show
	selected, err := b.plan.selected()
	if err != nil {
		return err
	}
	for _, r := range selected {
		got, err := b.row(r)
		if err != nil {
			return fmt.Errorf("%s: %w", r, err)
		}
		report(got)
		debug.FreeOSMemory()
	}
	return nil
}

// row runs ours and theirs by turns, and then each once more to measure its memory and
// its system calls. The first run of all does not count: the kernel's caches differ
// from those of later runs.
func (b *bench) row(r row) (got result, err error) {
	got.Row, got.Lines = r.String(), r.table.lines()
	if r.goal == 0 {
		return got, b.trace(r, b.ours, &got.Ours)
	}
	if _, err := b.once(r, b.ours, new(side)); err != nil {
		return got, err
	}
	spent := time.Duration(0)
	for run := 0; run < b.plan.Runs && (run == 0 || spent < b.plan.Budget); run++ {
		ours, err := b.once(r, b.ours, &got.Ours)
		if err != nil {
			return got, err
		}
		theirs, err := b.once(r, b.theirs, &got.Theirs)
		if err != nil {
			return got, err
		}
		if got.Wrong = ours.differs(theirs); got.Wrong != "" {
			return got, nil
		}
		spent += got.Ours.Times[run] + got.Theirs.Times[run]
	}
	if err := b.trace(r, b.ours, &got.Ours); err != nil {
		return got, err
	}
	return got, b.trace(r, b.theirs, &got.Theirs)
}

// once times one program, and adds the time to its side.
func (b *bench) once(r row, dir string, s *side) (t trial, err error) {
	if err := b.prepare(r); err != nil {
		return t, err
	}
	took, got, err := b.process(r, dir).time()
	if err != nil {
		return t, err
	}
	s.Times = append(s.Times, took)
	return b.trial(r, got)
}

func (b *bench) trace(r row, dir string, s *side) (err error) {
	if err := b.prepare(r); err != nil {
		return err
	}
	s.Memory, s.Calls, err = b.process(r, dir).trace()
	return err
}

// prepare gives the kernel the table that the row wants there, and the row its
// input.
func (b *bench) prepare(r row) error {
	if r.work == lists && b.holds == r.table {
		return nil
	}
	if err := freshNamespace(); err != nil {
		return err
	}
	b.holds = table{}
	if r.work == adds {
		return os.WriteFile(b.input(), nil, 0o644)
	}
	if err := os.WriteFile(b.input(), r.table.rules(), 0o644); err != nil || r.work == restores {
		return err
	}
	if err := b.fill(r.table); err != nil {
		return fmt.Errorf("make table: %w", err)
	}
	b.holds = r.table
	settle()
	return nil
}

// fill leaves the kernel with the table that is the input.
func (b *bench) fill(t table) error {
	fill := process{path: filepath.Join(b.ours, "ipvsadm"), args: []string{"-R"}, input: b.input(), output: b.output()}
	if _, got, err := fill.time(); err != nil || got.status != 0 {
		return errors.Join(err, fmt.Errorf("exit status %d: %s", got.status, got.output))
	}
	if t.connections > 0 {
		return connect(t.connections)
	}
	return nil
}

func (b *bench) process(r row, dir string) process {
	program := cmp.Or(r.program, "ipvsadm")
	return process{path: filepath.Join(dir, program), args: r.args, input: b.input(), output: b.output()}
}

func (b *bench) input() string  { return filepath.Join(b.room, "input") }
func (b *bench) output() string { return filepath.Join(b.room, "output") }

// trial completes the outcome of a row's run, and makes sure that the work has
// been done.
func (b *bench) trial(r row, got outcome) (t trial, err error) {
	t.outcome = got
	lines := bytes.Count(t.output, []byte("\n"))
	want := max(r.table.lines(), 1) // adds leaves one
	switch {
	case r.table.connections > 0:
		t.output = maskExpiry(t.output)
		want = r.table.connections
	case r.work != lists:
		b.holds = table{}
		if t.table, err = kernelTable(); err != nil {
			return t, err
		}
		lines = strings.Count(t.table, "\n")
	}
	if lines < want {
		t.short = fmt.Sprintf("%d lines instead of %d", lines, want)
	}
	if r.work == restores && t.status == 0 {
		b.holds = r.table
	}
	return t, err
}
