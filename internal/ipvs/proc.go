package ipvs

import (
	"io"
	"os"
)

// Connections opens the kernel's list of connections, one line each below a
// title line. It is of the network namespace of the process.
func Connections() (io.ReadCloser, error) { return os.Open(ConnectionsPath) }

// ConnectionsPath is the file that [Connections] reads.
const ConnectionsPath = "/proc/net/ip_vs_conn"
