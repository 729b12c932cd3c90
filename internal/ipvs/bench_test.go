package ipvs

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// serviceMessage and destinationMessage are what a kernel of today sends of one
// entry, counters in both widths included.
func serviceMessage() []byte {
	parts := serviceParts()
	parts[svcStats] = nestOf(svcStats, statsParts(1, false)...)
	parts[svcStats64] = nestOf(svcStats64, statsParts(1, true)...)
	return nestOf(attrService, joined(parts))
}

func destinationMessage() []byte {
	parts := destinationParts()
	parts[destFamily] = appendU16(nil, destFamily, uint16(INET))
	parts[destTunType] = appendU8(nil, destTunType, uint8(IPIP))
	parts[destTunPort] = appendPort(nil, destTunPort, 0)
	parts[destTunFlags] = appendU16(nil, destTunFlags, 0)
	parts[destStats] = nestOf(destStats, statsParts(1, false)...)
	parts[destStats64] = nestOf(destStats64, statsParts(1, true)...)
	return nestOf(attrDest, joined(parts))
}

// details are the least and the most that a reader may want to see.
var details = []struct {
	name string
	Detail
}{{"least", 0}, {"everything", Everything}}

func BenchmarkDecodeService(b *testing.B) {
	for _, detail := range details {
		b.Run(detail.name, func(b *testing.B) {
			msg := serviceMessage()
			var e ServiceEntry
			b.ReportAllocs()
			for b.Loop() {
				if err := decodeService(msg, detail.Detail, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeDestination(b *testing.B) {
	for _, detail := range details {
		b.Run(detail.name, func(b *testing.B) {
			msg := destinationMessage()
			var e DestinationEntry
			b.ReportAllocs()
			for b.Loop() {
				if err := decodeDestination(msg, INET, detail.Detail, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var (
	benchService = Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80, Scheduler: "wrr",
		Netmask: 0xffffffff}
	benchDestination = Destination{Family: INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 80, Forward: DirectRoute, Weight: 1}
)

func BenchmarkEncode(b *testing.B) {
	b.Run("service", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf = appendService(buf[:0], &benchService)
		}
	})
	b.Run("destination", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf = appendDestination(buf[:0], &benchDestination)
		}
	})
}

// recording is a socket that answers every request with the same datagrams. It
// fits the first request of a connection: their sequence number is one.
type recording struct {
	datagrams [][]byte
	played    int
}

func (r *recording) Send([]byte) error { r.played = 0; return nil }
func (r *recording) Close() error      { return nil }

func (r *recording) Receive(b []byte) (int, error) {
	n := copy(b, r.datagrams[r.played])
	r.played++
	return n, nil
}

// dumpOf records n times the same message, in datagrams as the kernel makes
// them for a small buffer.
func dumpOf(n int, attrs []byte) *recording {
	first := request{seq: 1, flags: flagDump}
	message := answer(first, attrs)
	perDatagram := smallDump() / len(message)
	r := &recording{}
	for ; n > 0; n -= perDatagram {
		r.datagrams = append(r.datagrams, slices.Repeat(message, min(n, perDatagram)))
	}
	r.datagrams = append(r.datagrams, done(first, 0))
	return r
}

// replay is a connection to a recording, for any number of first requests.
func replay(r *recording) func() *Conn {
	c := &Conn{sock: r, family: fakeFamily, in: make([]byte, smallDump())}
	return func() *Conn { c.seq = 0; return c }
}

var benchSizes = []int{1, 100, 10000}

// BenchmarkDump is all of one reading of a dump but the kernel.
func BenchmarkDump(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("services/%d", n), func(b *testing.B) {
			conn := replay(dumpOf(n, serviceMessage()))
			b.ReportAllocs()
			for b.Loop() {
				if list, err := conn().readServices(0, nil); len(list) != n || err != nil {
					b.Fatalf("%d services: %v", len(list), err)
				}
			}
		})
		b.Run(fmt.Sprintf("destinations/%d", n), func(b *testing.B) {
			conn := replay(dumpOf(n, destinationMessage()))
			s := ServiceEntry{Service: benchService}
			var list []DestinationEntry
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if list, err = conn().readDestinations(&s, 0, list[:0]); len(list) != n || err != nil {
					b.Fatalf("%d destinations: %v", len(list), err)
				}
			}
		})
	}
}

// BenchmarkShortcut is all of reading destinations by getsockopt but the kernel.
func BenchmarkShortcut(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprintf("destinations/%d", n), func(b *testing.B) {
			k := &olderKernel{service: benchService, destinations: slices.Repeat([][]byte{destEntry(3, 0, 0)}, n)}
			c := &Conn{short: &shortcut{sockopt: k, only: true}}
			s := ServiceEntry{Service: benchService, count: known(uint32(n))}
			var list []DestinationEntry
			b.ReportAllocs()
			for b.Loop() {
				k.asked = k.asked[:0]
				var err error
				if list, err = c.Destinations(&s, 0, list[:0]); len(list) != n || err != nil {
					b.Fatalf("%d destinations: %v", len(list), err)
				}
			}
		})
	}
}

// BenchmarkAdd is all of a change but the kernel.
func BenchmarkAdd(b *testing.B) {
	b.Run("netlink", func(b *testing.B) {
		conn := replay(&recording{datagrams: [][]byte{ack(request{seq: 1}, 0)}})
		b.ReportAllocs()
		for b.Loop() {
			if err := conn().AddDestination(benchService, benchDestination); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sockopt", func(b *testing.B) {
		c := &Conn{short: &shortcut{sockopt: deafSockopt{}, only: true}}
		b.ReportAllocs()
		for b.Loop() {
			if err := c.AddDestination(benchService, benchDestination); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// deafSockopt takes every change.
type deafSockopt struct{ sockopt }

func (deafSockopt) Close() error          { return nil }
func (deafSockopt) Set(int, []byte) error { return nil }
