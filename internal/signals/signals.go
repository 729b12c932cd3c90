// Package signals knows which signals our parent had ignored.
//
// A C program inherits that without doing anything. Go's runtime installs handlers
// of its own before any code of ours runs and does not tell what it found; a write
// to a broken pipe at descriptor 1 or 2 then kills the program with SIGPIPE. Where
// systemd or a shell had SIGPIPE ignored, a restore would stop halfway.
//
// Therefore this package watches the runtime while it starts (watch_amd64.s,
// watch_arm64.s). That costs no system call, and saves the runtime some ninety. On
// other processors, and with cgo, which uses the same place, the package reports
// that nothing was ignored.
package signals

import (
	"syscall"
	"unsafe"
)

// Inherit lets a write to a broken pipe fail instead of killing the program, if
// our parent wanted that. It comes before anything else that handles signals.
func Inherit() {
	endWatch()
	if Ignored(syscall.SIGPIPE) {
		ignore(uint32(syscall.SIGPIPE))
	}
}

// Ignored reports whether our parent had the signal ignored. It knows of SIGHUP,
// SIGINT, SIGPIPE and SIGXFSZ.
func Ignored(s syscall.Signal) bool { return ignored>>(s-1)&1 != 0 }

// Default lets a signal do to this program what it does to one in C, unless our
// parent had it ignored. The runtime is not told: it must not be one that the
// runtime needs.
func Default(s syscall.Signal) {
	if Ignored(s) {
		return
	}
	var action [4]uint64 // struct sigaction of the kernel, or more: SIG_DFL, no flags
	const setSize = 8    // bytes of a set of signals
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&action)), 0, setSize, 0, 0)
}
