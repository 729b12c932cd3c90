package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Where Debian's packages user-mode-linux and kmod put what a guest needs.
const (
	umlFile      = "/usr/bin/linux.uml"
	umlModules   = "/usr/lib/uml/modules"
	modprobeFile = "/sbin/modprobe"
)

// umlinux is Debian's user-mode-linux. Its root is the host's, by hostfs.
type umlinux struct{}

// findUML fails if something of it is not installed.
func findUML() (umlinux, error) {
	for _, file := range []string{umlFile, umlModules, modprobeFile} {
		if _, err := os.Stat(file); err != nil {
			return umlinux{}, fmt.Errorf("this kernel has no IPVS that this user may use, and %s is missing: apt-get install user-mode-linux kmod", file)
		}
	}
	return umlinux{}, nil
}

const umlMemory = 1 << 30

// room is where the guest's memory file can be: a file system with room for it
// that allows mapping it executable. Containers often have a /dev/shm that is
// neither.
func (umlinux) room() (string, error) {
	dirs := []string{"/dev/shm", os.TempDir(), "/var/tmp"}
	for _, dir := range dirs {
		var s unix.Statfs_t
		if unix.Statfs(dir, &s) != nil || unix.Access(dir, unix.W_OK) != nil {
			continue
		}
		if s.Flags&unix.ST_NOEXEC == 0 && s.Bavail*uint64(s.Bsize) >= umlMemory {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("no room for the guest's memory: 1 GiB, executable, in any of " + strings.Join(dirs, ", "))
}

func (umlinux) newLine() (ours, theirs line, err error) { return newUMLLine() }

func (umlinux) command(self, dir string) (*exec.Cmd, error) {
	if strings.ContainsAny(self, "\"\n") {
		return nil, fmt.Errorf("run %q: a kernel command line cannot hold this name", self)
	}
	cmd := exec.Command(umlFile,
		fmt.Sprintf("mem=%d", umlMemory), "umid=guest", "uml_dir="+dir,
		"root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw",
		"con=null", "con0=null,fd:1", "con1=fd:3,fd:4", "loglevel=5", "panic=-1", "noreboot",
		`init="`+self+`"`, "--", "lab", InitWord)
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(dir))
	cmd.SysProcAttr = new(syscall.SysProcAttr)
	return cmd, nil
}

// enter opens the guest's end of its console line.
func (umlinux) enter() (*os.File, error) {
	const name = "/dev/tty1"
	line, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if _, err := makeRaw(int(line.Fd())); err != nil {
		return nil, fmt.Errorf("set %s raw: %w", name, err)
	}
	return line, nil
}

func (umlinux) keep(dirs []string) (show func() error, err error) {
	return func() error {
		for _, dir := range dirs {
			if err := mount("hostfs", dir, dir); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// arrangeModprobe makes modprobe find the guest's modules, which Debian keeps
// apart from /lib/modules: by an option in the environment where the command
// calls it, by a wrapper where the kernel does.
func (umlinux) arrangeModprobe() error {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	release := unix.ByteSliceToString(name.Release[:])
	if err := os.MkdirAll(guestDir+"/lib/modules", 0o755); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join(umlModules, release), guestDir+"/lib/modules/"+release); err != nil {
		return err
	}
	const options = "-d " + guestDir
	os.Setenv("MODPROBE_OPTIONS", options)
	wrapper := guestDir + "/modprobe"
	script := "#!/bin/sh\nexec " + modprobeFile + " " + options + " \"$@\"\n"
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/kernel/modprobe", []byte(wrapper), 0)
}
