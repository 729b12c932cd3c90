package ipvs

import (
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"syscall"
)

// socket is a datagram socket to the kernel. Tests put their own behind Conn.
type socket interface {
	Send(b []byte) error
	// Receive reads one datagram of the kernel and returns its whole length,
	// which is larger than len(b) if b was too small for it.
	Receive(b []byte) (int, error)
	Close() error
}

// Conn is a connection to the IPVS of the network namespace it was opened in.
// It carries one request at a time and is not safe for concurrent use.
type Conn struct {
	sock   socket // nil: not dialled yet
	family uint16 // zero: not asked for yet
	seq    uint32
	out    []byte // the request being built
	in     []byte // the datagram being read
	info   Info
	short  *shortcut
	// Messages with entries so far, and the datagrams of the last answer that had
	// some.
	entries, pieces int
	// The kernel filled the last answer under one lock.
	whole bool
	// How large the kernel makes datagrams at least; zero: as small as it can.
	room int
}

// Values of linux/netlink.h.
const (
	headLen     = 16 // struct nlmsghdr
	genlHeadLen = 4  // struct genlmsghdr

	msgNoop    = 1 // NLMSG_NOOP
	msgError   = 2 // NLMSG_ERROR
	msgDone    = 3 // NLMSG_DONE
	msgOverrun = 4 // NLMSG_OVERRUN

	flagRequest     = 0x1   // NLM_F_REQUEST
	flagMulti       = 0x2   // NLM_F_MULTI: part of a list that ends with msgDone
	flagAck         = 0x4   // NLM_F_ACK
	flagInterrupted = 0x10  // NLM_F_DUMP_INTR
	flagDump        = 0x300 // NLM_F_DUMP

	// The kernel makes the datagrams of a dump as large as the reader's largest
	// buffer so far, but not larger than 32 KiB, nor smaller than a page of up
	// to 8 KiB (NLMSG_GOODSIZE). Small ones cost it less; large ones make it
	// look for its place in the list less often.
	largeDump = 32 << 10
	// One entry, and what the kernel keeps of a buffer for itself, need less.
	roomForMore = 1 << 10
	// fewEntries fit into the smallest.
	fewEntries = 12
)

func smallDump() int { return min(max(os.Getpagesize(), 4<<10), 8<<10) }

// enlarge makes room for a long list.
func (c *Conn) enlarge() {
	if len(c.in) < largeDump {
		c.in = make([]byte, largeDump)
	}
}

// errInterrupted is a dump during which the table changed so that it may lack
// entries; it is asked for again a few times.
var errInterrupted error = interruptedError{}

type interruptedError struct{}

func (interruptedError) Error() string { return "dump interrupted: " + syscall.EINVAL.Error() }
func (interruptedError) Unwrap() error { return syscall.EINVAL }

const dumpAttempts = 5

// newConn resolves the family and asks for [Info] over a fresh socket. On an
// error the socket is closed.
func newConn(s socket) (*Conn, error) {
	c := &Conn{sock: s}
	err := c.resolve()
	if err == nil {
		err = c.askInfo()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return c, nil
}

// errNoFamily is the kernel's answer that it has no family IPVS.
type errNoFamily struct{ error }

func (e errNoFamily) Unwrap() error { return e.error }

// resolve asks for the number of the family.
func (c *Conn) resolve() error {
	c.family = ctrlFamily
	c.begin(ctrlGetFamily, 0)
	c.out = appendText(c.out, familyName, genlFamilyName)
	var id uint16
	err := c.exchange(func(msg []byte) (err error) {
		id, err = decodeFamily(msg)
		return err
	})
	if err == nil && id == 0 {
		err = errReply
	}
	c.family = id
	if err != nil {
		return errNoFamily{err}
	}
	return nil
}

func (c *Conn) askInfo() error {
	c.begin(cmdGetInfo, 0)
	answered := false
	err := c.exchange(func(msg []byte) (err error) {
		answered = true
		c.info, err = decodeInfo(msg)
		return err
	})
	if err == nil && !answered {
		err = errReply
	}
	return err
}

// reach dials netlink and resolves the family, if that was not needed before.
// The request in c.out waits meanwhile.
func (c *Conn) reach() (err error) {
	if c.sock == nil {
		if c.sock, err = dialNetlink(); err != nil {
			return err
		}
	}
	if c.family != 0 {
		return nil
	}
	request := c.out
	c.out = nil
	err = c.resolve()
	c.out = request
	return err
}

// Info is what the kernel said about its IPVS when the connection was opened.
func (c *Conn) Info() Info { return c.info }

// Close releases the sockets.
func (c *Conn) Close() error {
	var netlink, short error
	if c.sock != nil {
		netlink = c.sock.Close()
	}
	if c.short != nil {
		short = c.short.Close()
	}
	return errors.Join(netlink, short)
}

// begin starts a request in c.out; the caller appends its attributes. One that
// changes something has flagAck, or the kernel would not answer it.
func (c *Conn) begin(cmd uint8, flags uint16) {
	b := append(c.out[:0], 0, 0, 0, 0, 0, 0) // length and family, known in exchange
	b = binary.NativeEndian.AppendUint16(b, flagRequest|flags)
	b = binary.NativeEndian.AppendUint32(b, 0) // sequence number: as well
	b = binary.NativeEndian.AppendUint32(b, 0) // port: the kernel fills it in
	c.out = append(b, cmd, genlVersion, 0, 0)
}

// do sends the request in c.out that has no answer but success or an error.
func (c *Conn) do() error {
	return c.exchange(func([]byte) error { return nil })
}

// exchange sends the request in c.out and hands the attributes of every
// message that answers it to each. It reads on to the end of the answer even
// after a fault, so that the next request starts clean; the first fault is
// the one returned.
func (c *Conn) exchange(each func(msg []byte) error) error {
	if err := c.reach(); err != nil {
		return err
	}
	c.seq++
	binary.NativeEndian.PutUint32(c.out, uint32(len(c.out)))
	binary.NativeEndian.PutUint16(c.out[4:], c.family)
	binary.NativeEndian.PutUint32(c.out[8:], c.seq)
	if c.in == nil {
		c.in = make([]byte, smallDump())
	}
	if err := again(func() error { return c.sock.Send(c.out) }); err != nil {
		return err
	}
	var first error
	c.pieces, c.whole = 0, true
	for {
		var n int
		err := again(func() (err error) {
			n, err = c.sock.Receive(c.in)
			return err
		})
		if err != nil {
			return err
		}
		if n > len(c.in) {
			return errReply
		}
		full := n > cmp.Or(c.room, smallDump())-roomForMore
		c.room = len(c.in)
		before := c.entries
		done, err := c.datagram(c.in[:n], each)
		if c.entries != before {
			c.pieces++
			c.whole = c.pieces == 1 && !full
		}
		if c.pieces == 2 {
			c.enlarge()
		}
		if first == nil {
			first = err
		}
		if done {
			return first
		}
	}
}

// again repeats a call that a signal interrupted: the runtime sends its
// threads signals.
func again(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

// datagram handles the messages of one datagram, and says whether the answer
// ends with it. What belongs to an earlier request is passed over.
func (c *Conn) datagram(b []byte, each func(msg []byte) error) (done bool, first error) {
	if len(b) < headLen {
		return true, errReply
	}
	for len(b) >= headLen {
		n := int(binary.NativeEndian.Uint32(b))
		if n < headLen || n > len(b) {
			return true, errReply
		}
		msg := b[:n]
		b = b[min(align4(n), len(b)):]
		if binary.NativeEndian.Uint32(msg[8:]) != c.seq {
			continue
		}
		done, err := c.message(msg, each)
		if first == nil {
			first = err
		}
		if done {
			return true, first
		}
	}
	return false, first
}

func (c *Conn) message(msg []byte, each func(msg []byte) error) (done bool, err error) {
	typ, flags := binary.NativeEndian.Uint16(msg[4:]), binary.NativeEndian.Uint16(msg[6:])
	var interrupted error
	if flags&flagInterrupted != 0 {
		interrupted = errInterrupted
	}
	body := msg[headLen:]
	switch {
	case typ == msgNoop:
		return false, nil
	case typ == msgError:
		if len(body) < 4 {
			return true, errReply
		}
		return true, errno(body)
	case typ == msgDone:
		if len(body) >= 4 {
			if err := errno(body); err != nil {
				return true, err
			}
		}
		return true, interrupted
	case typ == msgOverrun:
		return true, syscall.ENOBUFS
	case typ != c.family || len(body) < genlHeadLen:
		return false, errReply
	}
	c.entries++
	done = flags&flagMulti == 0
	if err := each(body[genlHeadLen:]); err != nil {
		return done, err
	}
	return done, interrupted
}

// errno reads the kernel's negative error number; zero is none.
func errno(b []byte) error {
	n := int32(binary.NativeEndian.Uint32(b))
	if n == 0 {
		return nil
	}
	if n > 0 {
		return errReply
	}
	return syscall.Errno(-n)
}

// dump sends a request for a list. A list that the kernel marks as interrupted,
// or of which the socket lost a part, is asked for again: start must forget
// what each has gathered.
func (c *Conn) dump(request func(), start func(), each func(msg []byte) error) error {
	var err error
	for range dumpAttempts {
		start()
		request()
		err = c.exchange(each)
		if !errors.Is(err, errInterrupted) && !errors.Is(err, syscall.ENOBUFS) {
			return err
		}
	}
	return err
}
