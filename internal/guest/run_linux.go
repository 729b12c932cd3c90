package guest

import (
	"errors"
	"os"
	"path/filepath"
)

var (
	errNotHere      = errors.New("the running kernel has no IPVS that this user may use")
	errInGuest      = errors.New("this guest kernel has no IPVS that this user may use")
	errStockInGuest = errors.New("a stock kernel does not boot in a guest kernel")
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
	return bootUML(args)
}

// Boot runs args as [Run] does, but always on a kernel of their own. Inside a
// guest it refuses: what lacks there, another one would lack too.
func Boot(args []string) (status int, err error) {
	if inGuest() {
		return statusFailed, errInGuest
	}
	return bootUML(args)
}

// StockOptions are about a stock kernel.
type StockOptions struct {
	Dir        string   // as for [FindStock]
	Parameters string   // more for the kernel
	QEMU       []string // more options of it
}

// BootStock runs args as [Run] does, but on one of Debian's kernels for real
// machines.
func BootStock(args []string, o StockOptions) (status int, err error) {
	if inGuest() {
		return statusFailed, errStockInGuest
	}
	if o.Dir != "" {
		if o.Dir, err = filepath.Abs(o.Dir); err != nil {
			return statusFailed, err
		}
	}
	k, err := FindStock(o.Dir)
	if err != nil {
		return statusFailed, err
	}
	return runOn(stock{k, o}, args)
}

func inGuest() bool {
	_, err := os.Stat(guestDir)
	return err == nil
}

func bootUML(args []string) (status int, err error) {
	k, err := findUML()
	if err != nil {
		return statusFailed, err
	}
	return runOn(k, args)
}
