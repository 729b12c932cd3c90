// Package guest runs a command on a kernel that has what it needs. There are
// three kinds:
//
//   - The running kernel, in a fresh network namespace whose loopback is up. It
//     costs nothing: the command replaces this process. It has to have IPVS, or
//     to load it, and we have to be allowed to make namespaces. See
//     native_linux.go.
//   - Debian's user-mode-linux, a Linux kernel that is an ordinary program. It
//     boots in about two seconds as any user, but is built with less: nf_tables
//     has no IPv4 there. See umlinux_linux.go.
//   - Debian's kernel for real machines, [Stock], in QEMU, which translates
//     every instruction: it boots in four seconds, and what runs on it computes
//     ten times slower. A system call costs less there than in user-mode-linux,
//     and a program starts three times as fast. It is what directors run. See
//     stock_linux.go.
//
// [Run] takes the running kernel if that will do, else user-mode-linux: the lab
// needs no more than IPVS, and no rights. [Boot] always takes user-mode-linux,
// for what lasts as long as its kernel. [BootStock] always takes a stock kernel:
// tests start many programs, and some need all of it. Measuring, which
// wants a kernel with nothing else on it, boots a [Stock] with an initramfs of
// its own: see internal/bench.
//
// # The guest
//
// A guest is the host's files under another kernel: the command finds its
// working directory, its environment and every file where it left them, and
// what it writes stays. It is root there, with the rights of the caller on
// the files. Only /proc, /sys, /dev and /run are the guest's own.
//
// The init of a guest is our own executable: whoever sees [InitWord] calls
// [Init]. User-mode-linux starts it from the host's files, by hostfs. A stock
// kernel starts it from an initramfs, where it loads the modules that reach the
// host's files, by 9p.
//
// Host and guest talk over one line, whose other end is a socket of ours: a
// console of user-mode-linux, a virtio port of QEMU. The file systems would not
// do: they cache, and their FIFOs and sockets do not connect the two kernels.
// The line carries frames (frame.go): first the command, then its three
// streams, signals, window sizes and at last its exit status. Each stream has a
// window of its own (stream.go), so that a reader that is slow or gone holds up
// nothing else.
//
// A command whose standard input and output are a terminal gets a terminal of
// the guest, and ours is raw meanwhile; otherwise it gets pipes.
//
// The guest ends when the command does; what it left running is killed, what
// it wrote is synced. The guest also ends when the line does, so that nothing
// stays behind even if this process is killed outright.
package guest
