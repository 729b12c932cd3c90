package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"lvsdr/internal/guest"
)

// The guest's files. Everything is in its first root file system, which is in
// memory.
const (
	guestOurs   = "/ours"
	guestTheirs = "/sbin"
	guestPlan   = "/plan.json"
)

// serveGuest is the guest's init: it measures, writes each result as a line of
// JSON to the console, and ends the guest.
func serveGuest() {
	var last message
	if err := measureInGuest(); err != nil {
		last.Failed = err.Error()
	}
	last.print()
	unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
}

func measureInGuest() error {
	if err := furnishGuest(); err != nil {
		return err
	}
	text, err := os.ReadFile(guestPlan)
	if err != nil {
		return err
	}
	b := bench{ours: guestOurs, theirs: guestTheirs, room: "/"}
	if err := json.Unmarshal(text, &b.plan); err != nil {
		return err
	}
	return b.measure(func(r result) { message{Result: &r}.print() })
}

// furnishGuest mounts what is needed and loads the modules.
func furnishGuest() error {
	for dir, kind := range map[string]string{"/proc": "proc", "/dev": "devtmpfs", "/sys": "sysfs"} {
		err := errors.Join(os.MkdirAll(dir, 0o755), unix.Mount(kind, dir, kind, 0, ""))
		if err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	if err := unix.Mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, ""); err != nil {
		return fmt.Errorf("mount tracefs: %w", err)
	}
	if err := os.WriteFile("/proc/sys/kernel/randomize_va_space", []byte("0"), 0); err != nil {
		return err
	}
	return guest.LoadModules()
}
