package wire

import (
	"errors"
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/lantest"

	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

func TestKernelConnect(t *testing.T) {
	dir := lantest.LAN(t)
	web := lantest.Listen(t, dir, "rs1", "tcp4", "10.0.0.7:80")
	lantest.Listen(t, dir, "rs1", "tcp6", "[fd00::7]:80")
	lantest.Listen(t, dir, "lvs", "tcp4", "10.0.0.8:80")
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
	lantest.Within(t, dir, "lvs", func() {
		start := time.Now()
		got, err := wired.Connect(ipvs.TCP, to, 20*time.Second)
		lantest.Must(t, err)
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
	lantest.Must(t, err)
	defer heard.Close()
	lantest.Must(t, heard.SetDeadline(time.Now().Add(10*time.Second)))
	if n, err := heard.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the server read %d bytes, %v; want the end", n, err)
	}
}

func TestKernelConnectTimesOut(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Listen(t, dir, "rs1", "tcp4", "10.0.0.7:80")
	to := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.99:80"), netip.MustParseAddrPort("10.0.0.7:80")}
	lantest.Within(t, dir, "lvs", func() {
		start := time.Now()
		got, err := wired.Connect(ipvs.TCP, to, soon)
		lantest.Must(t, err)
		if got[0] != unix.ETIMEDOUT || got[1] != nil {
			t.Errorf("%v; want ETIMEDOUT, then no error", got)
		}
		if took := time.Since(start); took < soon || took > 6*soon {
			t.Errorf("it took %v, want %v", took, soon)
		}
	})
}

func TestConnectNone(t *testing.T) {
	if got, err := wired.Connect(ipvs.TCP, nil, time.Hour); len(got) != 0 || err != nil {
		t.Errorf("no address: %v, %v", got, err)
	}
	if _, err := wired.Connect(ipvs.UDP, nil, 0); !errors.Is(err, syscall.EPROTONOSUPPORT) {
		t.Errorf("UDP: %v, want EPROTONOSUPPORT", err)
	}
}

func TestKernelConnectSCTP(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Within(t, dir, "rs1", func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, int(ipvs.SCTP))
		lantest.Must(t, err)
		t.Cleanup(func() { unix.Close(fd) })
		lantest.Must(t, unix.Bind(fd, &unix.SockaddrInet4{Port: 80, Addr: [4]byte{10, 0, 0, 7}}))
		lantest.Must(t, unix.Listen(fd, 8))
	})
	lantest.Within(t, dir, "lvs", func() {
		to := []netip.AddrPort{netip.MustParseAddrPort("10.0.0.7:80"), netip.MustParseAddrPort("10.0.0.7:84")}
		results, err := wired.Connect(ipvs.SCTP, to, 10*time.Second)
		lantest.Must(t, err)
		if results[0] != nil || !errors.Is(results[1], syscall.ECONNREFUSED) {
			t.Errorf("%v; want no error, then ECONNREFUSED", results)
		}
	})
}
