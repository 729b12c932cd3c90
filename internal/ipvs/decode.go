package ipvs

import (
	"encoding/binary"
	"net/netip"

	"github.com/cloudflare/ipvs"
)

// seen notes which attributes of a nest were there.
type seen uint32

func (s *seen) add(typ uint16) {
	if typ < 32 {
		*s |= 1 << typ
	}
}

// has reports whether all of the attributes of a set were there.
func (s seen) has(all seen) bool { return s&all == all }

// What every kernel tells of a service, of one that is no firewall mark, and of
// a destination.
const (
	ofService = 1<<svcFamily | 1<<svcSched | 1<<svcNetmask | 1<<svcTimeout | 1<<svcFlags
	ofAddress = 1<<svcProtocol | 1<<svcAddr | 1<<svcPort
	ofDest    = 1<<destAddr | 1<<destPort | 1<<destForward | 1<<destWeight | 1<<destUpper | 1<<destLower |
		1<<destActive | 1<<destInactive | 1<<destPersist
)

// nest finds the attribute of the given type in a message.
func nest(msg []byte, typ uint16) ([]byte, error) {
	var found []byte
	a := attrs{rest: msg}
	for a.next() {
		if a.typ == typ {
			found = a.data
		}
	}
	if found == nil {
		return nil, errReply
	}
	return found, a.err()
}

// addr reads the kernel's union of 16 bytes as the family says. Only as many
// bytes as the family has need to be there.
func addr(union []byte, family AddressFamily) (netip.Addr, error) {
	switch {
	case family == INET6 && len(union) >= 16:
		return netip.AddrFrom16([16]byte(union)), nil
	case family == INET && len(union) >= 4:
		return netip.AddrFrom4([4]byte(union)), nil
	}
	return netip.Addr{}, errReply
}

// parts are the attributes that are read when the others are known.
type parts struct {
	got                            seen
	union, netmask, stats, stats64 []byte
}

// decodeService fills e from a message of GET_SERVICE. The names that e holds
// already are used again where they are the same.
func decodeService(msg []byte, detail Detail, e *ServiceEntry) error {
	body, err := nest(msg, attrService)
	if err != nil {
		return err
	}
	last := e.Service
	*e = ServiceEntry{}
	var p parts
	a := attrs{rest: body}
	for a.next() {
		e.take(&a, &p, &last)
	}
	if a.bad || !p.got.has(ofService) {
		return errReply
	}
	if err := decodeStats(p.stats, p.stats64, detail, &e.Stats); err != nil {
		return err
	}
	if e.Family == INET6 {
		e.Netmask = Netmask(binary.NativeEndian.Uint32(p.netmask))
	} else {
		e.Netmask = Netmask(binary.BigEndian.Uint32(p.netmask))
	}
	if p.got.has(1 << svcFWMark) {
		e.Protocol, e.Port = 0, 0
		return nil
	}
	if !p.got.has(ofAddress) {
		return errReply
	}
	e.Addr, err = addr(p.union, e.Family)
	return err
}

// methodOf is the method among the flags of a destination: the bits of
// IP_VS_CONN_F_FWD_MASK.
func methodOf(flags uint32) Forward { return Forward(flags & 7) }

// hashed is the kernel's own note that a service is in its table, and no part
// of how it is configured.
const hashed = ipvs.ServiceHashed

// take reads the attribute that a stands on.
func (e *ServiceEntry) take(a *attrs, p *parts, last *Service) {
	p.got.add(a.typ)
	switch a.typ {
	case svcFamily:
		e.Family = AddressFamily(a.u16())
	case svcProtocol:
		e.Protocol = Protocol(a.u16())
	case svcAddr:
		p.union = a.data
	case svcPort:
		e.Port = a.port()
	case svcFWMark:
		e.FWMark = a.u32()
	case svcSched:
		e.Scheduler = a.text(last.Scheduler)
	case svcPE:
		e.PE = a.text(last.PE)
	case svcFlags:
		if b := a.bytes(8); b != nil {
			e.Flags = Flags(binary.NativeEndian.Uint32(b)&binary.NativeEndian.Uint32(b[4:])) &^ hashed
		}
	case svcTimeout:
		e.Timeout = a.u32()
	case svcNetmask:
		p.netmask = a.bytes(4)
	case svcStats:
		p.stats = a.data
	case svcStats64:
		p.stats64 = a.data
	}
}

// decodeDestination fills e from a message of GET_DEST. Kernels before 3.18 do
// not say the family: it is then the service's.
func decodeDestination(msg []byte, family AddressFamily, detail Detail, e *DestinationEntry) error {
	body, err := nest(msg, attrDest)
	if err != nil {
		return err
	}
	*e = DestinationEntry{Destination: Destination{Family: family}}
	var p parts
	a := attrs{rest: body}
	for a.next() {
		e.take(&a, &p)
	}
	if a.bad || !p.got.has(ofDest) {
		return errReply
	}
	if err := decodeStats(p.stats, p.stats64, detail, &e.Stats); err != nil {
		return err
	}
	e.Addr, err = addr(p.union, e.Family)
	return err
}

// take reads the attribute that a stands on.
func (e *DestinationEntry) take(a *attrs, p *parts) {
	p.got.add(a.typ)
	switch a.typ {
	case destAddr:
		p.union = a.data
	case destPort:
		e.Port = a.port()
	case destForward:
		e.Forward = methodOf(a.u32())
	case destWeight:
		e.Weight = a.u32()
	case destUpper:
		e.Upper = a.u32()
	case destLower:
		e.Lower = a.u32()
	case destActive:
		e.Active = a.u32()
	case destInactive:
		e.Inactive = a.u32()
	case destPersist:
		e.Persistent = a.u32()
	case destFamily:
		e.Family = AddressFamily(a.u16())
	case destTunType:
		e.TunnelType = TunnelType(a.u8())
	case destTunPort:
		e.TunnelPort = a.port()
	case destTunFlags:
		e.TunnelFlags = TunnelFlags(a.u16())
	case destStats:
		p.stats = a.data
	case destStats64:
		p.stats64 = a.data
	}
}

// Attributes of counters (IPVS_STATS_ATTR_*): ten in a row, from one.
const statsCount = 10

// decodeStats reads, if somebody wants to see them, the 64-bit counters that the
// kernel sends since 4.1, else the 32-bit ones, of which only bytes are 64-bit
// wide; neither leaves zeros. A nest must be complete.
func decodeStats(narrow, wide []byte, detail Detail, s *Stats) error {
	if detail&(Totals|Rates) == 0 {
		return nil
	}
	body := wide
	if wide == nil {
		body = narrow
	}
	if body == nil {
		return nil
	}
	fields := [...]*uint64{
		&s.Connections, &s.IncomingPackets, &s.OutgoingPackets, &s.IncomingBytes, &s.OutgoingBytes,
		&s.ConnectionRate, &s.IncomingPacketRate, &s.OutgoingPacketRate, &s.IncomingByteRate, &s.OutgoingByteRate,
	}
	count := 0
	a := attrs{rest: body}
	for a.next() {
		if a.typ < 1 || a.typ > statsCount {
			continue
		}
		count++
		bytes := a.typ == 4 || a.typ == 5
		if wide != nil || bytes {
			*fields[a.typ-1] = a.u64()
		} else {
			*fields[a.typ-1] = uint64(a.u32())
		}
	}
	if a.bad || count != statsCount {
		return errReply
	}
	return nil
}

func decodeDaemon(msg []byte) (Daemon, error) {
	body, err := nest(msg, attrDaemon)
	if err != nil {
		return Daemon{}, err
	}
	var d Daemon
	var got seen
	a := attrs{rest: body}
	for a.next() {
		got.add(a.typ)
		switch a.typ {
		case daemonState:
			d.State = DaemonState(a.u32())
		case daemonIfn:
			d.Interface = a.text("")
		case daemonSyncID:
			d.SyncID = a.u32()
		case daemonMaxLen:
			d.MaxLen = a.u16()
		case daemonGroup:
			if b := a.bytes(4); b != nil {
				d.Group = netip.AddrFrom4([4]byte(b))
			}
		case daemonGroup6:
			if b := a.bytes(16); b != nil {
				d.Group = netip.AddrFrom16([16]byte(b))
			}
		case daemonPort:
			d.Port = a.u16()
		case daemonTTL:
			d.TTL = a.u8()
		}
	}
	if a.bad || !got.has(1<<daemonState|1<<daemonIfn|1<<daemonSyncID) {
		return Daemon{}, errReply
	}
	return d, nil
}

// decodeInfo reads the reply to GET_INFO; both attributes must be there.
func decodeInfo(msg []byte) (Info, error) {
	var info Info
	var got seen
	a := attrs{rest: msg}
	for a.next() {
		got.add(a.typ)
		switch a.typ {
		case infoVersion:
			info.Version = a.u32()
		case infoConnSize:
			info.ConnSize = a.u32()
		}
	}
	if a.bad || !got.has(1<<infoVersion|1<<infoConnSize) {
		return Info{}, errReply
	}
	return info, nil
}

// decodeTimeouts reads the reply to GET_CONFIG; what is missing is zero.
func decodeTimeouts(msg []byte) (Timeouts, error) {
	var t Timeouts
	a := attrs{rest: msg}
	for a.next() {
		switch a.typ {
		case attrTCP:
			t.TCP = a.u32()
		case attrTCPFin:
			t.TCPFin = a.u32()
		case attrUDP:
			t.UDP = a.u32()
		}
	}
	return t, a.err()
}

// decodeFamily reads the number of a family from the reply to GETFAMILY.
func decodeFamily(msg []byte) (uint16, error) {
	var id uint16
	var got seen
	a := attrs{rest: msg}
	for a.next() {
		got.add(a.typ)
		if a.typ == familyID {
			id = a.u16()
		}
	}
	if a.bad || !got.has(1<<familyID) {
		return 0, errReply
	}
	return id, nil
}
