package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A process is a program about to be run: its standard input, and the file
// that gets both of its outputs.
type process struct {
	path   string
	args   []string // without the program's name
	input  string   // a file
	output string   // a file
}

// start is as lean as can be: what it costs is part of what is measured.
func (p process) start(trace bool) (pid int, err error) {
	input, err := os.Open(p.input)
	if err != nil {
		return 0, err
	}
	defer input.Close()
	output, err := os.Create(p.output)
	if err != nil {
		return 0, err
	}
	defer output.Close()
	args := append([]string{filepath.Base(p.path)}, p.args...)
	pid, err = syscall.ForkExec(p.path, args, &syscall.ProcAttr{
		Env:   []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: []uintptr{input.Fd(), output.Fd(), output.Fd()},
		Sys:   &syscall.SysProcAttr{Ptrace: trace},
	})
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", p.path, err)
	}
	return pid, nil
}

// time runs the process from fork to wait.
func (p process) time() (time.Duration, outcome, error) {
	begin := time.Now()
	pid, err := p.start(false)
	if err != nil {
		return 0, outcome{}, err
	}
	var status syscall.WaitStatus
	if _, err := wait4(pid, &status, 0); err != nil {
		return 0, outcome{}, err
	}
	took := time.Since(begin)
	o, err := p.outcome(status)
	return took, o, err
}

func (p process) outcome(status syscall.WaitStatus) (outcome, error) {
	output, err := os.ReadFile(p.output)
	if status.Signaled() {
		return outcome{output, 128 + int(status.Signal())}, err
	}
	return outcome{output, status.ExitStatus()}, err
}

// wait4 waits in spite of the signals by which Go's runtime preempts.
func wait4(pid int, status *syscall.WaitStatus, options int) (int, error) {
	for {
		got, err := syscall.Wait4(pid, status, options, nil)
		if err != syscall.EINTR {
			return got, os.NewSyscallError("wait4", err)
		}
	}
}
