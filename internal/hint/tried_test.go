package hint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestFor: the same errno of other deeds. Scripts make most of them on a kernel.
func TestFor(t *testing.T) {
	file := func(op, path string, errno syscall.Errno) error { return &fs.PathError{Op: op, Path: path, Err: errno} }
	for _, tt := range []struct {
		name string
		err  error
		want string // what advice and command begin with
	}{
		{"no deed", syscall.EPERM, ""},
		{"no errno", Try(Table, "", errors.New("x")), ""},
		{"address", Try(Address, "lo", syscall.EPERM), "needs CAP_NET_ADMIN"},
		{"disabled", Try(Address, "lo", syscall.EACCES), "IPv6 is disabled on lo: sysctl -w net.ipv6.conf.lo.disable_ipv6=0"},
		{"on a VLAN", Try(Address, "eth0.5", syscall.EACCES), "IPv6 is disabled on eth0.5: sysctl -w net.ipv6.conf.eth0/5.disable_ipv6=0"},
		{"no IPv6", Try(Address, "lo", syscall.EOPNOTSUPP), "this kernel has no IPv6"},
		{"overtaken", Try(Address, "lo", syscall.EADDRNOTAVAIL), meanwhile},
		{"address, no room", Try(Address, "lo", syscall.ENOBUFS), ""},
		{"frames", Try(Frames, "eth0", syscall.EPERM), "needs CAP_NET_RAW"},
		{"no Ethernet", Try(Frames, "wg0", syscall.EAFNOSUPPORT), "wg0 is not an Ethernet interface"},
		{"down", Try(Frames, "eth0", syscall.ENETDOWN), "eth0 is down: ip link set eth0 up"},
		{"table", Try(Table, "", syscall.EPERM), "needs CAP_NET_ADMIN"},
		{"scheduler", Try(Table, "mh", syscall.ENOENT), "the kernel has no scheduler mh, and could not load it: modprobe ip_vs_mh"},
		{"destination gone", Try(Table, "", syscall.ENOENT), meanwhile},
		{"IPv6 of IPVS", Try(Table, "wrr", syscall.EAFNOSUPPORT), "the IPVS of this kernel has no IPv6"},
		{"synchronisation", Try(Sync, "eth0", syscall.EPERM), "needs CAP_NET_ADMIN"},
		{"no way to the group", Try(Sync, "eth0", syscall.ENETUNREACH), "eth0 is down, or has no address to send to the group from: ip addr show dev eth0"},
		{"port of synchronisation", Try(Sync, "eth0", syscall.EADDRINUSE), "another program uses the synchronisation port: ss -lunp"},
		{"daemon gone", Try(Sync, "eth0", syscall.ESRCH), meanwhile},
		{"filter", Try(Filter, "", syscall.EPERM), "needs CAP_NET_ADMIN"},
		{"filter, other", Try(Filter, "", syscall.ENOENT), ""},
		{"full", file("write", "/run/lvsdr/4/state.json.new", syscall.ENOSPC), "lvsdr keeps its records below /run/lvsdr, which is full: df /run; df -i /run"},
		{"read-only /run", file("mkdir", "/run/lvsdr", syscall.EROFS), "lvsdr keeps its records below /run/lvsdr, which is read-only; "},
		{"read-only /run, renaming", &os.LinkError{Op: "rename", Old: "/run/lvsdr/4/a", New: "/run/lvsdr/4/b", Err: syscall.EROFS}, "lvsdr keeps its records below /run/lvsdr, which is read-only; "},
		{"in its place", Try(Records, "/run/lvsdr/4", syscall.ENOTDIR), "lvsdr keeps its records below /run/lvsdr, and something else is in its place: ls -ld /run /run/lvsdr /run/lvsdr/4"},
		{"read-only /proc/sys", file("open", "/proc/sys/net/ipv4/conf/all/arp_ignore", syscall.EROFS), "/proc/sys is read-only"},
		{"setting", file("open", "/proc/sys/net/ipv4/conf/all/arp_ignore", syscall.EACCES), "needs CAP_NET_ADMIN"},
		{"no interface", file("open", "/proc/sys/net/ipv4/conf/eth9/arp_ignore", syscall.ENOENT), "there is no interface eth9: ip link"},
		{"no parameter", file("open", "/proc/sys/net/ipv4/vs/x", syscall.ENOENT), ""},
		{"namespace", file("setns", "/run/netns/blue", syscall.EPERM), "needs CAP_SYS_ADMIN"},
		{"no namespace", file("open", "/run/netns/blue", syscall.ENOENT), "there is no such network namespace: ip netns"},
		{"another full disk", file("write", "/dev/stdout", syscall.ENOSPC), ""},
	} {
		advice, command := For(fmt.Errorf("deed: %w", tt.err))
		if command != "" {
			advice += ": " + command
		}
		if !strings.HasPrefix(advice, tt.want) || tt.want == "" && advice != "" {
			t.Errorf("%s: %q, want %q", tt.name, advice, tt.want)
		}
		if root := os.Geteuid() == 0; root && strings.Contains(advice, "run it as root") {
			t.Errorf("%s: root is told: %q", tt.name, advice)
		}
	}
	if Try(Table, "", nil) != nil {
		t.Error("a deed that was done is an error")
	}
}
