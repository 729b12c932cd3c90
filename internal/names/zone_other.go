//go:build !linux

package names

import "strconv"

// zoneIndex is the number of the interface in an IPv6 address such as fe80::1%4;
// names of interfaces are known on Linux only. 0 is no interface.
func zoneIndex(_ int, zone string) uint32 {
	n, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(n)
}
