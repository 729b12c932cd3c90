// Package guest runs a command on a kernel that has IPVS.
//
// [Run] looks for one in this order:
//
//  1. The running kernel, if it has IPVS (or can load it) and we may make
//     network namespaces: the command replaces this process, in a fresh
//     namespace whose loopback is up. See native_linux.go.
//  2. Debian's user-mode-linux: a Linux kernel that is an ordinary program.
//     It boots in about two seconds as any user, with the host's file system
//     as its root, and our own executable as its init. See host_linux.go for
//     this side of it, guest_linux.go for the other.
//
// # The guest
//
// A guest is the host's files under another kernel: the command finds its
// working directory, its environment and every file where it left them, and
// what it writes stays. It is root there, with the rights of the caller on
// the files. Only /proc, /sys, /dev and /run are the guest's own.
//
// Host and guest talk over one console line of the guest, whose other end is a
// socket of ours. hostfs would not do: it caches writes, and its FIFOs and
// sockets do not connect the two kernels. The line carries frames (frame.go):
// first the command, then its three streams, signals, window sizes and at last
// its exit status. Each stream has a window of its own (stream.go), so that a
// reader that is slow or gone holds up nothing else.
//
// A command whose standard input and output are a terminal gets a terminal of
// the guest, and ours is raw meanwhile; otherwise it gets pipes.
//
// The guest ends when the command does; what it left running is killed, what
// it wrote is synced. The guest also ends when the line does, so that nothing
// stays behind even if this process is killed outright.
package guest
