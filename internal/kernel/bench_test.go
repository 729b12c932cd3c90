package kernel

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// aService and aDestination are ordinary ones.
var (
	aService = Service{Family: INET, Protocol: TCP, Addr: netip.AddrFrom4([4]byte{172, 16, 0, 100}), Port: 80,
		Scheduler: "wrr", Netmask: 0xffffffff}
	aDestination = Destination{Family: INET, Addr: netip.AddrFrom4([4]byte{10, 0, 0, 7}), Port: 80, Forward: DirectRoute, Weight: 1}
)

// destinationMessage is what the kernel says of a destination.
func destinationMessage() []byte {
	parts := destinationParts()
	parts[destFamily] = appendU16(nil, destFamily, uint16(INET))
	parts[destStats] = nestOf(destStats, statsParts(3, false)...)
	parts[destStats64] = nestOf(destStats64, statsParts(3, true)...)
	return nestOf(attrDest, joined(parts))
}

func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		out = appendService(out[:0], &aService)
		out = appendDestination(out, &aDestination)
	}
}

func BenchmarkDecode(b *testing.B) {
	service, destination := appendService(nil, &aService), destinationMessage()
	for name, detail := range map[string]Detail{"settings": 0, "totals": Totals} {
		b.Run("service/"+name, func(b *testing.B) {
			b.ReportAllocs()
			e := ServiceEntry{Service: Service{Scheduler: "wrr"}}
			for b.Loop() {
				if err := decodeService(service, detail, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("destination/"+name, func(b *testing.B) {
			b.ReportAllocs()
			var e DestinationEntry
			for b.Loop() {
				if err := decodeDestination(destination, INET, detail, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// datagrams answers every request with the same messages.
type datagrams struct {
	answer func(request) [][]byte
	queue  [][]byte
}

func (d *datagrams) Send(b []byte) error {
	d.queue = d.answer(request{seq: uint32(b[8]) | uint32(b[9])<<8 | uint32(b[10])<<16 | uint32(b[11])<<24})
	return nil
}

func (d *datagrams) Receive(b []byte) (int, error) {
	n := copy(b, d.queue[0])
	d.queue = d.queue[1:]
	return n, nil
}

func (d *datagrams) Close() error { return nil }

// BenchmarkDestinations reads destinations through both interfaces, without a
// kernel behind them.
func BenchmarkDestinations(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		entry := destEntry(3, 0, 0)
		e := ServiceEntry{Service: aService, count: known(uint32(n))}
		b.Run(fmt.Sprintf("sockopt=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			k := &olderKernel{service: aService, destinations: slices.Repeat([][]byte{entry}, n)}
			s := &shortcut{sockopt: k, only: true}
			var buf []DestinationEntry
			for b.Loop() {
				var ok bool
				if buf, ok, _ = s.destinations(&e, 0, buf[:0]); !ok {
					b.Fatal("not exact")
				}
				k.asked = k.asked[:0]
			}
		})
		b.Run(fmt.Sprintf("netlink=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			c := &Conn{sock: dumpOf(n), family: fakeFamily, in: make([]byte, largeDump)}
			var buf []DestinationEntry
			for b.Loop() {
				c.seq = 0 // the answer is made for the first request
				var err error
				if buf, err = c.Destinations(&e, 0, buf[:0]); err != nil || len(buf) != n {
					b.Fatal(len(buf), err)
				}
			}
		})
	}
}

// dumpOf is a kernel that tells n destinations, as many in a datagram as fit.
func dumpOf(n int) *datagrams {
	one := answer(request{seq: 1}, destinationMessage())
	var all [][]byte
	for perDatagram := largeDump / len(one); n > 0; n -= perDatagram {
		all = append(all, slices.Repeat(one, min(n, perDatagram)))
	}
	all = append(all, done(request{seq: 1}, 0))
	return &datagrams{answer: func(request) [][]byte { return all }}
}
