package ipvsadm

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

// serviceOf is a service at "ADDRESS:PORT", markOf one of a firewall mark,
// destinationOf a destination.
func serviceOf(protocol ipvs.Protocol, addr string) ipvs.ServiceEntry {
	ap := netip.MustParseAddrPort(addr)
	family := ipvs.AddressFamily(ipvs.INET)
	if ap.Addr().Is6() {
		family = ipvs.INET6
	}
	return ipvs.ServiceEntry{Service: ipvs.Service{
		Family: family, Protocol: protocol, Addr: ap.Addr(), Port: ap.Port(), Netmask: ipvs.SingleIPv4, Scheduler: "rr",
	}}
}

func markOf(mark uint32, family ipvs.AddressFamily) ipvs.ServiceEntry {
	return ipvs.ServiceEntry{Service: ipvs.Service{Family: family, FWMark: mark, Scheduler: "rr", Netmask: ipvs.SingleIPv4}}
}

func destinationOf(addr string) ipvs.DestinationEntry {
	a := netip.MustParseAddr(addr)
	family := ipvs.AddressFamily(ipvs.INET)
	if a.Is6() {
		family = ipvs.INET6
	}
	return ipvs.DestinationEntry{Destination: ipvs.Destination{Family: family, Addr: a, Weight: 1}}
}

// Orders of the kernel and what ipvsadm 1.31 printed for them.
func TestSortDestinations(t *testing.T) {
	tests := []struct{ kernel, printed string }{
		{"10.0.0.1", "10.0.0.1"},
		{"223.0.0.1 172.16.0.1 200.0.0.1 100.0.0.1 10.0.0.1", "172.16.0.1 200.0.0.1 223.0.0.1 10.0.0.1 100.0.0.1"},
		{"10.0.0.1 100.0.0.1 200.0.0.1", "10.0.0.1 100.0.0.1 200.0.0.1"},
		{"200.0.0.1 100.0.0.1 10.0.0.1", "200.0.0.1 10.0.0.1 100.0.0.1"},
		{"100.0.0.1 200.0.0.1 10.0.0.1", "100.0.0.1 200.0.0.1 10.0.0.1"},
		{"200.0.0.1 100.0.0.1 223.0.0.1 10.0.0.1 172.16.0.1", "100.0.0.1 172.16.0.1 200.0.0.1 223.0.0.1 10.0.0.1"},
		{"128.0.0.1 0.0.0.1", "128.0.0.1 0.0.0.1"},
		{"0.0.0.1 128.0.0.1", "0.0.0.1 128.0.0.1"},
		{"128.0.0.0 0.0.0.1", "0.0.0.1 128.0.0.0"},
		{"fd00::1 10.0.0.1 fd00::2 200.0.0.1 2001::1 20.0.0.1", "200.0.0.1 fd00::1 fd00::2 10.0.0.1 20.0.0.1 2001::1"},
		{"2001::1 fd00::1", "fd00::1 2001::1"},
		{"::2 ::1", "::1 ::2"},
	}
	for _, tt := range tests {
		var list []ipvs.DestinationEntry
		for _, addr := range strings.Fields(tt.kernel) {
			list = append(list, destinationOf(addr))
		}
		by := sorter[ipvs.DestinationEntry]{compare: compareDestinations}
		var printed []string
		for _, d := range by.sort(list) {
			printed = append(printed, d.Addr.String())
		}
		if got := strings.Join(printed, " "); got != tt.printed {
			t.Errorf("kernel order %s:\n got %s\nwant %s", tt.kernel, got, tt.printed)
		}
	}
}

func TestCompareServices(t *testing.T) {
	tests := []struct {
		name          string
		first, second ipvs.ServiceEntry
	}{
		{"mark", markOf(1, ipvs.INET), markOf(2, ipvs.INET)},
		{"mark over the half", markOf(1<<32-1, ipvs.INET), markOf(1, ipvs.INET)},
		{"large mark before none", markOf(1<<32-1, ipvs.INET), serviceOf(ipvs.TCP, "1.1.1.1:80")},
		{"none before small mark", serviceOf(ipvs.UDP, "[fd00::1]:80"), markOf(1, ipvs.INET)},
		{"family of a mark", markOf(7, ipvs.INET), markOf(7, ipvs.INET6)},
		{"family", serviceOf(ipvs.UDP, "9.9.9.9:80"), serviceOf(ipvs.TCP, "[::1]:80")},
		{"protocol", serviceOf(ipvs.TCP, "9.9.9.9:80"), serviceOf(ipvs.UDP, "1.1.1.1:80")},
		{"sctp is last", serviceOf(ipvs.UDP, "9.9.9.9:80"), serviceOf(ipvs.SCTP, "1.1.1.1:80")},
		{"address", serviceOf(ipvs.TCP, "1.1.1.1:443"), serviceOf(ipvs.TCP, "1.1.1.2:80")},
		{"port", serviceOf(ipvs.TCP, "1.1.1.1:80"), serviceOf(ipvs.TCP, "1.1.1.1:65535")},
	}
	for _, tt := range tests {
		if d := compareServices(&tt.first, &tt.second); d >= 0 {
			t.Errorf("%s: %d, want it negative", tt.name, d)
		}
		if d := compareServices(&tt.second, &tt.first); d <= 0 {
			t.Errorf("%s, the other way round: %d, want it positive", tt.name, d)
		}
		if d := compareServices(&tt.first, &tt.first); d != 0 {
			t.Errorf("%s, with itself: %d", tt.name, d)
		}
	}
}

// However the comparison behaves, nothing is lost; where it is an order, the
// result is sorted and stable.
func TestMergeSort(t *testing.T) {
	type item struct{ key, place int }
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		list := make([]item, n)
		for i := range list {
			list[i] = item{random.IntN(8), i}
		}
		by := sorter[item]{compare: func(a, b *item) int32 { return int32(a.key - b.key) }}
		sorted := by.sort(list)
		for i := 1; i < n; i++ {
			if a, b := sorted[i-1], sorted[i]; a.key > b.key || a.key == b.key && a.place > b.place {
				t.Errorf("%d items: %v stands before %v", n, a, b)
			}
		}
		by.compare = func(a, b *item) int32 { return int32(random.IntN(3) - 1) }
		seen := map[int]bool{}
		for _, it := range by.sort(list) {
			seen[it.place] = true
		}
		if len(seen) != n {
			t.Errorf("%d items: %d are left", n, len(seen))
		}
	}
}
