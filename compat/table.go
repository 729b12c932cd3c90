package compat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nlenc"
)

// Commands and attributes of <linux/ip_vs.h>. They are written out here, and
// not taken from the package under test, so that both cannot be wrong together.
const (
	cmdNewService = 1
	cmdGetService = 4
	cmdNewDest    = 5
	cmdGetDest    = 8
	cmdGetDaemon  = 11
	cmdGetTimeout = 13
	cmdFlush      = 17

	attrService = 1
	attrDest    = 2
	attrDaemon  = 3
)

// Table is the IPVS table of one network namespace, read and written over a
// generic netlink socket that belongs to it. It shares no code with the
// programs that are compared.
type Table struct {
	conn   *genetlink.Conn
	family genetlink.Family
}

// OpenTable opens the table of the network namespace netns, an open file.
func OpenTable(netns int) (*Table, error) {
	c, err := genetlink.Dial(&netlink.Config{NetNS: netns})
	if err != nil {
		return nil, err
	}
	f, err := c.GetFamily("IPVS")
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Table{c, f}, nil
}

// Close closes the socket.
func (t *Table) Close() error { return t.conn.Close() }

// Dump returns everything the kernel tells about the table except counters, a
// line for each service, destination, timeout and daemon, sorted.
func (t *Table) Dump() ([]string, error) {
	services, err := t.services()
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range services {
		id := s.service()
		lines = append(lines, fmt.Sprintf("service %s sched %s pe %q flags %x timeout %d mask %x",
			id, s.text(6), s.text(11), s[7], s.number(8), s[9]))
		dests, err := t.dump(cmdGetDest, attrDest, s.identity())
		if err != nil {
			return nil, err
		}
		for _, d := range dests {
			lines = append(lines, fmt.Sprintf(
				"dest %s -> %s fwd %d weight %d thresholds %d %d tunnel %d %d %d",
				id, d.dest(), d.number(3), d.number(4), d.number(5), d.number(6),
				d.number(13), binary.BigEndian.Uint16(d.padded(14, 2)), d.number(15)))
		}
	}
	rest, err := t.settings()
	lines = append(lines, rest...)
	slices.Sort(lines)
	return lines, err
}

// services reads the services. If one of them comes twice, the table has changed its
// order between two datagrams (Linux 7), and others are missing: then again.
func (t *Table) services() (all []attributes, err error) {
	for range 10 {
		if all, err = t.dump(cmdGetService, attrService, nil); err != nil {
			return nil, err
		}
		known := map[string]bool{}
		for _, s := range all {
			known[s.service()] = true
		}
		if len(known) == len(all) {
			return all, nil
		}
	}
	return nil, errors.New("services come twice in each of ten dumps")
}

// settings tells timeouts and daemons.
func (t *Table) settings() ([]string, error) {
	reply, err := t.Execute(cmdGetTimeout, 0, nil)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, m := range reply {
		a, err := decode(m.Data)
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("timeout %d %d %d", a.number(4), a.number(5), a.number(6)))
	}
	daemons, err := t.dump(cmdGetDaemon, attrDaemon, nil)
	for _, d := range daemons {
		lines = append(lines, fmt.Sprintf(
			"daemon state %d on %s id %d maxlen %d group %x %x port %d ttl %d",
			d.number(1), d.text(2), d.number(3), d.number(4), d[5], d[6], d.number(7), d.number(8)))
	}
	return lines, err
}

// Execute sends one request with the given attributes and returns the replies.
// A request that has a reply must not ask for an acknowledgement as well: it
// would be left in the socket.
func (t *Table) Execute(cmd uint8, flags netlink.HeaderFlags, attrs []netlink.Attribute) ([]genetlink.Message, error) {
	data, err := netlink.MarshalAttributes(attrs)
	if err != nil {
		return nil, err
	}
	m := genetlink.Message{Header: genetlink.Header{Command: cmd, Version: 1}, Data: data}
	return t.conn.Execute(m, t.family.ID, netlink.Request|flags)
}

// dump asks for a list and unpacks the one nest in each entry. The kernel
// answers some dumps of nothing with ENOENT or ESRCH, by way of an empty list.
func (t *Table) dump(cmd uint8, nest uint16, attrs []netlink.Attribute) ([]attributes, error) {
	replies, err := t.Execute(cmd, netlink.Dump, attrs)
	if err != nil {
		return nil, err
	}
	var entries []attributes
	for _, m := range replies {
		outer, err := decode(m.Data)
		if err != nil {
			return nil, err
		}
		inner, err := decode(outer[nest])
		if err != nil {
			return nil, err
		}
		entries = append(entries, inner)
	}
	return entries, nil
}

// attributes are the raw values of one nest by attribute number.
type attributes map[uint16][]byte

func decode(b []byte) (attributes, error) {
	list, err := netlink.UnmarshalAttributes(b)
	a := make(attributes)
	for _, x := range list {
		a[x.Type&^(netlink.Nested|netlink.NetByteOrder)] = x.Data
	}
	return a, err
}

func (a attributes) text(n uint16) string { return strings.TrimRight(string(a[n]), "\x00") }

func (a attributes) padded(n uint16, size int) []byte {
	b := make([]byte, size)
	copy(b, a[n])
	return b
}

func (a attributes) number(n uint16) uint32 {
	switch b := a[n]; len(b) {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.NativeEndian.Uint16(b))
	case 4:
		return binary.NativeEndian.Uint32(b)
	}
	return 0
}

func address(family uint32, b []byte) netip.Addr {
	if family == 2 {
		return netip.AddrFrom4([4]byte(b))
	}
	return netip.AddrFrom16([16]byte(b))
}

func (a attributes) service() string {
	if mark, ok := a[5]; ok {
		return fmt.Sprintf("af %d mark %d", a.number(1), binary.NativeEndian.Uint32(mark))
	}
	return fmt.Sprintf("%d/%s:%d", a.number(2), address(a.number(1), a.padded(3, 16)),
		binary.BigEndian.Uint16(a.padded(4, 2)))
}

func (a attributes) dest() string {
	return fmt.Sprintf("%s:%d", address(a.number(11), a.padded(1, 16)),
		binary.BigEndian.Uint16(a.padded(2, 2)))
}

// identity is what GET_DEST needs to find the service.
func (a attributes) identity() []netlink.Attribute {
	var list []netlink.Attribute
	for _, n := range []uint16{1, 2, 3, 4, 5} {
		if b, ok := a[n]; ok {
			list = append(list, netlink.Attribute{Type: n, Data: b})
		}
	}
	return []netlink.Attribute{nest(attrService, list)}
}

func nest(n uint16, list []netlink.Attribute) netlink.Attribute {
	b, err := netlink.MarshalAttributes(list)
	if err != nil {
		panic(err) // only for attributes longer than 64 kB
	}
	return netlink.Attribute{Type: netlink.Nested | n, Data: b}
}

// Flush deletes all services.
func (t *Table) Flush() error {
	_, err := t.Execute(cmdFlush, netlink.Acknowledge, nil)
	return err
}

// AddService adds the IPv4 service vip of that protocol, with the scheduler rr.
func (t *Table) AddService(vip netip.AddrPort, protocol uint16, flags, timeout uint32) error {
	_, err := t.Execute(cmdNewService, netlink.Acknowledge, []netlink.Attribute{nest(attrService, append(identityOf(vip, protocol),
		netlink.Attribute{Type: 6, Data: []byte("rr\x00")},
		netlink.Attribute{Type: 7, Data: append(nlenc.Uint32Bytes(flags), 255, 255, 255, 255)},
		netlink.Attribute{Type: 8, Data: nlenc.Uint32Bytes(timeout)},
		netlink.Attribute{Type: 9, Data: []byte{255, 255, 255, 255}}))})
	return err
}

// identityOf are the attributes of an IPv4 service that tell it from others.
func identityOf(vip netip.AddrPort, protocol uint16) []netlink.Attribute {
	return []netlink.Attribute{
		{Type: 1, Data: nlenc.Uint16Bytes(2)},
		{Type: 2, Data: nlenc.Uint16Bytes(protocol)},
		{Type: 3, Data: wide(vip.Addr())},
		{Type: 4, Data: binary.BigEndian.AppendUint16(nil, vip.Port())},
	}
}

// AddDest adds a destination with the raw method, tunnel type and tunnel flags
// given to the IPv4 service vip:port/tcp.
func (t *Table) AddDest(vip, rip netip.AddrPort, method uint32, tunType uint8, tunFlags uint16) error {
	u32 := nlenc.Uint32Bytes
	service := identityOf(vip, 6)
	dest := []netlink.Attribute{
		{Type: 11, Data: nlenc.Uint16Bytes(2)},
		{Type: 1, Data: wide(rip.Addr())},
		{Type: 2, Data: binary.BigEndian.AppendUint16(nil, rip.Port())},
		{Type: 3, Data: u32(method)},
		{Type: 4, Data: u32(1)},
		{Type: 13, Data: []byte{tunType}},
		{Type: 14, Data: binary.BigEndian.AppendUint16(nil, 6080)},
		{Type: 15, Data: nlenc.Uint16Bytes(tunFlags)},
		{Type: 5, Data: u32(0)},
		{Type: 6, Data: u32(0)},
	}
	_, err := t.Execute(cmdNewDest, netlink.Acknowledge,
		[]netlink.Attribute{nest(attrService, service), nest(attrDest, dest)})
	return err
}

// wide is an IPv4 address in the 16 bytes of the kernel's union.
func wide(a netip.Addr) []byte {
	b := make([]byte, 16)
	copy(b, a.AsSlice())
	return b
}
