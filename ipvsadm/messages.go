package ipvsadm

import (
	"errors"
	"fmt"
	"syscall"
)

// Exit statuses.
const (
	statusOK      = 0
	statusListing = 1   // a listing could not be made
	statusUsage   = 2   // the command line is not acceptable, or there is no IPVS
	statusRefused = 255 // the parser or the kernel refused; -1 of the original
)

// failure is why a command did not succeed: the bytes for standard error, the
// exit status, and whether a restore goes on with its next line.
type failure struct {
	text   string // whole lines, or nothing
	status int
	goesOn bool
}

// fail ends the program: the original calls it for whatever is wrong with the
// values and the combination of options.
func fail(format string, args ...any) *failure {
	return &failure{text: fmt.Sprintf(format, args...) + "\n", status: statusUsage}
}

// tryHelp is the answer to a command line whose first option is no command.
func tryHelp(name string) *failure {
	return &failure{text: fmt.Sprintf(msgTryHelp, name, name) + "\n", status: statusRefused}
}

// refusedWord is the answer to a word that the option parser does not accept.
func refusedWord(word string, reason error) *failure {
	return &failure{text: fmt.Sprintf(msgBadWord, word, reason) + "\n", status: statusRefused, goesOn: true}
}

// refused is the kernel's refusal of a change.
func refused(a action, err error) *failure {
	return &failure{text: kernelText(a, err) + "\n", status: statusRefused, goesOn: true}
}

// unlisted is a listing that the kernel did not give.
func unlisted(a action, err error) *failure {
	return &failure{text: kernelText(a, err) + "\n", status: statusListing}
}

// The sentences of ipvsadm 1.31, as observed. Scripts match them: they stay
// as they are, mistakes included.
const (
	msgVersion = "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)"

	msgNoIPVS = "Can't initialize ipvs: %s\n" +
		"Are you sure that IP Virtual Server is built in the kernel or as module?\n"
	msgOldIPVS = "Warning: IPVS version mismatch: \n" +
		"  Kernel compiled with IPVS version %d.%d.%d\n" +
		"  ipvsadm v1.31  requires minimum IPVS version 1.1.4\n\n"

	msgTryHelp        = "Try `%s -h' or '%s --help' for more information."
	msgBadWord        = "%s: %s"
	msgInvalidOption  = "invalid option `%s'"
	msgMultiple       = "multiple '%s' options specified"
	msgUnexpected     = "unexpected argument %s"
	msgMissing        = "You need to supply the '%s' option for the '%s' %s"
	msgIllegal        = "Illegal '%s' option with the '%s' %s"
	msgConflict       = "The option '%s' conflicts with the '%s' option in the '%s' %s"
	msgListConflict   = "options conflicts in the list command"
	msgStartDaemon    = "illegal start-daemon parameter specified"
	msgStopDaemon     = "illegal start_daemon specified"
	msgThreeTimeouts  = "--set option requires 3 timeout values"
	msgTimeout        = "invalid timeout value `%s' specified"
	msgFWMark         = "invalid fwmark value `%s' specified"
	msgVirtualServer  = "illegal virtual server address[:port] specified"
	msgRealServer     = "illegal real server address[:port] specified"
	msgMask           = "illegal virtual server persistent mask specified"
	msgMask6          = "illegal ipv6 netmask specified"
	msgIPv6First      = "-6 used before -f\n" // the empty line is the original's
	msgWeight         = "illegal weight specified"
	msgUpper          = "illegal u_threshold specified"
	msgLower          = "illegal l_threshold specified"
	msgSyncID         = "illegal syncid specified"
	msgSyncMaxLen     = "illegal sync-maxlen specified"
	msgMcastPort      = "illegal mcast-port specified"
	msgMcastTTL       = "illegal mcast-ttl specified"
	msgMcastGroup4    = "invalid IPv4 mcast-group `%s'"
	msgMcastGroup6    = "invalid IPv6 mcast-group `%s'"
	msgTunnelPort     = "illegal tunnel port specified"
	msgTunnelType     = "illegal tunnel type specified"
	msgSchedFlag      = "invalid scheduler flag `%s'"
	msgSchedFlagOther = "incompatible scheduler flag `%s'"
	msgZeroPort       = "Zero port specified for non-persistent service"
	msgOnePacketUDP   = "One-Packet Scheduling is only for UDP virtual services"
	msgOtherFamily    = "Different address family is allowed only for tunneling servers"
	msgNotSaved       = "not saved, for -R cannot restore it: "
	msgTunnelForward  = "Tunnel options conflict with forward method"
	msgNoConnections  = "cannot open file %s\n"
	msgBadConnections = "unexpected input from %s\n"
)

// kernelText says in the original's words why the kernel refused an action.
func kernelText(a action, err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EINVAL
	}
	for _, t := range texts {
		if t.errno == errno && (t.action == a || t.action == anyAction) {
			return t.text
		}
	}
	return errnoText(errno)
}

const anyAction action = -1

const (
	noModule  = "Scheduler or persistence engine not found"
	noService = "No such service"
	noDest    = "No such destination"
	undefined = "Service not defined"
)

// texts are what the original says of an error. An action's own come first.
var texts = [...]struct {
	action action
	errno  syscall.Errno
	text   string
}{
	{addService, syscall.EEXIST, "Service already exists"},
	{addService, syscall.ENOENT, noModule},
	{editService, syscall.ESRCH, noService},
	{editService, syscall.ENOENT, noModule},
	{deleteService, syscall.ESRCH, noService},
	{zero, syscall.ESRCH, noService},
	{list, syscall.ESRCH, noService},
	{addServer, syscall.ESRCH, undefined},
	{addServer, syscall.EEXIST, "Destination already exists"},
	{editServer, syscall.ESRCH, undefined},
	{editServer, syscall.ENOENT, noDest},
	{deleteServer, syscall.ESRCH, undefined},
	{deleteServer, syscall.ENOENT, noDest},
	{startDaemon, syscall.EEXIST, "Daemon has already run"},
	{stopDaemon, syscall.ESRCH, "No daemon is running"},

	{anyAction, syscall.EPERM, "Permission denied (you must be root)"},
	{anyAction, syscall.EINVAL, "Invalid operation.  Possibly wrong module version, address not unicast, ..."},
	{anyAction, syscall.ENOPROTOOPT, "Protocol not available"},
	{anyAction, syscall.ENOMEM, "Memory allocation problem"},
	{anyAction, syscall.EOPNOTSUPP, "Operation not supported with IPv6"},
	{anyAction, syscall.EAFNOSUPPORT, "Operation not supported with specified address family"},
	{anyAction, syscall.EMSGSIZE, "Module is wrong version"},
	{anyAction, ehwpoison, "Memory page has hardware error"},
}

// ehwpoison of asm-generic/errno.h is newer than Go's list of texts.
const ehwpoison = syscall.Errno(133)

// errnoText is strerror(3) of the C library. Go keeps the same texts with the
// first letter lowered where it starts an ordinary word.
func errnoText(errno syscall.Errno) string {
	text := errno.Error()
	if text == fmt.Sprintf("errno %d", int(errno)) {
		return fmt.Sprintf("Unknown error %d", int(errno))
	}
	if c := text[0]; 'a' <= c && c <= 'z' {
		text = string(c-'a'+'A') + text[1:]
	}
	return text
}
