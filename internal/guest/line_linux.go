package guest

import (
	"os"

	"golang.org/x/sys/unix"
)

// A line is one end of the guest's console line: where that end reads and where
// it writes.
type line struct{ in, out *os.File }

// newUMLLine returns both ends of a line for user-mode-linux. Towards the guest
// it is a socket, since that wakes the guest when we are gone, which a pipe does
// not; towards the host a pipe, since that holds what it promises, however small
// the pieces: see [windowToHost].
func newUMLLine() (ours, theirs line, err error) {
	ours, theirs, err = newSocketLine()
	if err != nil {
		return ours, theirs, err
	}
	ours.in, theirs.out, err = os.Pipe()
	if err != nil {
		ours.out.Close()
		theirs.in.Close()
	}
	return ours, theirs, err
}

// newSocketLine returns both ends of a line that is one socket.
func newSocketLine() (ours, theirs line, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return line{}, line{}, err
	}
	host, guest := os.NewFile(uintptr(fds[0]), "line to the guest"), os.NewFile(uintptr(fds[1]), "line to the guest")
	return line{host, host}, line{guest, guest}, nil
}

func (l line) Read(p []byte) (int, error)  { return l.in.Read(p) }
func (l line) Write(p []byte) (int, error) { return l.out.Write(p) }

func (l line) close() {
	l.in.Close()
	l.out.Close() // a socket twice, which does no harm
}
