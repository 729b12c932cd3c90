package guest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Not even SIGKILL may leave a guest behind: it sees its line end.
func TestGuestWithoutHost(t *testing.T) {
	onEachGuest(t, testGuestWithoutHost)
}

func testGuestWithoutHost(t *testing.T, kernel string) {
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := labCommandOn(t, kernel, "sh", "-c", `echo up; exec sleep 1000`, mark)
	_, out := pipes(t, cmd)
	io.ReadFull(out, make([]byte, len("up\n")))
	guests := children(t, cmd.Process.Pid)
	if len(guests) == 0 {
		t.Fatal("no guest runs")
	}
	cmd.Process.Kill()
	cmd.Wait()
	for _, pid := range guests {
		waitFor(t, "the end of the guest", func() bool { return unix.Kill(pid, 0) == unix.ESRCH })
	}
	if left := leftovers(t, cmd.Process.Pid); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestGuestAsOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("every test here runs as an ordinary user already")
		return
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "guest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cmd := labCommand(t, sh(`id -u; ipvs=$(head -c 17 /proc/net/ip_vs); echo "$ipvs"; touch mine`)...)
	program := filepath.Join(dir, "lab")
	copyFile(t, program, cmd.Path)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Dir = program, dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}

	got := run(t, cmd, nil)
	if d := cmp.Diff(result{Stdout: "0\nIP Virtual Server\n"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	info, err := os.Stat(filepath.Join(dir, "mine"))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != nobody {
		t.Errorf("the file it made: %v, %v", info, err)
	}
}

func TestGuestTerminal(t *testing.T) {
	w, err := newWires(spec{Terminal: true, Rows: 33, Columns: 77})
	if err != nil {
		t.Fatal(err)
	}
	cmd := labCommand(t, "bash", "--norc", "-i")
	cmd.Env = append(os.Environ(), "PS1=ready> ", "TERM=dumb")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = w.child[stdin], w.child[stdout], w.child[stderr]
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.closeChild()
	w.master.SetReadDeadline(time.Now().Add(30 * time.Second))

	expect(t, w.master, "ready> ")
	for _, step := range []struct{ keys, want string }{
		{"stty size; tty\r", "33 77\r\n/dev/pts/0\r\nready> "},
		{`sh -c 'trap "echo ba""ck" CONT; echo be""gun; while sleep 0.1; do :; done'` + "\r", "\r\nbegun"},
		{"\x1a", "\r\nready> "},
		{"jobs\r", "Stopped"},
		{"fg\r", "\r\nback"}, // it has the terminal before it is continued
		{"\x03", "\r\nready> "},
	} {
		io.WriteString(w.master, step.keys)
		expect(t, w.master, step.want)
	}
	w.resize(40, 100)
	time.Sleep(200 * time.Millisecond) // the size takes another way than the keys
	io.WriteString(w.master, "stty size; exit 5\r")
	expect(t, w.master, "40 100")
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
}

// expect reads until the text has been seen.
func expect(t *testing.T, r io.Reader, text string) {
	t.Helper()
	var seen bytes.Buffer
	b := make([]byte, 1)
	for !bytes.Contains(seen.Bytes(), []byte(text)) {
		if _, err := r.Read(b); err != nil {
			t.Fatalf("waiting for %q: %v, after %q", text, err, seen.String())
		}
		seen.Write(b)
	}
}

func waitFor(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for range 500 {
		if happened() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// children are the processes that pid started.
func children(t *testing.T, pid int) (pids []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Fields(string(text)) {
			var child int
			fmt.Sscan(field, &child)
			pids = append(pids, child)
		}
	}
	return pids
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	if out, err := exec.Command("cp", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
