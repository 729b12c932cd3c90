package guest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// qemu is what a stock kernel runs in: one processor that is translated, which
// works everywhere, and a console on standard output.
//
// It has room for eight processors. With room for one the per-CPU memory of the
// kernel comes in pieces so large that looking for a place in them takes half
// the time of a large restore, which it does on no director.
var qemu = []string{
	"qemu-system-x86_64", "-accel", "tcg", "-smp", "1", "-m", "1024",
	"-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
}

const stockParameters = "console=ttyS0 quiet panic=-1 possible_cpus=8"

// A Stock is one of Debian's kernels for real machines, installed here.
type Stock struct {
	Release string // as uname -r has it
}

func (k Stock) image() string   { return "/boot/vmlinuz-" + k.Release }
func (k Stock) modules() string { return "/lib/modules/" + k.Release }

// FindStock takes the last by name of those that are complete.
func FindStock() (Stock, error) {
	if _, err := exec.LookPath(qemu[0]); err != nil {
		return Stock{}, fmt.Errorf("%s is missing: apt-get install qemu-system-x86", qemu[0])
	}
	images, _ := filepath.Glob("/boot/vmlinuz-*[0-9]-amd64")
	for i := len(images) - 1; i >= 0; i-- {
		_, release, _ := strings.Cut(images[i], "vmlinuz-")
		k := Stock{release}
		if _, err := os.Stat(k.modules() + "/modules.dep"); err == nil {
			return k, nil
		}
	}
	return Stock{}, errors.New("no stock kernel is installed: apt-get install linux-image-amd64")
}

// Command is QEMU about to boot k from an initramfs, until ctx ends or this
// process does. The kernel gets more parameters, QEMU more options. The guest's
// console is the command's standard output.
func (k Stock) Command(ctx context.Context, initramfs, parameters string, options ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, qemu[0], qemu[1:]...)
	cmd.Args = append(cmd.Args, "-kernel", k.image(), "-initrd", initramfs,
		"-append", strings.TrimSpace(stockParameters+" "+parameters))
	cmd.Args = append(cmd.Args, options...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// WriteInitramfs makes the first root file system of k in a file: modules, for
// [LoadModules] there, beside what fill adds.
func (k Stock) WriteInitramfs(path string, modules []string, fill func(*Initramfs)) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	a := newInitramfs(w)
	a.device("/dev/console", 5, 1)
	fill(a)
	k.addModules(a, modules)
	if err := errors.Join(a.close(), w.Flush()); err != nil {
		return fmt.Errorf("make initramfs: %w", err)
	}
	return nil
}

// addModules numbers the files in the order to load them.
func (k Stock) addModules(a *Initramfs, names []string) {
	dependencies, err := os.ReadFile(k.modules() + "/modules.dep")
	if err != nil {
		a.Fail(err)
		return
	}
	files, err := loadOrder(string(dependencies), names)
	if err != nil {
		a.Fail(err)
		return
	}
	for i, file := range files {
		a.Copy(filepath.Join(k.modules(), file), fmt.Sprintf("%s/%02d-%s", initramfsModules, i, filepath.Base(file)))
	}
}
