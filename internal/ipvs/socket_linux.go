package ipvs

import (
	"errors"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Open connects to the IPVS of the current network namespace. The kernel may
// load the module by itself. ENOPROTOOPT: it has none; EPERM: CAP_NET_ADMIN
// (without IPVS: CAP_NET_RAW) is missing.
func Open() (*Conn, error) {
	s, err := dialNetlink()
	if err != nil {
		return nil, err
	}
	c, err := newConn(s)
	if _, none := errors.AsType[errNoFamily](err); none {
		return nil, legacyInfo()
	}
	if err != nil {
		return nil, err
	}
	if s, err := dialSockopt(); err == nil {
		c.short = &shortcut{sockopt: s, witness: true}
	}
	return c, nil
}

// Present reports whether the kernel has IPVS at the moment, or may have it:
// what [Open] asks for it loads, this does not. It needs no privilege.
func Present() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return true // Open has the words for it
	}
	defer unix.Close(fd)
	_, err = unix.GetsockoptInt(fd, unix.IPPROTO_IP, soGetInfo)
	return err != unix.ENOPROTOOPT
}

type netlinkSocket int

func dialNetlink() (socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_GENERIC)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return netlinkSocket(fd), nil
}

// Send sends to the kernel: where a netlink socket without a peer sends to.
func (s netlinkSocket) Send(b []byte) error {
	_, err := unix.Write(int(s), b)
	return err
}

// Receive passes over what other processes may have sent to the socket.
func (s netlinkSocket) Receive(b []byte) (int, error) {
	for {
		var from unix.RawSockaddrNetlink
		size := uint32(unix.SizeofSockaddrNetlink)
		n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(s), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
			unix.MSG_TRUNC, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)))
		if errno != 0 {
			return 0, errno
		}
		if size == unix.SizeofSockaddrNetlink && from.Pid == 0 {
			return int(n), nil
		}
	}
}

func (s netlinkSocket) Close() error { return unix.Close(int(s)) }

// legacyInfo asks the older interface, for the sake of its error: it tells a
// kernel without IPVS from a caller without permission.
func legacyInfo() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.GetsockoptInt(fd, unix.IPPROTO_IP, soGetInfo)
	if err == nil {
		return unix.ENOPROTOOPT // IPVS without generic netlink: Linux before 2.6.28
	}
	return err
}

// sockoptSocket is the older interface. It is closed to 32-bit programs, for
// which the structures are others. A call neither waits nor sleeps for long: the
// scheduler is not told of it, which would cost a listing one part in a hundred.
type sockoptSocket int

func dialSockopt() (sockopt, error) {
	if strconv.IntSize != 64 {
		return nil, unix.ENOPROTOOPT
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	return sockoptSocket(fd), err
}

func (s sockoptSocket) Get(option int, b []byte) error {
	n := uint32(len(b))
	return again(func() error {
		return errnoOf(unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(s), unix.IPPROTO_IP, uintptr(option),
			uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&n)), 0))
	})
}

func (s sockoptSocket) Set(option int, b []byte) error {
	return again(func() error {
		return errnoOf(unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(s), unix.IPPROTO_IP, uintptr(option),
			uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0))
	})
}

func (s sockoptSocket) Close() error { return unix.Close(int(s)) }

func errnoOf(_, _ uintptr, errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
