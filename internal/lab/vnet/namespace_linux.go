package vnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"lvsdr/internal/host"
)

// Folder is where namespaces have their names.
const Folder = "/run/netns"

// AddNamespace makes a network namespace whose loopback is up. [os.ErrExist]:
// the name is taken; EPERM: CAP_SYS_ADMIN is missing.
func AddNamespace(name string) error {
	if err := prepareFolder(); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(Folder, name)); err == nil {
		return fmt.Errorf("network namespace %q: %w", name, os.ErrExist)
	}
	err := newNamespace(name)
	if err == nil {
		err = In(name, func() error { return SetUp("lo") })
	}
	if err != nil {
		return errors.Join(fmt.Errorf("network namespace %q: %w", name, err), DeleteNamespace(name))
	}
	return nil
}

// prepareFolder makes the folder a mount of its own that is shared among mount
// namespaces, as ip-netns(8) does. Were it left to the next "ip netns add", that
// would mount it over the names that are there, which then cannot be removed.
func prepareFolder() error {
	if err := os.MkdirAll(Folder, 0o755); err != nil {
		return err
	}
	share := func() error { return unix.Mount("", Folder, "none", unix.MS_SHARED|unix.MS_REC, "") }
	err := share()
	if errors.Is(err, unix.EINVAL) { // it is no mount
		err = unix.Mount(Folder, Folder, "none", unix.MS_BIND|unix.MS_REC, "")
		if err == nil {
			err = share()
		}
	}
	if err != nil {
		return &os.PathError{Op: "mount", Path: Folder, Err: err}
	}
	return nil
}

// newNamespace makes a namespace with a name. The thread that was in it is not
// used again if it cannot go back.
func newNamespace(name string) error {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	made, err := netns.NewNamed(name)
	if err == nil {
		err = made.Close()
	}
	if back := netns.Set(home); back != nil {
		return errors.Join(err, back)
	}
	runtime.UnlockOSThread()
	return err
}

// DeleteNamespace takes a name away, if it is there. The namespace ends with
// it, and its interfaces with that, unless a process is still inside.
func DeleteNamespace(name string) error {
	path := filepath.Join(Folder, name)
	for { // whatever was mounted there, and how often
		err := unix.Unmount(path, unix.MNT_DETACH)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
			break
		}
		if err != nil {
			return &os.PathError{Op: "unmount", Path: path, Err: err}
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveFolder undoes what the first [AddNamespace] of the machine did, if no
// namespace has a name any more.
func RemoveFolder() error {
	names, err := os.ReadDir(Folder)
	if errors.Is(err, os.ErrNotExist) || len(names) > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if err := unix.Unmount(Folder, 0); err != nil && !errors.Is(err, unix.EINVAL) {
		return &os.PathError{Op: "unmount", Path: Folder, Err: err}
	}
	return os.Remove(Folder)
}

// HasNamespace reports whether there is a namespace of that name.
func HasNamespace(name string) bool {
	var st unix.Statfs_t
	return unix.Statfs(filepath.Join(Folder, name), &st) == nil && int64(st.Type) == unix.NSFS_MAGIC
}

// In does something inside a namespace: sockets that do opens, programs that it
// starts and the parameters below /proc/sys/net are of that namespace, as long
// as do stays on its goroutine. /proc/net is not, but to the programs. See
// [host.EnterNetNS]. Without a name it is the namespace that the calling thread is
// in anyway.
func In(name string, do func() error) error {
	if name == "" {
		return do()
	}
	restore, err := host.EnterNetNS(name)
	if err != nil {
		return err
	}
	return errors.Join(do(), restore())
}

// open opens a namespace, that of the calling thread if it has no name.
func open(name string) (*os.File, error) {
	if name == "" {
		return os.Open("/proc/thread-self/ns/net")
	}
	return os.Open(filepath.Join(Folder, name))
}

// Processes are the numbers of the processes in a namespace, in order, be its
// name still there or not. One that has ended, but was not waited for, is in
// none.
func Processes(inside *os.File) ([]int, error) {
	var want unix.Stat_t
	if err := unix.Fstat(int(inside.Fd()), &want); err != nil {
		return nil, &os.PathError{Op: "stat", Path: inside.Name(), Err: err}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && sameNamespace(filepath.Join("/proc", e.Name(), "ns/net"), want) {
			found = append(found, pid)
		}
	}
	slices.Sort(found)
	return found, nil
}

// Inside reports whether the calling thread is in the namespace of that name. It
// may have been deleted, or be another one by now, while somebody went there.
func Inside(name string) bool {
	var here unix.Stat_t
	err := unix.Stat("/proc/thread-self/ns/net", &here)
	return err == nil && sameNamespace(filepath.Join(Folder, name), here)
}

func sameNamespace(path string, want unix.Stat_t) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Dev == want.Dev && st.Ino == want.Ino
}
