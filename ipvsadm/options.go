package ipvsadm

// action is a command of ipvsadm: what the first option asks for.
type action int

const (
	none action = iota
	addService
	editService
	deleteService
	flush
	list
	addServer
	deleteServer
	editServer
	setTimeouts
	startDaemon
	stopDaemon
	restore
	save
	zero
	help
	version
)

// actionNames are the names of the actions in messages.
var actionNames = [...]string{
	addService: "add-service", editService: "edit-service", deleteService: "delete-service",
	flush: "flush", list: "list",
	addServer: "add-server", deleteServer: "delete-server", editServer: "edit-server",
	setTimeouts: "set", startDaemon: "start-daemon", stopDaemon: "stop-daemon",
	restore: "restore", save: "save", zero: "zero",
}

func (a action) String() string { return actionNames[a] }

// optionID is an option of a command. The numbers are the order in which the
// legality of options is checked.
type optionID int

const (
	optNumeric optionID = iota
	optConnection
	optService
	optScheduler
	optPersistent
	optNetmask
	optServer
	optForward
	optWeight
	optUpper
	optLower
	optMcastInterface
	optTimeout
	optDaemon
	optStats
	optRate
	optThresholds
	optPersistentConn
	optNoSort
	optSyncID
	optExact
	optOnePacket
	optPE
	optSchedFlags
	optMcastGroup
	optMcastPort
	optMcastTTL
	optSyncMaxLen
	optTunInfo
	optTunType
	optTunPort
	optTunNoCsum
	optTunCsum
	optTunRemCsum
	optCount
)

// Options that may stand anywhere, any number of times.
const (
	optIPv6 = optCount + iota
	optSort
)

// optionNames are the names of the options in messages.
var optionNames = [optCount]string{
	"numeric", "connection", "service-address", "scheduler", "persistent", "netmask", "real-server",
	"forwarding-method", "weight", "u-threshold", "l-threshold", "mcast-interface", "timeout", "daemon",
	"stats", "rate", "thresholds", "persistent-conn", "nosort", "syncid", "exact", "ops", "pe", "sched-flags",
	"mcast-group", "mcast-port", "mcast-ttl", "sync-maxlen", "tun-info", "tun-type", "tun-port",
	"tun-nocsum", "tun-csum", "tun-remcsum",
}

func (o optionID) String() string { return optionNames[o] }

// options is a set of options.
type options uint64

func (s options) has(o optionID) bool { return s&(1<<o) != 0 }

// argument says whether an option takes one.
type argument int

const (
	without argument = iota
	required
	optional
)

// option is a line of the table of options: either a command, with action, or
// an option of one, with id.
type option struct {
	short  byte // zero: none
	long   string
	arg    argument
	action action
	id     optionID
}

// table holds every spelling that ipvsadm(8) knows, in the manual's order.
var table = [...]option{
	{short: 'A', long: "add-service", action: addService},
	{short: 'E', long: "edit-service", action: editService},
	{short: 'D', long: "delete-service", action: deleteService},
	{short: 'C', long: "clear", action: flush},
	{short: 'R', long: "restore", action: restore},
	{short: 'S', long: "save", action: save},
	{short: 'a', long: "add-server", action: addServer},
	{short: 'e', long: "edit-server", action: editServer},
	{short: 'd', long: "delete-server", action: deleteServer},
	{short: 'L', long: "list", action: list},
	{short: 'l', action: list},
	{short: 'Z', long: "zero", action: zero},
	{long: "set", action: setTimeouts},
	{long: "start-daemon", arg: required, action: startDaemon},
	{long: "stop-daemon", arg: required, action: stopDaemon},
	{short: 'h', long: "help", action: help},
	{short: 'v', long: "version", action: version},

	{short: 't', long: "tcp-service", arg: required, id: optService},
	{short: 'u', long: "udp-service", arg: required, id: optService},
	{long: "sctp-service", arg: required, id: optService},
	{short: 'f', long: "fwmark-service", arg: required, id: optService},
	{short: '6', long: "ipv6", id: optIPv6},
	{short: 's', long: "scheduler", arg: required, id: optScheduler},
	{short: 'p', long: "persistent", arg: optional, id: optPersistent},
	{short: 'M', long: "netmask", arg: required, id: optNetmask},
	{short: 'o', long: "ops", id: optOnePacket},
	{long: "pe", arg: required, id: optPE},
	{short: 'b', long: "sched-flags", arg: required, id: optSchedFlags},
	{short: 'r', long: "real-server", arg: required, id: optServer},
	{short: 'g', long: "gatewaying", id: optForward},
	{short: 'i', long: "ipip", id: optForward},
	{short: 'm', long: "masquerading", id: optForward},
	{long: "tun-type", arg: required, id: optTunType},
	{long: "tun-port", arg: required, id: optTunPort},
	{long: "tun-nocsum", id: optTunNoCsum},
	{long: "tun-csum", id: optTunCsum},
	{long: "tun-remcsum", id: optTunRemCsum},
	{short: 'w', long: "weight", arg: required, id: optWeight},
	{short: 'x', long: "u-threshold", arg: required, id: optUpper},
	{short: 'y', long: "l-threshold", arg: required, id: optLower},
	{long: "mcast-interface", arg: required, id: optMcastInterface},
	{long: "mcast-group", arg: required, id: optMcastGroup},
	{long: "mcast-port", arg: required, id: optMcastPort},
	{long: "mcast-ttl", arg: required, id: optMcastTTL},
	{long: "sync-maxlen", arg: required, id: optSyncMaxLen},
	{long: "syncid", arg: required, id: optSyncID},
	{short: 'c', long: "connection", id: optConnection},
	{long: "timeout", id: optTimeout},
	{long: "daemon", id: optDaemon},
	{long: "stats", id: optStats},
	{long: "rate", id: optRate},
	{long: "exact", short: 'X', id: optExact},
	{long: "thresholds", id: optThresholds},
	{long: "persistent-conn", id: optPersistentConn},
	{long: "tun-info", id: optTunInfo},
	{long: "nosort", id: optNoSort},
	{long: "sort", id: optSort},
	{short: 'n', long: "numeric", id: optNumeric},
}

// shorts has the place of each letter in the table, plus one.
var shorts = func() (places [128]uint8) {
	for i := range table {
		places[table[i].short] = uint8(i + 1)
	}
	places[0] = 0
	return places
}()

func optionByShort(c byte) *option {
	if int(c) >= len(shorts) || shorts[c] == 0 {
		return nil
	}
	return &table[shorts[c]-1]
}

func optionByLong(name string) *option {
	for i := range table {
		if table[i].long == name && name != "" {
			return &table[i]
		}
	}
	return nil
}
