//go:build linux

package compat

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// liveSetup serves two addresses of lo from two others.
var liveSetup = []string{
	"ip addr add 10.0.0.1/32 dev lo", "ip addr add 10.0.1.1/32 dev lo",
	"ip addr add fd00::1/128 dev lo nodad", "ip addr add fd00::2/128 dev lo nodad",
	"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m",
	"-A -t 10.0.0.1:81 -s rr -p 300", "-a -t 10.0.0.1:81 -r 10.0.1.1:8080 -m",
	"-A -t [fd00::1]:80 -s wlc", "-a -t [fd00::1]:80 -r [fd00::2]:8080 -m",
	"-A -u 10.0.0.1:53 -s rr", "-a -u 10.0.0.1:53 -r 10.0.1.1:53 -m",
	"-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip", "-a -u 10.0.0.1:5060 -r 10.0.1.1:5060 -m",
}

// TestLiveConnections lists connections and counters that real traffic made.
func TestLiveConnections(t *testing.T) {
	if goldenOnly || *rewriteGolden || *rewritePins {
		return // what moves cannot be recorded
	}
	s := newSession(t, 0)
	s.touched = true
	if err := s.setup(t, reference, liveSetup); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{"10.0.1.1:8080", "[fd00::2]:8080"} {
		s.listen(t, netip.MustParseAddrPort(server))
	}
	for _, virtual := range []string{"10.0.0.1:80", "10.0.0.1:80", "10.0.0.1:81", "[fd00::1]:80"} {
		s.talk(t, unix.SOCK_STREAM, netip.MustParseAddrPort(virtual), "GET / HTTP/1.0\r\n\r\n")
	}
	s.talk(t, unix.SOCK_DGRAM, netip.MustParseAddrPort("10.0.0.1:53"), "question")
	s.talk(t, unix.SOCK_DGRAM, netip.MustParseAddrPort("10.0.0.1:5060"), "INVITE sip:a@b SIP/2.0\r\nCall-ID: 4711@host\r\n\r\n")

	seen := s.exec(t, reference, parse(t, "-Lnc --persistent-conn")).stdout
	for _, want := range []string{"ESTABLISHED", "[fd00::1]:80", "10.0.1.1:53", "10.0.1.1:5060", "4711@host"} {
		if !strings.Contains(seen, want) {
			t.Errorf("the traffic left no %q in\n%s", want, seen)
		}
	}
	for _, line := range []string{
		"-L -c", "-Lnc", "-L -c --persistent-conn", "-Lnc --persistent-conn", "-L", "-Ln", "-Ln --stats", "-L --stats --exact",
		"-Ln --rate", "-Ln --persistent-conn", "-Ln --thresholds", "-L --stats -t 10.0.0.1:80", "-Ln --rate -u 10.0.0.1:53",
	} {
		s.compareStable(t, line)
	}
	if o := s.run(t, ours, parse(t, "-Z")); o.status != 0 {
		t.Errorf("-Z: %s", o)
	}
	s.compareStable(t, "-Ln --stats")
}

// compareStable compares a listing between two of the real program that agree:
// expiry times and rates move.
func (s *session) compareStable(t *testing.T, line string) {
	t.Helper()
	s.compareStableWith(t, overSockopt, line)
	s.compareStableWith(t, overNetlink, line)
	s.compareStableWith(t, multicall, line)
}

func (s *session) compareStableWith(t *testing.T, p program, line string) {
	t.Helper()
	c := parse(t, line)
	compared++
	for range 30 {
		before, got, after := s.exec(t, reference, c), s.exec(t, p, c), s.exec(t, reference, c)
		if before.String() != after.String() {
			continue
		}
		if d := cmp.Diff(before.String(), got.String()); d != "" {
			t.Errorf("$ %s (-real +%s):\n%s", line, p.name, d)
		}
		return
	}
	t.Errorf("$ %s: the real program never said the same twice", line)
}

// listen opens a TCP server inside the namespace; the kernel's queue accepts.
func (s *session) listen(t *testing.T, at netip.AddrPort) {
	t.Helper()
	s.socket(t, unix.SOCK_STREAM, at, func(fd int, to unix.Sockaddr) error {
		if err := unix.Bind(fd, to); err != nil {
			return err
		}
		return unix.Listen(fd, 16)
	})
}

// talk sends a message to a service.
func (s *session) talk(t *testing.T, kind int, to netip.AddrPort, message string) {
	t.Helper()
	s.socket(t, kind, to, func(fd int, to unix.Sockaddr) error {
		if err := unix.Connect(fd, to); err != nil {
			return err
		}
		_, err := unix.Write(fd, []byte(message))
		return err
	})
}

// socket uses a socket that stays open until the test ends.
func (s *session) socket(t *testing.T, kind int, addr netip.AddrPort, use func(int, unix.Sockaddr) error) {
	t.Helper()
	family := unix.AF_INET6
	var to unix.Sockaddr = &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(addr.Port())}
	if addr.Addr().Is4() {
		family = unix.AF_INET
		to = &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	}
	err := s.do(func() error {
		fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		return use(fd, to)
	})
	if err != nil {
		t.Fatalf("%s: %v", addr, err)
	}
}
