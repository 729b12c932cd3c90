package guest

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mountAll mounts what is the guest's own over the host's. The command may
// work below /dev/shm or /run, or have its temporary files there; those
// directories stay the host's.
func mountAll(g ground, s spec) error {
	show, err := g.keep(hostDirs(s))
	if err != nil {
		return err
	}
	for _, m := range []struct{ kind, dir, options string }{
		{"devtmpfs", "/dev", ""},
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"devpts", "/dev/pts", "ptmxmode=666,mode=620,gid=5"},
		{"tmpfs", "/dev/shm", "mode=1777"},
		{"tmpfs", "/run", "mode=755"},
	} {
		err := mount(m.kind, m.dir, m.options)
		if err != nil && !errors.Is(err, unix.EBUSY) { // user-mode-linux has mounted devtmpfs by itself
			return err
		}
	}
	return errors.Join(show(), os.MkdirAll(guestDir, 0o755))
}

func mount(kind, dir, options string) error {
	if strings.HasPrefix(dir, "/dev") || strings.HasPrefix(dir, "/run/") {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount(kind, dir, kind, 0, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, dir, err)
	}
	return nil
}

// linkDevices adds to /dev what devtmpfs lacks.
func linkDevices() error {
	for name, target := range map[string]string{
		"/dev/fd":     "/proc/self/fd",
		"/dev/stdin":  "/proc/self/fd/0",
		"/dev/stdout": "/proc/self/fd/1",
		"/dev/stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, name); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if err := os.Remove("/dev/ptmx"); err != nil {
		return err
	}
	return os.Symlink("pts/ptmx", "/dev/ptmx")
}
