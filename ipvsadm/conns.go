package ipvsadm

import (
	"bufio"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// connection is a line of /proc/net/ip_vs_conn.
type connection struct {
	protocol    string
	client      netip.AddrPort
	virtual     netip.AddrPort
	destination netip.AddrPort
	state       string
	expires     uint32 // seconds
	engine      string // persistence engine and its data; both or neither
	engineData  string
}

const (
	connTitle = "IPVS connection entries\n" +
		"pro expire state       source             virtual            destination"
	connTitleEngine = "        pe name          pe_data"
)

// writeConnections reads the kernel's file and writes the listing. engines
// adds the persistence engine where a connection has one. A blank line counts
// for nothing; ok is false where the file is empty or a line is not understood.
func writeConnections(w io.Writer, r io.Reader, name namer, engines bool) (ok bool) {
	in := bufio.NewReader(r)
	if _, err := in.ReadString('\n'); err != nil {
		return false
	}
	b := append([]byte(nil), connTitle...)
	if engines {
		b = append(b, connTitleEngine...)
	}
	b = append(b, '\n')
	for {
		line, err := in.ReadString('\n')
		if white.trimLeft(line) != "" {
			c, ok := parseConnection(line)
			if !ok {
				w.Write(b)
				return false
			}
			b = appendConnection(b, &c, name, engines)
		}
		w.Write(b)
		b = b[:0]
		if err != nil {
			return true
		}
	}
}

// parseConnection reads protocol, three addresses each with its port, state,
// expiry and, where there is one, the engine and its data. The data is a
// client's: only blanks of the C locale end it.
func parseConnection(line string) (connection, bool) {
	var room [12]string
	f := white.split(line, room[:0])
	if len(f) < 9 {
		return connection{}, false
	}
	c := connection{protocol: f[0], state: f[7]}
	for i, to := range []*netip.AddrPort{&c.client, &c.virtual, &c.destination} {
		addr, ok := connectionAddr(f[1+2*i])
		port, err := strconv.ParseUint(f[2+2*i], 16, 16)
		if !ok || err != nil {
			return connection{}, false
		}
		*to = netip.AddrPortFrom(addr, uint16(port))
	}
	seconds, ok := number(f[8], math.MinInt64, math.MaxInt64)
	if !ok {
		return connection{}, false
	}
	c.expires = uint32(seconds) // modulo 2^32, as the original reads it
	if len(f) > 10 {
		c.engine, c.engineData = f[9], f[10]
	}
	return c, true
}

// connectionAddr reads eight hexadecimal digits or an IPv6 address.
func connectionAddr(s string) (netip.Addr, bool) {
	if strings.Contains(s, ":") {
		return ipv6(s)
	}
	v, err := strconv.ParseUint(s, 16, 32)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), err == nil
}

func appendConnection(b []byte, c *connection, name namer, engines bool) []byte {
	b = append(appendLeft(b, c.protocol, 3), ' ')
	start := len(b)
	b = appendTwoDigits(b, c.expires/60)
	b = append(b, ':')
	b = appendTwoDigits(b, c.expires%60)
	b = append(pad(b, start, 6), ' ')
	b = append(appendLeft(b, c.state, 11), ' ')

	p, _ := ipvs.ProtocolTitles.Value(c.protocol)
	field := func(a netip.AddrPort, width int) {
		start := len(b)
		b = pad(name(b, a.Addr(), a.Port(), p), start, width)
	}
	field(c.client, 18)
	b = append(b, ' ')
	field(c.virtual, 18)
	b = append(b, ' ')
	if !engines || c.engine == "" {
		field(c.destination, 0)
		return append(b, '\n')
	}
	field(c.destination, 16)
	b = append(appendLeft(append(b, ' '), c.engine, 18), ' ')
	b = append(b, c.engineData...)
	return append(b, '\n')
}

func appendTwoDigits(b []byte, v uint32) []byte {
	if v < 10 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, uint64(v), 10)
}
