package top

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// asTop in the environment makes this test binary a program that shows a model on
// its terminal: panics in a look or in a request with "look" or "request" in it.
const asTop = "LVSDR_TEST_IS_TOP"

func TestMain(m *testing.M) {
	how, is := os.LookupEnv(asTop)
	if !is {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	looks := 0
	err := Run(ctx, os.Stdin, os.Stdout, New(Options{Host: "lvs1", Configured: true, Unicode: true}), Source{
		Look: func() Look {
			if looks++; how == "look" && looks > 1 {
				panic("a look")
			}
			return Look{At: noon, Status: shop(uint64(looks))}
		},
		Do: func(r Request) (string, error) {
			if how == "request" {
				panic("a request")
			}
			return "", fmt.Errorf("%s %s is not permitted", r.Kind, r.RealServer)
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// screen is a program on a terminal of its own.
type screen struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File
	before unix.Termios

	mu  sync.Mutex
	out bytes.Buffer
}

func openScreen(t *testing.T, how string) *screen {
	t.Helper()
	return openScreenOf(t, how, "/proc/self/exe")
}

func openScreenOf(t *testing.T, how string, words ...string) *screen {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, master: master, slave: slave}
	t.Cleanup(func() { master.Close(); slave.Close() })
	s.resize(80, 24)
	s.before = s.settings()
	s.cmd = exec.Command(words[0], words[1:]...)
	// bubbletea's reader may still wait on what its end closes: no race of ours.
	s.cmd.Env = []string{asTop + "=" + how, "TERM=xterm-256color", "LANG=C.UTF-8", "GORACE=exitcode=0 log_path=" + filepath.Join(t.TempDir(), "races")}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go io.Copy(s, master)
	return s
}

// Write takes what the program says.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func (s *screen) resize(columns, rows uint16) {
	s.t.Helper()
	if err := pty.Setsize(s.master, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) settings() unix.Termios {
	s.t.Helper()
	t, err := unix.IoctlGetTermios(int(s.slave.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *t
}

// await waits until the program has said something.
func (s *screen) await(words string) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(s.text(), words); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.cmd.Process.Kill()
			s.t.Fatalf("no %q in %q", words, s.text())
		}
	}
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.master, keys); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the end, and compares the terminal with what it was.
func (s *screen) ends(status int) {
	s.t.Helper()
	stop := time.AfterFunc(20*time.Second, func() { s.cmd.Process.Kill() })
	defer stop.Stop()
	s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != status {
		s.t.Errorf("exit status %d, want %d: %q", got, status, s.text())
	}
	s.restored()
}

func (s *screen) restored() {
	s.t.Helper()
	if after := s.settings(); after != s.before {
		s.t.Errorf("settings %+v, before %+v", after, s.before)
	}
	const mark = "that was all"
	if _, err := io.WriteString(s.slave, mark); err != nil {
		s.t.Fatal(err)
	}
	s.await(mark) // behind what the program said
	for _, mode := range []struct{ set, reset, what string }{
		{"\x1b[?1049h", "\x1b[?1049l", "the alternate screen"}, {"\x1b[?25l", "\x1b[?25h", "a hidden cursor"}, {"\x1b[?2004h", "\x1b[?2004l", "bracketed paste"},
	} {
		text := s.text()
		if strings.LastIndex(text, mode.set) > strings.LastIndex(text, mode.reset) {
			s.t.Errorf("%s is left: %q", mode.what, text)
		}
	}
}

// However it ends, the terminal is as it was before.
func TestTerminalIsRestored(t *testing.T) {
	for _, tt := range []struct {
		name, how, keys string
		signal          syscall.Signal
		status          int
		words           string
	}{
		{name: "q", keys: "q"},
		{name: "Ctrl-C", keys: "\x03"},
		{name: "SIGINT", signal: syscall.SIGINT},
		{name: "SIGTERM", signal: syscall.SIGTERM},
		{name: "SIGHUP", signal: syscall.SIGHUP},
		{name: "SIGQUIT", signal: syscall.SIGQUIT},
		{name: "panic in a look", how: "look", status: 1, words: "a look"},
		{name: "panic in a request", how: "request", keys: "jdy", status: 1, words: "a request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openScreen(t, tt.how)
			s.await("10.0.0.27")
			if now := s.settings(); now == s.before {
				t.Error("the terminal was never changed")
			}
			for _, key := range tt.keys {
				s.press(string(key))
			}
			if tt.signal != 0 {
				s.cmd.Process.Signal(tt.signal)
			}
			s.ends(tt.status)
			if !strings.Contains(s.text(), tt.words) {
				t.Errorf("%q is missing in %q", tt.words, s.text())
			}
		})
	}
}

// A request that fails says why, and another size is another frame.
func TestOnATerminal(t *testing.T) {
	t.Parallel()
	s := openScreen(t, "")
	s.await("HEALTH")
	s.press("jd")
	s.await("in every service? y/n")
	s.press("y")
	s.await("is not permitted")
	s.resize(150, 40)
	s.await("lvsdr rs start")
	s.press("q")
	s.ends(0)
}

// Ctrl-Z gives the terminal back to the shell, and fg takes it again.
func TestSuspend(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := openScreenOf(t, "", "sh", "-c", `set -m; "$0"; echo stopped; read answer; fg`, program)
	s.await("HEALTH")
	s.press("\x1a")
	s.await("stopped")
	s.restored()
	s.mu.Lock()
	s.out.Reset()
	s.mu.Unlock()
	s.press("\n")
	s.await("\x1b[?1049h")
	s.await("HEALTH")
	s.press("q")
	s.ends(0)
}
