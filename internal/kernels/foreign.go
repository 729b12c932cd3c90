package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// words is the release whose ipvsadm has the words that we speak.
const words = "bookworm"

// needed are the programs of another processor that the parts need.
var needed = []string{"bash", "coreutils", "dash", "grep", "iproute2", "iptables", "ipvsadm", "kmod", "mount", "procps", "util-linux"}

// addPrograms adds what is needed of another processor's programs to a system.
func addPrograms(cache, processor, dir string) error {
	a, err := open(filepath.Join(cache, words), words, processor)
	if err != nil {
		return err
	}
	names, err := a.packages(needed...)
	if err != nil {
		return err
	}
	return a.unpack(names, dir)
}

// ours is where a system of another processor has our programs.
const ours = "/usr/lib/lvsdr"

// build installs the QEMU of the other processors here, and makes our programs for
// one in its system. Init is one of them: see the package guest.
func (u unpacked) build(processor string) error {
	if out, err := exec.Command(".ci/deps", "kernels").CombinedOutput(); err != nil {
		return fmt.Errorf("install QEMU: %w\n%s", err, out)
	}
	cmd := exec.Command("make", "-s", "build", "BIN="+u.dir+ours)
	cmd.Env = append(os.Environ(), "GOARCH="+processor)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build for %s: %w\n%s", processor, err, out)
	}
	err := os.Symlink("../lib/lvsdr/lvsdr", u.dir+"/usr/sbin/lvsdr")
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// withOurs runs a command where bin has the other processor's programs: the tests
// take them from there.
func withOurs(top string) []string {
	return []string{"/bin/sh", "-c", `'mount --bind ` + ours + ` "$0" && exec "$@"'`, top + "/bin"}
}
