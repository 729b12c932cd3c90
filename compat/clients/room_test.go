//go:build linux

package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What clients can find at /sbin/ipvsadm.
const (
	realProgram = "real"
	ourProgram  = "ours"
)

// names are the commands of either program.
var names = []string{"ipvsadm", "ipvsadm-save", "ipvsadm-restore"}

// patience is how long a client may take for what it does at once when the
// machine has nothing else to do.
const patience = 2 * time.Minute

// etc are the files below /etc in a room.
var etc = map[string]string{
	"hosts":         "127.0.0.1 localhost\n",
	"services":      "domain 53/tcp\ndomain 53/udp\nhttp 80/tcp www\n",
	"protocols":     "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nsctp 132 SCTP\n",
	"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
	"passwd":        "root:x:0:0:root:/:/bin/sh\n",
	"group":         "root:x:0:\n",
	"resolv.conf":   "",
}

// A room is a network and a mount namespace with one of the programs at
// /sbin/ipvsadm, and with an empty /run and /etc. It belongs to the thread of
// its test; what the test starts inherits it.
type room struct {
	*testing.T
	program    string
	env        []string        // what clients find in their environment, besides PATH
	transcript strings.Builder // what is compared
}

// Folders and files in every room.
const (
	programDir = "/run/program" // the program under test
	realDir    = "/run/real"
	innerDir   = "/run/inner" // behind their turnstiles
)

// turnstile runs a program while no other room runs one: a dump of the kernel's
// is not whole if somebody changes a table meanwhile, in whatever namespace, and
// it is not the dump that is compared here.
const turnstile = `#!/bin/sh
exec 9>>%s
flock 9
exec %s "$@"
`

// enter moves a test to a new room. The thread is locked for good: it ends with
// the test, and the room with it.
func enter(t *testing.T, program string) *room {
	t.Helper()
	r := &room{T: t, program: program}
	runtime.LockOSThread()
	r.check("new namespaces", unix.Unshare(unix.CLONE_NEWNET|unix.CLONE_NEWNS))
	r.check("make mounts private", unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	script := r.read("/etc/init.d/ipvsadm")
	cache, _ := os.ReadFile("/etc/ld.so.cache") // without it, libraries are searched
	for _, dir := range []string{"/run", "/etc"} {
		r.check("empty "+dir, unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"))
	}
	for name, text := range etc {
		r.write("/etc/"+name, text, 0o644)
	}
	r.write("/etc/ld.so.cache", string(cache), 0o644)
	r.write("/etc/init.d/ipvsadm", script, 0o755)
	r.install()
	r.ip("link set lo up")
	return r
}

// install puts the real program into its folder, and the one under test into
// another and where clients find it. The original's scripts need no turnstile:
// they call ipvsadm.
func (r *room) install() {
	r.Helper()
	ours := r.read("../../bin/ipvsadm")
	for _, name := range names {
		original := r.read("/sbin/" + name)
		if strings.HasPrefix(original, "#!") {
			r.write(filepath.Join(realDir, name), original, 0o755)
		} else {
			r.guard(filepath.Join(realDir, name), filepath.Join(innerDir, realProgram, name), original)
		}
		program := filepath.Join(programDir, name)
		if r.program == ourProgram {
			r.guard(program, filepath.Join(innerDir, ourProgram, name), ours)
		} else {
			r.write(program, r.read(filepath.Join(realDir, name)), 0o755)
		}
		r.replace("/sbin/"+name, program)
	}
}

// guard puts a program behind a turnstile.
func (r *room) guard(path, inner, program string) {
	r.Helper()
	r.write(inner, program, 0o755)
	r.write(path, fmt.Sprintf(turnstile, lock, inner), 0o755)
}

func (r *room) check(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

func (r *room) write(path, text string, mode os.FileMode) {
	r.Helper()
	r.check("write", errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)))
}

func (r *room) read(path string) string {
	r.Helper()
	b, err := os.ReadFile(path)
	r.check("read (make deps build)", err)
	return string(b)
}

// replace has a file found at another's path.
func (r *room) replace(path, with string) {
	r.Helper()
	r.check("replace "+path, unix.Mount(with, path, "", unix.MS_BIND, ""))
}

// take returns what has been written to a log and empties it.
func (r *room) take(path string) string {
	r.Helper()
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	r.check("read", err)
	r.check("empty", os.Truncate(path, 0))
	return string(b)
}

// An outcome is what a command says and how it ends.
type outcome struct {
	stdout, stderr string
	status         int
}

// exec runs a command in the room.
func (r *room) exec(args ...string) outcome {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}, r.env...)
	if options, ok := os.LookupEnv("MODPROBE_OPTIONS"); ok {
		cmd.Env = append(cmd.Env, "MODPROBE_OPTIONS="+options)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = patience // what it leaves running must have let go of its streams
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.Fatalf("%q: %v", args, err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// do prepares something with a command that has to succeed in silence.
func (r *room) do(args ...string) {
	r.Helper()
	if o := r.exec(args...); o != (outcome{}) {
		r.Fatalf("%q: %+v", args, o)
	}
}

// ip does what ip(8) does with each of the lines.
func (r *room) ip(lines ...string) {
	r.Helper()
	r.write("/run/ip", strings.Join(lines, "\n")+"\n", 0o644)
	r.do("ip", "-batch", "/run/ip")
}

// addresses gives the room addresses of its own.
func (r *room) addresses(list ...string) {
	r.Helper()
	lines := make([]string, len(list))
	for i, address := range list {
		lines[i] = "addr add " + address + " dev lo"
		if strings.Contains(address, ":") {
			lines[i] += " nodad"
		}
	}
	r.ip(lines...)
}

// run runs a command of the client and notes the outcome.
func (r *room) run(status int, args ...string) outcome {
	r.Helper()
	o := r.exec(args...)
	if o.status != status {
		r.Errorf("%q: status %d, want %d\n%s%s", args, o.status, status, o.stdout, o.stderr)
	}
	r.note("$ "+strings.Join(args, " "), fmt.Sprintf("(%d)\n", o.status))
	r.note(">", ordered(o.stdout))
	r.note("!", o.stderr)
	return o
}

// note adds lines to the transcript.
func (r *room) note(mark, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(&r.transcript, "%s %s\n", mark, strings.TrimSuffix(line, "\n"))
	}
}

// table reads the table with the real program and notes it.
func (r *room) table() string {
	r.Helper()
	rules := ordered(r.exec(realDir+"/ipvsadm", "-S", "-n").stdout)
	r.note("table", rules)
	return rules
}

// thresholds is the same for what rules do not tell.
func (r *room) thresholds() string {
	r.Helper()
	listing := ordered(r.exec(realDir+"/ipvsadm", "-L", "-n", "--thresholds").stdout)
	r.note("table", listing)
	return listing
}

// ordered sorts the services of a listing or of rules, each with what belongs
// to it: their order depends on a hash that differs between namespaces.
func ordered(text string) string {
	var head string
	var services []string
	for line := range strings.Lines(text) {
		word, _, _ := strings.Cut(line, " ")
		switch {
		case slices.Contains([]string{"-A", "TCP", "UDP", "SCTP", "FWM"}, word):
			services = append(services, line)
		case len(services) == 0:
			head += line
		default:
			services[len(services)-1] += line
		}
	}
	slices.Sort(services)
	return head + strings.Join(services, "")
}
