package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The main goroutine stays on the main thread: /proc/net shows the network
// namespace of that one, and processes are born into that of their parent's
// thread.
func init() { runtime.LockOSThread() }

// freshNamespace leaves the network namespace for a new one, and waits until
// the kernel has taken the old one down.
func freshNamespace() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("new network namespace: %w", err)
	}
	// Without an address of its own a namespace takes none for a real server's.
	if err := netlink.LinkSetUp(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: "lo"}}); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	// Nor shall the rates of a large table be estimated while others are timed.
	err := os.WriteFile("/proc/sys/net/ipv4/vs/run_estimation", []byte("0"), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // since Linux 5.18
		return fmt.Errorf("stop estimation: %w", err)
	}
	settle()
	return nil
}

// settle waits until the processors have next to nothing to do; if others keep
// them busy, not for ever.
func settle() {
	const window = 100 * time.Millisecond
	for range 50 {
		before := busy()
		time.Sleep(window)
		if busy()-before <= window/10 {
			return
		}
	}
}

// busy returns the time that all processors have worked so far (proc_stat(5)).
func busy() time.Duration {
	text, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(text), "\n")
	ticks := 0
	for i, field := range strings.Fields(first) {
		n, _ := strconv.Atoi(field)
		if i > 0 && i != 4 && i != 5 { // idle, and waiting for devices
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / 100
}

// kernelTable returns what the kernel says it has, the services sorted: it
// keeps them by a hash that depends on the namespace.
func kernelTable() (string, error) {
	text, err := os.ReadFile("/proc/self/net/ip_vs")
	return sortTable(text), err
}
