package vnet

import (
	"errors"
	"fmt"
	"net"
	"time"
	"unsafe"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// Capture reads the frames that cross an interface, promiscuously: those of a
// bridge are all that it forwards, once each, and what it sends itself.
type Capture struct {
	conn *packet.Conn
	raw  rawReader
	buf  []byte
}

type rawReader interface {
	Read(func(fd uintptr) (done bool)) error
}

// OpenCapture starts capturing. It may be read and closed in any thread. EPERM:
// CAP_NET_RAW is missing.
func OpenCapture(link string) (*Capture, error) {
	ifi, err := net.InterfaceByName(link)
	if err != nil {
		return nil, fmt.Errorf("capture on %q: %w", link, err)
	}
	conn, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, nil)
	if err != nil {
		return nil, fmt.Errorf("capture on %q: %w", link, err)
	}
	c := &Capture{conn: conn, buf: make([]byte, 1<<16)}
	if err := c.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("capture on %q: %w", link, err), conn.Close())
	}
	return c, nil
}

func (c *Capture) prepare() error {
	if err := c.conn.SetPromiscuous(true); err != nil {
		return err
	}
	raw, err := c.conn.SyscallConn()
	if err != nil {
		return err
	}
	c.raw = raw
	var stamps error
	err = raw.Control(func(fd uintptr) {
		stamps = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	return errors.Join(err, stamps)
}

// Next returns the next frame. [os.ErrDeadlineExceeded]: none came in time.
func (c *Capture) Next(deadline time.Time) (Frame, error) {
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return Frame{}, err
	}
	control := make([]byte, unix.CmsgSpace(int(unsafe.Sizeof(unix.Timespec{}))))
	var n, controlled int
	var received error
	err := c.raw.Read(func(fd uintptr) bool {
		n, controlled, _, _, received = unix.Recvmsg(int(fd), c.buf, control, unix.MSG_TRUNC)
		return !errors.Is(received, unix.EAGAIN) && !errors.Is(received, unix.EINTR)
	})
	if err := errors.Join(err, received); err != nil {
		return Frame{}, fmt.Errorf("capture: %w", err)
	}
	f := Frame{Time: stamp(control[:controlled]), Length: n}
	f.Data = append(f.Data, c.buf[:min(n, len(c.buf))]...)
	return f, nil
}

// stamp is the time in a control message of SO_TIMESTAMPNS (socket(7)), or now
// where there is none.
func stamp(control []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Now()
	}
	for _, m := range messages {
		var ts unix.Timespec
		if m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(ts)) {
			ts = *(*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
			return time.Unix(ts.Unix())
		}
	}
	return time.Now()
}

// Close ends the capture.
func (c *Capture) Close() error { return c.conn.Close() }
