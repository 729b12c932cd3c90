package names

import (
	"io"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// A dialer connects to a name server over "udp" or "tcp". Whatever then takes
// longer than the deadline ends with [os.ErrDeadlineExceeded].
type dialer func(network string, server netip.AddrPort, deadline time.Time) (io.ReadWriteCloser, error)

// dial is the dialer of the kernel's sockets. A file of package os knows how to
// wait for one, and package net would cost every start of ipvsadm more.
func dial(network string, server netip.AddrPort, deadline time.Time) (io.ReadWriteCloser, error) {
	addr := server.Addr().Unmap()
	family, kind := syscall.AF_INET, syscall.SOCK_DGRAM
	if addr.Is6() {
		family = syscall.AF_INET6
	}
	if network == "tcp" {
		kind = syscall.SOCK_STREAM
	}
	fd, err := syscall.Socket(family, kind, 0)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	syscall.SetNonblock(fd, true) // else there is no deadline
	f := os.NewFile(uintptr(fd), network)
	if err = f.SetDeadline(deadline); err == nil {
		err = connect(f, fd, socketAddress(fd, addr, server.Port()))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if network == "udp" {
		return datagrams{f}, nil
	}
	return f, nil
}

func socketAddress(fd int, addr netip.Addr, port uint16) syscall.Sockaddr {
	if addr.Is4() {
		return &syscall.SockaddrInet4{Addr: addr.As4(), Port: int(port)}
	}
	return &syscall.SockaddrInet6{Addr: addr.As16(), Port: int(port), ZoneId: zoneIndex(fd, addr.Zone())}
}

// connect connects the socket, and waits until it is connected.
func connect(f *os.File, fd int, to syscall.Sockaddr) error {
	err := syscall.Connect(fd, to)
	if err != syscall.EINPROGRESS && err != syscall.EINTR {
		return err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failure int
	err = raw.Write(func(uintptr) (done bool) {
		_, err := syscall.Getpeername(fd)
		failure, _ = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
		return err == nil || failure != 0
	})
	if failure != 0 {
		return syscall.Errno(failure)
	}
	return err
}

// datagrams is a socket on which reading nothing is an empty datagram, not the
// end that package os takes it for.
type datagrams struct{ *os.File }

func (d datagrams) Read(b []byte) (int, error) {
	n, err := d.File.Read(b)
	if err == io.EOF {
		err = nil
	}
	return n, err
}
