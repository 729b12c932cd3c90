package compat

// An Area is a part of the command's behaviour. It has one golden file.
type Area struct {
	Name   string
	Groups []Group
}

// A Group is a sequence of steps on a table that starts empty, in a fresh
// network namespace.
//
// A step is a command line. Without a command name at its start it is given to
// ipvsadm. Quotes work as in the shell; a line with shell syntax outside quotes
// is run by sh. A first word "@NAME" sets argv[0] to NAME. What follows the
// first newline is the standard input; without a newline that is /dev/null.
type Group struct {
	Name string

	// Setup prepares the table. Its lines must succeed; they are not compared.
	Setup []string

	// Prepare does to the kernel's table what no command line can.
	Prepare func(*Table) error

	Steps []string

	// Hosts and Services replace the default contents of those files in /etc.
	Hosts, Services string

	// Connections replaces /proc/net/ip_vs_conn.
	Connections string

	// Unordered marks listings whose order depends on the hash of the
	// namespace, so that a recorded listing is compared as a set of lines.
	Unordered bool

	// User is the numeric user the steps are run as; 0 is root.
	User uint32
}

// Areas returns the table of cases.
func Areas() []Area {
	worked, _ := Worked()
	return []Area{
		{"worked", worked},
		{"grammar", grammar},
		{"matrix", matrix()},
		{"values", values()},
		{"addresses", addresses},
		{"services", services},
		{"destinations", destinations},
		{"list", listings},
		{"sort", sorting},
		{"connections", connections},
		{"daemons", daemons},
		{"restore", restores},
		{"errors", errorTexts},
		{"known", known},
	}
}

// Contents of [Group.Connections] that text cannot say.
const (
	NoConnections    = "\x00no file"
	EmptyConnections = "\x00empty file"
)

// The names that exist; a [Group] may replace both files. There is no DNS:
// nobody listens on the name server's address.
const (
	defaultHosts = `127.0.0.1 localhost
10.9.9.9 web9
10.9.9.10 averyveryverylonghostname.example.com
fd00::9 six9
`
	defaultServices = `http 80/tcp www
domain 53/tcp
domain 53/udp
`
)
