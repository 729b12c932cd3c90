package lvsdr

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/ipvs"
)

// Connections is what "list --connections --json" prints.
type Connections struct {
	Connections []ListedConnection `json:"connections"`
}

// ListedConnection is a connection that the kernel remembers or, with the
// client's port 0, what binds a client of a persistent service.
type ListedConnection struct {
	Protocol   string `json:"protocol"` // tcp, udp, sctp; ip: of a mark
	Client     Peer   `json:"client"`
	Virtual    Peer   `json:"virtual"` // what the client connects to
	RealServer Peer   `json:"real_server"`
	State      string `json:"state"`   // the kernel's word
	Expires    uint32 `json:"expires"` // seconds
	PE         string `json:"pe,omitempty"`
	PEData     string `json:"pe_data,omitempty"`
}

// Peer is an end of a connection.
type Peer struct {
	FWMark  uint32     `json:"fwmark,omitempty"` // instead of an address
	Address netip.Addr `json:"address,omitzero"`
	Port    uint16     `json:"port"`
}

func (p Peer) String() string {
	if p.FWMark != 0 {
		return "fwmark " + number(p.FWMark)
	}
	return netip.AddrPortFrom(p.Address, p.Port).String()
}

func peer(a netip.AddrPort) Peer { return Peer{Address: a.Addr(), Port: a.Port()} }

// ofMark is what the kernel calls the protocol of those who are bound by a
// mark: the address then begins with that.
const ofMark = "IP"

func listedConnection(c *ipvs.Connection) ListedConnection {
	l := ListedConnection{
		Protocol: strings.ToLower(c.Protocol), Client: peer(c.Client), Virtual: peer(c.Virtual), RealServer: peer(c.Destination),
		State: c.State, Expires: c.Expires, PE: c.PE, PEData: c.PEData,
	}
	if c.Protocol == ofMark {
		l.Virtual = Peer{FWMark: binary.BigEndian.Uint32(c.Virtual.Addr().AsSlice())}
	}
	return l
}

// listConnections prints the connections that pass the filter, and holds one
// at a time.
func listConnections(to io.Writer, sys system, f filter, asJSON bool) error {
	in, err := sys.connections()
	if err != nil {
		return readFault(err)
	}
	defer in.Close()
	all, err := ipvs.ReadConnections(in)
	if err != nil {
		return readFault(err)
	}
	if asJSON {
		return streamObject(to, Connections{}, func(element func(any, fill) error) error {
			return f.each(all, func(l ListedConnection) error { return element(l, nil) })
		})
	}
	w := bufio.NewWriterSize(to, 64<<10)
	printConnection(w, "Protocol", "Expires", "State", "Client", "Virtual", "Real server")
	err = f.each(all, func(l ListedConnection) error {
		expires := time.Duration(l.Expires) * time.Second
		cells := []string{l.Protocol, expires.String(), l.State, l.Client.String(), l.Virtual.String(), l.RealServer.String()}
		if l.PE != "" {
			cells = append(cells, l.PE+" "+strconv.Quote(l.PEData)) // a client's
		}
		return printConnection(w, cells...)
	})
	return cmp.Or(w.Flush(), err)
}

func readFault(err error) error { return fmt.Errorf("read the connections: %w", err) }

// each shows the connections that pass.
func (f filter) each(all iter.Seq2[ipvs.Connection, error], show func(ListedConnection) error) error {
	for c, err := range all {
		if err != nil {
			return readFault(err)
		}
		if l := listedConnection(&c); f.passes(&l) {
			if err := show(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// connectionWidths are those of the columns, of which the last one needs none. A
// list that is not held cannot know better.
var connectionWidths = [...]int{8, 8, len("SHUTDOWN_RECEIVED"), widestIPv4, widestIPv4, widestIPv4}

const widestIPv4 = len("255.255.255.255:65535")

func printConnection(w *bufio.Writer, cells ...string) error {
	for i, cell := range cells[:len(cells)-1] {
		fmt.Fprintf(w, "%-*s  ", connectionWidths[i], cell)
	}
	_, err := fmt.Fprintln(w, cells[len(cells)-1])
	return err
}

// filter is which connections are listed: those that fit one of each kind that
// is given.
type filter struct {
	services, servers, clients []ends
	states                     []string
}

// ends are those ends of connections that an operator means.
type ends struct {
	prefix   netip.Prefix
	port     uint16 // 0: every one
	protocol string // "": every one
}

func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "service", Usage: "only those to `ADDRESS[:PORT][/PROTOCOL]`; repeatable"},
		&cli.StringSliceFlag{Name: "real-server", Usage: "only those that are sent to `ADDRESS[:PORT]`; repeatable"},
		&cli.StringSliceFlag{Name: "client", Usage: "only those from `ADDRESS[:PORT]`, or a prefix such as 192.168.0.0/24; repeatable"},
		&cli.StringSliceFlag{Name: "state", Usage: "only those in this `STATE`, such as ESTABLISHED; repeatable"},
	}
}

func filterOf(c *cli.Context) (f filter, err error) {
	for _, of := range []struct {
		flag     string
		protocol bool
		to       *[]ends
	}{{"service", true, &f.services}, {"real-server", false, &f.servers}, {"client", false, &f.clients}} {
		for _, word := range stringsOf(c, of.flag) {
			e, err := parseEnds(word)
			if err == nil && e.protocol != "" && !of.protocol {
				err = errors.New("only a service has a protocol")
			}
			if err != nil && of.protocol {
				err = fmt.Errorf("%w, perhaps with /tcp, /udp or /sctp behind it", err)
			}
			if err != nil {
				return f, usageError("list: --%s %q: %w", of.flag, word, err)
			}
			*of.to = append(*of.to, e)
		}
	}
	for _, word := range stringsOf(c, "state") {
		f.states = append(f.states, strings.ToUpper(word))
	}
	return f, nil
}

// parseEnds reads ADDRESS, ADDRESS:PORT or ADDRESS/BITS, and a protocol behind
// a slash.
func parseEnds(word string) (e ends, err error) {
	if i := strings.LastIndexByte(word, '/'); i >= 0 {
		if p := strings.ToLower(word[i+1:]); slices.Contains(ipvs.Protocols.Names(), p) {
			word, e.protocol = word[:i], p
		}
	}
	if e.prefix, err = netip.ParsePrefix(word); err == nil {
		return e, nil
	}
	addr, err := netip.ParseAddr(word)
	if err != nil {
		both, err := netip.ParseAddrPort(word)
		if err != nil || both.Port() == 0 {
			return e, errors.New("expected 10.0.0.7, 10.0.0.7:80, [2001:db8::7]:80 or 10.0.0.0/24")
		}
		addr, e.port = both.Addr(), both.Port()
	}
	e.prefix = netip.PrefixFrom(addr.WithZone(""), addr.BitLen())
	return e, nil
}

func (f filter) empty() bool { return len(f.services)+len(f.servers)+len(f.clients)+len(f.states) == 0 }

func (f filter) passes(c *ListedConnection) bool {
	fit := func(list []ends, p Peer) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(e ends) bool {
			return e.prefix.Contains(p.Address) && (e.port == 0 || e.port == p.Port) && cmp.Or(e.protocol, c.Protocol) == c.Protocol
		})
	}
	return fit(f.services, c.Virtual) && fit(f.servers, c.RealServer) && fit(f.clients, c.Client) &&
		(len(f.states) == 0 || slices.Contains(f.states, c.State))
}
