package ipvs

import (
	"encoding/binary"
	"net/netip"
)

// Commands of the family (linux/ip_vs.h, IPVS_CMD_*).
const (
	cmdNewService = 1
	cmdSetService = 2
	cmdDelService = 3
	cmdGetService = 4
	cmdNewDest    = 5
	cmdSetDest    = 6
	cmdDelDest    = 7
	cmdGetDest    = 8
	cmdNewDaemon  = 9
	cmdDelDaemon  = 10
	cmdGetDaemon  = 11
	cmdSetConfig  = 12
	cmdGetConfig  = 13
	cmdGetInfo    = 15
	cmdZero       = 16
	cmdFlush      = 17
)

// Attributes of a message (IPVS_CMD_ATTR_*).
const (
	attrService    = 1
	attrDest       = 2
	attrDaemon     = 3
	attrTCP        = 4
	attrTCPFin     = 5
	attrUDP        = 6
	infoVersion    = 1
	infoConnSize   = 2
	familyID       = 1 // CTRL_ATTR_FAMILY_ID of linux/genetlink.h
	familyName     = 2 // CTRL_ATTR_FAMILY_NAME
	ctrlGetFamily  = 3 // CTRL_CMD_GETFAMILY
	ctrlFamily     = 16
	genlVersion    = 1
	genlFamilyName = "IPVS"
)

// Attributes of a service (IPVS_SVC_ATTR_*).
const (
	svcFamily   = 1
	svcProtocol = 2
	svcAddr     = 3
	svcPort     = 4
	svcFWMark   = 5
	svcSched    = 6
	svcFlags    = 7
	svcTimeout  = 8
	svcNetmask  = 9
	svcStats    = 10
	svcPE       = 11
	svcStats64  = 12
)

// Attributes of a destination (IPVS_DEST_ATTR_*).
const (
	destAddr     = 1
	destPort     = 2
	destForward  = 3
	destWeight   = 4
	destUpper    = 5
	destLower    = 6
	destActive   = 7
	destInactive = 8
	destPersist  = 9
	destStats    = 10
	destFamily   = 11
	destStats64  = 12
	destTunType  = 13
	destTunPort  = 14
	destTunFlags = 15
)

// Attributes of a daemon (IPVS_DAEMON_ATTR_*).
const (
	daemonState  = 1
	daemonIfn    = 2
	daemonSyncID = 3
	daemonMaxLen = 4
	daemonGroup  = 5
	daemonGroup6 = 6
	daemonPort   = 7
	daemonTTL    = 8
)

// appendAddr adds an address as the kernel's union of 16 bytes, in which IPv4
// fills the first four.
func appendAddr(b []byte, typ uint16, addr netip.Addr) []byte {
	var union [16]byte
	if addr.Is4() {
		v4 := addr.As4()
		copy(union[:], v4[:])
	} else if addr.IsValid() {
		union = addr.As16()
	}
	return appendBytes(b, typ, union[:])
}

// appendIdentity adds what tells a service from others.
func appendIdentity(b []byte, s *Service) []byte {
	b = appendU16(b, svcFamily, uint16(s.Family))
	if s.FWMark != 0 {
		return appendU32(b, svcFWMark, s.FWMark)
	}
	b = appendU16(b, svcProtocol, uint16(s.Protocol))
	b = appendAddr(b, svcAddr, s.Addr)
	return appendPort(b, svcPort, s.Port)
}

// appendService adds the whole of a service.
func appendService(b []byte, s *Service) []byte {
	b, start := openNest(b, attrService)
	b = appendIdentity(b, s)
	b = appendText(b, svcSched, s.Scheduler)
	if s.PE != "" {
		b = appendText(b, svcPE, s.PE)
	}
	flags := binary.NativeEndian.AppendUint32(make([]byte, 0, 8), uint32(s.Flags))
	flags = binary.NativeEndian.AppendUint32(flags, 0xffffffff) // the mask: all of them count
	b = appendBytes(b, svcFlags, flags)
	b = appendU32(b, svcTimeout, s.Timeout)
	if s.Family == INET6 {
		b = appendU32(b, svcNetmask, s.Netmask)
	} else {
		b = appendBytes(b, svcNetmask, binary.BigEndian.AppendUint32(make([]byte, 0, 4), s.Netmask))
	}
	closeNest(b, start)
	return b
}

// appendServiceIdentity adds a service of which only the identity counts.
func appendServiceIdentity(b []byte, s *Service) []byte {
	b, start := openNest(b, attrService)
	b = appendIdentity(b, s)
	closeNest(b, start)
	return b
}

func appendDestination(b []byte, d *Destination) []byte {
	b, start := openNest(b, attrDest)
	b = appendU16(b, destFamily, uint16(d.Family))
	b = appendAddr(b, destAddr, d.Addr)
	b = appendPort(b, destPort, d.Port)
	b = appendU32(b, destForward, uint32(d.Forward))
	b = appendU32(b, destWeight, d.Weight)
	b = appendU8(b, destTunType, uint8(d.TunnelType))
	b = appendPort(b, destTunPort, d.TunnelPort)
	b = appendU16(b, destTunFlags, uint16(d.TunnelFlags))
	b = appendU32(b, destUpper, d.Upper)
	b = appendU32(b, destLower, d.Lower)
	closeNest(b, start)
	return b
}

// appendDaemon adds a daemon; what is zero and optional is left out.
func appendDaemon(b []byte, d *Daemon) []byte {
	b, start := openNest(b, attrDaemon)
	b = appendU32(b, daemonState, uint32(d.State))
	b = appendText(b, daemonIfn, d.Interface)
	b = appendU32(b, daemonSyncID, d.SyncID)
	if d.MaxLen != 0 {
		b = appendU16(b, daemonMaxLen, d.MaxLen)
	}
	if d.Port != 0 {
		b = appendU16(b, daemonPort, d.Port)
	}
	if d.TTL != 0 {
		b = appendU8(b, daemonTTL, d.TTL)
	}
	switch {
	case d.Group.Is4():
		v4 := d.Group.As4()
		b = appendBytes(b, daemonGroup, v4[:])
	case d.Group.Is6():
		b = appendAddr(b, daemonGroup6, d.Group)
	}
	closeNest(b, start)
	return b
}
