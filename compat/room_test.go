//go:build linux

package compat

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

var etc = map[string]string{
	"hosts":         defaultHosts,
	"services":      defaultServices,
	"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
	"resolv.conf":   "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
	"protocols":     "ip 0 IP\ntcp 6 TCP\nudp 17 UDP\nsctp 132 SCTP\n",
	"passwd":        "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
	"group":         "root:x:0:\nnogroup:x:65534:\n",
}

// furnishEtc binds a folder with exactly the known names over /etc. Only the
// dynamic linker's cache is the machine's own.
func furnishEtc(dir string) error {
	room := filepath.Join(dir, "etc")
	if err := os.Mkdir(room, 0o755); err != nil {
		return err
	}
	for name, text := range etc {
		if err := os.WriteFile(filepath.Join(room, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	err := copyFile(filepath.Join(room, "ld.so.cache"), "/etc/ld.so.cache", 0o644)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := syscall.Mount(room, "/etc", "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind /etc: %w", err)
	}
	return nil
}

// setNames gives a group its names and returns the way back.
func setNames(g Group) (restore func() error, err error) {
	for name, text := range map[string]string{"hosts": g.Hosts, "services": g.Services} {
		if text == "" {
			text = etc[name]
		}
		if err := os.WriteFile(filepath.Join("/etc", name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if g.Connections == "" {
		return func() error { return nil }, nil
	}
	return setConnections(g.Connections)
}

// setConnections hides /proc behind a folder that holds nothing but the given
// /proc/net/ip_vs_conn.
func setConnections(text string) (restore func() error, err error) {
	dir := filepath.Join(os.Getenv(roomVariable), "proc")
	if err := os.MkdirAll(filepath.Join(dir, "net"), 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "net", "ip_vs_conn")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	switch text {
	case NoConnections:
		err = os.Remove(file)
	case EmptyConnections:
		err = os.Truncate(file, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Mount(dir, "/proc", "", syscall.MS_BIND, ""); err != nil {
		return nil, err
	}
	return func() error { return syscall.Unmount("/proc", syscall.MNT_DETACH) }, nil
}

// namespace is a network namespace with its table.
type namespace struct {
	file  *os.File
	table *Table
}

// newNamespace makes a network namespace that lives until it is closed.
func newNamespace() (*namespace, error) {
	n := new(namespace)
	err := n.onThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		if err := loopbackUp(); err != nil {
			return fmt.Errorf("bring lo up: %w", err)
		}
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	if n.table, err = OpenTable(int(n.file.Fd())); err != nil {
		return nil, fmt.Errorf("no IPVS in this kernel: %w", errors.Join(err, n.file.Close()))
	}
	return n, nil
}

// loopbackUp brings lo up in the namespace of the thread: without it the kernel
// takes no address for a unicast one, and refuses all IPv4 destinations.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

func (n *namespace) close() error {
	return errors.Join(n.table.Close(), n.file.Close())
}

// do runs f on a thread that is inside the namespace; a child started by f
// inherits it.
func (n *namespace) do(f func() error) error {
	return n.onThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		return f()
	})
}

// outside is the namespace that threads return to.
var outside = openOutside()

// onThread runs f locked to its thread, and brings the thread back to the
// namespace it came from.
func (n *namespace) onThread(f func() error) error {
	runtime.LockOSThread()
	err := f()
	if back := unix.Setns(outside, unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, back) // still locked: the thread ends with its goroutine
	}
	runtime.UnlockOSThread()
	return err
}

// openOutside opens the namespace of the process.
func openOutside() int {
	fd, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	return fd
}
