package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
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

// row runs ours, theirs, ours, theirs and so on, then each once more to look
// at its memory and its system calls.
func (b *bench) row(r row) (result, error) {
	got := result{Row: r.String()}
	if err := os.WriteFile(b.input(), r.input(), 0o644); err != nil {
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
	for dir, s := range map[string]*side{b.ours: &got.Ours, b.theirs: &got.Theirs} {
		err := b.prepare(r)
		if err == nil {
			s.Memory, s.Calls, err = b.process(r, dir).trace()
		}
		if err != nil {
			return got, err
		}
	}
	return got, nil
}

// A trial is what one run gave: outputs, and the table it left if that is what
// the row is about.
type trial struct {
	outcome
	table string
}

func (t trial) differs(other trial) string {
	switch {
	case t.status != other.status:
		return fmt.Sprintf("exit status %d, theirs %d", t.status, other.status)
	case !bytes.Equal(t.output, other.output):
		return fmt.Sprintf("output differs: %d bytes, theirs %d", len(t.output), len(other.output))
	case t.table != other.table:
		return fmt.Sprintf("table differs: %d bytes, theirs %d", len(t.table), len(other.table))
	}
	return ""
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
	t.outcome = got
	if r.work != lists {
		b.holds = table{}
		t.table, err = kernelTable()
	}
	return t, err
}

// prepare gives the row the table it wants.
func (b *bench) prepare(r row) error {
	if r.work == lists && b.holds == r.table {
		return nil
	}
	b.holds = table{}
	if err := freshNamespace(); err != nil || r.work != lists {
		return err
	}
	if err := os.WriteFile(b.input(), r.table.rules(), 0o644); err != nil {
		return err
	}
	fill := process{path: filepath.Join(b.ours, "ipvsadm"), args: []string{"-R"}, input: b.input(), output: b.output()}
	if _, got, err := fill.time(); err != nil || got.status != 0 {
		return fmt.Errorf("make table: %s %w", got.output, err)
	}
	b.holds = r.table
	settle()
	return nil
}

func (b *bench) process(r row, dir string) process {
	return process{path: filepath.Join(dir, "ipvsadm"), args: r.args, input: b.input(), output: b.output()}
}

func (b *bench) input() string  { return filepath.Join(b.room, "input") }
func (b *bench) output() string { return filepath.Join(b.room, "output") }
