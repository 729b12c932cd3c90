package ipvs

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// The older interface of IPVS is getsockopt(2) and setsockopt(2) on any IPv4
// socket: a whole list, or a change, in one call and without messages. It knows only
// IPv4 services and their IPv4 destinations, counts connections and packets in 32
// bits, has rates of 32 bits that may have been cut, and has neither persistence
// engines nor the parameters of tunnels. It is a shortcut for what it can tell
// exactly; everything else goes through netlink.
//
// The structures are those of linux/ip_vs.h as a 64-bit machine lays them out.

// Detail names what a reader wants to see of destinations beside what identifies
// and configures every one of them, and its numbers of connections.
type Detail uint8

// The details that not every reader needs.
const (
	Totals  Detail = 1 << iota // counters since the last zero
	Rates                      // counters per second
	Tunnels                    // type, port and flags
	// Somebody decides on the list. A large one is then read again even where it
	// shows no IPv6 service: one may have been passed over.
	Certain
	// The list is kept, as rules are. IPv6, which has no witness, is then read
	// until readings agree; else it is enough that no entry is there twice.
	Kept
	Everything = Totals | Rates | Tunnels | Certain
)

// sockopt is the two calls for options of level IPPROTO_IP. Get fills b; what b
// holds before says what is asked for, and its length is a part of that.
type sockopt interface {
	Get(option int, b []byte) error
	Set(option int, b []byte) error
	Close() error
}

// Options (linux/ip_vs.h).
const (
	soBase        = 64 + 1024 + 64 // IP_VS_BASE_CTL
	soGetInfo     = soBase + 1     // IP_VS_SO_GET_INFO
	soGetServices = soBase + 2     // IP_VS_SO_GET_SERVICES
	soGetDests    = soBase + 4     // IP_VS_SO_GET_DESTS
)

var setOptions = [...]int{
	cmdNewService: soBase + 2,  // IP_VS_SO_SET_ADD
	cmdSetService: soBase + 3,  // IP_VS_SO_SET_EDIT
	cmdDelService: soBase + 4,  // IP_VS_SO_SET_DEL
	cmdNewDest:    soBase + 7,  // IP_VS_SO_SET_ADDDEST
	cmdDelDest:    soBase + 8,  // IP_VS_SO_SET_DELDEST
	cmdSetDest:    soBase + 9,  // IP_VS_SO_SET_EDITDEST
	cmdZero:       soBase + 15, // IP_VS_SO_SET_ZERO
}

// Sizes and places in struct ip_vs_getinfo, ip_vs_get_services, ip_vs_service_entry,
// ip_vs_get_dests, ip_vs_dest_entry and ip_vs_stats_user.
const (
	infoSize     = 12
	infoServices = 8

	getServicesHead = 8
	serviceSize     = 104
	serviceCount    = 44

	getDestsHead = 24
	getDestCount = 16
	destSize     = 96
	destFlags    = 8
	destCounters = 40

	// struct ip_vs_service_user, and struct ip_vs_dest_user behind it.
	serviceUserSize = 44
	destUserSize    = 24
)

// certainBytes is the least that a destination has counted once one of its 32-bit
// counters is full: a connection has a packet, and that has a header of 20
// bytes (RFC 791 section 3.1). Bytes are counted in 64 bits.
const certainBytes = 20 << 32

// shortcut reads and changes through the older interface. A nil one never does.
type shortcut struct {
	sockopt
	only bool // an error is not a reason to use netlink
	// It only bears witness; netlink reads and changes.
	witness bool
	// The last service that netlink was asked for has tunnels: the next one is
	// likely to be of the same kind.
	tunnels  bool
	expected int // services
	buf      []byte
}

// room is a zeroed buffer of n bytes, until the next call.
func (s *shortcut) room(n int) []byte {
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
		return s.buf
	}
	clear(s.buf[:n])
	return s.buf[:n]
}

// refused is what becomes of an error: usually nothing.
func (s *shortcut) refused(err error) error {
	if s.only {
		return err
	}
	return nil
}

// open asks what the kernel says of its IPVS (struct ip_vs_getinfo).
func (s *shortcut) open() (Info, error) {
	b := s.room(infoSize)
	err := s.Get(soGetInfo, b)
	s.expected = int(binary.NativeEndian.Uint32(b[infoServices:]))
	return Info{Version: binary.NativeEndian.Uint32(b), ConnSize: binary.NativeEndian.Uint32(b[4:])}, err
}

// services is how many IPv4 services there were when the connection was opened;
// zero if that is not known.
func (s *shortcut) services() int {
	if s == nil {
		return 0
	}
	return s.expected
}

// count notes in a list of services, whole or not, how many destinations each
// has. The kernel gives both lists in the same order. Where they disagree, the table
// has changed or netlink's list is torn, and the services from there on get no
// number.
func (s *shortcut) count(list []ServiceEntry, whole bool) (witness, error) {
	if s == nil || s.witness && whole {
		return silent, nil
	}
	n := 0
	for i := range list {
		if list[i].Family == INET {
			n++
		}
	}
	if n == 0 && whole {
		return silent, nil
	}
	// A mark that no service has for its protocol stays where there is not one more.
	b := s.room(getServicesHead + (n+1)*serviceSize)
	binary.NativeEndian.PutUint32(b, uint32(n+1))
	end := b[getServicesHead+n*serviceSize:]
	const mark = 0xffff
	binary.NativeEndian.PutUint16(end, mark)
	if err := s.Get(soGetServices, b); err != nil {
		return silent, s.refused(err)
	}
	b = b[getServicesHead:]
	for i := range list {
		if list[i].Family != INET {
			continue
		}
		if !sameIdentity(b, &list[i].Service) {
			return contradicts, nil
		}
		list[i].count = known(binary.NativeEndian.Uint32(b[serviceCount:]))
		b = b[serviceSize:]
	}
	if binary.NativeEndian.Uint16(end) != mark {
		return contradicts, nil
	}
	return confirmed, nil
}

// count is a number of destinations that may be unknown, as the zero value is.
type count struct {
	known bool
	n     uint32
}

func known(n uint32) count { return count{true, n} }

// putIdentity writes what tells an IPv4 service from others: the first fields
// of struct ip_vs_service_entry, ip_vs_service_user and ip_vs_get_dests.
func putIdentity(b []byte, s *Service) {
	if s.FWMark != 0 {
		binary.NativeEndian.PutUint32(b[12:], s.FWMark)
		return
	}
	v4 := s.Addr.As4()
	binary.NativeEndian.PutUint16(b, uint16(s.Protocol))
	copy(b[4:], v4[:])
	binary.BigEndian.PutUint16(b[8:], s.Port)
}

// sameIdentity reports whether b begins with the identity of s.
func sameIdentity(b []byte, s *Service) bool {
	var want [16]byte
	putIdentity(want[:], s)
	if s.FWMark != 0 {
		return [4]byte(b[12:]) == [4]byte(want[12:])
	}
	return [2]byte(b) == [2]byte(want[:]) && [6]byte(b[4:]) == [6]byte(want[4:]) && [4]byte(b[12:]) == [4]byte(want[12:])
}

// destinations appends the destinations of s to buf; ok reports whether they
// are all there, and exactly as netlink would tell them for that detail.
func (s *shortcut) destinations(e *ServiceEntry, detail Detail, buf []DestinationEntry) (list []DestinationEntry, ok bool, err error) {
	if s == nil || s.witness || !e.count.known || detail&Rates != 0 || s.tunnels && detail&Tunnels != 0 {
		return buf, false, nil
	}
	n := int(e.count.n)
	if n == 0 {
		return buf, true, nil
	}
	// The kernel does not say how many it filled in. A mark that is no value of
	// the field tells: the last one must have gone, and one more stay.
	b := s.room(getDestsHead + (n+1)*destSize)
	putIdentity(b, &e.Service)
	binary.NativeEndian.PutUint32(b[getDestCount:], uint32(n+1))
	entry := func(i int) []byte { return b[getDestsHead+i*destSize:][:destSize] }
	const mark = 0xffffffff
	for _, i := range []int{n - 1, n} {
		binary.NativeEndian.PutUint32(entry(i)[destFlags:], mark)
	}
	if err := s.Get(soGetDests, b); err != nil {
		return buf, false, s.refused(err)
	}
	if binary.NativeEndian.Uint32(entry(n - 1)[destFlags:]) == mark || binary.NativeEndian.Uint32(entry(n)[destFlags:]) != mark {
		return buf, false, nil
	}
	list = slices.Grow(buf, n)[:len(buf)+n]
	clear(list[len(buf):])
	for i := range n {
		if !fillDestination(entry(i), detail, &list[len(buf)+i]) {
			return buf, false, nil
		}
	}
	return list, true, nil
}

// saw learns from the destinations that netlink told.
func (s *shortcut) saw(list []DestinationEntry) {
	if s == nil {
		return
	}
	s.tunnels = false
	for i := range list {
		s.tunnels = s.tunnels || list[i].Forward == Tunnel
	}
}

// fillDestination reads struct ip_vs_dest_entry, and reports whether that says
// all of the detail.
func fillDestination(b []byte, detail Detail, d *DestinationEntry) bool {
	e := (*[destSize]byte)(b) // so that the compiler knows all places
	d.Family = INET
	d.Addr = netip.AddrFrom4([4]byte(e[:4]))
	d.Port = binary.BigEndian.Uint16(e[4:])
	d.Forward = methodOf(binary.NativeEndian.Uint32(e[destFlags:]))
	d.Weight = binary.NativeEndian.Uint32(e[12:])
	d.Upper = binary.NativeEndian.Uint32(e[16:])
	d.Lower = binary.NativeEndian.Uint32(e[20:])
	d.Active = binary.NativeEndian.Uint32(e[24:])
	d.Inactive = binary.NativeEndian.Uint32(e[28:])
	d.Persistent = binary.NativeEndian.Uint32(e[32:])
	if detail&Totals != 0 {
		c := e[destCounters:]
		d.Stats = Stats{
			Connections:     uint64(binary.NativeEndian.Uint32(c)),
			IncomingPackets: uint64(binary.NativeEndian.Uint32(c[4:])),
			OutgoingPackets: uint64(binary.NativeEndian.Uint32(c[8:])),
			IncomingBytes:   binary.NativeEndian.Uint64(c[16:]),
			OutgoingBytes:   binary.NativeEndian.Uint64(c[24:]),
		}
		if d.Stats.IncomingBytes >= certainBytes || d.Stats.OutgoingBytes >= certainBytes {
			return false
		}
	}
	return detail&Tunnels == 0 || d.Forward != Tunnel
}

// change carries out the command for a service or, if d is not nil, a
// destination of it; done reports whether that is all there is to do. What the
// kernel refuses has changed nothing and is asked again through netlink, whose
// error is the one that counts.
func (s *shortcut) change(cmd uint8, sv *Service, d *Destination) (done bool, err error) {
	if s == nil || s.witness || sv.Family != INET || sv.PE != "" {
		return false, nil
	}
	b := s.room(serviceUserSize)
	if d != nil {
		if d.Family != INET || d.TunnelType != 0 || d.TunnelPort != 0 || d.TunnelFlags != 0 {
			return false, nil
		}
		b = s.room(serviceUserSize + destUserSize)
		putDestUser(b[serviceUserSize:], d)
	}
	putServiceUser(b, sv)
	err = s.Set(setOptions[cmd], b)
	if err != nil && !s.only {
		return false, nil
	}
	return true, err
}

// putServiceUser writes struct ip_vs_service_user. Every firewall mark has the
// protocol TCP there.
func putServiceUser(b []byte, s *Service) {
	putIdentity(b, s)
	if s.FWMark != 0 {
		binary.NativeEndian.PutUint16(b, uint16(TCP))
	}
	copy(b[16:31], s.Scheduler)
	binary.NativeEndian.PutUint32(b[32:], uint32(s.Flags))
	binary.NativeEndian.PutUint32(b[36:], s.Timeout)
	binary.BigEndian.PutUint32(b[40:], uint32(s.Netmask))
}

// putDestUser writes struct ip_vs_dest_user.
func putDestUser(b []byte, d *Destination) {
	v4 := d.Addr.As4()
	copy(b, v4[:])
	binary.BigEndian.PutUint16(b[4:], d.Port)
	for i, v := range [...]uint32{uint32(d.Forward), d.Weight, d.Upper, d.Lower} {
		binary.NativeEndian.PutUint32(b[8+4*i:], v)
	}
}

// OpenShort connects as [Open] does, and uses getsockopt(2) and setsockopt(2) for
// what those can tell exactly; netlink is dialled when something needs it. only
// is for tests: an error of that interface is then an error of the request,
// instead of a reason to ask netlink. A kernel whose IPVS does not answer by
// that interface is connected to by netlink, for the sake of its errors.
func OpenShort(only bool) (*Conn, error) {
	s := &shortcut{only: only}
	var err error
	if s.sockopt, err = dialSockopt(); err == nil {
		var info Info
		if info, err = s.open(); err == nil {
			return &Conn{info: info, short: s}, nil
		}
		s.Close()
	}
	return Open()
}
