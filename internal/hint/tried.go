package hint

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Deed is what was tried: an errno means something else of each.
type Deed int

// The deeds. On what each was tried is in brackets.
const (
	Address Deed = iota + 1 // an address is added or deleted [interface]
	Frames                  // frames are sent or heard [interface]
	Table                   // the IPVS table is read or changed [scheduler, of a service]
	Sync                    // a synchronisation daemon is started or stopped [interface]
	Filter                  // the packet filter is read or changed
	Records                 // what lvsdr remembers is read or written [folder]
	Setting                 // a kernel parameter is read or written [file]
	Joining                 // a network namespace is entered [name or file]
)

// Tried is an error of a deed. Its text is that of the error.
type Tried struct {
	Deed Deed
	On   string
	Err  error
}

func (e Tried) Error() string { return e.Err.Error() }
func (e Tried) Unwrap() error { return e.Err }

// Try says of what deed an error is; without one it is nil.
func Try(d Deed, on string, err error) error {
	if err == nil {
		return nil
	}
	return Tried{d, on, err}
}

// For is what to do about an error: advice, and a command to paste. Both are
// empty where nothing certain can be said: without the deed, nothing can.
func For(err error) (advice, command string) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return "", ""
	}
	d, on := deed(err)
	switch d {
	case Address:
		return forAddress(on, errno)
	case Frames:
		return forFrames(on, errno)
	case Table:
		return forTable(on, errno)
	case Sync:
		return forSync(on, errno)
	case Filter:
		return needsIf(errno, "CAP_NET_ADMIN"), ""
	case Records:
		return forRecords(on, errno)
	case Setting:
		return forSetting(on, errno)
	case Joining:
		return forJoining(errno)
	}
	return "", ""
}

// deed is that of an error. Files tell by their place.
func deed(err error) (Deed, string) {
	if t, ok := errors.AsType[Tried](err); ok {
		return t.Deed, t.On
	}
	file := ""
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		file = e.Path
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		file = e.New
	}
	for _, room := range []struct {
		below string
		deed  Deed
	}{{"/proc/sys/", Setting}, {"/run/netns/", Joining}, {"/run/lvsdr", Records}} {
		if strings.HasPrefix(file, room.below) {
			return room.deed, file
		}
	}
	return 0, ""
}

// needs is the advice that a capability is missing.
func needs(capability string) string {
	if os.Geteuid() != 0 {
		return "needs " + capability + "; run it as root"
	}
	return "needs " + capability + ", which root lacks here; in a container, start it with --cap-add " + strings.TrimPrefix(capability, "CAP_")
}

func needsIf(errno syscall.Errno, capability string) string {
	if errno == syscall.EPERM || errno == syscall.EACCES {
		return needs(capability)
	}
	return ""
}

// meanwhile is the advice where a plan was overtaken.
const meanwhile = "something else changed it at the same time; run it again"

func forAddress(link string, errno syscall.Errno) (advice, command string) {
	switch errno {
	case syscall.EPERM:
		return needs("CAP_NET_ADMIN"), ""
	case syscall.EACCES: // of addrconf, for nothing else
		return "IPv6 is disabled on " + link, "sysctl -w net.ipv6.conf." + strings.ReplaceAll(link, ".", "/") + ".disable_ipv6=0"
	case syscall.EOPNOTSUPP, syscall.EAFNOSUPPORT:
		return "this kernel has no IPv6, or was started with ipv6.disable=1", ""
	case syscall.ENODEV:
		return "there is no interface " + link, "ip link"
	case syscall.EEXIST, syscall.EADDRNOTAVAIL:
		return meanwhile, ""
	}
	return "", ""
}

func forFrames(link string, errno syscall.Errno) (advice, command string) {
	switch errno {
	case syscall.EPERM, syscall.EACCES:
		return needs("CAP_NET_RAW"), ""
	case syscall.ENETDOWN:
		return link + " is down", "ip link set " + link + " up"
	case syscall.EAFNOSUPPORT:
		return link + " is not an Ethernet interface, or the kernel lacks af_packet; announce: false sends no announcement", ""
	case syscall.ENODEV, syscall.ENXIO:
		return meanwhile, ""
	}
	return "", ""
}

func forTable(scheduler string, errno syscall.Errno) (advice, command string) {
	switch {
	case errno == syscall.EPERM:
		return needs("CAP_NET_ADMIN"), ""
	case errno == syscall.ENOENT && scheduler != "":
		return "the kernel has no scheduler " + scheduler + ", and could not load it", "modprobe ip_vs_" + scheduler
	case errno == syscall.EAFNOSUPPORT:
		return "the IPVS of this kernel has no IPv6, or was started with ipv6.disable=1", ""
	case errno == syscall.EEXIST, errno == syscall.ESRCH, errno == syscall.ENOENT:
		return meanwhile, ""
	case errno == syscall.EAGAIN: // ipvs.ErrTorn
		return "a program keeps changing virtual services, here or in another network namespace; try again when it is done", ""
	}
	return "", ""
}

func forSync(link string, errno syscall.Errno) (advice, command string) {
	switch errno {
	case syscall.EPERM:
		return needs("CAP_NET_ADMIN"), ""
	case syscall.ENETUNREACH, syscall.EADDRNOTAVAIL:
		return link + " is down, or has no address to send to the group from", "ip addr show dev " + link
	case syscall.EADDRINUSE:
		return "another program uses the synchronisation port", "ss -lunp"
	case syscall.ENODEV, syscall.EEXIST, syscall.ESRCH:
		return meanwhile, ""
	}
	return "", ""
}

func forRecords(file string, errno syscall.Errno) (advice, command string) {
	const room = "lvsdr keeps its records below /run/lvsdr"
	switch errno {
	case syscall.EPERM, syscall.EACCES:
		if os.Geteuid() != 0 {
			return room + ", which is root's; run it as root", ""
		}
		return room + ", and may not write there", "ls -ld /run /run/lvsdr " + file
	case syscall.EROFS:
		return room + ", which is read-only; in a container, start it with --tmpfs /run", ""
	case syscall.ENOSPC, syscall.EDQUOT:
		return room + ", which is full", "df /run; df -i /run"
	case syscall.ENOTDIR, syscall.EEXIST, syscall.EISDIR:
		return room + ", and something else is in its place", "ls -ld /run /run/lvsdr " + file
	}
	return "", ""
}

func forSetting(file string, errno syscall.Errno) (advice, command string) {
	switch errno {
	case syscall.EPERM, syscall.EACCES:
		return needs("CAP_NET_ADMIN"), ""
	case syscall.EROFS:
		return "/proc/sys is read-only; in a container, start it with --privileged, or set the value on the host", ""
	case syscall.ENOENT:
		if _, rest, ok := strings.Cut(file, "/conf/"); ok {
			link, _, _ := strings.Cut(rest, "/")
			return "there is no interface " + link, "ip link"
		}
	}
	return "", ""
}

func forJoining(errno syscall.Errno) (advice, command string) {
	switch errno {
	case syscall.EPERM, syscall.EACCES:
		return needs("CAP_SYS_ADMIN"), ""
	case syscall.ENOENT, syscall.EINVAL:
		return "there is no such network namespace", "ip netns"
	}
	return "", ""
}
