package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// change is what is done to a watch, or by it, while nobody shall notice.
type change struct {
	name          string
	prepare, make func(d *director, o options) error
}

var changes = []change{
	{"drains a real server, and undrains it", nil, func(d *director, _ options) error {
		return errors.Join(d.run("vs", "drain", addresses["rs1"]), pause(), d.run("vs", "undrain", addresses["rs1"]))
	}},
	{"ramps up a real server that is back", func(d *director, _ options) error {
		err := faults[0].befall(d.lan, "rs1")
		_, _, wrong := d.await("rs1", false)
		time.Sleep(patience)
		return errors.Join(err, wrong)
	}, func(d *director, _ options) error {
		err := faults[0].mend(d.lan, "rs1")
		_, _, wrong := d.await("rs1", true)
		time.Sleep(5 * time.Second)
		return errors.Join(err, wrong)
	}},
	{"reads its file again (SIGHUP)", nil, func(d *director, _ options) error { return d.cmd.Process.Signal(syscall.SIGHUP) }},
	{"reads that a real server, alive, is removed, and added", nil, func(d *director, _ options) error {
		reload := func(names ...string) error {
			return errors.Join(d.configure(names...), d.cmd.Process.Signal(syscall.SIGHUP), pause())
		}
		return errors.Join(reload(servers[:2]...), reload(servers...))
	}},
	{"is restarted", nil, func(d *director, _ options) error { return errors.Join(d.end(syscall.SIGTERM), d.start()) }},
	{"is killed (SIGKILL), and started", nil, func(d *director, _ options) error {
		return errors.Join(d.end(syscall.SIGKILL), pause(), d.start())
	}},
	{"is restarted from another file, as by an upgrade", nil, func(d *director, o options) error {
		return errors.Join(copyFile(o.ours, d.file("lvsdr")), d.end(syscall.SIGTERM), d.start())
	}},
}

// pause is for a change to reach the table.
func pause() error {
	time.Sleep(time.Second)
	return nil
}

// run runs lvsdr on the director.
func (d *director) run(words ...string) error {
	cmd := d.command(append([]string{"DIR/lvsdr", "--config", "FILE", "--quiet"}, words...)...)
	if err := d.lan.start("lvs", cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// measureChanges makes each change some times, and counts what fails meanwhile.
func measureChanges(o options, w io.Writer) error {
	if !o.run.MatchString("changes") {
		return nil
	}
	fmt.Fprint(w, "\n| lvsdr vs watch | times | requests | failed |\n|---|---:|---:|---:|\n")
	return with(ramping, o, func(d *director, l *load) error {
		for _, c := range changes {
			requests, failed := 0, 0
			for range o.rounds {
				if c.prepare != nil {
					if err := c.prepare(d, o); err != nil {
						return fmt.Errorf("before it %s: %w", c.name, err)
					}
				}
				begin := time.Now()
				if err := errors.Join(c.make(d, o), pause()); err != nil {
					return fmt.Errorf("it %s: %w", c.name, err)
				}
				time.Sleep(patience)
				end := time.Now()
				time.Sleep(patience) // the last of them
				made := l.since(begin)
				for len(made) > 0 && made[len(made)-1].at.After(end) {
					made = made[:len(made)-1]
				}
				requests, failed = requests+len(made), failed+failures(made)
			}
			fmt.Fprintf(w, "| %s | %d | %d | %d |\n", c.name, o.rounds, requests, failed)
		}
		return nil
	})
}
