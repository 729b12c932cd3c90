package guest

import (
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wires are the files between the guest's init and the command: pipes, or a
// terminal.
type wires struct {
	child  map[stream]*os.File // the command's ends
	input  *os.File            // ours of its standard input
	output map[stream]*output  // ours of what it writes
	master *os.File            // of its terminal, if it has one
}

func newWires(s spec) (*wires, error) {
	w := &wires{child: map[stream]*os.File{}, output: map[stream]*output{}}
	var err error
	if s.Terminal {
		err = w.openTerminal(s)
	} else {
		err = errors.Join(w.pipeInput(), w.pipeOutput(stdout))
	}
	if err == nil && w.child[stderr] == nil {
		err = w.pipeOutput(stderr)
	}
	return w, err
}

func (w *wires) pipeInput() (err error) {
	w.child[stdin], w.input, err = os.Pipe()
	return err
}

func (w *wires) pipeOutput(s stream) error {
	r, child, err := os.Pipe()
	w.child[s], w.output[s] = child, &output{File: r}
	return err
}

// openTerminal makes one terminal of standard input and output, and error too
// unless that is to be a pipe. What it shows is standard output's.
func (w *wires) openTerminal(s spec) error {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	w.master = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	w.child[stdin], w.child[stdout] = slave, slave
	if !s.PipeStderr {
		w.child[stderr] = slave
	}
	w.input, w.output[stdout] = w.master, &output{File: w.master}
	w.resize(s.Rows, s.Columns)
	return nil
}

func (w *wires) resize(rows, columns uint16) {
	if w.master != nil {
		control(w.master, func(fd int) {
			unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
		})
	}
}

func (w *wires) closeChild() {
	for _, f := range w.child {
		f.Close() // the terminal more than once, which does no harm
	}
}

// endInput lets the command see the end of its standard input. A terminal has
// none but hanging up, of which a signal tells.
func (w *wires) endInput() {
	if w.master == nil {
		w.input.Close()
	}
}

// closeOutput makes the command's next write to a stream fail, as it would if
// the reader of a pipe had gone.
func (w *wires) closeOutput(s stream) {
	if r := w.output[s]; r != nil && r.File != w.master {
		r.Close()
	}
}

// control runs f on file's descriptor and leaves it non-blocking, which
// [os.File.Fd] would not.
func control(file *os.File, f func(fd int)) {
	if c, err := file.SyscallConn(); err == nil {
		c.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// grace is how long a finished output may be silent before it counts as ended.
// A pipe's data is there at once; a terminal's takes a moment.
const grace = 50 * time.Millisecond

// An output is read until its writers are gone or, once it is finished, until
// it has nothing more: background processes may keep it open for ever.
type output struct {
	*os.File
	mu       sync.Mutex
	finished bool
}

func (o *output) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	o.SetReadDeadline(time.Unix(1, 0)) // wakes a Read that waits
}

// arm gives a finished output its time, and says whether it is one.
func (o *output) arm() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished {
		o.SetReadDeadline(time.Now().Add(grace))
	}
	return o.finished
}

func (o *output) Read(p []byte) (int, error) {
	for {
		last := o.arm()
		n, err := o.File.Read(p)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if last {
			return 0, io.EOF
		}
	}
}
