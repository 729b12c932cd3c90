package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// qemu is what a guest runs in. One instruction takes one nanosecond of the
// guest's time, and what it sleeps takes none of ours: the guest measures
// instructions, the same on every machine.
//
// It has one processor, and room for eight. With room for one the per-CPU
// memory of the kernel comes in pieces so large that looking for a place in
// them takes half the time of a large restore, which it does on no director.
var qemu = []string{
	"qemu-system-x86_64", "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-smp", "1", "-rtc", "clock=vm",
	"-m", "1024", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
	"-append", "console=ttyS0 quiet panic=-1 possible_cpus=8",
}

// A stockKernel is one of Debian's that is installed here.
type stockKernel struct {
	version string
}

func (k stockKernel) image() string   { return "/boot/vmlinuz-" + k.version }
func (k stockKernel) modules() string { return "/lib/modules/" + k.version }

// findKernel takes the last by name of those that are complete.
func findKernel() (stockKernel, error) {
	images, _ := filepath.Glob("/boot/vmlinuz-*[0-9]-amd64")
	for i := len(images) - 1; i >= 0; i-- {
		_, version, _ := strings.Cut(images[i], "vmlinuz-")
		k := stockKernel{version}
		if _, err := os.Stat(k.modules() + "/modules.dep"); err == nil {
			return k, nil
		}
	}
	return stockKernel{}, errors.New("no stock kernel: install linux-image-amd64, or use -native")
}

// patience is more than a guest takes on a slow machine.
const patience = 20 * time.Minute

// measureInQEMU boots a guest and reports its results.
func measureInQEMU(o options, report func(result)) (where string, err error) {
	k, err := findKernel()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	initramfs := filepath.Join(dir, "initramfs")
	if err := writeInitramfs(initramfs, k, o); err != nil {
		return "", fmt.Errorf("make initramfs: %w", err)
	}
	where = fmt.Sprintf("Linux %s under QEMU; an instruction counts as a nanosecond", k.version)
	return where, k.boot(initramfs, report)
}

func (k stockKernel) boot(initramfs string, report func(result)) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	guest := exec.CommandContext(ctx, qemu[0], qemu[1:]...)
	guest.Args = append(guest.Args, "-kernel", k.image(), "-initrd", initramfs)
	guest.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var complaints bytes.Buffer
	guest.Stderr = &complaints
	console, err := guest.StdoutPipe()
	if err != nil {
		return err
	}
	if err := guest.Start(); err != nil {
		return err
	}
	said, failed := readResults(console, report)
	if err := errors.Join(failed, guest.Wait()); err != nil {
		return fmt.Errorf("guest: %w\n%s%s", err, complaints.Bytes(), said)
	}
	return nil
}
