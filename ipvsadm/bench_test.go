package ipvsadm

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/command"
	"lvsdr/internal/kernel"
)

// hollow is a balancer that costs next to nothing: it has services, each with
// the same destinations, and takes every change.
type hollow struct {
	balancer
	services     []kernel.ServiceEntry
	destinations []kernel.DestinationEntry
}

func (h *hollow) Info() kernel.Info { return kernel.Info{Version: 0x010201, ConnSize: 4096} }

func (h *hollow) Services(kernel.Detail) ([]kernel.ServiceEntry, error) { return h.services, nil }

func (h *hollow) Destinations(_ *kernel.ServiceEntry, _ kernel.Detail, buf []kernel.DestinationEntry) ([]kernel.DestinationEntry, error) {
	return append(buf, h.destinations...), nil
}

func (h *hollow) AddService(kernel.Service) error                         { return nil }
func (h *hollow) AddDestination(kernel.Service, kernel.Destination) error { return nil }

// address is one of as many as there are numbers, in no order.
func address(net byte, i int) netip.Addr {
	i = i * 40503 & 0xffffff
	return netip.AddrFrom4([4]byte{net, byte(i >> 16), byte(i >> 8), byte(i)})
}

// newHollow has n services of m destinations.
func newHollow(n, m int) *hollow {
	h := new(hollow)
	for i := range n {
		h.services = append(h.services, kernel.ServiceEntry{Service: kernel.Service{
			Family: kernel.INET, Protocol: kernel.TCP, Addr: address(10, i), Port: 80, Scheduler: "wrr", Netmask: mask4}})
	}
	for i := range m {
		h.destinations = append(h.destinations, kernel.DestinationEntry{Destination: kernel.Destination{
			Family: kernel.INET, Addr: address(11, i), Port: 80, Forward: kernel.DirectRoute, Weight: 1}})
	}
	return h
}

// sizes are the numbers of services or lines that benchmarks are made with.
var sizes = []int{1, 100, 10000}

func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{
		"service":     "-A -t 172.16.0.100:80 -s wrr",
		"destination": "-a -t 172.16.0.100:80 -r 10.0.0.7:80 -g -w 1",
		"IPv6":        "-a -t [fd00::1]:80 -r [fd00::2]:80 -m -w 1",
		"tunnel":      "-a -t 172.16.0.100:80 -r 10.0.0.7:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
		"listing":     "-L -n --stats",
	} {
		words := strings.Fields(line)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, f := Parse("ipvsadm", words, knownNames, false); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}

func BenchmarkRuleWords(b *testing.B) {
	b.ReportAllocs()
	var words []string
	for b.Loop() {
		words = ruleWords("-a -t 172.16.0.100:80 -r 10.0.0.7:80 -g -w 1\n", words)
	}
}

func BenchmarkSort(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("services=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			list := newHollow(n, 0).services
			by := sorter[kernel.ServiceEntry]{compare: compareServices}
			for b.Loop() {
				by.sort(list)
			}
		})
		b.Run(fmt.Sprintf("destinations=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			list := newHollow(0, n).destinations
			by := sorter[kernel.DestinationEntry]{compare: compareDestinations}
			for b.Loop() {
				by.sort(list)
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	h := newHollow(1, 1)
	for name, lines := range map[string]renderer{
		"listing": format{layoutDefault, false, numeric},
		"stats":   format{layoutStats, false, numeric},
		"rules":   &savedRules{name: numeric},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			out := make([]byte, 0, 1<<10)
			for b.Loop() {
				out = lines.service(out[:0], &h.services[0])
				out = lines.destination(out, &h.destinations[0], &h.services[0])
			}
		})
	}
}

func BenchmarkConnections(b *testing.B) {
	text := "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n" +
		strings.Repeat("TCP C0A80006 C350 AC100064 0050 0A000007 0050 ESTABLISHED     899\n", 5000)
	b.ReportAllocs()
	for b.Loop() {
		if !writeConnections(io.Discard, strings.NewReader(text), numeric, false) {
			b.Fatal("not understood")
		}
	}
}

func BenchmarkList(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("services=%d", n), func(b *testing.B) {
			h := newHollow(n, 10)
			b.ReportAllocs()
			for b.Loop() {
				x := executor{kernel: h, out: bufio.NewWriterSize(io.Discard, outputSize)}
				if f := x.list(&Command{action: list, options: setOf(optNumeric)}); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}

func BenchmarkRestore(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("lines=%d", n), func(b *testing.B) {
			var text bytes.Buffer
			for i := range n {
				fmt.Fprintf(&text, "-a -t 172.16.0.100:80 -r %s:80 -g -w 1\n", address(10, i))
			}
			b.ReportAllocs()
			for b.Loop() {
				p := &program{
					executor: executor{kernel: new(hollow), names: knownNames, out: bufio.NewWriterSize(io.Discard, outputSize)},
					env:      command.Env{Stdout: io.Discard, Stderr: io.Discard}, name: "ipvsadm",
				}
				if f := p.restore(bytes.NewReader(text.Bytes())); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}
