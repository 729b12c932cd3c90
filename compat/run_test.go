//go:build linux

package compat

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// compared counts the command lines that both programs were asked.
var compared int

// outcome is all that a command does: what it says, how it ends, what it
// changes. Status is negative for a signal.
type outcome struct {
	stdout, stderr string
	status         int
	changes        []string
}

// String is the outcome as golden files have it.
func (o outcome) String() string {
	var b strings.Builder
	if o.status < 0 {
		fmt.Fprintf(&b, "(%s)\n", syscall.Signal(-o.status))
	} else {
		fmt.Fprintf(&b, "(%d)\n", o.status)
	}
	quote(&b, ">", o.stdout)
	quote(&b, "!", o.stderr)
	for _, c := range o.changes {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

// quote writes text line by line behind a mark; the mark of a last line that
// is not ended has a tilde.
func quote(b *strings.Builder, mark, text string) {
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		if !ended {
			mark += "~"
		}
		fmt.Fprintf(b, "%s %s\n", mark, escape(line))
	}
}

// session is a namespace in which commands are run one after the other.
type session struct {
	*namespace
	user    uint32
	before  []string // the table before the next command
	touched bool     // by more than commands of ipvsadm
}

// asNew are namespaces whose tables were emptied, for the next sessions: to make and
// to end one costs more than a command does.
var asNew []*namespace

func newSession(t testing.TB, user uint32) *session {
	t.Helper()
	s := &session{user: user}
	if last := len(asNew) - 1; last >= 0 {
		s.namespace, asNew = asNew[last], asNew[:last]
	} else {
		n, err := newNamespace()
		if err != nil {
			t.Fatal(err)
		}
		s.namespace = n
	}
	s.changes(t)
	empty := s.before
	t.Cleanup(func() {
		if !s.touched && s.table.Flush() == nil {
			if s.changes(t); slices.Equal(s.before, empty) {
				asNew = append(asNew, s.namespace)
				return
			}
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run runs one command of the given program and returns what it did.
func (s *session) run(t testing.TB, p program, c Command) outcome {
	t.Helper()
	o := s.exec(t, p, c)
	o.changes = s.changes(t)
	return o
}

// changes are the lines of the table that have gone and come since last asked.
func (s *session) changes(t testing.TB) []string {
	t.Helper()
	now, err := s.table.Dump()
	if err != nil {
		t.Fatalf("dump the table: %v", err)
	}
	var diff []string
	for _, line := range s.before {
		if !slices.Contains(now, line) {
			diff = append(diff, "- "+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(s.before, line) {
			diff = append(diff, "+ "+line)
		}
	}
	s.before = now
	return diff
}

func (s *session) exec(t testing.TB, p program, c Command) outcome {
	t.Helper()
	s.touched = s.touched || !strings.HasPrefix(c.Program, "ipvsadm")
	var stdout, stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path:   p.path(c.Program),
		Args:   c.Args,
		Env:    environment(p),
		Stdout: &stdout,
		Stderr: &stderr,
	}
	if c.Extra != nil {
		cmd.ExtraFiles = []*os.File{c.Extra}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.user != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.user, Gid: s.user}
	}
	if !c.NoStdin {
		cmd.Stdin = strings.NewReader(c.Stdin)
	}
	if err := s.do(cmd.Start); err != nil {
		t.Fatalf("%s %q: %v", p.name, c.Args, err)
	}
	// A hung program must not hang the suite; it may have children.
	alarm := time.AfterFunc(20*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer alarm.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("%s %q: %v", p.name, c.Args, err)
	}
	status := cmd.ProcessState.ExitCode()
	if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		status = -int(w.Signal())
	}
	return outcome{stdout: stdout.String(), stderr: stderr.String(), status: status}
}

// path is where the program has the named command; what it has not comes from
// the system.
func (p program) path(name string) string {
	if strings.HasPrefix(name, "ipvsadm") {
		return filepath.Join(p.dir, name)
	}
	for _, dir := range []string{"/bin", "/sbin"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return name
}

func environment(p program) []string {
	env := []string{"PATH=" + p.dir + ":/usr/sbin:/usr/bin:/sbin:/bin"}
	if p.through != "" {
		env = append(env, "LVSDR_IPVS_INTERFACE="+p.through)
	}
	env = append(env, "FILE="+filepath.Join(os.Getenv(roomVariable), "file"))
	if m, ok := os.LookupEnv("MODPROBE_OPTIONS"); ok {
		env = append(env, "MODPROBE_OPTIONS="+m)
	}
	return env
}
