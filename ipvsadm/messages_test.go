package ipvsadm

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// allActions are the actions that ask the kernel for something, and none for
// the start-up.
var allActions = []action{
	none, addService, editService, deleteService, zero, flush, list, save,
	addServer, editServer, deleteServer, setTimeouts, startDaemon, stopDaemon,
}

// particular are the texts that one operation has for an error.
var particular = map[syscall.Errno]map[action]string{
	syscall.EEXIST: {
		addService: "Service already exists", addServer: "Destination already exists", startDaemon: "Daemon has already run",
	},
	syscall.ENOENT: {
		addService: "Scheduler or persistence engine not found", editService: "Scheduler or persistence engine not found",
		editServer: "No such destination", deleteServer: "No such destination",
	},
	syscall.ESRCH: {
		editService: "No such service", deleteService: "No such service", zero: "No such service", list: "No such service",
		addServer: "Service not defined", editServer: "Service not defined", deleteServer: "Service not defined",
		stopDaemon: "No daemon is running",
	},
}

var general = map[syscall.Errno]string{
	syscall.EPERM:        "Permission denied (you must be root)",
	syscall.EINVAL:       "Invalid operation.  Possibly wrong module version, address not unicast, ...",
	syscall.ENOPROTOOPT:  "Protocol not available",
	syscall.ENOMEM:       "Memory allocation problem",
	syscall.EOPNOTSUPP:   "Operation not supported with IPv6",
	syscall.EAFNOSUPPORT: "Operation not supported with specified address family",
	syscall.EMSGSIZE:     "Module is wrong version",
	syscall.ERANGE:       "Numerical result out of range",
	syscall.ENODEV:       "No such device",
	syscall.ENOENT:       "No such file or directory",
	syscall.EEXIST:       "File exists",
	syscall.ESRCH:        "No such process",
	syscall.EADDRINUSE:   "Address already in use",
	syscall.ENOBUFS:      "No buffer space available",
	syscall.EINTR:        "Interrupted system call",
	syscall.Errno(133):   "Memory page has hardware error",
	syscall.Errno(134):   "Unknown error 134",
	syscall.Errno(4095):  "Unknown error 4095",
}

func TestErrnoText(t *testing.T) {
	for errno, text := range general {
		for _, a := range allActions {
			want := text
			if own, ok := particular[errno][a]; ok {
				want = own
			}
			err := fmt.Errorf("kernel: %w", errno) // however it is wrapped
			if got := kernelText(a, err); got != want {
				t.Errorf("errno %d of action %d: %q, want %q", int(errno), a, got, want)
			}
		}
	}
}

// What is no errno, such as a reply that cannot be understood, is EINVAL.
func TestTextWithoutErrno(t *testing.T) {
	if got, want := kernelText(list, errors.New("short reply")), general[syscall.EINVAL]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The page of -h names every command and option, and how the program is called.
func TestHelp(t *testing.T) {
	var b strings.Builder
	writeHelp(&b, "ipvs")
	page := b.String()
	for _, o := range table {
		if o.long != "" && !strings.Contains(page, "--"+o.long) {
			t.Errorf("no --%s", o.long)
		}
		if o.short != 0 && o.long != "" && !strings.Contains(page, "-"+string(o.short)+",") && !strings.Contains(page, "-"+string(o.short)+" ") {
			t.Errorf("no -%c", o.short)
		}
	}
	if !strings.Contains(page, "Usage: ipvs COMMAND") || strings.Contains(page, "@") {
		t.Error("the usage lines do not say how the program is called")
	}
	for i, line := range strings.Split(page, "\n") {
		if len(line) > 90 || strings.TrimRight(line, " ") != line {
			t.Errorf("line %d is too wide or ends in blanks: %q", i+1, line)
		}
	}
}
