package host

import (
	"net/netip"
	"slices"
	"testing"

	"lvsdr/internal/lantest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

// listenRaw opens a socket in the network namespace of the thread, as the
// standard library does not: of SCTP, or at a port that is shared.
func listenRaw(t *testing.T, p ipvs.Protocol, addr string, v6Only int) {
	t.Helper()
	at := netip.MustParseAddrPort(addr)
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if at.Addr().Is4() {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, int(p))
	lantest.Must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	lantest.Must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	if family == unix.AF_INET6 {
		lantest.Must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, v6Only))
	}
	lantest.Must(t, unix.Bind(fd, sa))
	lantest.Must(t, unix.Listen(fd, 8))
}

func TestKernelSCTP(t *testing.T) {
	dir := lantest.LAN(t)
	var got []Listener
	lantest.Within(t, dir, "rs1", func() {
		listenRaw(t, ipvs.SCTP, "10.0.0.7:80", 0)
		listenRaw(t, ipvs.SCTP, "0.0.0.0:81", 0)
		listenRaw(t, ipvs.SCTP, "[::]:82", 1)
		listenRaw(t, ipvs.SCTP, "[::]:83", 0)
		var err error
		got, err = NewHost().Listeners()
		lantest.Must(t, err)
	})
	var want []Listener
	for _, s := range []string{"10.0.0.7:80", "0.0.0.0:81", "[::]:82", "[::]:83"} {
		want = append(want, Listener{ipvs.SCTP, netip.MustParseAddrPort(s), s == "[::]:82"})
	}
	slices.SortFunc(got, func(a, b Listener) int { return int(a.Addr.Port()) - int(b.Addr.Port()) })
	if d := cmp.Diff(want, got, cmpAddrPort); d != "" {
		t.Errorf("listeners (-want +got):\n%s", d)
	}
}
