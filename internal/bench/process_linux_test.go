package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func shell(t *testing.T, script string) process {
	dir := t.TempDir()
	p := process{path: "/bin/sh", args: []string{"-c", script}, input: filepath.Join(dir, "input"), output: filepath.Join(dir, "output")}
	if err := os.WriteFile(p.input, []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTime(t *testing.T) {
	took, got, err := shell(t, "cat; echo oh >&2; exit 3").time()
	if err != nil || took <= 0 || got.status != 3 || string(got.output) != "hello\noh\n" {
		t.Errorf("took %v, status %d, output %q, error %v", took, got.status, got.output, err)
	}
	if _, got, _ := shell(t, "kill -9 $$").time(); got.status != 137 {
		t.Errorf("status %d of a process killed, want 137", got.status)
	}
}

// A traced process may fork, execute another program, and get signals.
func TestTrace(t *testing.T) {
	runtime.LockOSThread() // tracing is the thread's
	defer runtime.UnlockOSThread()
	p := shell(t, "trap 'echo trapped' USR1; kill -USR1 $$; cat | cat; (exit 2) || exec echo end")
	memory, _, err := p.trace()
	if err != nil || memory < 100 || memory > 100_000 {
		t.Errorf("memory %d kB, error %v", memory, err)
	}
	if got, _ := os.ReadFile(p.output); string(got) != "trapped\nhello\nend\n" {
		t.Errorf("traced, it prints %q", got)
	}
}
