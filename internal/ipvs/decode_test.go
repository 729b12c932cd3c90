package ipvs

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nestOf wraps attributes.
func nestOf(typ uint16, parts ...[]byte) []byte {
	return appendBytes(nil, typ|nested, slices.Concat(parts...))
}

func union(addr string) []byte { return appendAddr(nil, 0, netip.MustParseAddr(addr))[attrHead:] }

// statsParts are ten counters: n, n+1 and so on.
func statsParts(n uint64, wide bool) [][]byte {
	var parts [][]byte
	for typ := uint16(1); typ <= statsCount; typ++ {
		v := n + uint64(typ) - 1
		if wide || typ == 4 || typ == 5 {
			parts = append(parts, appendBytes(nil, typ, binary.NativeEndian.AppendUint64(nil, v)))
		} else {
			parts = append(parts, appendU32(nil, typ, uint32(v)))
		}
	}
	return parts
}

func statsFrom(n uint64) Stats {
	return Stats{Connections: n, IncomingPackets: n + 1, OutgoingPackets: n + 2, IncomingBytes: n + 3, OutgoingBytes: n + 4,
		ConnectionRate: n + 5, IncomingPacketRate: n + 6, OutgoingPacketRate: n + 7, IncomingByteRate: n + 8, OutgoingByteRate: n + 9}
}

// serviceParts are the attributes of a service as a kernel sends them, by type.
func serviceParts() map[uint16][]byte {
	flags := binary.NativeEndian.AppendUint32(nil, 0xff)
	flags = binary.NativeEndian.AppendUint32(flags, uint32(Persistent))
	return map[uint16][]byte{
		svcFamily:   appendU16(nil, svcFamily, uint16(INET)),
		svcProtocol: appendU16(nil, svcProtocol, uint16(UDP)),
		svcAddr:     appendBytes(nil, svcAddr, union("10.0.0.1")),
		svcPort:     appendPort(nil, svcPort, 53),
		svcSched:    appendText(nil, svcSched, "rr"),
		svcFlags:    appendBytes(nil, svcFlags, flags),
		svcTimeout:  appendU32(nil, svcTimeout, 360),
		svcNetmask:  appendBytes(nil, svcNetmask, []byte{255, 255, 255, 0}),
	}
}

func joined(parts map[uint16][]byte) []byte {
	var b []byte
	for typ := uint16(0); typ < 32; typ++ {
		b = append(b, parts[typ]...)
	}
	return b
}

func TestDecodeService(t *testing.T) {
	base := Service{Family: INET, Protocol: UDP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 53, Scheduler: "rr",
		Flags: Persistent, Timeout: 360, Netmask: 0xffffff00}
	tests := []struct {
		name   string
		change func(map[uint16][]byte)
		want   func(*ServiceEntry)
	}{
		{"plain", func(map[uint16][]byte) {}, func(*ServiceEntry) {}},
		{"unknown attributes", func(p map[uint16][]byte) { p[31] = appendU32(nil, 1999, 7) }, func(*ServiceEntry) {}},
		{"engine", func(p map[uint16][]byte) { p[svcPE] = appendText(nil, svcPE, "sip") }, func(e *ServiceEntry) { e.PE = "sip" }},
		{"text without NUL", func(p map[uint16][]byte) { p[svcSched] = appendBytes(nil, svcSched, []byte("wlc")) },
			func(e *ServiceEntry) { e.Scheduler = "wlc" }},
		{"narrow counters", func(p map[uint16][]byte) { p[svcStats] = nestOf(svcStats, statsParts(5, false)...) },
			func(e *ServiceEntry) { e.Stats = statsFrom(5) }},
		{"wide counters win", func(p map[uint16][]byte) {
			p[svcStats] = nestOf(svcStats, statsParts(5, false)...)
			p[svcStats64] = nestOf(svcStats64, statsParts(1<<40, true)...)
		}, func(e *ServiceEntry) { e.Stats = statsFrom(1 << 40) }},
		{"mark", func(p map[uint16][]byte) {
			p[svcFWMark] = appendU32(nil, svcFWMark, 7)
			delete(p, svcAddr)
			delete(p, svcPort)
		}, func(e *ServiceEntry) { e.FWMark, e.Protocol, e.Addr, e.Port = 7, 0, netip.Addr{}, 0 }},
		{"IPv6", func(p map[uint16][]byte) {
			p[svcFamily] = appendU16(nil, svcFamily, uint16(INET6))
			p[svcAddr] = appendBytes(nil, svcAddr, union("::ffff:10.0.0.1"))
			p[svcNetmask] = appendU32(nil, svcNetmask, 64)
		}, func(e *ServiceEntry) {
			e.Family, e.Addr, e.Netmask = INET6, netip.MustParseAddr("::ffff:10.0.0.1"), 64
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts := serviceParts()
			tt.change(parts)
			want := ServiceEntry{Service: base}
			tt.want(&want)
			var got ServiceEntry
			if err := decodeService(nestOf(attrService, joined(parts)), Everything, &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, cmpAddr); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func destinationParts() map[uint16][]byte {
	parts := map[uint16][]byte{destAddr: appendBytes(nil, destAddr, union("10.0.0.7")), destPort: appendPort(nil, destPort, 80)}
	for typ := uint16(destForward); typ <= destPersist; typ++ {
		parts[typ] = appendU32(nil, typ, uint32(typ))
	}
	return parts
}

func TestDecodeDestination(t *testing.T) {
	parts := destinationParts()
	want := DestinationEntry{
		Destination: Destination{Family: INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 80, Forward: 3, Weight: 4, Upper: 5, Lower: 6},
		Active:      7, Inactive: 8, Persistent: 9,
	}
	check := func(name string) {
		t.Helper()
		var got DestinationEntry
		if err := decodeDestination(nestOf(attrDest, joined(parts)), INET, Everything, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got, cmpAddr); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	check("as before Linux 3.18")
	parts[destForward] = appendU32(nil, destForward, 8|3)
	check("with flags beside the method")
	parts[destFamily] = appendU16(nil, destFamily, uint16(INET6))
	parts[destAddr] = appendBytes(nil, destAddr, union("fd00::7"))
	parts[destTunType] = appendU8(nil, destTunType, uint8(GRE))
	parts[destTunPort] = appendPort(nil, destTunPort, 6080)
	parts[destTunFlags] = appendU16(nil, destTunFlags, 9)
	parts[destStats64] = nestOf(destStats64, statsParts(3, true)...)
	want.Family, want.Addr = INET6, netip.MustParseAddr("fd00::7")
	want.TunnelType, want.TunnelPort, want.TunnelFlags, want.Stats = GRE, 6080, 9, statsFrom(3)
	check("of another family")
}

// TestDecodeIncomplete takes each mandatory attribute away, then half of it.
func TestDecodeIncomplete(t *testing.T) {
	service := func(b []byte) error { return decodeService(nestOf(attrService, b), Everything, new(ServiceEntry)) }
	destination := func(b []byte) error {
		return decodeDestination(nestOf(attrDest, b), INET, Everything, new(DestinationEntry))
	}
	daemon := func(b []byte) error { _, err := decodeDaemon(nestOf(attrDaemon, b)); return err }
	kinds := []struct {
		name   string
		parts  func() map[uint16][]byte
		decode func([]byte) error
	}{
		{"service", serviceParts, service},
		{"destination", destinationParts, destination},
		{"daemon", func() map[uint16][]byte {
			return map[uint16][]byte{daemonState: appendU32(nil, daemonState, 1), daemonIfn: appendText(nil, daemonIfn, "eth0"),
				daemonSyncID: appendU32(nil, daemonSyncID, 1)}
		}, daemon},
	}
	for _, k := range kinds {
		if err := k.decode(joined(k.parts())); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		for typ := range k.parts() {
			parts := k.parts()
			delete(parts, typ)
			if err := k.decode(joined(parts)); !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s without attribute %d: %v, want EINVAL", k.name, typ, err)
			}
			if k.name == "service" && typ == svcSched || k.name == "daemon" && typ == daemonIfn {
				continue // text may have any length
			}
			parts[typ] = appendU8(nil, typ, 1)
			if err := k.decode(joined(parts)); !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s with attribute %d cut to a byte: %v, want EINVAL", k.name, typ, err)
			}
		}
	}
}

// TestDecodeBroken: counters that are not all there, lengths that lie and
// addresses that do not fit their family.
func TestDecodeBroken(t *testing.T) {
	tests := []struct {
		name string
		attr []byte
	}{
		{"nine counters", nestOf(svcStats64, statsParts(1, true)[:9]...)},
		{"narrow counters as wide", nestOf(svcStats64, statsParts(1, false)...)},
		{"length beyond the end", []byte{200, 0, 1, 0}},
		{"length below the head", []byte{3, 0, 1, 0}},
		{"IPv6 in four bytes", slices.Concat(appendU16(nil, svcFamily, uint16(INET6)), appendBytes(nil, svcAddr, []byte{1, 2, 3, 4}))},
		{"unknown family", appendU16(nil, svcFamily, 99)},
		{"one byte of flags", appendU8(nil, svcFlags, 1)},
	}
	for _, tt := range tests {
		b := nestOf(attrService, joined(serviceParts()), tt.attr)
		if err := decodeService(b, Everything, new(ServiceEntry)); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: %v, want EINVAL", tt.name, err)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add(nestOf(attrService, joined(serviceParts())), uint16(INET))
	f.Add(nestOf(attrDest, joined(destinationParts())), uint16(INET6))
	f.Add(nestOf(attrDest, joined(destinationParts()), nestOf(destStats64, statsParts(9, true)...)), uint16(INET))
	f.Add(appendDaemon(nil, &Daemon{State: Master, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81")}), uint16(0))
	f.Add(infoAttrs(0x010201, 4096), uint16(2))
	f.Fuzz(func(t *testing.T, b []byte, family uint16) {
		var s ServiceEntry
		if decodeService(b, Everything, &s) == nil {
			reencode(t, &s)
		}
		var d DestinationEntry
		if decodeDestination(b, AddressFamily(family), Everything, &d) == nil && !d.Addr.IsValid() {
			t.Error("accepted a destination without an address")
		}
		decodeDaemon(b)
		decodeInfo(b)
		decodeTimeouts(b)
		decodeFamily(b)
		// The same bytes as datagrams, behind a head that is right and alone.
		for _, datagram := range [][]byte{b, msg(fakeFamily, 2, 3, append([]byte{4, 1, 0, 0}, b...))} {
			c, _ := fakeConn(t, func(r request) []any { return []any{datagram, done(r, 0)} })
			c.Services(Everything)
			c.Destinations(&ServiceEntry{Service: Service{Family: AddressFamily(family)}}, Everything, nil)
		}
	})
}

// reencode: what was understood can be said again and means the same.
func reencode(t *testing.T, s *ServiceEntry) {
	if s.FWMark == 0 && !s.Addr.IsValid() {
		return // a mark of zero: no kernel has such a service
	}
	var again ServiceEntry
	if err := decodeService(appendService(nil, &s.Service), Everything, &again); err != nil {
		t.Fatalf("%+v: %v", s.Service, err)
	}
	if d := cmp.Diff(s.Service, again.Service, cmpAddr); d != "" {
		t.Errorf("(-read +read again):\n%s", d)
	}
}
