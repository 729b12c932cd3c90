package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A ground is a kernel as its init finds it.
type ground interface {
	// enter makes the host's files the root, and opens the line to the host.
	enter() (*os.File, error)
	// keep returns what makes the host's directories visible again when others
	// have been mounted over them.
	keep(dirs []string) (show func() error, err error)
	// arrangeModprobe makes modprobe work, also for the kernel itself.
	arrangeModprobe() error
}

// guestDir holds the guest's own files. It is on the tmpfs of /run.
const guestDir = "/run/lvsdr-kernel"

// Init is the init of a guest: it prepares the system, runs the command that
// the host sends, and powers off. The words are those after [InitWord]. It
// returns only where it is not an init.
func Init(words []string) error {
	if os.Getpid() != 1 {
		return errors.New("this command is for the init of a guest kernel")
	}
	var g ground = umlinux{}
	if i := slices.Index(words, stockWord); i >= 0 {
		g = stock{Stock: Stock{dir: strings.Join(words[i+1:], " ")}}
	}
	if err := serveGuest(g); err != nil {
		fmt.Fprintf(os.Stderr, "lvsdr: %v\n", err) // the console, whose tail the host shows
	}
	unix.Kill(-1, unix.SIGKILL)
	unix.Sync() // the host's files are written back only when told to
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func serveGuest(g ground) error {
	line, err := g.enter()
	if err != nil {
		return err
	}
	l := newLink(line)
	if err := l.send(kindReady, session, nil); err != nil {
		return err
	}
	s, err := receiveSpec(l)
	if err != nil {
		return err
	}
	if err := prepare(g, s); err != nil {
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
func prepare(g ground, s spec) error {
	for _, step := range []func() error{
		func() error { return mountAll(g, s) },
		linkDevices,
		func() error { return adoptEnvironment(s.Env) },
		g.arrangeModprobe,
		loadIPVS,
		raiseLoopback,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("prepare the guest: %w", err)
		}
	}
	unix.Sethostname([]byte("lvsdr")) // only for the reader of a prompt
	unix.Umask(s.Umask)
	return os.Chdir(s.Dir)
}

// adoptEnvironment makes the command's environment ours, so that what we start
// inherits it.
func adoptEnvironment(env []string) error {
	os.Clearenv()
	for _, entry := range env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			os.Setenv(name, value)
		}
	}
	return os.Setenv("PATH", withSbin(os.Getenv("PATH")))
}

func loadIPVS() error {
	out, err := exec.Command(modprobeFile, "ip_vs").CombinedOutput()
	if err != nil {
		return fmt.Errorf("modprobe ip_vs: %w\n%s", err, out)
	}
	return nil
}
