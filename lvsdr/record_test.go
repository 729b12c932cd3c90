package lvsdr

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// A folder that another process is just taking away is found, but no file can be
// made in it; only then a new one can be made. On a machine of one processor that
// may last as long as others have their turn.
func TestLockWhileTakenAway(t *testing.T) {
	dying, next := t.TempDir(), t.TempDir()
	f, err := os.Open(dying)
	must(t, err)
	defer f.Close()
	must(t, os.Remove(dying))
	fd := int(f.Fd())
	dir := fmt.Sprintf("/proc/self/fd/%d", fd)
	if _, err := plan.Lock(dir, 0); err == nil || !strings.Contains(err.Error(), "another lvsdr has held") {
		t.Errorf("without waiting: %v", err)
	}
	replaced := make(chan error, 1)
	time.AfterFunc(200*time.Millisecond, func() {
		n, err := os.Open(next)
		if err == nil {
			defer n.Close()
			err = unix.Dup3(int(n.Fd()), fd, unix.O_CLOEXEC)
		}
		replaced <- err
	})
	begin := time.Now()
	unlock, err := plan.Lock(dir, time.Minute)
	must(t, err)
	must(t, <-replaced)
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Errorf("locked after %s in a folder that is gone", took)
	}
	must(t, unlock())
}
