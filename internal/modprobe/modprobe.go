// Package modprobe has the kernel load the module of IPVS. It starts the program
// by system calls: package os/exec would slow down every start of ipvsadm.
package modprobe

import (
	"io"
	"os"
	"syscall"
)

// Load runs modprobe for IPVS with the caller's streams, and reports whether modprobe
// said that the module is there. Only a file can be a stream of another process: for
// any other stream, modprobe gets /dev/null.
func Load(stdin io.Reader, stdout, stderr io.Writer) bool {
	return run("/sbin/modprobe", stdin, stdout, stderr)
}

func run(path string, stdin io.Reader, stdout, stderr io.Writer) bool {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer null.Close()
	pid, err := syscall.ForkExec(path, []string{path, "--", "ip_vs"}, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{descriptor(stdin, null), descriptor(stdout, null), descriptor(stderr, null)},
	})
	return err == nil && wait(pid)
}

// descriptor is that of the stream if it is a file, else of the other file.
func descriptor(stream any, otherwise *os.File) uintptr {
	if f, ok := stream.(*os.File); ok {
		return f.Fd()
	}
	return otherwise.Fd()
}

// wait waits for a child, and reports whether it ended with status 0. There is
// none to wait for where our caller had SIGCHLD ignored.
func wait(pid int) bool {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err != syscall.EINTR {
			return err == nil && status.ExitStatus() == 0
		}
	}
}
