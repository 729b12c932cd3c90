package guest

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// qemu is what a stock kernel runs in, beside what its processor wants: one
// processor that is translated, which works everywhere, and a console on standard
// output.
//
// It has room for eight processors. With room for one the per-CPU memory of the
// kernel comes in pieces so large that looking for a place in them takes half
// the time of a large restore, which it does on no director.
var qemu = []string{
	"-accel", "tcg", "-smp", "1", "-m", "1024",
	"-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
}

const stockParameters = "quiet panic=-1 possible_cpus=8"

// A processor is what runs Debian's kernels for it.
type processor struct {
	program, deb string // of QEMU
	options      []string
	console      string
}

// processors are named as Debian does, which is how a release of a kernel ends.
var processors = map[string]processor{
	"amd64": {"qemu-system-x86_64", "qemu-system-x86", nil, "ttyS0"},
	"arm64": {"qemu-system-aarch64", "qemu-system-arm", []string{"-machine", "virt", "-cpu", "cortex-a72"}, "ttyAMA0"},
	"s390x": {"qemu-system-s390x", "qemu-system-misc", nil, "ttysclp0"},
}

// A Stock is one of Debian's kernels for real machines.
type Stock struct {
	Release string // as uname -r has it
	dir     string // where it is unpacked; empty: installed here
}

func (k Stock) processor() processor {
	return processors[k.Release[strings.LastIndex(k.Release, "-")+1:]]
}

func (k Stock) modules() string { return k.dir + theirModules + "/" + k.Release }

// image is in /boot; newer packages leave it to whoever installs them to copy it
// there.
func (k Stock) image() string {
	if image := k.modules() + "/vmlinuz"; exists(image) {
		return image
	}
	return k.dir + "/boot/vmlinuz-" + k.Release
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// FindStock takes the last by name of those that are complete: of a folder in
// which such packages are unpacked, or of those that are installed.
func FindStock(dir string) (Stock, error) {
	releases, _ := filepath.Glob(dir + theirModules + "/*[0-9]-*")
	for _, release := range slices.Backward(releases) {
		k := Stock{filepath.Base(release), dir}
		p := k.processor()
		if p.program == "" || !exists(k.image()) || !exists(k.modules()+"/modules.dep") {
			continue
		}
		if _, err := exec.LookPath(p.program); err != nil {
			return Stock{}, fmt.Errorf("%s is missing: apt-get install %s", p.program, p.deb)
		}
		return k, nil
	}
	if dir != "" {
		return Stock{}, fmt.Errorf("%s has no kernel: lib/modules/RELEASE-amd64 with modules.dep, which depmod makes, and boot/vmlinuz-RELEASE-amd64 are wanted", dir)
	}
	return Stock{}, errors.New("no stock kernel is installed: apt-get install linux-image-amd64")
}

// Command is QEMU about to boot k from an initramfs, until ctx ends or this
// process does. The kernel gets more parameters, QEMU more options. The guest's
// console is the command's standard output.
func (k Stock) Command(ctx context.Context, initramfs, parameters string, options ...string) *exec.Cmd {
	p := k.processor()
	cmd := exec.CommandContext(ctx, p.program, slices.Concat(p.options, qemu)...)
	cmd.Args = append(cmd.Args, "-kernel", k.image(), "-initrd", initramfs,
		"-append", strings.TrimSpace("console="+p.console+" "+stockParameters+" "+parameters))
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
	builtin, wrong := os.ReadFile(k.modules() + "/modules.builtin")
	if err := cmp.Or(err, wrong); err != nil {
		a.Fail(err)
		return
	}
	files, err := loadOrder(string(dependencies), string(builtin), names)
	if err != nil {
		a.Fail(err)
		return
	}
	for i, file := range files {
		a.Copy(filepath.Join(k.modules(), file), fmt.Sprintf("%s/%02d-%s", initramfsModules, i, filepath.Base(file)))
	}
}
