package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// guestLine is the guest's end of the line to its host.
const guestLine = "/dev/tty1"

// guestDir holds the guest's own files. It is on the tmpfs of /run.
const guestDir = "/run/lvsdr-kernel"

// Init is the init of a guest: it prepares the system, runs the command that
// the host sends, and powers off. It returns only where it is not an init.
func Init() error {
	if os.Getpid() != 1 {
		return errors.New("this word is for the init of a guest kernel")
	}
	if err := serveGuest(); err != nil {
		fmt.Fprintf(os.Stderr, "lvsdr: %v\n", err) // the console, whose tail the host shows
	}
	unix.Kill(-1, unix.SIGKILL)
	unix.Sync() // hostfs writes back only when told to
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func serveGuest() error {
	line, err := os.OpenFile(guestLine, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	if _, err := makeRaw(int(line.Fd())); err != nil {
		return fmt.Errorf("set %s raw: %w", guestLine, err)
	}
	l := newLink(line)
	if err := l.send(kindReady, session, nil); err != nil {
		return err
	}
	s, err := receiveSpec(l)
	if err != nil {
		return err
	}
	if err := prepare(s); err != nil {
		return newGuestSession(l).fail(statusFailed, err)
	}
	return newGuestSession(l).run(s)
}

func receiveSpec(l *link) (spec, error) {
	r := newReceiver(l, setup)
	text := new(strings.Builder)
	done := make(chan struct{})
	go func() {
		r.copy(text)
		close(done)
	}()
	for {
		f, err := l.receive()
		switch {
		case err != nil:
			return spec{}, err
		case f.stream != setup:
			return spec{}, fmt.Errorf("unexpected frame %d of stream %d", f.kind, f.stream)
		case f.kind == kindEnd:
			r.end()
			<-done
			return decodeSpec(text.String())
		}
		r.put(f.payload)
	}
}

// prepare makes a system of a kernel and a root file system.
func prepare(s spec) error {
	for _, step := range []func(spec) error{mountAll, linkDevices, arrangeModprobe, adoptEnvironment, loadIPVS} {
		if err := step(s); err != nil {
			return fmt.Errorf("prepare the guest: %w", err)
		}
	}
	unix.Sethostname([]byte("lvsdr")) // only for the reader of a prompt
	return raiseLoopback()
}

// mountAll mounts what is the guest's own over the host's. The command may
// work below /dev/shm or /run, or have its temporary files there; those
// directories stay the host's.
func mountAll(s spec) error {
	for _, m := range []struct{ kind, dir, options string }{
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"devpts", "/dev/pts", "ptmxmode=666,mode=620,gid=5"},
		{"tmpfs", "/dev/shm", "mode=1777"},
		{"tmpfs", "/run", "mode=755"},
	} {
		if err := mount(m.kind, m.dir, m.options); err != nil {
			return err
		}
	}
	for _, dir := range hostDirs(s) {
		if err := mount("hostfs", dir, dir); err != nil {
			return err
		}
	}
	return nil
}

func mount(kind, dir, options string) error {
	if strings.HasPrefix(dir, "/dev/") || strings.HasPrefix(dir, "/run/") {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount(kind, dir, kind, 0, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, dir, err)
	}
	return nil
}

// linkDevices adds to /dev what devtmpfs lacks.
func linkDevices(spec) error {
	for name, target := range map[string]string{
		"/dev/fd":     "/proc/self/fd",
		"/dev/stdin":  "/proc/self/fd/0",
		"/dev/stdout": "/proc/self/fd/1",
		"/dev/stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, name); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if err := os.Remove("/dev/ptmx"); err != nil {
		return err
	}
	return os.Symlink("pts/ptmx", "/dev/ptmx")
}

// arrangeModprobe makes modprobe find the guest's modules, which Debian keeps
// apart from /lib/modules: by an option in the environment where the command
// calls it, by a wrapper where the kernel does.
func arrangeModprobe(spec) error {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	release := unix.ByteSliceToString(name.Release[:])
	if err := os.MkdirAll(guestDir+"/lib/modules", 0o755); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join(modulesDir, release), guestDir+"/lib/modules/"+release); err != nil {
		return err
	}
	wrapper := guestDir + "/modprobe"
	script := "#!/bin/sh\nexec " + modprobeFile + " " + modprobeOptions + " \"$@\"\n"
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/kernel/modprobe", []byte(wrapper), 0)
}

const modprobeOptions = "-d " + guestDir

// adoptEnvironment makes the command's surroundings ours, so that what we
// start inherits them.
func adoptEnvironment(s spec) error {
	os.Clearenv()
	for _, entry := range s.Env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			os.Setenv(name, value)
		}
	}
	os.Setenv("PATH", withSbin(os.Getenv("PATH")))
	os.Setenv("MODPROBE_OPTIONS", modprobeOptions)
	unix.Umask(s.Umask)
	return os.Chdir(s.Dir)
}

func loadIPVS(spec) error {
	out, err := exec.Command(modprobeFile, "ip_vs").CombinedOutput()
	if err != nil {
		return fmt.Errorf("modprobe ip_vs: %w\n%s", err, out)
	}
	return nil
}
