package host

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"lvsdr/internal/ipvs"
)

// Listener is a socket that accepts connections (TCP, SCTP), or one that takes
// datagrams of anybody (UDP).
type Listener struct {
	Protocol ipvs.Protocol
	Addr     netip.AddrPort // an unspecified address is every address of the machine
	// V6Only of a socket at :: says that it does not hear IPv4; such sockets
	// hear both families otherwise. /proc does not tell, but the kernel's
	// sock_diag does, since Linux 4.2 and where it has the module for the
	// protocol (tcp_diag, udp_diag, sctp_diag). False may mean unknown.
	V6Only bool
}

// Hears reports whether what is sent to that address and port comes to l.
func (l Listener) Hears(to netip.AddrPort) bool {
	if l.Addr.Port() != to.Port() {
		return false
	}
	own, addr := l.Addr.Addr(), to.Addr().Unmap()
	if own.IsUnspecified() {
		return sameFamily(own, addr) || own.Is6() && !l.V6Only
	}
	return own == addr
}

// The states of sockets that listen (net/tcp_states.h). A socket of UDP that is
// not connected to a peer counts as closed.
const (
	stateClosed    = 7
	stateListening = 10
)

// readSockets reads a table of sockets below /proc/net (proc_net_tcp in the
// kernel's documentation; udp has the same columns).
func readSockets(text io.Reader, p ipvs.Protocol) ([]Listener, error) {
	state := fmt.Sprintf("%02X", stateListening)
	if p == ipvs.UDP {
		state = fmt.Sprintf("%02X", stateClosed)
	}
	return readTable(text, func(columns []string) (found []Listener, err error) {
		const local, status = 1, 3
		if len(columns) <= status {
			return nil, syscall.EINVAL
		}
		if columns[status] != state {
			return nil, nil
		}
		addr, err := hexAddrPort(columns[local])
		return []Listener{{Protocol: p, Addr: addr}}, err
	})
}

// readTable reads the lines below a title.
func readTable(text io.Reader, read func(columns []string) ([]Listener, error)) (all []Listener, err error) {
	lines := bufio.NewScanner(text)
	lines.Scan()
	for lines.Scan() {
		found, err := read(strings.Fields(lines.Text()))
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", lines.Text(), err)
		}
		all = append(all, found...)
	}
	return all, lines.Err()
}

// hexAddrPort reads an address as its words of 32 bits in the machine's byte
// order, and a port as a number: 0100007F:0050 is 127.0.0.1:80 where the least
// significant byte comes first.
func hexAddrPort(s string) (netip.AddrPort, error) {
	words, number, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(words)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for i := 0; i+4 <= len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	port, err := strconv.ParseUint(number, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addr, ok := netip.AddrFromSlice(b)
	if !ok {
		return netip.AddrPort{}, syscall.EINVAL
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// readEndpoints reads /proc/net/sctp/eps: an endpoint may have several
// addresses, and is a Listener for each.
func readEndpoints(text io.Reader) ([]Listener, error) {
	return readTable(text, func(columns []string) (found []Listener, err error) {
		const status, local, addresses = 3, 5, 8
		if len(columns) < addresses {
			return nil, syscall.EINVAL
		}
		if columns[status] != strconv.Itoa(stateListening) {
			return nil, nil
		}
		port, err := strconv.ParseUint(columns[local], 10, 16)
		if err != nil {
			return nil, err
		}
		for _, s := range columns[addresses:] {
			addr, err := netip.ParseAddr(s)
			if err != nil {
				return nil, err
			}
			found = append(found, Listener{Protocol: ipvs.SCTP, Addr: netip.AddrPortFrom(addr.Unmap(), uint16(port))})
		}
		return found, nil
	})
}
