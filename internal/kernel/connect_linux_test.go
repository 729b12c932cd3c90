package kernel

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listenAt opens a socket in a machine of the lan.
func listenAt(t *testing.T, dir, machine, network, addr string) net.Listener {
	t.Helper()
	var l net.Listener
	within(t, dir, machine, func() {
		var err error
		l, err = net.Listen(network, addr)
		must(t, err)
	})
	t.Cleanup(func() { l.Close() })
	return l
}

func TestKernelConnect(t *testing.T) {
	dir := lan(t)
	web := listenAt(t, dir, "rs1", "tcp4", "10.0.0.7:80")
	listenAt(t, dir, "rs1", "tcp6", "[fd00::7]:80")
	listenAt(t, dir, "lvs", "tcp4", "10.0.0.8:80")
	refused, gone, ok := error(syscall.ECONNREFUSED), error(syscall.EHOSTUNREACH), error(nil)
	cases := []struct {
		to   string
		want error
	}{
		{"10.0.0.99:80", gone}, {"10.0.0.7:80", ok}, {"[::ffff:10.0.0.7]:80", ok}, {"10.0.0.7:81", refused},
		{"[fd00::7]:80", ok}, {"[fd00::7]:81", refused}, {"[fd00::99]:80", gone},
		{"10.0.0.8:80", ok}, {"10.0.0.8:81", refused},
		{"192.0.2.1:80", syscall.ENETUNREACH}, {"", syscall.EINVAL},
	}
	var to []netip.AddrPort
	for _, tt := range cases {
		a, _ := netip.ParseAddrPort(tt.to)
		to = append(to, a)
	}
	within(t, dir, "lvs", func() {
		start := time.Now()
		got, err := NewHost().Connect(TCP, to, 20*time.Second)
		must(t, err)
		for i, tt := range cases {
			if !errors.Is(got[i], tt.want) {
				t.Errorf("%s: %v, want %v", tt.to, got[i], tt.want)
			}
		}
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("it took %v although all was decided", took)
		}
	})
	heard, err := web.Accept()
	must(t, err)
	defer heard.Close()
	must(t, heard.SetDeadline(time.Now().Add(10*time.Second)))
	if n, err := heard.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the server read %d bytes, %v; want the end", n, err)
	}
}

func TestKernelConnectTimesOut(t *testing.T) {
	dir := lan(t)
	listenAt(t, dir, "rs1", "tcp4", "10.0.0.7:80")
	to := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.99:80"), netip.MustParseAddrPort("10.0.0.7:80")}
	within(t, dir, "lvs", func() {
		start := time.Now()
		got, err := NewHost().Connect(TCP, to, soon)
		must(t, err)
		if got[0] != unix.ETIMEDOUT || got[1] != nil {
			t.Errorf("%v; want ETIMEDOUT, then no error", got)
		}
		if took := time.Since(start); took < soon || took > 6*soon {
			t.Errorf("it took %v, want %v", took, soon)
		}
	})
}

func TestConnectNone(t *testing.T) {
	if got, err := NewHost().Connect(TCP, nil, time.Hour); len(got) != 0 || err != nil {
		t.Errorf("no address: %v, %v", got, err)
	}
	if _, err := NewHost().Connect(UDP, nil, 0); !errors.Is(err, syscall.EPROTONOSUPPORT) {
		t.Errorf("UDP: %v, want EPROTONOSUPPORT", err)
	}
}
