//go:build linux

package compat

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

var (
	rewriteGolden = flag.Bool("golden", false, "rewrite the golden files from the real ipvsadm")
	rewritePins   = flag.Bool("pins", false, "rewrite testdata/ours.txt from our program")
	fuzzCommands  = flag.Int("fuzz-commands", 300, "number of generated commands to compare")
	fuzzSeed      = flag.Uint64("seed", 1, "seed of the generated commands")
	everyBuild    = flag.Bool("every-build", false, "run all cases with bin/lvsdr too, not one group in four")
	tornListings  = flag.Int("torn-listings", 10, "how often TestTorn makes each listing")
	through       = flag.String("interface", "sockopt", "interface of the kernel, sockopt or netlink, for what does not list")

	// goldenOnly compares ours with the golden files alone, on a machine
	// without the real ipvsadm.
	goldenOnly = os.Getenv("LVSDR_GOLDEN") != ""
)

// roomVariable names the private folder in the environment of the process that
// runs the tests; its parent only made the folder and the mount namespace.
const roomVariable = "LVSDR_COMPAT_ROOM"

// TestMain moves the tests to a mount namespace of their own, where /etc and
// /proc can be replaced, and says how much was compared.
func TestMain(m *testing.M) {
	flag.Parse()
	dir := os.Getenv(roomVariable)
	if dir == "" {
		os.Exit(enterRoom())
	}
	if err := furnish(dir); err != nil {
		fmt.Fprintf(os.Stderr, "compat: %v\n", err)
		os.Exit(1)
	}
	status := m.Run()
	fmt.Printf("compat: %d commands compared\n", compared)
	os.Exit(status)
}

// enterRoom runs this test binary again, in a mount namespace with an empty
// folder, and returns its exit status.
func enterRoom() int {
	dir, err := os.MkdirTemp("", "compat")
	if err != nil {
		fmt.Fprintf(os.Stderr, "compat: %v\n", err)
		return 1
	}
	defer os.Remove(dir)
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), roomVariable+"="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintf(os.Stderr, "compat: enter a mount namespace: %v\n", err)
		return 1
	}
	return 0
}

// program is a set of commands to compare: a folder with links named ipvsadm,
// ipvsadm-save and ipvsadm-restore. Ours can be told through which interface of
// the kernel to read.
type program struct{ name, dir, through string }

// Ours is bin/ipvsadm; what lists is run with it through both interfaces. Multicall is
// bin/lvsdr, called by the same names.
var reference, ours, overSockopt, overNetlink, multicall program

// furnish mounts a tmpfs on dir and puts both programs and a private /etc into
// it.
func furnish(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
	overSockopt = program{"ours", filepath.Join(dir, "ours"), "sockopt"}
	overNetlink = program{"ours over netlink", overSockopt.dir, "netlink"}
	ours = overSockopt
	if *through == "netlink" {
		ours = overNetlink
	}
	multicall = program{"multicall", filepath.Join(dir, "multicall"), *through}
	reference = program{"real", filepath.Join(dir, "real"), ""}
	for _, name := range []string{"ipvsadm", "lvsdr"} {
		if err := copyFile(filepath.Join(dir, name), filepath.Join("../bin", name), 0o755); err != nil {
			return fmt.Errorf("our program (make build): %w", err)
		}
	}
	for _, name := range []string{"ipvsadm", "ipvsadm-save", "ipvsadm-restore"} {
		if err := link(filepath.Join(dir, "ipvsadm"), filepath.Join(ours.dir, name)); err != nil {
			return err
		}
		if err := link(filepath.Join(dir, "lvsdr"), filepath.Join(multicall.dir, name)); err != nil {
			return err
		}
		if goldenOnly {
			continue
		}
		path := filepath.Join("/sbin", name)
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("the reference (apt-get install ipvsadm): %w", err)
		}
		if err := link(path, filepath.Join(reference.dir, name)); err != nil {
			return err
		}
	}
	return furnishEtc(dir)
}

func link(target, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

func copyFile(to, from string, mode os.FileMode) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, mode)
}
