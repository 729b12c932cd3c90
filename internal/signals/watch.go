//go:build linux && (amd64 || arm64) && !cgo

package signals

import _ "unsafe" // for go:linkname

// ignored has a bit for each signal, the lowest for signal 1.
var ignored uint64

// watch takes the place of the C library's sigaction(3), through which the
// runtime of a program with cgo handles signals: runtime/cgo_sigaction.go. It
// notes what the runtime finds, and leaves what it sets to it. The runtime asks
// and sets all 64, which makes one call in two of a short run: it is told that a
// signal is at its default where what our parent wanted makes no difference, and
// gets none of those for real-time programs.
//
//lint:ignore U1000 the assembly refers to it
func watch()

// ignore is os/signal.Ignore, without what that package brings along.
//
//go:linkname ignore os/signal.signal_ignore
func ignore(signal uint32)

// hook is where the runtime looks for the C library's function; it begins as
// [watch].
//
//go:linkname hook _cgo_sigaction
var hook uintptr

func endWatch() { hook = 0 }
