package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience is how long one command may take.
const patience = 26 * time.Minute

// output runs a command, logs it with the time that it took, and returns what
// it says. A command that fails ends the test.
func output(t *testing.T, words ...string) string {
	t.Helper()
	said, err := attempt(t, words...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, said)
	}
	return said
}

func attempt(t *testing.T, words ...string) (string, error) {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	t.Logf("%5.1fs %s", time.Since(begin).Seconds(), brief(words))
	return said.String(), err
}

// brief is a command on one line.
func brief(words []string) string {
	line := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	if i := strings.LastIndex(line, " sh -ec "); i >= 0 { // where it runs is always the same
		line = line[i+1:]
	}
	return line[:min(len(line), 160)]
}

// root are the words of a command that has to be root's.
func root(t *testing.T, words ...string) []string {
	t.Helper()
	if os.Getuid() == 0 {
		return words
	}
	if _, err := exec.LookPath("sudo"); err != nil {
		t.Fatal("a Debian is made and entered as root: be root, or have sudo")
	}
	return append([]string{"sudo", "-E"}, words...)
}

// A debian is the folder of a Debian root file system.
type debian string

// newDebian makes a minimal one, from the archive that debootstrap knows. What
// the environment says of proxies holds there as well.
func newDebian(t *testing.T, release string) debian {
	t.Helper()
	root(t) // or nothing is made
	dir, err := os.MkdirTemp("", "lvsdr-debian-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		words := root(t, "rm", "-rf", dir)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { // not everybody in there is root
		t.Fatal(err)
	}
	output(t, root(t, "unshare", "--mount", "debootstrap", "--variant=minbase", release, dir)...)
	d := debian(dir)
	// Nobody needs what is written here on a disk.
	d.run(t, "echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test")
	d.copyIn(t, made(t, "lvsdr_VERSION_amd64.deb"), "lvsdr.deb")
	return d
}

// enter is a shell script that ends in $dir, which has /proc and /dev; what it
// mounts is gone with it.
const enter = `mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"`

// command are the words that run a shell script in there.
func (d debian) command(t *testing.T, script string) []string {
	t.Helper()
	return root(t, "unshare", "--mount", "sh", "-ec", enter, string(d),
		"env", "-u", "TMPDIR", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "sh", "-ec", script)
}

// run runs a shell script in there.
func (d debian) run(t *testing.T, script string) string {
	t.Helper()
	return output(t, d.command(t, script)...)
}

// says compares what a script says in there.
func (d debian) says(t *testing.T, script, want string) {
	t.Helper()
	if diff := cmp.Diff(want, d.run(t, script)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", script, diff)
	}
}

// copyIn puts a file of ours into a folder of its own there.
func (d debian) copyIn(t *testing.T, path, as string) {
	t.Helper()
	output(t, root(t, "install", "-D", "-m", "644", path, filepath.Join(string(d), as))...)
}

// files lists what is installed there, one a line; not what package managers
// note and keep.
func (d debian) files(t *testing.T) string {
	t.Helper()
	return d.run(t, `find / -xdev \( -path /proc -o -path /dev -o -path /run -o -path /tmp -o -path /var/cache -o -path /var/log \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o -path "$HOME/.rpmdb" -o -path /etc/ld.so.cache \) -prune -o -print | sort`)
}

func TestMain(m *testing.M) {
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	os.Exit(m.Run())
}
