//go:build linux

package acceptance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// etc are the files below /etc that a script finds unless it has its own. There
// is no name server.
var etc = map[string]string{
	"hosts":         "127.0.0.1 localhost\n",
	"services":      "http 80/tcp www\ndomain 53/tcp\ndomain 53/udp\n",
	"nsswitch.conf": "hosts: files\nservices: files\n",
	"resolv.conf":   "",
}

// memories are where lvsdr keeps what has to outlive a run, and ip its
// namespaces.
var memories = []string{"/run/lvsdr", "/run/netns"}

// enterNamespaces gives a script its own network with loopback, its own /etc
// and empty memories. The thread is locked for good: it ends with the script.
// The programs it starts inherit all of it, from their first instruction on.
func enterNamespaces(env *testscript.Env) error {
	env.Values[conversationKey{}] = new(conversation)
	if options := os.Getenv("MODPROBE_OPTIONS"); options != "" {
		env.Setenv("MODPROBE_OPTIONS", options)
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	if err := raiseLoopback(); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	room, err := furnishEtc(env.WorkDir)
	if err != nil {
		return err
	}
	if err := unix.Mount(room, "/etc", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("replace /etc: %w", err)
	}
	if err := sizeTable(env.WorkDir); err != nil {
		return fmt.Errorf("the size of the connection table: %w", err)
	}
	for _, dir := range memories {
		if err := errors.Join(os.MkdirAll(dir, 0o755), unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755")); err != nil {
			return fmt.Errorf("empty %s: %w", dir, err)
		}
	}
	return nil
}

// furnishEtc completes a script's files to a folder that can be its /etc.
func furnishEtc(work string) (room string, err error) {
	room = filepath.Join(work, "etc")
	if err := os.MkdirAll(room, 0o755); err != nil {
		return "", err
	}
	for name, text := range etc {
		path := filepath.Join(room, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return room, nil
}

func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

var tableSize = regexp.MustCompile(`\(size=\d+\)`)

// sizeTable has the files of a script say of the connection table what this
// kernel says.
func sizeTable(dir string) error {
	size := []byte(nil)
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !tableSize.Match(text) {
			return err
		}
		if size == nil {
			if size, err = readSize(); err != nil {
				return err
			}
		}
		return os.WriteFile(path, tableSize.ReplaceAll(text, size), 0o644)
	})
}

// readSize is what a listing says of the connection table. On Linux 7 there is
// none before the first service.
func readSize() (size []byte, err error) {
	for _, args := range [][]string{{"-A", "-t", "127.0.0.1:1"}, {"-C"}} {
		if out, err := exec.Command("/sbin/ipvsadm", args...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("ipvsadm %s: %w\n%s", args, err, out)
		}
	}
	table, err := os.ReadFile("/proc/thread-self/net/ip_vs")
	return tableSize.Find(table), err
}
