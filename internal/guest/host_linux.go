package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	guestMemory = 1 << 30
	haltTimeout = 30 * time.Second // to write back what the command wrote
)

// A machine is a running guest kernel, seen from its host.
type machine struct {
	cmd     *exec.Cmd
	dir     string // of the files that it makes for itself as it boots
	line    line   // our end of its console line
	console *tail
	done    chan struct{} // closed when the kernel has ended
	err     error         // how, once done
}

// boot starts a guest whose init is this executable's [Init].
func boot(kernel string) (*machine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(self, "\"\n") {
		return nil, fmt.Errorf("a kernel command line cannot name %q", self)
	}
	memory, err := memoryDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(memory, fmt.Sprintf("lvsdr-kernel-%d-", os.Getpid()))
	if err != nil {
		return nil, err
	}
	m := &machine{dir: dir, console: new(tail), done: make(chan struct{})}
	if err := m.start(kernel, self, memory); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return m, nil
}

func (m *machine) start(kernel, self, memory string) error {
	ours, theirs, err := newLine()
	if err != nil {
		return err
	}
	defer theirs.close()
	m.line = ours
	m.cmd = exec.Command(kernel,
		fmt.Sprintf("mem=%d", guestMemory), "umid=guest", "uml_dir="+m.dir,
		"root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw",
		"con=null", "con0=null,fd:1", "con1=fd:3,fd:4", "loglevel=5", "panic=-1", "noreboot",
		`init="`+self+`"`, "--", "lab", InitWord)
	m.cmd.Env = append(os.Environ(), "TMPDIR="+memory)
	m.cmd.Stdout, m.cmd.Stderr = m.console, m.console
	m.cmd.ExtraFiles = []*os.File{theirs.in, theirs.out}
	m.cmd.WaitDelay = time.Second
	// Its own session: a Ctrl-C at our terminal is for the command, by way of
	// a signal frame, not for the kernel.
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := m.cmd.Start(); err != nil {
		ours.close()
		return err
	}
	go func() {
		m.err = m.cmd.Wait()
		unix.Kill(-m.cmd.Process.Pid, unix.SIGKILL) // its helpers, if it died badly
		close(m.done)
	}()
	return nil
}

// end waits for a guest that halts by itself, and removes its files.
func (m *machine) end() {
	select {
	case <-m.done:
	case <-time.After(haltTimeout):
	}
	m.kill()
}

// kill ends the guest at once, and removes its files.
func (m *machine) kill() {
	unix.Kill(-m.cmd.Process.Pid, unix.SIGKILL)
	<-m.done
	m.line.close()
	os.RemoveAll(m.dir)
}

// lost describes a guest that ended before its command did.
func (m *machine) lost() error {
	m.end()
	how := "halted"
	if m.err != nil {
		how = m.err.Error()
	}
	return fmt.Errorf("the guest kernel died (%s); its last words:\n%s", how, m.console)
}

// memoryDir is where the guest's memory file can be: a file system with room
// for it that allows mapping it executable. Containers often have a /dev/shm
// that is neither.
func memoryDir() (string, error) {
	dirs := []string{"/dev/shm", os.TempDir(), "/var/tmp"}
	for _, dir := range dirs {
		var s unix.Statfs_t
		if unix.Statfs(dir, &s) != nil || unix.Access(dir, unix.W_OK) != nil {
			continue
		}
		if s.Flags&unix.ST_NOEXEC == 0 && s.Bavail*uint64(s.Bsize) >= guestMemory {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("no room for the guest's memory: 1 GiB, executable, in any of " + strings.Join(dirs, ", "))
}
