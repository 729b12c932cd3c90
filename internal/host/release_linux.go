package host

import (
	"os"

	"golang.org/x/sys/unix"
)

// Release is the release of the kernel, as "uname -r" prints it.
func (h *Host) Release() (string, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", os.NewSyscallError("uname", err)
	}
	return unix.ByteSliceToString(name.Release[:]), nil
}
