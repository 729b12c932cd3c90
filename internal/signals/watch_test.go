//go:build linux && (amd64 || arm64) && !cgo

package signals

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// asked makes this test binary say by its exit status whether SIGPIPE was
// ignored when it began.
const asked = "LVSDR_TEST_SIGPIPE"

func TestMain(m *testing.M) {
	if os.Getenv(asked) == "" {
		os.Exit(m.Run())
	}
	Inherit()
	os.Stdout.WriteString("who reads this?") // a broken pipe
	if Ignored(syscall.SIGPIPE) && !Ignored(syscall.SIGTERM) && !Ignored(syscall.SIGXFSZ) {
		os.Exit(3)
	}
	os.Exit(4)
}

func TestInherit(t *testing.T) {
	for _, c := range []struct {
		name, shell string
		want        int
	}{
		{"ignored", `trap '' PIPE; exec "$0"`, 3},
		{"not ignored", `exec "$0"`, -1}, // killed
		{"another one is", `trap '' XFSZ TERM; exec "$0"`, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			defer w.Close()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("/bin/sh", "-c", c.shell, self)
			cmd.Env = append(os.Environ(), asked+"=1")
			cmd.Stdout = w
			cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != c.want {
				t.Errorf("%v, want exit status %d", cmd.ProcessState, c.want)
			}
		})
	}
}
