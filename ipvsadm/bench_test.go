package ipvsadm

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/command"
	"lvsdr/internal/ipvs"
)

const (
	serviceLine     = "-A -t 10.0.0.1:80 -s wrr"
	destinationLine = "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -g -w 1"
)

func BenchmarkParse(b *testing.B) {
	var names resolver = knownNames // made an interface once
	for _, bb := range []struct{ name, line string }{
		{"listing", "-Ln"},
		{"service", serviceLine},
		{"destination", destinationLine},
		{"IPv6", "-a -t [fd00::1]:80 -r [fd00:1::1]:80 -g -w 1"},
		{"tunnel", "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum"},
		{"longNames", "--add-server --tcp-service=10.0.0.1:80 --real-server=10.0.1.1:80 --gatewaying --weight=1"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			words := strings.Fields(bb.line)
			b.ReportAllocs()
			for b.Loop() {
				if _, f := Parse("ipvsadm", words, names, false); f != nil {
					b.Fatal(f.text)
				}
			}
		})
	}
}

func BenchmarkRuleWords(b *testing.B) {
	for _, bb := range []struct{ name, line string }{
		{"rule", destinationLine + "\n"},
		{"ipvsadm", "ipvsadm " + destinationLine + "\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var words []string
			b.ReportAllocs()
			for b.Loop() {
				words = ruleWords(bb.line, words)
			}
		})
	}
}

// servicesOf are n services in no order, as a hash table lists them;
// destinationsOf are n destinations, newest first.
func servicesOf(n int) []ipvs.ServiceEntry {
	list := make([]ipvs.ServiceEntry, n)
	for i := range list {
		list[i] = changed(web, func(s *ipvs.ServiceEntry) { s.Addr = place(10, i) })
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

func destinationsOf(n int) []ipvs.DestinationEntry {
	list := make([]ipvs.DestinationEntry, n)
	for i := range list {
		list[i] = changed(realServer, func(d *ipvs.DestinationEntry) { d.Addr = place(11, n-i) })
	}
	return list
}

func place(net byte, i int) netip.Addr {
	return netip.AddrFrom4([4]byte{net, byte(i >> 16), byte(i >> 8), byte(i)})
}

func BenchmarkSort(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		b.Run(fmt.Sprintf("services/%d", n), func(b *testing.B) {
			benchmarkSort(b, servicesOf(n), compareServices)
		})
		b.Run(fmt.Sprintf("destinations/%d", n), func(b *testing.B) {
			benchmarkSort(b, destinationsOf(n), compareDestinations)
		})
	}
}

func benchmarkSort[T any](b *testing.B, list []T, compare func(a, b *T) int32) {
	by := sorter[T]{compare: compare}
	b.ReportAllocs()
	for b.Loop() {
		by.sort(list)
	}
}

// BenchmarkLine renders one line of each kind.
func BenchmarkLine(b *testing.B) {
	service, destination := servicesOf(1)[0], destinationsOf(1)[0]
	service.Stats, destination.Stats = countedStats, countedStats
	service6, destination6 := serviceOf(ipvs.TCP, "[fd00::1]:80"), destinationOf("fd00:1::1")
	for _, bb := range []struct {
		name  string
		lines renderer
		s     *ipvs.ServiceEntry
		d     *ipvs.DestinationEntry
	}{
		{"default", format{name: numeric}, &service, &destination},
		{"IPv6", format{name: numeric}, &service6, &destination6},
		{"stats", format{layout: layoutStats, name: numeric}, &service, &destination},
		{"rule", &savedRules{name: numeric}, &service, &destination},
	} {
		buf := make([]byte, 0, 2*lineRoom)
		b.Run(bb.name+"/service", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bb.lines.service(buf, bb.s)
			}
		})
		b.Run(bb.name+"/destination", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bb.lines.destination(buf, bb.d, bb.s)
			}
		})
	}
}

func BenchmarkConnections(b *testing.B) {
	for _, bb := range []struct {
		name, line string
		engines    bool
	}{{"IPv4", tcpLine, false}, {"IPv6", ipv6Line, false}, {"engines", sipLine, true}} {
		b.Run(bb.name, func(b *testing.B) {
			const n = 5000
			text := connHeader + strings.Repeat(bb.line, n)
			b.ReportAllocs()
			for b.Loop() {
				if !writeConnections(io.Discard, strings.NewReader(text), numeric, bb.engines) {
					b.Fatal("not understood")
				}
			}
			perLine(b, n)
		})
	}
}

// stillKernel is a balancer that costs next to nothing: all services have the
// same destinations, and changes are counted.
type stillKernel struct {
	balancer
	services     []ipvs.ServiceEntry
	destinations []ipvs.DestinationEntry
	changes      int
}

func (k *stillKernel) Info() ipvs.Info { return ipvs.Info{Version: minVersion} }
func (k *stillKernel) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	return k.services, nil
}

func (k *stillKernel) Destinations(_ *ipvs.ServiceEntry, _ ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	return append(buf, k.destinations...), nil
}

func (k *stillKernel) AddService(ipvs.Service) error { k.changes++; return nil }
func (k *stillKernel) AddDestination(ipvs.Service, ipvs.Destination) error {
	k.changes++
	return nil
}
func (k *stillKernel) Flush() error { return nil }

// before is a program that stands before the kernel and says nothing to anybody.
func (k *stillKernel) before(stdin io.Reader) *program {
	return &program{
		executor: executor{names: knownNames, out: bufio.NewWriterSize(io.Discard, outputSize)},
		env:      command.Env{Stdin: stdin, Stdout: io.Discard, Stderr: io.Discard, LookupEnv: noEnv},
		name:     "ipvsadm",
		open:     func() (balancer, error) { return k, nil },
	}
}

// perLine adds what each of n lines costs, which shows how the cost grows.
func perLine(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/line")
}

// BenchmarkListing is all of a listing but the kernel.
func BenchmarkListing(b *testing.B) {
	for _, line := range []string{"-Ln", "-Ln --stats", "-Sn"} {
		words := strings.Fields(line)
		for _, size := range []struct{ services, destinations int }{{1, 1}, {10, 10}, {1000, 10}, {1, 10000}} {
			b.Run(fmt.Sprintf("%s/%dx%d", strings.Join(words, ""), size.services, size.destinations), func(b *testing.B) {
				k := &stillKernel{services: servicesOf(size.services), destinations: destinationsOf(size.destinations)}
				b.ReportAllocs()
				for b.Loop() {
					if f := k.before(nil).main(words); f != nil {
						b.Fatal(f.text)
					}
				}
				perLine(b, size.services*(1+size.destinations))
			})
		}
	}
}

// BenchmarkRestore is all of ipvsadm -R and of ipvsadm-restore but the kernel.
func BenchmarkRestore(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		text := []byte(serviceLine + "\n" + strings.Repeat(destinationLine+"\n", n-1))
		run := func(name string, restore func(*program) int) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					k := &stillKernel{}
					if status := restore(k.before(bytes.NewReader(text))); status != statusOK || k.changes != n {
						b.Fatalf("status %d, %d lines of %d", status, k.changes, n)
					}
				}
				perLine(b, n)
			})
		}
		run("-R", func(p *program) int { return p.finish(p.main([]string{"-R"})) })
		run("ipvsadm-restore", func(p *program) int { return p.replace(p.env.Stdin) })
	}
}
