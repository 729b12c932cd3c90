package guest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuest(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		stdin string
		want  result
	}{
		{
			name: "streams apart", args: sh(`echo out; echo err >&2; exit 7`),
			want: result{Stdout: "out\n", Stderr: "err\n", Status: 7},
		},
		{
			name: "input with its end", args: []string{"cat"}, stdin: "no newline",
			want: result{Stdout: "no newline"},
		},
		{
			name: "arguments byte for byte", args: []string{"printf", "%s|", "", "a b", "\xff\"'\n"},
			want: result{Stdout: "|a b|\xff\"'\n|"},
		},
		{
			name: "killed by a signal", args: sh(`kill -KILL $$`),
			want: result{Status: 128 + 9},
		},
		{
			name: "not found", args: []string{"no-such-command"},
			want: result{Stderr: "lab: exec: \"no-such-command\": executable file not found in $PATH\n", Status: 127},
		},
		{
			name: "not executable", args: []string{"/etc/passwd"},
			want: result{Stderr: "lab: exec: \"/etc/passwd\": permission denied\n", Status: 126},
		},
		{
			name: "background process keeps the output", args: sh(`sleep 1000 & echo done`),
			want: result{Stdout: "done\n"},
		},
		{
			name: "IPVS, loopback, modules, devices",
			args: sh(`head -1 /proc/net/ip_vs; cat /sys/class/net/lo/flags; modprobe ip_vs_lc && grep -c "^ip_vs_lc " /proc/modules; cat <(echo fd) 2>&1 | head -c0; test -c /dev/ptmx; id -u`),
			want: result{Stdout: "IP Virtual Server version 1.2.1 (size=4096)\n0x9\n1\n0\n"},
		},
	}
	tests[len(tests)-1].args[0] = "bash"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, labCommand(t, tt.args...), strings.NewReader(tt.stdin))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%q (-want +got):\n%s", tt.args, d)
			}
		})
	}
}

// A stock kernel has what user-mode-linux lacks.
func TestGuestStock(t *testing.T) {
	k, err := FindStock("")
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, labCommandOn(t, "stock", sh(`uname -r; nft add table inet x && nft list tables
		head -1 /proc/net/ip_vs; cat /sys/class/net/lo/flags; echo err >&2; exit 7`)...), nil)
	want := result{
		Stdout: k.Release + "\ntable inet x\nIP Virtual Server version 1.2.1 (size=4096)\n0x9\n",
		Stderr: "err\n", Status: 7,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func sh(script string) []string { return []string{"sh", "-c", script} }

// Also the file that is written must be complete, although hostfs caches, and
// what the command needs of /dev/shm must be the host's.
func TestGuestSurroundings(t *testing.T) {
	onEachGuest(t, testGuestSurroundings)
}

func testGuestSurroundings(t *testing.T, kernel string) {
	cmd := labCommandOn(t, kernel, sh(`umask; pwd; echo "$LAB_VALUE"; seq 100000 >numbers; cat "$TMPDIR/kept"`)...)
	memory, err := os.MkdirTemp("/dev/shm", "guest")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(memory)
	if err := os.WriteFile(filepath.Join(memory, "kept"), []byte("kept\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "TMPDIR="+memory, "LAB_VALUE=\xfe a\nb", "LAB_LONG="+strings.Repeat("x", 50_000))
	defer syscall.Umask(syscall.Umask(0o027))

	got := run(t, cmd, nil)
	want := result{Stdout: "0027\n" + cmd.Dir + "\n\xfe a\nb\nkept\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	numbers, err := os.ReadFile(filepath.Join(cmd.Dir, "numbers"))
	if err != nil || len(numbers) != 588_895 {
		t.Errorf("the written file has %d bytes, %v", len(numbers), err)
	}
}

func TestGuestMegabytes(t *testing.T) {
	input := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{2}).Read(input)
	sum := fmt.Sprintf("%x  -\n", sha256.Sum256(input))

	onEachGuest(t, func(t *testing.T, kernel string) { // through
		got := run(t, labCommandOn(t, kernel, "sh", "-c", "tee /dev/stderr"), bytes.NewReader(input))
		if got.Stdout != string(input) || got.Stderr != string(input) || got.Status != 0 {
			t.Errorf("%d and %d bytes came back of %d, status %d", len(got.Stdout), len(got.Stderr), len(input), got.Status)
		}
	})
	t.Run("read late", func(t *testing.T) {
		got := run(t, labCommand(t, sh(`sleep 1; sha256sum`)...), bytes.NewReader(input))
		if d := cmp.Diff(result{Stdout: sum}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
	t.Run("never read", func(t *testing.T) {
		got := run(t, labCommand(t, "true"), bytes.NewReader(input))
		if d := cmp.Diff(result{}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestGuestStreamsAsWritten(t *testing.T) {
	cmd := labCommand(t, "cat")
	in, out := pipes(t, cmd)
	for _, word := range []string{"one\n", "two\n"} { // the second only after the first came back
		io.WriteString(in, word)
		got := make([]byte, len(word))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != word {
			t.Fatalf("read %q, %v; want %q", got, err, word)
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestGuestReaderGone(t *testing.T) {
	cmd := labCommand(t, "yes")
	_, out := pipes(t, cmd)
	io.ReadFull(out, make([]byte, 10))
	out.Close()
	cmd.Wait()
	if got, want := cmd.ProcessState.ExitCode(), statusSignalled+int(syscall.SIGPIPE); got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}

func TestGuestSignal(t *testing.T) {
	onEachGuest(t, testGuestSignal)
}

func testGuestSignal(t *testing.T, kernel string) {
	cmd := labCommandOn(t, kernel, sh(`trap "echo caught; exit 9" TERM; echo up; while :; do sleep 0.1; done`)...)
	_, out := pipes(t, cmd)
	io.ReadFull(out, make([]byte, len("up\n")))
	cmd.Process.Signal(syscall.SIGTERM)
	rest, _ := io.ReadAll(out)
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 9 || string(rest) != "caught\n" {
		t.Errorf("status %d after %q, want 9 after %q", got, rest, "caught\n")
	}
	if left := leftovers(t, cmd.Process.Pid); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestGuestSignalWhileBooting(t *testing.T) {
	onEachGuest(t, testGuestSignalWhileBooting)
}

func testGuestSignalWhileBooting(t *testing.T, kernel string) {
	cmd := labCommandOn(t, kernel, "true")
	pipes(t, cmd)
	waitFor(t, "a guest", func() bool { return len(leftovers(t, cmd.Process.Pid)) > 0 })
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if got, want := cmd.ProcessState.ExitCode(), statusSignalled+int(syscall.SIGTERM); got != want {
		t.Errorf("status %d, want %d", got, want)
	}
	if left := leftovers(t, cmd.Process.Pid); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestGuestDies(t *testing.T) {
	cmd := labCommand(t, sh(`echo c >/proc/sysrq-trigger`)...)
	got := run(t, cmd, nil)
	for _, want := range []string{"lab: the guest kernel died", "Kernel panic"} {
		if !strings.Contains(got.Stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.Stderr)
		}
	}
	if got.Status != statusFailed {
		t.Errorf("status %d, want %d", got.Status, statusFailed)
	}
}

// In a guest [Run] finds IPVS, and takes a fresh namespace of that kernel.
func TestGuestNested(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`
		ip link add outside type dummy
		%[1]s lab run ip -brief link
		%[1]s lab run head -1 /proc/net/ip_vs
		%[1]s lab run sh -c 'exit 7'; echo $?
		%[1]s lab run no-such-command; echo $?`, self)
	got := run(t, labCommand(t, sh(script)...), nil)
	want := result{
		Stdout: "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n" +
			"IP Virtual Server version 1.2.1 (size=4096)\n7\n127\n",
		Stderr: "lab: exec: \"no-such-command\": executable file not found in $PATH\n",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func pipes(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err = cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return in, out
}

// TestGuestInGuest must not start kernels in kernels.
func TestGuestInGuest(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want := result{Stderr: "lab: " + errInGuest.Error() + "\n", Status: 1}
	if d := cmp.Diff(want, run(t, labCommand(t, self, "lab", "again", "true"), nil)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
