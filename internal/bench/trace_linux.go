package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// trace runs the process once more and returns the most memory that one of its
// processes had resident, in kB, and how many system calls they made together;
// 0 if this kernel does not count them.
//
// The memory is asked at the exit of each process: wait4(2) would tell that of
// the parent if larger, since a process begins on its parent's pages.
func (p process) trace() (memory, calls int, err error) {
	counter, err := openCallCounter()
	if err == nil {
		defer syscall.Close(counter)
	}
	pid, err := p.start(true)
	if err != nil {
		return 0, 0, err
	}
	var status syscall.WaitStatus
	if _, err := wait4(pid, &status, 0); err != nil {
		return 0, 0, err
	}
	const options = unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACEEXIT | unix.PTRACE_O_TRACEEXEC |
		unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACECLONE
	if err := syscall.PtraceSetOptions(pid, options); err != nil {
		return 0, 0, fmt.Errorf("trace: %w", err)
	}
	if memory, err = followToExit(pid); err != nil {
		return 0, 0, fmt.Errorf("trace: %w", err)
	}
	return memory, readCalls(counter), nil
}

// followToExit lets the stopped process and all that come of it run until each
// has exited.
func followToExit(pid int) (memory int, err error) {
	alive := map[int]bool{pid: true}
	signal := 0
	for {
		if err := syscall.PtraceCont(pid, signal); err != nil && err != syscall.ESRCH {
			return 0, err
		}
		var status syscall.WaitStatus
		for {
			if pid, err = wait4(-1, &status, unix.WALL); err != nil {
				return 0, err
			}
			if status.Stopped() {
				break
			}
			if delete(alive, pid); len(alive) == 0 {
				return memory, nil
			}
		}
		signal = 0
		switch {
		case status.TrapCause() == unix.PTRACE_EVENT_EXIT:
			memory = max(memory, peakMemory(pid))
		case status.TrapCause() > 0: // it made another, which reports by itself, or became another
		case !alive[pid]: // and this is the other
		default:
			signal = int(status.StopSignal())
		}
		alive[pid] = true
	}
}

func peakMemory(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kB, _ := strconv.Atoi(value)
	return kB
}

// openCallCounter counts the system calls of what this thread is about to
// execute, from that on (perf_event_open(2)). Stopping at each would take
// minutes.
func openCallCounter() (fd int, err error) {
	text, err := os.ReadFile("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id")
	if err != nil {
		return -1, err
	}
	id, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return -1, err
	}
	attributes := unix.PerfEventAttr{
		Type:   unix.PERF_TYPE_TRACEPOINT,
		Size:   uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Config: id,
		Bits:   unix.PerfBitDisabled | unix.PerfBitInherit | unix.PerfBitEnableOnExec,
	}
	return unix.PerfEventOpen(&attributes, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
}

func readCalls(counter int) int {
	var value [8]byte
	if n, err := syscall.Read(counter, value[:]); err != nil || n != len(value) {
		return 0
	}
	return int(binary.NativeEndian.Uint64(value[:]))
}
