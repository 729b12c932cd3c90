package lvsdr

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lvsdr/internal/plan"
)

func TestRecordFile(t *testing.T) {
	d := newDesk(t, onlyVIP)
	d.succeed("rs start")
	info, err := os.Stat(d.state)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(d.state), "*"))
	must(t, err)
	if len(files) != 2 {
		t.Errorf("files %q, want the lock and the record", files)
	}
}

// A record that cannot be read is neither ignored nor overwritten.
func TestRecordCorrupt(t *testing.T) {
	d := newDesk(t, onlyVIP)
	d.succeed("rs start")
	before := d.text()
	must(t, os.WriteFile(d.state, []byte(`{"sysctls": {`), 0o600))
	for _, verb := range []string{"start", "stop"} {
		got := d.run("rs " + verb)
		if got.Status != 1 || !strings.Contains(got.Stderr, d.state) || !strings.Contains(got.Stderr, "\nlvsdr: hint: ") {
			t.Errorf("rs %s: %+v", verb, got)
		}
	}
	d.looks("after refused runs", before)
	if d.record() != `{"sysctls": {` {
		t.Errorf("the record was overwritten: %s", d.record())
	}
}

func TestLock(t *testing.T) {
	d := newDesk(t, tutorial)
	dir := filepath.Dir(d.state)
	must(t, os.MkdirAll(dir, 0o700))
	unlock, err := plan.Lock(dir, 0)
	must(t, err)
	got := d.run("vs start --wait 60ms")
	if got.Status != 1 || !strings.Contains(got.Stderr, "lvsdr: hint: wait longer with --wait\n") || d.machine.Calls() != 0 {
		t.Errorf("locked: %+v, %d changes", got, d.machine.Calls())
	}
	for _, verb := range []string{"status", "diff"} { // which change nothing
		if got := d.run("vs " + verb); got.Status != 3 {
			t.Errorf("%s while locked: %+v", verb, got)
		}
	}
	go func() {
		time.Sleep(2 * 50 * time.Millisecond)
		unlock()
	}()
	d.succeed("vs start --wait 1m")
}

// The lock of a process that was killed is free.
func TestLockOfTheDead(t *testing.T) {
	dir := t.TempDir()
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holdsLock+"="+dir)
	said, err := holder.StdoutPipe()
	must(t, err)
	must(t, holder.Start())
	if n, err := said.Read(make([]byte, 5)); n != 5 {
		t.Fatalf("the holder said %d bytes: %v", n, err)
	}
	if _, err := plan.Lock(dir, 0); err == nil {
		t.Error("two hold the lock")
	}
	must(t, holder.Process.Kill())
	holder.Wait()
	unlock, err := plan.Lock(dir, 0)
	must(t, err)
	must(t, unlock())
}
