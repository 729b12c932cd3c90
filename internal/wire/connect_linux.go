package wire

import (
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/modprobe"
)

// Connect tries a connection to every address at the same time, and waits for
// all of them at most that long. The errors are in the order of addrs: nil, the
// connection was accepted, and is closed again; ECONNREFUSED; ETIMEDOUT, also
// after wait; EHOSTUNREACH: no neighbour answered. EPROTONOSUPPORT of all: UDP
// has no connections; of each: the kernel has no SCTP, or none loaded, which
// this does not change.
func (Wire) Connect(p ipvs.Protocol, addrs []netip.AddrPort, wait time.Duration) ([]error, error) {
	if p == ipvs.UDP {
		return nil, os.NewSyscallError("connect", unix.EPROTONOSUPPORT)
	}
	attempts := make([]attempt, len(addrs))
	for i, addr := range addrs {
		attempts[i] = dial(p, addr)
		defer attempts[i].close()
	}
	err := await(attempts, time.Now().Add(wait))
	results := make([]error, len(addrs))
	for i, a := range attempts {
		results[i] = a.err
	}
	return results, err
}

// attempt is a connection that is being made; EINPROGRESS: it is not decided.
type attempt struct {
	fd  int
	err error
}

// noSocket is not waited for by poll(2).
const noSocket = -1

func dial(p ipvs.Protocol, addr netip.AddrPort) attempt {
	if !addr.IsValid() {
		return attempt{noSocket, os.NewSyscallError("connect", unix.EINVAL)}
	}
	if p == ipvs.SCTP && modprobe.Loadable("sctp") {
		return attempt{noSocket, os.NewSyscallError("socket", unix.EPROTONOSUPPORT)}
	}
	family, to := sockaddr(addr)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(p))
	if err != nil {
		return attempt{noSocket, os.NewSyscallError("socket", err)}
	}
	err = unix.Connect(fd, to)
	if err == unix.EINTR { // it goes on all the same
		err = unix.EINPROGRESS
	}
	return attempt{fd, err}
}

func sockaddr(addr netip.AddrPort) (family int, sa unix.Sockaddr) {
	ip := addr.Addr().Unmap()
	if ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(addr.Port()), Addr: ip.As16()}
}

func (a *attempt) close() {
	if a.fd != noSocket {
		unix.Close(a.fd)
	}
}

// await polls until every attempt is decided. What is not by then has timed out.
func await(attempts []attempt, end time.Time) error {
	for {
		var waiting []unix.PollFd
		var of []*attempt
		for i := range attempts {
			if a := &attempts[i]; a.err == unix.EINPROGRESS {
				waiting, of = append(waiting, unix.PollFd{Fd: int32(a.fd), Events: unix.POLLOUT}), append(of, a)
			}
		}
		left := time.Until(end)
		if len(waiting) == 0 {
			return nil
		}
		n, err := unix.Poll(waiting, int(max(0, left.Milliseconds()+1)))
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		if n == 0 && left <= 0 {
			giveUp(of)
			return nil
		}
		for i, p := range waiting {
			if p.Revents != 0 {
				of[i].err = connectError(of[i].fd)
			}
		}
	}
}

func giveUp(undecided []*attempt) {
	for _, a := range undecided {
		a.err = unix.ETIMEDOUT
	}
}

// connectError is what became of a connection; nil: it was accepted.
func connectError(fd int) error {
	number, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	if number != 0 {
		return unix.Errno(number)
	}
	return nil
}
