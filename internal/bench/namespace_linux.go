package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
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
	if err := os.WriteFile("/proc/sys/net/ipv4/vs/run_estimation", []byte("0"), 0); err != nil {
		return fmt.Errorf("estimation: %w", err)
	}
	settle()
	return nil
}

// settle waits until the processors have next to nothing to do; if others keep
// them busy, not for ever.
func settle() {
	const window = 100 * time.Millisecond
	for range 100 {
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
	if err != nil {
		return "", fmt.Errorf("read table: %w", err)
	}
	return sortTable(text), nil
}

// sortTable sorts the services of /proc/net/ip_vs, without its three lines of
// heading. A service begins with a protocol, its destinations with blanks.
func sortTable(text []byte) string {
	var services []string
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		switch {
		case i < 3 || len(line) == 0:
		case line[0] == ' ' && len(services) > 0:
			services[len(services)-1] += string(line)
		default:
			services = append(services, string(line))
		}
	}
	slices.Sort(services)
	return strings.Join(services, "")
}
