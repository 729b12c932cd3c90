//go:build linux

package compat

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// streamStates are what a caller may have left of the streams: commands of a
// shell before the program, and its redirections. Descriptor 3 is a pipe that
// nobody reads.
var streamStates = []struct{ name, before, redirections string }{
	{"broken stdout", "", ">&3"},
	{"broken stderr", "", "2>&3"},
	{"broken stdout, SIGPIPE ignored", "trap '' PIPE", ">&3"},
	{"broken stderr, SIGPIPE ignored", "trap '' PIPE", "2>&3"},
	{"both broken, SIGPIPE ignored", "trap '' PIPE", ">&3 2>&3"},
	{"closed stdout", "", ">&-"},
	{"closed stderr", "", "2>&-"},
	{"full stdout", "", ">/dev/full"},
	{"full stderr", "", "2>/dev/full"},
	{"file size limit", "ulimit -f 0", ">$FILE"},
	{"file size limit of stderr", "ulimit -f 0", "2>$FILE"},
	{"file size limit, SIGXFSZ ignored", "trap '' XFSZ; ulimit -f 0", ">$FILE 2>&1"},
}

// streamCommands is a command of each kind. Each finds the table that the one
// before it has left.
var streamCommands = []struct {
	name, line, stdin string
	script            bool // the original's is one
	full              bool // bin/lvsdr does it once more
}{
	{name: "replace the table", line: "ipvsadm-restore", script: true, stdin: "-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80\n-L -n\n-A -t 10.0.0.2:80\n"},
	{name: "restore", line: "ipvsadm -R", full: true,
		stdin: "-C\n-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80\n-L -n\n-A -t 10.0.0.2:80 -Q\n-A -t 10.0.0.3:80 -s rr\n"},
	{name: "list", line: "ipvsadm -Ln", full: true},
	{name: "restore that says much", line: "ipvsadm -R", stdin: lengthy()},
	{name: "restore that fails in the last line", line: "ipvsadm -R", stdin: "-C\n-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80\n"},
	{name: "save", line: "ipvsadm -Sn"},
	{name: "list connections", line: "ipvsadm -Lnc"},
	{name: "version", line: "ipvsadm -v"},
	{name: "list no service", line: "ipvsadm -L -t 10.9.9.9:80"},
	{name: "no option", line: "ipvsadm -L -Q"},
	{name: "refused", line: "ipvsadm -A -t 10.0.0.1:80"},
	{name: "save by script", line: "ipvsadm-save -n", script: true},
}

// lengthy are rules with more to say than the original holds back, 4096 bytes,
// before the last ones.
func lengthy() string {
	b := new(strings.Builder)
	b.WriteString("-C\n")
	for i := range 3 {
		fmt.Fprintf(b, "-A -t 10.0.0.%d:80 -s rr\n", i+1)
		for j := range 30 {
			fmt.Fprintf(b, "-a -t 10.0.0.%d:80 -r 10.0.1.%d -m\n", i+1, j+1)
		}
		b.WriteString("-L -n\n")
	}
	return b.String()
}

// TestStreams: however a caller has left our streams and what they do to
// signals, both programs end alike, leave the same table, and say the same where
// something can be said.
func TestStreams(t *testing.T) {
	if goldenOnly {
		return // golden files know nothing of streams
	}
	r, broken, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer broken.Close()
	theirs, small, full := newSession(t, 0), newSession(t, 0), newSession(t, 0)
	for _, state := range streamStates {
		t.Run(state.name, func(t *testing.T) {
			for _, command := range streamCommands {
				compared++
				c := Command{Program: "sh", Stdin: command.stdin, Extra: broken, Args: []string{"sh", "-c",
					state.before + "\nexec " + command.line + " " + state.redirections + " 3>&-"}}
				run := func(s *session, p program) string {
					o := s.run(t, p, c)
					o.changes = s.before // all that the table holds now
					if command.script {
						o = withoutShell(o)
					}
					return o.String()
				}
				want := run(theirs, reference)
				same := func(s *session, p program) {
					if d := cmp.Diff(want, run(s, p)); d != "" {
						t.Errorf("%s (-real +%s):\n%s", command.name, p.name, d)
					}
				}
				same(small, ours)
				if command.full {
					same(full, multicall)
				}
			}
		})
	}
}

// withoutShell is what is left of a script's outcome without its shell: that
// ends with a status of its own if a signal kills the program, and may say so.
func withoutShell(o outcome) outcome {
	if o.status < 0 {
		o.status = 128 - o.status
	}
	if o.status == 128+int(unix.SIGXFSZ) {
		o.stderr = ""
	}
	return o
}
