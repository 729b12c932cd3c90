package names

import (
	"net"
	"syscall"
	"testing"
)

func TestZone(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	tests := []struct {
		zone string
		want uint32
	}{
		{"", 0},
		{"lo", uint32(lo.Index)},
		{"7", 7},
		{"nosuch", 0},
		{"lo-with-16-bytes", 0},
	}
	for _, tt := range tests {
		if got := zoneIndex(fd, tt.zone); got != tt.want {
			t.Errorf("zone %q: interface %d; want %d", tt.zone, got, tt.want)
		}
	}
}
