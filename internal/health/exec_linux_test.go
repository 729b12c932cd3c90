package health

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// me is the user of the test.
func me(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	must(t, err)
	return u.Username
}

// run is a check by a shell's commands, which the shell gets as an argument.
func run(t *testing.T, script string, changes ...func(*config.Check)) Target {
	t.Helper()
	changes = append([]func(*config.Check){func(c *config.Check) { c.Command, c.User = []string{"/bin/sh", "-c", script}, me(t) }}, changes...)
	return Target{Server: netip.MustParseAddrPort("[::ffff:10.0.0.7]:80"), Protocol: ipvs.UDP, Check: check(config.CheckExec, changes...)}
}

func TestExec(t *testing.T) {
	t.Setenv("SECRET", "of the director")
	exit := func(words string) want { return want{why: words} }
	for _, tt := range []struct {
		name   string
		target Target
		want   want
	}{
		{"good", run(t, "exit 0"), good},
		{"bad", run(t, "exit 3"), exit("exit status 3")},
		{"says why", run(t, `echo; echo "  no route"; echo more; exit 1`), exit("exit status 1: no route")},
		{"says why as an error", run(t, "echo no route >&2; exit 1"), exit("exit status 1: no route")},
		{"says it to a terminal", run(t, `printf '\033[31mred\377'; exit 1`), exit("exit status 1: .[31mred\ufffd")},
		{"says too much", run(t, `yes no | head -c 10000000 | tr -d "\n"; exit 1`),
			exit("exit status 1: " + strings.Repeat("no", (maxWhy-len("exit status 1: "))/2) + "n…")},
		{"killed", run(t, "kill -9 $$"), exit("signal: killed")},
		{"environment", run(t, `test "$(env | sort)" = "$(printf '%s\n' LVSDR_PORT=80 LVSDR_PROTOCOL=udp LVSDR_REAL_SERVER=10.0.0.7 `+
			`PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PWD=/)" || { env; exit 1; }`), good},
		{"no input", run(t, "read x && exit 1; exit 0"), good},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.good = tt.want.why == ""
			asked(t, tt.target, tt.want)
		})
	}
}

// TestExecEnds: nothing of a program's group outlives its check, and who left
// the group does not hold up the answer.
func TestExecEnds(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	for _, tt := range []struct {
		name, last string
		timeout    time.Duration
		want       want
	}{
		{"time is over", "wait", soon, want{why: "still running after 300ms: busy"}},
		{"a child is left", "exit 0", time.Minute, good},
		{"a child is left, all is bad", "exit 1", time.Minute, want{why: "exit status 1: busy"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script := fmt.Sprintf("echo busy; sleep 60 & echo $! $$ >%s; setsid sleep 10 & %s", pids, tt.last)
			started := time.Now()
			asked(t, run(t, script, within(tt.timeout)), tt.want)
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			text, err := os.ReadFile(pids)
			must(t, err)
			for _, word := range strings.Fields(string(text)) {
				pid, err := strconv.Atoi(word)
				must(t, err)
				if !ended(pid) {
					t.Errorf("process %d is still there", pid)
				}
			}
		})
	}
}

// ended waits a while for a process to end; a zombie has ended.
func ended(pid int) bool {
	for range 100 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(stat), ") Z ") {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// notStarted puts a question whose program cannot be started here.
func notStarted(t *testing.T, target Target, why string) {
	t.Helper()
	if got := Ask(t.Context(), target); got.Good || got.Alive || !got.Unasked || got.Why != "not asked: "+why {
		t.Errorf("%+v, want unasked: %s", got, why)
	}
}

// TestExecNotStarted: a program or a user that this machine lacks is not the real server's fault.
func TestExecNotStarted(t *testing.T) {
	program := func(name string) Target { return run(t, "", func(c *config.Check) { c.Command = []string{name} }) }
	notStarted(t, program("/nonexistent/probe"), "run /nonexistent/probe as "+me(t)+": no such file or directory")
	notStarted(t, program("/etc/passwd"), "run /etc/passwd as "+me(t)+": permission denied")
	notStarted(t, run(t, "exit 0", func(c *config.Check) { c.User = "nobody-here" }), "user: unknown user nobody-here")
}

// TestExecUser: as another user, a program has that user's groups and no
// privilege. Only root can have it so.
func TestExecUser(t *testing.T) {
	for _, tt := range []struct{ user, want string }{
		{"daemon", "1 1 1"},
		{"1", "1 1 1"},
		{"54321", "54321 54321 54321"}, // in no list of users
	} {
		t.Run(tt.user, func(t *testing.T) {
			target := run(t, `set -- $(id -u) "$(id -g)" "$(id -G)" $(grep CapEff /proc/self/status); echo "$@"; test "$*" = "`+tt.want+` CapEff: 0000000000000000"`,
				func(c *config.Check) { c.User = tt.user })
			if os.Geteuid() != 0 {
				notStarted(t, target, "run /bin/sh as "+tt.user+": operation not permitted")
				return
			}
			asked(t, target, good)
		})
	}
}
