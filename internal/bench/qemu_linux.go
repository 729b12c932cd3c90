package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"lvsdr/internal/guest"
)

// counting makes one instruction take one nanosecond of the guest's time, and
// what it sleeps none of ours: the guest measures instructions, the same on
// every machine.
var counting = []string{"-icount", "shift=0,sleep=off", "-rtc", "clock=vm"}

// modules are those that the rows need. libcrc32c asks for an algorithm that
// only modules.softdep would tell of.
var modules = []string{"crc32c_generic", "ip_vs", "ip_vs_wrr"}

// patience is more than a guest takes on a slow machine.
const patience = 20 * time.Minute

// measureInQEMU boots a guest and reports its results.
func measureInQEMU(o options, report func(result)) (where string, err error) {
	k, err := guest.FindStock("")
	if err != nil {
		return "", fmt.Errorf("%w, or use -native", err)
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	initramfs := filepath.Join(dir, "initramfs")
	if err := k.WriteInitramfs(initramfs, modules, o.fill); err != nil {
		return "", err
	}
	where = fmt.Sprintf("Linux %s under QEMU; an instruction counts as a nanosecond", k.Release)
	return where, boot(k, initramfs, report)
}

func boot(k guest.Stock, initramfs string, report func(result)) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	qemu := k.Command(ctx, initramfs, "", counting...)
	var complaints bytes.Buffer
	qemu.Stderr = &complaints
	console, err := qemu.StdoutPipe()
	if err != nil {
		return err
	}
	if err := qemu.Start(); err != nil {
		return err
	}
	said, failed := readResults(console, report)
	if err := errors.Join(failed, qemu.Wait()); err != nil {
		return fmt.Errorf("guest: %w\n%s%s", err, complaints.Bytes(), said)
	}
	return nil
}
