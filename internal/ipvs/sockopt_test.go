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

// olderKernel answers the older interface for one service.
type olderKernel struct {
	service      Service
	announced    int // destinations that the list of services tells
	destinations [][]byte
	err          error
	asked        []int
	set          []byte // the last change
}

func (*olderKernel) Close() error { return nil }

func (k *olderKernel) Set(option int, b []byte) error {
	k.asked = append(k.asked, option)
	k.set = slices.Clone(b)
	return k.err
}

func (k *olderKernel) Get(option int, b []byte) error {
	k.asked = append(k.asked, option)
	if k.err != nil {
		return k.err
	}
	switch option {
	case soGetServices:
		n := binary.NativeEndian.Uint32(b)
		if len(b) != getServicesHead+int(n)*serviceSize {
			return syscall.EINVAL
		}
		putIdentity(b[getServicesHead:], &k.service)
		binary.NativeEndian.PutUint32(b[getServicesHead+serviceCount:], uint32(k.announced))
	case soGetDests:
		n := int(binary.NativeEndian.Uint32(b[getDestCount:]))
		switch {
		case len(b) != getDestsHead+n*destSize:
			return syscall.EINVAL
		case !sameIdentity(b, &k.service):
			return syscall.ESRCH
		}
		for i, d := range k.destinations[:min(n, len(k.destinations))] {
			copy(b[getDestsHead+i*destSize:], d)
		}
	}
	return nil
}

// destEntry is a struct ip_vs_dest_entry whose counters are 7, 8, 9 and the
// given bytes; its rates are not zero.
func destEntry(flags uint32, inBytes, outBytes uint64) []byte {
	b := append([]byte{10, 0, 0, 7, 0, 80, 0xaa, 0xaa}, make([]byte, destSize-8)...)
	for i, v := range []uint32{flags, 2, 3, 4, 5, 6, 7} {
		binary.NativeEndian.PutUint32(b[destFlags+4*i:], v)
	}
	c := b[destCounters:]
	for i, v := range []uint32{7, 8, 9} {
		binary.NativeEndian.PutUint32(c[4*i:], v)
	}
	binary.NativeEndian.PutUint64(c[16:], inBytes)
	binary.NativeEndian.PutUint64(c[24:], outBytes)
	binary.NativeEndian.PutUint32(c[32:], 99)
	return b
}

func TestShortcut(t *testing.T) {
	web := Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80}
	mark := Service{Family: INET, FWMark: 7}
	whole := DestinationEntry{
		Destination: Destination{Family: INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 80, Forward: DirectRoute, Weight: 2, Upper: 3, Lower: 4},
		Active:      5, Inactive: 6, Persistent: 7,
	}
	counted := whole
	counted.Stats = Stats{Connections: 7, IncomingPackets: 8, OutgoingPackets: 9, IncomingBytes: certainBytes - 1, OutgoingBytes: 11}
	tunnel := whole
	tunnel.Forward = Tunnel
	entry := destEntry(3, certainBytes-1, 11)

	tests := []struct {
		name      string
		service   Service
		detail    Detail
		announced int
		entries   [][]byte
		want      []DestinationEntry // nil: not certain, ask netlink
	}{
		{"none", web, 0, 0, nil, []DestinationEntry{}},
		{"one", web, 0, 1, [][]byte{entry}, []DestinationEntry{whole}},
		{"firewall mark", mark, 0, 1, [][]byte{entry}, []DestinationEntry{whole}},
		{"other flags than the method", web, 0, 1, [][]byte{destEntry(0x10143, 0, 0)}, []DestinationEntry{whole}},
		{"totals", web, Totals, 2, [][]byte{entry, entry}, []DestinationEntry{counted, counted}},
		{"incoming bytes of a full counter", web, Totals, 1, [][]byte{destEntry(3, certainBytes, 0)}, nil},
		{"outgoing bytes of a full counter", web, Totals, 1, [][]byte{destEntry(3, 0, certainBytes)}, nil},
		{"full counters that nobody sees", web, 0, 1, [][]byte{destEntry(3, certainBytes, 0)}, []DestinationEntry{whole}},
		{"rates", web, Rates, 1, [][]byte{entry}, nil},
		{"tunnel", web, Totals, 1, [][]byte{destEntry(2, certainBytes-1, 11)}, []DestinationEntry{func() DestinationEntry { d := counted; d.Forward = Tunnel; return d }()}},
		{"tunnel's parameters", web, Tunnels, 2, [][]byte{entry, destEntry(2, 0, 0)}, nil},
		{"no tunnel", web, Tunnels, 1, [][]byte{entry}, []DestinationEntry{whole}},
		{"one of another family", web, 0, 2, [][]byte{entry}, nil},
		{"one more since", web, 0, 1, [][]byte{entry, entry}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := &olderKernel{service: test.service, announced: test.announced, destinations: test.entries}
			s := &shortcut{sockopt: k, only: true}
			list := []ServiceEntry{{Service: Service{Family: INET6}}, {Service: test.service}}
			if _, err := s.count(list, true); err != nil {
				t.Fatal(err)
			}
			before := []DestinationEntry{{Active: 1}}
			for range 2 { // a buffer that was used before
				got, ok, err := s.destinations(&list[1], test.detail, before)
				if err != nil || ok != (test.want != nil) {
					t.Fatalf("certain: %v, %v; want %v", ok, err, test.want != nil)
				}
				if d := cmp.Diff(append(before, test.want...), got, cmpAddr); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
			if _, ok, err := s.destinations(&list[0], 0, nil); ok || err != nil {
				t.Errorf("an IPv6 service: %v, %v", ok, err)
			}
		})
	}
}

// TestShortcutTableChanged: services that are not where they were expected have
// no number of destinations, nor have those behind them.
func TestShortcutTableChanged(t *testing.T) {
	web := Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80}
	for name, other := range map[string]Service{
		"protocol": {Family: INET, Protocol: UDP, Addr: web.Addr, Port: 80},
		"address":  {Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.2"), Port: 80},
		"port":     {Family: INET, Protocol: TCP, Addr: web.Addr, Port: 81},
		"mark":     {Family: INET, FWMark: 1},
	} {
		k := &olderKernel{service: web, announced: 1}
		s := &shortcut{sockopt: k, only: true}
		list := []ServiceEntry{{Service: other}, {Service: web}}
		if w, err := s.count(list, true); w != contradicts || err != nil || list[0].count.known || list[1].count.known {
			t.Errorf("another %s: %+v, %v", name, list, err)
		}
	}
}

// TestShortcutRefused: an error of the older interface is a reason to use
// netlink, or an error where nothing else may be used.
func TestShortcutRefused(t *testing.T) {
	web := ServiceEntry{Service: Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80}, count: known(1)}
	k := &olderKernel{err: syscall.EPERM}
	for _, only := range []bool{false, true} {
		s := &shortcut{sockopt: k, only: only}
		_, ok, err := s.destinations(&web, 0, nil)
		if _, counted := s.count([]ServiceEntry{web}, true); ok || errors.Is(err, syscall.EPERM) != only || errors.Is(counted, syscall.EPERM) != only {
			t.Errorf("only %v: %v, %v, %v", only, ok, err, counted)
		}
	}
	if want := []int{soGetDests, soGetServices, soGetDests, soGetServices}; !cmp.Equal(k.asked, want) {
		t.Errorf("asked for %v, want %v", k.asked, want)
	}
}

func TestShortcutChange(t *testing.T) {
	web := Service{Family: INET, Protocol: UDP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 0x1234, Scheduler: "wrr",
		Flags: Persistent | OnePacket, Timeout: 0x01020304, Netmask: 0xffffff00}
	mark, engine, v6 := web, web, web
	mark.FWMark, mark.Protocol, mark.Addr, mark.Port = 7, 0, netip.Addr{}, 0
	engine.PE = "sip"
	v6.Family = INET6
	rs := Destination{Family: INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 0x5678, Forward: Tunnel, Weight: 5, Upper: 6, Lower: 7}
	rs6, gue, port, flags := rs, rs, rs, rs
	rs6.Family, gue.TunnelType, port.TunnelPort, flags.TunnelFlags = INET6, GUE, 1, TunnelChecksum

	native := func(v uint32) string { return string(binary.NativeEndian.AppendUint32(nil, v)) }
	options := native(uint32(web.Flags)) + native(0x01020304) + "\xff\xff\xff\x00"
	scheduler := "wrr" + string(make([]byte, 13))
	head := func(protocol uint16) string {
		return string(binary.NativeEndian.AppendUint16(nil, protocol)) + "\x00\x00"
	}
	webBytes := head(17) + "\x0a\x00\x00\x01" + "\x12\x34\x00\x00" + native(0) + scheduler + options
	markBytes := head(6) + native(0) + native(0) + native(7) + scheduler + options
	rsBytes := "\x0a\x00\x00\x07" + "\x56\x78\x00\x00" + native(2) + native(5) + native(6) + native(7)

	for _, test := range []struct {
		name    string
		service Service
		dest    *Destination
		want    string // "": through netlink
	}{
		{"service", web, nil, webBytes},
		{"firewall mark", mark, nil, markBytes},
		{"destination", web, &rs, webBytes + rsBytes},
		{"destination of a firewall mark", mark, &rs, markBytes + rsBytes},
		{"persistence engine", engine, nil, ""},
		{"IPv6", v6, nil, ""},
		{"IPv6 destination", web, &rs6, ""},
		{"tunnel type", web, &gue, ""},
		{"tunnel port", web, &port, ""},
		{"tunnel flags", web, &flags, ""},
	} {
		for _, err := range []error{nil, syscall.EEXIST} {
			for _, only := range []bool{false, true} {
				k := &olderKernel{err: err}
				s := &shortcut{sockopt: k, only: only}
				copy(s.room(80), "what another request has left there")
				done, got := s.change(cmdNewDest, &test.service, test.dest)
				if string(k.set) != test.want {
					t.Errorf("%s: %q, want %q", test.name, k.set, test.want)
				}
				told := test.want != "" && (err == nil || only)
				if done != told || told && got != err || !told && got != nil {
					t.Errorf("%s, kernel says %v, only %v: %v, %v", test.name, err, only, done, got)
				}
			}
		}
	}
}
