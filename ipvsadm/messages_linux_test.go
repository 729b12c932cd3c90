package ipvsadm

import (
	"syscall"
	"testing"
)

// Go's texts are the C library's, except for their first letters.
func TestErrnoTexts(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.E2BIG:           "Argument list too long",
		syscall.EDEADLK:         "Resource deadlock avoided",
		syscall.ELOOP:           "Too many levels of symbolic links",
		syscall.EL2NSYNC:        "Level 2 not synchronized",
		syscall.ENOTTY:          "Inappropriate ioctl for device",
		syscall.EDOTDOT:         "RFS specific error",
		syscall.ENOTNAM:         "Not a XENIX named type file",
		syscall.EILSEQ:          "Invalid or incomplete multibyte or wide character",
		syscall.ENOTRECOVERABLE: "State not recoverable",
		syscall.ERFKILL:         "Operation not possible due to RF-kill",
		syscall.ELIBSCN:         ".lib section in a.out corrupted",
		syscall.Errno(41):       "Unknown error 41",
	} {
		if got := errnoText(errno); got != want {
			t.Errorf("errno %d: %q, want %q", int(errno), got, want)
		}
	}
}
