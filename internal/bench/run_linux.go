package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// run measures, and prints the report. The error says no more than that the
// report has something bad.
func run(o options, w io.Writer) error {
	if _, err := o.plan.selected(); err != nil {
		return err
	}
	begin := time.Now()
	var results []result
	report := func(r result) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), r.Row)
		results = append(results, r)
	}
	measure := measureInQEMU
	if o.native {
		measure = measureHere
	}
	where, err := measure(o, report)
	if err != nil {
		return err
	}
	lines := judge(results)
	fmt.Fprintf(w, "%s. Medians.\n\n", where)
	if err := write(w, lines, o.markdown); err != nil {
		return err
	}
	wrong := slices.ContainsFunc(results, func(r result) bool { return r.Wrong != "" })
	missed := slices.ContainsFunc(lines, func(l line) bool { return l.bad })
	switch {
	case wrong:
		return errors.New("outputs differ")
	case missed && !o.native:
		return errors.New("goals are missed")
	}
	return nil
}

// measureHere measures on the running kernel.
func measureHere(o options, report func(result)) (where string, err error) {
	room, err := os.MkdirTemp("/dev/shm", "bench")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(room)
	b := bench{ours: room + "/ours", theirs: "/sbin", room: room, plan: o.plan}
	if err := installOurs(o.ours, b.ours); err != nil {
		return "", err
	}
	// Its outcome is what the measuring sees.
	exec.Command("/sbin/modprobe", "-a", "ip_vs", "ip_vs_wrr").Run()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", err
	}
	where = fmt.Sprintf("Linux %s, the running kernel; goals do not decide", unix.ByteSliceToString(name.Release[:]))
	return where, b.measure(report)
}

// installOurs copies the binary to dir under the names it answers to.
func installOurs(binary, dir string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, name := range ourNames {
		if err := os.Symlink("lvsdr", filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "lvsdr"), content, 0o755)
}

// ourNames are links to our program.
var ourNames = []string{"ipvsadm", "ipvsadm-restore"}
