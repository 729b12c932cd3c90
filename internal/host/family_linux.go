package host

import "golang.org/x/sys/unix"

// IPv6 reports whether the kernel has IPv6: with ipv6.disable=1 it opens no socket
// for that (kernel: ipv6.rst).
func (h *Host) IPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err != unix.EAFNOSUPPORT
}
