package guest

import (
	"errors"
	"fmt"
	"os"
)

var (
	errNotHere = errors.New("no IPVS that we may use in the running kernel")
	errInGuest = errors.New("no IPVS that we may use, though this is user-mode-linux already")
)

// Run runs args on a kernel that has IPVS, with this process's own streams,
// working directory and environment, and returns the command's exit status:
// 128 plus the signal's number if one killed it, 127 if there is no such
// command, 126 if it cannot be executed. With an error the command did not
// run, or was lost with its kernel; the status is then the one to exit with.
//
// If the running kernel will do, Run does not return: the command takes this
// process's place.
func Run(args []string) (status int, err error) {
	status, err = runNative(args)
	if !errors.Is(err, errNotHere) {
		return status, err
	}
	return bootGuest(args)
}

// Boot runs args as [Run] does, but always on a kernel of their own. Inside
// a guest it refuses: what lacks there, another one would lack too.
func Boot(args []string) (status int, err error) {
	if _, err := os.Stat(guestDir); err == nil {
		return statusFailed, errInGuest
	}
	return bootGuest(args)
}

func bootGuest(args []string) (status int, err error) {
	kernel, err := findKernel()
	if err != nil {
		return statusFailed, err
	}
	return runGuest(kernel, args)
}

// Where Debian's packages user-mode-linux and kmod put what a guest needs.
const (
	kernelFile   = "/usr/bin/linux.uml"
	modulesDir   = "/usr/lib/uml/modules"
	modprobeFile = "/sbin/modprobe"
)

// findKernel returns the program that is the guest's kernel.
func findKernel() (string, error) {
	for _, file := range []string{kernelFile, modulesDir, modprobeFile} {
		if _, err := os.Stat(file); err != nil {
			return "", fmt.Errorf("this kernel has no IPVS that we may use, and %s is missing: apt-get install user-mode-linux kmod", file)
		}
	}
	return kernelFile, nil
}
