package guest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// ipvsTable exists in every network namespace as soon as IPVS is loaded.
const ipvsTable = "/proc/self/net/ip_vs"

// runNative replaces this process by the command, in a fresh network namespace
// of the running kernel. It returns only if that cannot be: errNotHere if the
// kernel lacks IPVS or we lack the right, anything else if the command is to
// blame.
//
// The namespace is the calling thread's. execve makes that thread the new
// program's main one, so /proc/net shows the new namespace from the start.
func runNative(args []string) (status int, err error) {
	if !hasIPVS() {
		return 0, errNotHere
	}
	runtime.LockOSThread() // for good: no other goroutine may see the namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return 0, errNotHere
	}
	if err := raiseLoopback(); err != nil {
		return statusFailed, err
	}
	os.Setenv("PATH", withSbin(os.Getenv("PATH")))
	return Exec(args)
}

// Exec has the command take this process's place, on this thread and in its
// namespaces. It returns only if that cannot be, with the status to exit with:
// 127 if there is no such command, 126 if it cannot be executed.
func Exec(args []string) (status int, err error) {
	path, status, err := find(args[0])
	if err != nil {
		return status, err
	}
	err = syscall.Exec(path, args, os.Environ())
	return statusNotExecutable, fmt.Errorf("run %q: %w", path, err)
}

// Native reports whether the running kernel has IPVS (or can load it) and lets
// us make a lab of network namespaces.
func Native() bool {
	return mayMakeNetworks() && hasIPVS()
}

// mayMakeNetworks looks at the rights (capabilities(7)) and, since containers
// often have a /proc/sys that nobody can write to, at that.
func mayMakeNetworks() bool {
	const needed = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return data[0].Effective&needed == needed && unix.Access("/proc/sys/net/ipv4/ip_forward", unix.W_OK) == nil
}

func hasIPVS() bool {
	if _, err := os.Stat(ipvsTable); err == nil {
		return true
	}
	exec.Command("/sbin/modprobe", "ip_vs").Run() // its outcome is what the next line sees
	_, err := os.Stat(ipvsTable)
	return err == nil
}

// raiseLoopback sets the loopback interface of the current namespace up.
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
