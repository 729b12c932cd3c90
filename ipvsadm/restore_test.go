package ipvsadm

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

const tryText = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n"

// restores are inputs of -R. The kernel has no scheduler, so that -A fails.
var restores = []struct {
	name, input string
	want        outcome
	calls       string
}{
	{"nothing", "", outcome{}, ""},
	{"blank lines", "\n \t\r\n\nipvsadm\n", outcome{}, ""},
	{"lines in order", "-C\n-Z\n", outcome{}, "Flush Zero"},
	{"the program's name is dropped", "ipvsadm -C\n", outcome{}, "Flush"},
	{"last line without newline", "-C\n-Z", outcome{}, "Flush Zero"},
	{"last line with blanks behind it", "-C\n-Z  ", outcome{}, "Flush Zero"},
	{"CRLF", "-C\r\n-Z\r\n", outcome{}, "Flush Zero"},
	{"the kernel refuses", "-A -t 10.0.0.1:80\n-Z\n", outcome{Stderr: "Scheduler or persistence engine not found\n"},
		"AddService Zero"},
	{"the kernel refuses the last line", "-Z\n-A -t 10.0.0.1:80\n\n",
		outcome{Stderr: "Scheduler or persistence engine not found\n", Status: 255}, "Zero AddService"},
	{"unknown option", "-C -Q\n-Z\n", outcome{Stderr: "-Q: unknown option\n"}, "Zero"},
	{"missing argument at the end", "-Z\n-C -t\n", outcome{Stderr: "-t: missing argument\n", Status: 255}, "Zero"},
	{"a comment ends the run", "-C\n# note\n-Z\n", outcome{Stderr: tryText, Status: 255}, "Flush"},
	{"a comment before a command", "# -C\n-Z\n", outcome{Stderr: "unexpected argument #\n", Status: 2}, ""},
	{"a comment behind a command", "-C # note\n-Z\n", outcome{Stderr: "unexpected argument #\n", Status: 2}, ""},
	{"fault of the first option", "--list=1\n-Z\n", outcome{Stderr: tryText, Status: 255}, ""},
	{"bad value", "-a -w x\n-Z\n", outcome{Stderr: "illegal weight specified\n", Status: 2}, ""},
	{"illegal option", "-C -n\n-Z\n", outcome{Stderr: "Illegal 'numeric' option with the 'flush' command\n", Status: 2}, ""},
	{"restore in restore", "-R\n-Z\n", outcome{Stderr: tryText, Status: 255}, ""},
	{"illegal restore in restore", "-R -n\n", outcome{Stderr: "Illegal 'numeric' option with the 'restore' command\n", Status: 2}, ""},
	{"listing", "-L --daemon\n-Z\n", outcome{}, "Daemons Zero"},
	{"missing service", "-L -t 10.0.0.1:80\n-Z\n", outcome{Stderr: "No such service\n", Status: 1}, "Service"},
	{"version", "-v\n-Z\n", outcome{Stdout: msgVersion + "\n"}, ""},
	{"NUL ends a word", "-C\x00rubbish\n", outcome{}, "Flush"},
}

func restoreKernel() *fakeKernel {
	return &fakeKernel{refuse: map[string]error{"AddService": syscall.ENOENT, "Service": syscall.ESRCH}}
}

// methods are the names of the calls made of a kernel.
func methods(k *fakeKernel) string {
	var names []string
	for _, call := range k.calls {
		name, _, _ := strings.Cut(call, " ")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestRestore(t *testing.T) {
	for _, tt := range restores {
		t.Run(tt.name, func(t *testing.T) {
			k := restoreKernel()
			if d := diff(tt.want, newRig(t, k, tt.input).do("-R")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := methods(k); got != tt.calls {
				t.Errorf("calls %q, want %q", got, tt.calls)
			}
		})
	}
}

// readFunc is a reader.
type readFunc func(b []byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// A line does not wait for the next one: whenever the program asks for more,
// it has carried out what it has.
func TestRestoreActsOnEachLine(t *testing.T) {
	k := &fakeKernel{}
	r := newRig(t, k, "")
	lines := []string{"-C\n", "-Z\n", "--set 1 2 3\n"}
	var done []string
	r.env.Stdin = readFunc(func(b []byte) (int, error) {
		done = append(done, methods(k))
		if len(lines) == 0 {
			return 0, io.EOF
		}
		n := copy(b, lines[0])
		lines = lines[1:]
		return n, nil
	})
	if d := diff(outcome{}, r.do("-R")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want := []string{"", "Flush", "Flush Zero", "Flush Zero SetTimeouts"}
	if d := diff(want, done); d != "" {
		t.Errorf("done when asking for more (-want +got):\n%s", d)
	}
}

// Who watches sees the output of a line before the next one is typed.
func TestRestoreShowsEachLine(t *testing.T) {
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	for _, tt := range []struct {
		stdout io.Writer
		want   []string
	}{
		{terminal, []string{"", "Timeout (tcp tcpfin udp): 0 0 0\n"}},
		{io.Discard, []string{"", ""}},
	} {
		r := newRig(t, &fakeKernel{}, "")
		r.env.Stdout = tt.stdout
		var seen []string
		r.env.Stdin = readFunc(func(b []byte) (int, error) {
			seen = append(seen, r.stdout.String())
			if len(seen) > 1 {
				return 0, io.EOF
			}
			return copy(b, "-L --timeout\n"), nil
		})
		r.do("-R")
		if d := diff(tt.want, seen); d != "" {
			t.Errorf("seen on %T when asking for more (-want +got):\n%s", tt.stdout, d)
		}
	}
}

// Input that cannot be read has ended.
func TestRestoreUnreadable(t *testing.T) {
	k := &fakeKernel{}
	r := newRig(t, k, "")
	r.env.Stdin = io.MultiReader(strings.NewReader("-C\n"), iotest.ErrReader(errors.New("closed")))
	if d := diff(outcome{}, r.do("-R")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := methods(k); got != "Flush" {
		t.Errorf("calls %q, want Flush", got)
	}
}

func TestRestoreLongWord(t *testing.T) {
	word := strings.Repeat("x", 10000)
	want := outcome{Stderr: "unexpected argument " + word + "\n", Status: 2}
	if d := diff(want, newRig(t, &fakeKernel{}, "-C "+word+"\n").do("-R")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
