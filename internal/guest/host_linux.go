package guest

import (
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// haltTimeout is for a guest to write back what the command wrote.
const haltTimeout = 30 * time.Second

// A kernel is one that we can boot as a guest.
type kernel interface {
	// room is a directory for the guest's folder.
	room() (string, error)
	// newLine makes both ends of the guest's line. What the guest has of it is
	// at the descriptors 3 and 4.
	newLine() (ours, theirs line, err error)
	// command is the guest about to boot, with self and [InitWord] as its init.
	// It writes its console to standard output, and may keep files in dir.
	command(self, dir string) (*exec.Cmd, error)
}

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
func boot(k kernel) (*machine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	room, err := k.room()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(room, fmt.Sprintf("lvsdr-kernel-%d-", os.Getpid()))
	if err != nil {
		return nil, err
	}
	m := &machine{dir: dir, console: new(tail), done: make(chan struct{})}
	if err := m.start(k, self); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return m, nil
}

func (m *machine) start(k kernel, self string) (err error) {
	if m.cmd, err = k.command(self, m.dir); err != nil {
		return err
	}
	ours, theirs, err := k.newLine()
	if err != nil {
		return err
	}
	defer theirs.close()
	m.line = ours
	m.cmd.Stdout, m.cmd.Stderr = m.console, m.console
	m.cmd.ExtraFiles = []*os.File{theirs.in, theirs.out}
	m.cmd.WaitDelay = time.Second
	// Its own session: a Ctrl-C at our terminal is for the command, by way of
	// a signal frame, not for the kernel.
	m.cmd.SysProcAttr.Setsid = true
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
	return fmt.Errorf("the guest kernel died (%s); its last output:\n%s", how, m.console)
}
