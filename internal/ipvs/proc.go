package ipvs

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// ConnectionsPath is where the kernel lists its connections.
const ConnectionsPath = "/proc/net/ip_vs_conn"

// Connections opens the kernel's list of connections, for [ReadConnections]. It
// is of the network namespace of the process's first thread.
func Connections() (io.ReadCloser, error) { return os.Open(ConnectionsPath) }

// ThreadConnections is Connections of the network namespace of the calling thread.
func ThreadConnections() (io.ReadCloser, error) { return os.Open("/proc/thread-self/net/ip_vs_conn") }

// Connection is a line of the kernel's list.
type Connection struct {
	Protocol    string // as in [ProtocolTitles]; others are the kernel's own
	Client      netip.AddrPort
	Virtual     netip.AddrPort // what the client has connected to
	Destination netip.AddrPort
	State       string
	Expires     uint32 // seconds
	PE, PEData  string // persistence engine and its data; both or neither
}

// ErrConnection is a line of the kernel's list that is not understood.
var ErrConnection = errors.New("a line is not understood")

// ReadConnections reads a list of connections, one at a time, in the kernel's
// order. Blank lines count for nothing. io.EOF: not even the title is there. An
// error ends the list.
func ReadConnections(r io.Reader) (iter.Seq2[Connection, error], error) {
	in := bufio.NewReader(r)
	if _, err := in.ReadString('\n'); err != nil {
		return nil, err
	}
	return func(yield func(Connection, error) bool) {
		for {
			line, end := in.ReadString('\n')
			if strings.TrimLeftFunc(line, blank) != "" {
				c, ok := parseConnection(line)
				if !ok {
					yield(c, ErrConnection)
					return
				}
				if !yield(c, nil) {
					return
				}
			}
			if end == io.EOF {
				return
			}
			if end != nil {
				yield(Connection{}, end)
				return
			}
		}
	}, nil
}

// blank reports what isspace(3) accepts in the C locale.
func blank(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// parseConnection reads protocol, three addresses each with its port, state,
// expiry and, where there is one, the engine and its data. The data is a
// client's: only blanks of the C locale end it.
func parseConnection(line string) (c Connection, ok bool) {
	var f [11]string
	n := 0
	for word := range strings.FieldsFuncSeq(line, blank) {
		f[n] = word
		if n++; n == len(f) {
			break
		}
	}
	if n < 9 {
		return c, false
	}
	for i, to := range []*netip.AddrPort{&c.Client, &c.Virtual, &c.Destination} {
		addr, ok := connectionAddr(f[1+2*i])
		port, err := strconv.ParseUint(f[2+2*i], 16, 16)
		if !ok || err != nil {
			return c, false
		}
		*to = netip.AddrPortFrom(addr, uint16(port))
	}
	seconds, err := strconv.ParseInt(f[8], 10, 64)
	if err != nil {
		return c, false
	}
	c.Protocol, c.State = f[0], f[7]
	c.Expires = uint32(seconds) // modulo 2^32, as ipvsadm reads it
	if n == len(f) {
		c.PE, c.PEData = f[9], f[10]
	}
	return c, true
}

// connectionAddr reads eight hexadecimal digits or an IPv6 address.
func connectionAddr(s string) (netip.Addr, bool) {
	if strings.Contains(s, ":") {
		addr, err := netip.ParseAddr(s)
		return addr, err == nil && addr.Zone() == ""
	}
	v, err := strconv.ParseUint(s, 16, 32)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), err == nil
}
