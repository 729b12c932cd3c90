package guest

import (
	"os"

	"golang.org/x/sys/unix"
)

// A terminal is the one that standard input and output share; nil stands for
// none.
type terminal struct{ fd int }

func findTerminal() *terminal {
	if isTerminal(os.Stdin) && isTerminal(os.Stdout) {
		return &terminal{fd: int(os.Stdin.Fd())}
	}
	return nil
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

func (t *terminal) size() (rows, columns uint16) {
	ws, err := unix.IoctlGetWinsize(t.fd, unix.TIOCGWINSZ)
	if err != nil {
		return 24, 80
	}
	return ws.Row, ws.Col
}

// raw hands every key to the guest's terminal, until restore is called.
func (t *terminal) raw() (restore func(), err error) {
	if t == nil {
		return func() {}, nil
	}
	before, err := makeRaw(t.fd)
	if err != nil {
		return nil, err
	}
	return func() { unix.IoctlSetTermios(t.fd, unix.TCSETSW, before) }, nil
}

// makeRaw does what cfmakeraw(3) does, and returns the mode it found.
func makeRaw(fd int) (before *unix.Termios, err error) {
	before, err = unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	t := *before
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return before, unix.IoctlSetTermios(fd, unix.TCSETS, &t)
}
