package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// stockWord follows [InitWord] where the guest's kernel is a stock one.
const stockWord = "stock"

// stockModules are what it takes to reach the host: its files and the line.
var stockModules = []string{"virtio_pci", "virtio_console", "9pnet_virtio", "9p"}

// hostTag is by what name QEMU offers the host's files.
const hostTag = "host"

// stock is a stock kernel as one that a command runs on. Its root is the
// host's, by 9p (v9fs), once an initramfs has loaded the modules for that.
type stock struct {
	Stock
	options StockOptions
}

// theirModules is where the modules of installed kernels are.
const theirModules = "/lib/modules"

func (stock) room() (string, error) { return filepath.Abs(os.TempDir()) }

func (stock) newLine() (ours, theirs line, err error) { return newSocketLine() }

func (k stock) command(self, dir string) (*exec.Cmd, error) {
	const init = "/lvsdr"
	if k.hasPrograms() {
		self = k.program()
	}
	initramfs := filepath.Join(dir, "initramfs")
	if err := k.WriteInitramfs(initramfs, stockModules, func(a *Initramfs) { a.Program(self, init) }); err != nil {
		return nil, err
	}
	// What protects from processors' faults takes a tenth of the time to boot. Where
	// programs are at other addresses at each start, QEMU translates them each time:
	// one with libraries takes thrice as long to start. On a busy machine the kernel
	// takes the timer for broken.
	parameters := fmt.Sprintf("mitigations=off norandmaps no_timer_check %s rdinit=%s -- lab %s %s %s", k.options.Parameters, init, InitWord, stockWord, k.dir)
	return k.Command(context.Background(), initramfs, parameters, append(k.options.QEMU,
		"-chardev", "socket,id=line,fd=3", "-device", "virtio-serial", "-device", "virtserialport,chardev=line,nr=1",
		"-virtfs", "local,path=/,mount_tag="+hostTag+",security_model=none,multidevs=remap")...), nil
}

// enter changes from the initramfs to the host's files.
func (k stock) enter() (*os.File, error) {
	if err := errors.Join(mount("devtmpfs", "/dev", ""), LoadModules()); err != nil {
		return nil, err
	}
	line, err := openPort()
	if err != nil {
		return nil, err
	}
	const root = "/root"
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	// Caching, as hostfs does, halves what it takes to start a program.
	const options = "trans=virtio,version=9p2000.L,msize=512000,cache=loose"
	if err := unix.Mount(hostTag, root, "9p", 0, options); err != nil {
		return nil, fmt.Errorf("mount the host's files: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return nil, err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return nil, fmt.Errorf("change to the host's files: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return nil, err
	}
	return line, k.takePlace()
}

// openPort opens the guest's end of the line. Its number is that of a device, and
// not every kernel has found all of them when init starts.
func openPort() (*os.File, error) {
	for range 100 {
		if ports, _ := filepath.Glob("/dev/vport*p1"); len(ports) == 1 {
			return os.OpenFile(ports[0], os.O_RDWR, 0)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.New("the kernel finds no virtio port")
}

// hasPrograms reports whether the folder of the kernel has those of a system, ours
// among them: another processor's, it may be.
func (k Stock) hasPrograms() bool { return k.dir != "" && exists(k.program()) }

func (k Stock) program() string { return k.dir + "/usr/sbin/lvsdr" }

// takePlace puts what is unpacked in the place of what is installed: a system's
// programs, or a kernel's modules alone.
func (k Stock) takePlace() error {
	place := theirModules
	switch {
	case k.dir == "":
		return nil
	case k.hasPrograms():
		place = "/usr"
	}
	if err := unix.Mount(k.dir+place, place, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s of %s: %w", place, k.dir, err)
	}
	return nil
}

// keep holds the directories by mounts of their own, since 9p has its tag in
// use already.
func (stock) keep(dirs []string) (show func() error, err error) {
	kept := map[string]int{}
	for _, dir := range dirs {
		fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		if err != nil {
			return nil, fmt.Errorf("keep %s: %w", dir, err)
		}
		kept[dir] = fd
	}
	return func() error {
		for _, dir := range dirs {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := unix.MoveMount(kept[dir], "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
				return fmt.Errorf("show %s: %w", dir, err)
			}
			unix.Close(kept[dir])
		}
		return nil
	}, nil
}

// arrangeModprobe has nothing to arrange: the modules are where those of a
// machine are.
func (stock) arrangeModprobe() error { return nil }
