package ipvsadm

import (
	"io"
	"net/netip"
	"strconv"

	"lvsdr/internal/ipvs"
)

const (
	connTitle = "IPVS connection entries\n" +
		"pro expire state       source             virtual            destination"
	connTitleEngine = "        pe name          pe_data"
)

// writeConnections reads the kernel's file and writes the listing. engines
// adds the persistence engine where a connection has one. ok is false where the
// file is empty or a line is not understood.
func writeConnections(w io.Writer, r io.Reader, name namer, engines bool) (ok bool) {
	connections, err := ipvs.ReadConnections(r)
	if err != nil {
		return false
	}
	b := append([]byte(nil), connTitle...)
	if engines {
		b = append(b, connTitleEngine...)
	}
	w.Write(append(b, '\n'))
	for c, err := range connections {
		if err != nil {
			return err != ipvs.ErrConnection
		}
		b = appendConnection(b[:0], &c, name, engines)
		w.Write(b)
	}
	return true
}

func appendConnection(b []byte, c *ipvs.Connection, name namer, engines bool) []byte {
	b = append(appendLeft(b, c.Protocol, 3), ' ')
	start := len(b)
	b = appendTwoDigits(b, c.Expires/60)
	b = append(b, ':')
	b = appendTwoDigits(b, c.Expires%60)
	b = append(pad(b, start, 6), ' ')
	b = append(appendLeft(b, c.State, 11), ' ')

	p, _ := ipvs.ProtocolTitles.Value(c.Protocol)
	field := func(a netip.AddrPort, width int) {
		start := len(b)
		b = pad(name(b, a.Addr(), a.Port(), p), start, width)
	}
	field(c.Client, 18)
	b = append(b, ' ')
	field(c.Virtual, 18)
	b = append(b, ' ')
	if !engines || c.PE == "" {
		field(c.Destination, 0)
		return append(b, '\n')
	}
	field(c.Destination, 16)
	b = append(appendLeft(append(b, ' '), c.PE, 18), ' ')
	b = append(b, c.PEData...)
	return append(b, '\n')
}

func appendTwoDigits(b []byte, v uint32) []byte {
	if v < 10 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, uint64(v), 10)
}
