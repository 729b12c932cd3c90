package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"lvsdr/internal/ipvs"
)

const (
	// maxOutput is how much of a program's output is kept.
	maxOutput = 4 << 10
	// lastWait is how long a program's output is waited for when it has ended: a
	// process that it left behind may hold it open.
	lastWait = 50 * time.Millisecond
)

// askExec runs a program. Exit status 0 is good.
func askExec(ctx context.Context, t Target) (alive bool, err error) {
	credential, err := credentialOf(t.Check.User)
	if err != nil {
		return false, unstarted{err}
	}
	said := new(head)
	c := exec.CommandContext(ctx, t.Check.Command[0], t.Check.Command[1:]...)
	c.Dir, c.Stdout, c.Stderr, c.WaitDelay = "/", said, said, lastWait
	c.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LVSDR_REAL_SERVER=" + t.Server.Addr().Unmap().String(),
		"LVSDR_PORT=" + strconv.Itoa(int(t.Server.Port())),
		"LVSDR_PROTOCOL=" + ipvs.Protocols.Name(t.Protocol),
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credential}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	err = c.Run()
	if c.Process != nil {
		c.Cancel() // what the program left behind, too
	}
	switch {
	case ctx.Err() != nil:
		return false, fmt.Errorf("still running after %v%s", t.Check.Timeout, said)
	case c.ProcessState == nil:
		return false, unstarted{fmt.Errorf("run %s as %s: %w", t.Check.Command[0], t.Check.User, cause(err))}
	case !c.ProcessState.Success():
		return false, fmt.Errorf("%v%s", c.ProcessState, said)
	}
	return true, nil
}

// unstarted is why a program did not run: it says nothing about the real server.
type unstarted struct{ error }

func (u unstarted) Unwrap() error { return u.error }

// cause is what a system call said, without its name.
func cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// credentialOf is who a program runs as: a user, with the groups of that user. For our own user nothing has to change.
func credentialOf(name string) (*syscall.Credential, error) {
	u, ids, err := lookUp(name)
	if err != nil {
		return nil, err
	}
	uid, err := number(u.Uid)
	if err != nil || int(uid) == os.Geteuid() {
		return nil, err
	}
	c := &syscall.Credential{Uid: uid}
	if c.Gid, err = number(u.Gid); err != nil {
		return nil, err
	}
	for _, id := range ids {
		gid, err := number(id)
		if err != nil {
			return nil, err
		}
		c.Groups = append(c.Groups, gid)
	}
	return c, nil
}

// lookUp finds a user by name or number. A number that nobody has is a user all the same, in the group of that number alone.
func lookUp(name string) (u *user.User, groups []string, err error) {
	if u, err = user.Lookup(name); err == nil {
		groups, err = u.GroupIds()
		return u, groups, err
	}
	if _, isName := number(name); isName != nil {
		return nil, nil, err
	}
	if u, err = user.LookupId(name); err == nil {
		groups, err = u.GroupIds()
		return u, groups, err
	}
	return &user.User{Uid: name, Gid: name}, nil, nil
}

func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err
}

// head keeps the first [maxOutput] bytes that are written.
type head struct{ bytes.Buffer }

func (h *head) Write(b []byte) (int, error) {
	h.Buffer.Write(b[:min(len(b), maxOutput-h.Len())])
	return len(b), nil
}

// String is the first line, as it follows an exit status.
func (h *head) String() string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(h.Bytes()), []byte("\n"))
	if len(line) == 0 {
		return ""
	}
	return ": " + string(line)
}
