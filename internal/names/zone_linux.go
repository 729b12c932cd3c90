package names

import (
	"strconv"
	"syscall"
	"unsafe"
)

// zoneIndex is the number of the interface in an IPv6 address such as
// fe80::1%eth0: of its name or, without an interface of that name, in its place.
// 0 is no interface.
func zoneIndex(fd int, zone string) uint32 {
	var request struct { // ifreq of netdevice(7)
		name  [syscall.IFNAMSIZ]byte
		index uint32
		_     [20]byte
	}
	if 0 < len(zone) && len(zone) < len(request.name) {
		copy(request.name[:], zone)
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCGIFINDEX, uintptr(unsafe.Pointer(&request)))
		if errno == 0 {
			return request.index
		}
	}
	n, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(n)
}
