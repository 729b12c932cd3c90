package guest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A guestSession is the one command of a guest, seen from its init.
type guestSession struct {
	link    *link
	in      *receiver
	out     map[stream]*sender
	senders sync.WaitGroup
	lost    chan error // why the line ended
}

func newGuestSession(l *link) *guestSession {
	return &guestSession{
		link: l,
		in:   newReceiver(l, stdin),
		out:  map[stream]*sender{stdout: newSender(l, stdout), stderr: newSender(l, stderr)},
		lost: make(chan error, 1),
	}
}

// fail tells the host why the command did not run.
func (g *guestSession) fail(status int, err error) error {
	p := binary.BigEndian.AppendUint32(nil, uint32(status))
	return g.link.send(kindFailed, session, append(p, err.Error()...))
}

// run starts the command, serves it to its end and tells the host its status.
// An error means that the host is gone.
func (g *guestSession) run(s spec) error {
	path, status, err := find(s.Args[0])
	if err != nil {
		return g.fail(status, err)
	}
	wires, err := newWires(s)
	if err != nil {
		return g.fail(statusFailed, err)
	}
	cmd := &exec.Cmd{
		Path: path, Args: s.Args, Env: os.Environ(),
		Stdin: wires.child[stdin], Stdout: wires.child[stdout], Stderr: wires.child[stderr],
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: s.Terminal},
	}
	if err := cmd.Start(); err != nil {
		return g.fail(statusNotExecutable, fmt.Errorf("run %q: %w", path, err))
	}
	wires.closeChild()

	go g.serve(cmd.Process.Pid, wires)
	go func() {
		g.in.copy(wires.input)
		wires.endInput()
	}()
	for id, r := range wires.output {
		g.senders.Go(func() { g.out[id].copy(r); r.Close() })
	}
	for _, id := range []stream{stdout, stderr} {
		if wires.output[id] == nil {
			g.link.send(kindEnd, id, nil)
		}
	}
	return g.wait(cmd.Process.Pid, wires)
}

// wait returns when the command has ended and its output is sent, or when the
// host is gone.
func (g *guestSession) wait(pid int, wires *wires) error {
	ended := make(chan error, 1)
	go func() {
		status, err := reap(pid)
		if err != nil {
			ended <- err
			return
		}
		for _, r := range wires.output {
			r.finish()
		}
		g.senders.Wait()
		ended <- g.link.sendUint32(kindExit, session, uint32(status))
	}()
	select {
	case err := <-ended:
		return err
	case err := <-g.lost:
		return err
	}
}

// reap waits for the process pid, and meanwhile for every orphan that became
// init's child.
func reap(pid int) (status int, err error) {
	for {
		var ws unix.WaitStatus
		got, err := unix.Wait4(-1, &ws, 0, nil)
		if errors.Is(err, unix.EINTR) || err == nil && got != pid {
			continue
		}
		switch {
		case err != nil:
			return statusFailed, err
		case ws.Signaled():
			return statusSignalled + int(ws.Signal()), nil
		case ws.Exited():
			return ws.ExitStatus(), nil
		}
	}
}

// serve handles the host's frames for the command pid until the line ends.
func (g *guestSession) serve(pid int, wires *wires) {
	for {
		f, err := g.link.receive()
		if err != nil {
			g.lost <- err
			return
		}
		switch f.kind {
		case kindData:
			g.in.put(f.payload)
		case kindEnd:
			g.in.end()
		case kindCredit:
			if s := g.out[f.stream]; s != nil {
				s.grant(f.uint32())
			}
		case kindGone:
			if s := g.out[f.stream]; s != nil {
				s.stop()
				wires.closeOutput(f.stream)
			}
		case kindSignal:
			unix.Kill(-pid, unix.Signal(f.uint32()))
		case kindSize:
			wires.resize(uint16(f.uint32()>>16), uint16(f.uint32()))
		}
	}
}
