package ipvs

import (
	"encoding/binary"
	"net/netip"
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
		b = appendU32(b, svcNetmask, uint32(s.Netmask))
	} else {
		b = appendBytes(b, svcNetmask, binary.BigEndian.AppendUint32(make([]byte, 0, 4), uint32(s.Netmask)))
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
