package lvsdr

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"lvsdr/internal/command"
)

// full is a stream on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
}

// runInto runs lvsdr with these streams.
func (d *desk) runInto(words string, stdout, stderr io.Writer) (status int) {
	return run(command.Env{
		Args:      append([]string{"lvsdr", "--config", d.file}, strings.Fields(words)...),
		Stdin:     strings.NewReader(""),
		Stdout:    stdout,
		Stderr:    stderr,
		LookupEnv: func(string) (string, bool) { return "", false },
	}, d.system)
}

// What changes the machine is done, whatever can be said of it.
func TestFullOutputOfDeeds(t *testing.T) {
	const unsaid = "done, but standard output could not be written: no space left on device\n"
	for _, role := range []string{"vs", "rs"} {
		t.Run(role, func(t *testing.T) {
			d := newDesk(t, tutorial)
			clean := d.text()
			d.succeed(role + " start")
			started := d.text()
			d.succeed(role + " stop")
			for _, step := range []struct{ verb, machine string }{{"start", started}, {"start", started}, {"stop", clean}} {
				var said bytes.Buffer
				status := d.runInto(role+" "+step.verb+" --quiet", full{}, &said)
				if want := "lvsdr: " + role + " " + step.verb + ": " + unsaid; status != 0 || !strings.HasSuffix(said.String(), want) {
					t.Errorf("%s %s: exit status %d\n%s", role, step.verb, status, &said)
				}
				d.looks("after "+step.verb, step.machine)
			}
			if status := d.runInto(role+" start", full{}, full{}); status != 0 {
				t.Errorf("exit status %d where nothing can be said", status)
			}
			d.looks("after start", started)
		})
	}
}

// Whoever asks for an object or a page and does not get it is told.
func TestFullOutput(t *testing.T) {
	const full1 = "write /dev/stdout: no space left on device"
	for _, c := range []struct{ words, want string }{
		{"vs status", "vs status: " + full1},
		{"vs status --json", "vs status: " + full1},
		{"vs diff", full1},
		{"vs diff --json", "vs diff: " + full1},
		{"vs start --dry-run", full1},
		{"list", "list: " + full1},
		{"list --json", "list: " + full1},
		{"list --connections", "list: " + full1},
		{"list --connections --json", "list: " + full1},
		{"check --role vs", full1},
		{"check --role vs --json", "check: " + full1},
		{"config", full1},
		{"init", full1},
		{"version", full1},
		{"--version", full1},
		{"completion bash", full1},
		{"export keepalived --interface eth0", full1},
		{"--help", full1},
		{"vs --help", full1},
		{"vs drain --json --quiet 10.0.0.7", "vs drain: 10.0.0.7 is drained, but that could not be written: no space left on device"},
		{"vs undrain --json --quiet 10.0.0.7", "vs undrain: 10.0.0.7 is no longer drained, but that could not be written: no space left on device"},
	} {
		t.Run(c.words, func(t *testing.T) {
			d := newDesk(t, tutorial)
			d.atConnections(someConnections)
			if strings.Contains(c.words, "drain") {
				d.succeed("vs start")
			}
			var said bytes.Buffer
			status := d.runInto(c.words, full{}, &said)
			if want := "lvsdr: " + c.want + "\n"; status != statusFailed || said.String() != want {
				t.Errorf("exit status %d, want %d; standard error:\n%swant:\n%s", status, statusFailed, &said, want)
			}
		})
	}
}

// deaf makes a child of this test's: lvsdr at a machine in memory, whose
// standard output or error nobody reads. It prints the machine on descriptor 3.
const deaf = "LVSDR_TEST_DEAF"

// A verb that changes the machine is not killed when it writes to a reader that
// has gone away, whether or not its parent had SIGPIPE ignored.
func TestBrokenPipeOfDeeds(t *testing.T) {
	if words := os.Getenv(deaf); words != "" {
		d := newDesk(t, tutorial)
		status := d.runInto(words, os.Stdout, os.Stderr)
		fmt.Fprintf(os.NewFile(3, "report"), "%d\n%s", status, d.text())
		os.Exit(0)
	}
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	want := "0\n" + d.text()
	for _, c := range []struct {
		name      string
		prologue  string
		broken    []int // descriptors
		wantError string
	}{
		{"standard error", "", []int{2}, ""},
		{"standard output", "", []int{1}, "lvsdr: vs start: done, but standard output could not be written: broken pipe\n"},
		{"both", "", []int{1, 2}, ""},
		{"both, SIGPIPE ignored", "trap '' PIPE; ", []int{1, 2}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, broken, err := os.Pipe()
			must(t, err)
			r.Close()
			defer broken.Close()
			report, to, err := os.Pipe()
			must(t, err)
			var said bytes.Buffer
			cmd := exec.Command("/bin/sh", "-c", c.prologue+`exec "$0" -test.run '^TestBrokenPipeOfDeeds$'`, os.Args[0])
			cmd.Env = append(os.Environ(), deaf+"=vs start")
			cmd.Stderr, cmd.ExtraFiles = &said, []*os.File{to}
			for _, n := range c.broken {
				if n == 1 {
					cmd.Stdout = broken
				} else {
					cmd.Stderr = broken
				}
			}
			must(t, cmd.Start())
			to.Close()
			got, err := io.ReadAll(report)
			must(t, err)
			if err := cmd.Wait(); err != nil || string(got) != want {
				t.Errorf("%v; exit status and machine:\n%s\nwant:\n%s", err, got, want)
			}
			if !strings.HasSuffix(said.String(), c.wantError) {
				t.Errorf("standard error:\n%s", &said)
			}
		})
	}
}
