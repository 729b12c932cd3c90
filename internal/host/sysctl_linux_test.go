package host

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"lvsdr/internal/lantest"

	"golang.org/x/sys/unix"
)

func TestKernelSysctl(t *testing.T) {
	lantest.Fresh(t)
	s := Sysctl{}
	lantest.Must(t, s.Set("net.ipv4.conf.all.arp_announce", 2))
	if value, err := s.Get("net.ipv4.conf.all.arp_announce"); err != nil || value != 2 {
		t.Errorf("after setting 2: %d, %v", value, err)
	}
	if _, err := s.Get("net.ipv4.conf.eth9.arp_ignore"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("no interface: %v, want ENOENT", err)
	}
}

// TestKernelSysctlReadOnly mounts /proc/sys as a container has it.
func TestKernelSysctlReadOnly(t *testing.T) {
	lantest.Fresh(t)
	lantest.Must(t, unix.Unshare(unix.CLONE_NEWNS))
	lantest.Must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	lantest.Must(t, unix.Mount("/proc/sys", "/proc/sys", "", unix.MS_BIND, ""))
	lantest.Must(t, unix.Mount("", "/proc/sys", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	err := Sysctl{}.Set("net.ipv4.conf.all.arp_ignore", 1)
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "/proc/sys/net/ipv4/conf/all/arp_ignore: read-only") {
		t.Errorf("%v, want EROFS and the file", err)
	}
	if value, err := (Sysctl{}).Get("net.ipv4.conf.all.arp_ignore"); err != nil || value != 0 {
		t.Errorf("after a refused change: %d, %v", value, err)
	}
}
