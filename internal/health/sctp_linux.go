package health

import (
	"context"

	"github.com/mdlayher/socket"
	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

// askSCTP makes an association, and ends it.
func askSCTP(ctx context.Context, t Target) (alive bool, err error) {
	ip := t.Server.Addr().Unmap()
	family, to := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(t.Server.Port()), Addr: ip.As16()})
	if ip.Is4() {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: int(t.Server.Port()), Addr: ip.As4()}
	}
	conn, err := socket.Socket(family, unix.SOCK_STREAM, int(ipvs.SCTP), "sctp", nil)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	_, err = conn.Connect(ctx, to)
	return err == nil, err
}
