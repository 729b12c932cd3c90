package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// upProcess is "lvsdr lab up" as another process.
func upProcess(t *testing.T) (cmd *exec.Cmd, output io.Reader) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd = exec.Command(self, "lab", "up")
	cmd.Args[0] = "lvsdr"
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	t.Cleanup(func() { r.Close() })
	cmd.Stdout, cmd.Stderr = w, w
	must(t, cmd.Start())
	return cmd, r
}

// moments are in the middle of the construction, each named by what has just
// been said.
var moments = []string{
	"ip netns add lvsdr-lab-switch",
	"ip netns add lvsdr-lab-rs2",
	"ip -n lvsdr-lab-switch link add br0",
	"ip -n lvsdr-lab-rs1 link add",
	"ip -n lvsdr-lab-lvs addr add",
	"ip -n lvsdr-lab-rs2 route add", // then the web servers are started
	"ipvsadm -A",
	"The VS Server is Ready!",
	"ip addr add 172.16.0.100/32 dev lo",
}

// stopAt sends a signal to "lab up" at a moment, and returns what it said after
// that.
func stopAt(t *testing.T, moment string, s os.Signal) (rest string, status int) {
	t.Helper()
	cmd, output := upProcess(t)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), moment) {
			must(t, cmd.Process.Signal(s))
			break
		}
	}
	var after bytes.Buffer
	for lines.Scan() {
		fmt.Fprintln(&after, lines.Text())
	}
	cmd.Wait()
	return after.String(), cmd.ProcessState.ExitCode()
}

// TestKernelKilled kills lab up, so that it can do nothing more, and takes down
// what it left.
func TestKernelKilled(t *testing.T) {
	for _, moment := range moments {
		t.Run(moment, func(t *testing.T) {
			leavesNothing(t)
			stopAt(t, moment, syscall.SIGKILL)
			if !Exists() {
				t.Error("it seems that nothing is left")
			}
			must(t, Down())
			if Exists() {
				t.Error("something is left")
			}
		})
	}
}

// TestKernelKilledThenUp goes on where a killed one has stopped: before the
// network is complete, and after.
func TestKernelKilledThenUp(t *testing.T) {
	for _, moment := range []string{moments[1], moments[4], moments[6]} {
		t.Run(moment, func(t *testing.T) {
			leavesNothing(t)
			stopAt(t, moment, syscall.SIGKILL)
			l := up(t)
			must(t, l.SetUp(context.Background(), io.Discard, io.Discard))
			if _, err := l.Get(context.Background(), "http://"+vip+"/"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKernelInterrupted asks lab up to stop; it takes down what it has built.
func TestKernelInterrupted(t *testing.T) {
	for i, moment := range moments {
		s := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		t.Run(s.String()+" at "+moment, func(t *testing.T) {
			leavesNothing(t)
			rest, status := stopAt(t, moment, s)
			if !strings.HasSuffix(rest, "lvsdr: lab up: interrupted\n") || status != 1 {
				t.Errorf("status %d; then it said:\n%s", status, rest)
			}
		})
	}
}

// TestKernelUpFails builds on a machine where a step cannot be done, and where a
// web server cannot start.
func TestKernelUpFails(t *testing.T) {
	leavesNothing(t)
	ctx, cancel := context.WithCancel(context.Background())
	stumble := writer(func(line string) {
		if strings.Contains(line, "addr add 10.0.0.17") {
			cancel()
		}
	})
	if _, err := Up(ctx, stumble); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if Exists() {
		t.Error("something is left")
	}
	l := up(t)
	killAll(t, "rs1")
	squatter := l.Command(context.Background(), "rs1", "lvsdr", "lab", "web", "--listen", "127.0.0.1:80")
	must(t, squatter.Start())
	defer func() {
		squatter.Process.Kill()
		squatter.Wait()
	}()
	for !listens(t, l, "rs1", "127.0.0.1:80") {
		time.Sleep(10 * time.Millisecond)
	}
	_, err := Up(context.Background(), io.Discard)
	if want := regexp.MustCompile(`^web server of rs1: ended: lvsdr: lab web: listen .*: address already in use$`); err == nil || !want.MatchString(err.Error()) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Open(); err != nil {
		t.Errorf("a lab that was up before is not any more: %v", err)
	}
}

func listens(t *testing.T, l *Lab, host, address string) bool {
	t.Helper()
	err := l.In(host, func() error {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	})
	return err == nil
}

// writer is a function that is given what is written.
type writer func(line string)

func (f writer) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

func TestKernelLock(t *testing.T) {
	leavesNothing(t)
	unlock, err := Lock("lvsdr lab run")
	must(t, err)
	_, err = Lock("lvsdr lab up")
	if want := fmt.Sprintf("another lvsdr is using the lab: lvsdr lab run (process %d)", os.Getpid()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	cmd, output := upProcess(t)
	said, err := io.ReadAll(output)
	must(t, err)
	cmd.Wait()
	if want := fmt.Sprintf("lvsdr: lab up: another lvsdr is using the lab: lvsdr lab run (process %d)\n", os.Getpid()); string(said) != want {
		t.Errorf("another process says %q, want %q", said, want)
	}

	// The folder may be taken down under the lock, and others may come then.
	must(t, Down())
	again, err := Lock("lvsdr lab down")
	must(t, err)
	must(t, unlock())
	if _, err := Lock("lvsdr lab up"); err == nil || !strings.Contains(err.Error(), "lvsdr lab down") {
		t.Errorf("got %v, want that lab down has the lock", err)
	}
	must(t, again())
}
