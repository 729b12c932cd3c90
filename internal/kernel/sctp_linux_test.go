package kernel

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// listenRaw opens a socket in the network namespace of the thread, as the
// standard library does not: of SCTP, or at a port that is shared.
func listenRaw(t *testing.T, p Protocol, addr string, v6Only int) {
	t.Helper()
	family, sa := sockaddr(netip.MustParseAddrPort(addr))
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, int(p))
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	if family == unix.AF_INET6 {
		must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, v6Only))
	}
	must(t, unix.Bind(fd, sa))
	must(t, unix.Listen(fd, 8))
}

func TestKernelSCTP(t *testing.T) {
	dir := lan(t)
	var got []Listener
	within(t, dir, "rs1", func() {
		listenRaw(t, SCTP, "10.0.0.7:80", 0)
		listenRaw(t, SCTP, "0.0.0.0:81", 0)
		listenRaw(t, SCTP, "[::]:82", 1)
		listenRaw(t, SCTP, "[::]:83", 0)
		var err error
		got, err = NewHost().Listeners()
		must(t, err)
	})
	var want []Listener
	for _, s := range []string{"10.0.0.7:80", "0.0.0.0:81", "[::]:82", "[::]:83"} {
		want = append(want, Listener{SCTP, netip.MustParseAddrPort(s), s == "[::]:82"})
	}
	slices.SortFunc(got, func(a, b Listener) int { return int(a.Addr.Port()) - int(b.Addr.Port()) })
	if d := cmp.Diff(want, got, cmpAddrPort); d != "" {
		t.Errorf("listeners (-want +got):\n%s", d)
	}
	within(t, dir, "lvs", func() {
		to := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.7:80"), netip.MustParseAddrPort("10.0.0.7:84")}
		results, err := NewHost().Connect(SCTP, to, 10*time.Second)
		must(t, err)
		if results[0] != nil || !errors.Is(results[1], syscall.ECONNREFUSED) {
			t.Errorf("%v; want no error, then ECONNREFUSED", results)
		}
	})
}
