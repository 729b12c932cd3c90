// Package signals knows which signals our parent had ignored.
//
// A C program inherits that and needs to do nothing. Go's runtime replaces it by
// handlers of its own before anything of ours runs, keeps what it found to itself,
// and has a program die of SIGPIPE when it writes to a broken pipe at descriptor
// 1 or 2. Where systemd or a shell had it ignored, a restore
// would end in the middle.
//
// So the runtime is watched while it starts (watch_amd64.s, watch_arm64.s); that
// costs no system call, and saves it some ninety. Elsewhere, and with cgo, which has that place, nothing
// was ignored as far as we know.
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
