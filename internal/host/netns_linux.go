package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaces is where "ip netns add" leaves its namespaces.
const namespaces = "/run/netns"

// threadNamespace is the network namespace of the calling thread.
const threadNamespace = "/proc/thread-self/ns/net"

// EnterNetNS moves the calling goroutine into the network namespace that "ip
// netns add" called name, and locks it to its thread; restore takes it back. In
// between, sockets that this goroutine opens, programs that it starts and the
// parameters below /proc/sys/net are those of the namespace. Other goroutines
// stay outside, and so does /proc/net, which is of the process's first thread.
// [os.ErrNotExist]: there is no such namespace; EPERM: CAP_SYS_ADMIN is missing.
func EnterNetNS(name string) (restore func() error, err error) {
	return enterNetNS(namespaces, name)
}

func enterNetNS(dir, name string) (restore func() error, err error) {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return nil, fmt.Errorf("network namespace %q: %w", name, unix.EINVAL)
	}
	target, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer target.Close()
	runtime.LockOSThread()
	home, err := os.Open(threadNamespace)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	if err := setNetNS(target); err != nil {
		home.Close()
		runtime.UnlockOSThread()
		return nil, err
	}
	return func() error {
		err := errors.Join(setNetNS(home), home.Close())
		if err == nil {
			runtime.UnlockOSThread()
		} // else the thread is spoilt, and ends with its goroutine
		return err
	}, nil
}

func setNetNS(f *os.File) error {
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return &os.PathError{Op: "setns", Path: f.Name(), Err: err}
	}
	return nil
}

// NamespaceID tells the network namespace of the calling thread from all others
// since the machine was started: the kernel's cookie, which is never given
// twice, or before Linux 5.14 the number of its inode, which may be.
func NamespaceID() (uint64, error) {
	cookie, err := namespaceCookie()
	if err == nil {
		return cookie, nil
	}
	return namespaceInode(threadNamespace)
}

func namespaceCookie() (uint64, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	return unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
}

func namespaceInode(file string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: file, Err: err}
	}
	return st.Ino, nil
}

// WholeProcess reports whether the calling thread is in the network namespace of
// the process's first one.
func WholeProcess() bool {
	thread, err := namespaceInode(threadNamespace)
	if err != nil {
		return false
	}
	process, err := namespaceInode("/proc/self/ns/net")
	return err == nil && thread == process
}
