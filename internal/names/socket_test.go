package names

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"
)

// Silence ends at the deadline, also where an IPv4 address is written as an IPv6
// address.
func TestDial(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::ffff:127.0.0.1"} {
		for _, network := range []string{"udp", "tcp"} {
			t.Run(network+" "+host, func(t *testing.T) {
				to := netip.AddrPortFrom(netip.MustParseAddr(host), silentPort(t, network, host))
				conn, err := dial(network, to, time.Now().Add(50*time.Millisecond))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("read from a silent server: %v; want %v", err, os.ErrDeadlineExceeded)
				}
			})
		}
	}
}

// silentPort is where somebody listens and says nothing.
func silentPort(t *testing.T, network, host string) uint16 {
	t.Helper()
	address := net.JoinHostPort(host, "0")
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().(*net.TCPAddr).AddrPort().Port()
}

func TestDialRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := listener.Addr().(*net.TCPAddr).AddrPort()
	listener.Close()
	if _, err := dial("tcp", to, time.Now().Add(time.Minute)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v; want %v", err, syscall.ECONNREFUSED)
	}
}

// A listener whose queue is full lets the next connection wait.
func TestDialTimeout(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*syscall.SockaddrInet4).Port))
	for range 10 {
		conn, err := dial("tcp", to, time.Now().Add(50*time.Millisecond))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	t.Error("ten connections to a queue for one")
}

func TestSocketAddress(t *testing.T) {
	tests := []struct {
		addr string
		want syscall.Sockaddr
	}{
		{"192.0.2.1", &syscall.SockaddrInet4{Port: 53, Addr: [4]byte{192, 0, 2, 1}}},
		{"fd00::1", &syscall.SockaddrInet6{Port: 53, Addr: [16]byte{0: 0xfd, 15: 1}}},
		{"fe80::1%7", &syscall.SockaddrInet6{Port: 53, Addr: [16]byte{0: 0xfe, 1: 0x80, 15: 1}, ZoneId: 7}},
	}
	for _, tt := range tests {
		got := socketAddress(-1, netip.MustParseAddr(tt.addr), 53)
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v; want %+v", tt.addr, got, tt.want)
		}
	}
}
