package wire

import (
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"lvsdr/internal/host"
)

var asking = host.Link{Name: "eth0", MAC: []byte{2, 0, 10, 0, 0, 8}}

var cmpAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// bytesOf reads what is written down in hexadecimal digits and blanks.
func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestQuestions compares with packets written down by hand: the checksums are
// the one's complement sums of RFC 4443, section 2.3.
func TestQuestions(t *testing.T) {
	own := []host.Address{
		{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0"},
		{Prefix: netip.MustParsePrefix("fd00::8/64"), Interface: "eth0"},
	}
	for _, tt := range []struct {
		name       string
		own        []host.Address
		target     string
		to, packet string
	}{
		{"ARP", own, "10.0.0.7", "ff:ff:ff:ff:ff:ff",
			"0001 0800 06 04 0001 02000a000008 0a000008 000000000000 0a000007"},
		{"ARP probe", nil, "10.0.0.7", "ff:ff:ff:ff:ff:ff",
			"0001 0800 06 04 0001 02000a000008 00000000 000000000000 0a000007"},
		{"solicitation", own, "fd00::1:1234:5678", "33:33:ff:34:56:78",
			"60000000 0020 3a ff fd000000000000000000000000000008 ff0200000000000000000001ff345678" +
				"87 00 b433 00000000 fd000000000000000000000112345678 01 01 02000a000008"},
		{"solicitation without an address", nil, "fd00::1:1234:5678", "33:33:ff:34:56:78",
			"60000000 0018 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff345678" +
				"87 00 be4d 00000000 fd000000000000000000000112345678"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			arp, ndp := requestsFor(tt.own, tt.target)
			got := append(arp, ndp...)
			if len(got) != 1 {
				t.Fatalf("%v; want one request", got)
			}
			r := got[0]
			if d := cmp.Diff(hex.Dump(bytesOf(t, tt.packet)), hex.Dump(r.packet)); d != "" || r.to.String() != tt.to {
				t.Errorf("to %s, want %s (-want +got):\n%s", r.to, tt.to, d)
			}
		})
	}
}

func TestDialects(t *testing.T) {
	arp, ndp := requestsFor(nil, "10.0.0.7", "fd00::7", "10.0.0.17")
	if len(arp) != 2 || len(ndp) != 1 {
		t.Errorf("%v, %v; want two requests by ARP and one of IPv6", arp, ndp)
	}
}

// requestsFor are the requests for addresses in both dialects.
func requestsFor(own []host.Address, targets ...string) (arp, ndp []request) {
	q := Question{asking, addrsOf(targets...)}
	return newARP().requests(q, own), newNDP().requests(q, own)
}

// Answers belong to the question on the interface that they came in by.
func TestAnswersTo(t *testing.T) {
	one, other := host.Link{Index: 2}, host.Link{Index: 3, MAC: lastMAC(8)}
	vip, rip := netip.MustParseAddr("172.16.0.100"), netip.MustParseAddr("10.0.0.7")
	arrived := []arrival{
		{2, Answer{vip, lastMAC(17)}}, {3, Answer{vip, lastMAC(9)}}, {2, Answer{vip, lastMAC(7)}}, {2, Answer{rip, lastMAC(7)}},
		{2, Answer{vip, lastMAC(17)}}, {2, Answer{vip, lastMAC(8)}}, {2, Answer{netip.MustParseAddr("10.0.0.9"), lastMAC(9)}},
	}
	for _, tt := range []struct {
		link host.Link
		want []Answer
	}{
		{one, []Answer{{rip, lastMAC(7)}, {vip, lastMAC(7)}, {vip, lastMAC(17)}}},
		{other, []Answer{{vip, lastMAC(9)}}},
	} {
		got := answersTo(Question{tt.link, []netip.Addr{vip, rip}}, arrived, []host.Link{one, other})
		if d := cmp.Diff(tt.want, got, cmpAddr); d != "" {
			t.Errorf("on link %d (-want +got):\n%s", tt.link.Index, d)
		}
	}
}

func lastMAC(b byte) net.HardwareAddr { return net.HardwareAddr{2, 0, 10, 0, 0, b} }

func TestSender(t *testing.T) {
	var own []host.Address
	for _, s := range []string{"10.0.0.8/24", "172.16.0.100/24", "172.16.0.9/24", "fe80::8/64", "fd00::8/64"} {
		own = append(own, host.Address{Prefix: netip.MustParsePrefix(s), Interface: "eth0"})
	}
	own = append(own,
		host.Address{Prefix: netip.MustParsePrefix("fd01::100/64"), Interface: "eth0", Deprecated: true},
		host.Address{Prefix: netip.MustParsePrefix("192.168.0.8/24"), Interface: "eth1"})
	for _, tt := range []struct {
		name        string
		link, asked string
		want        string
	}{
		{"an address in the network", "eth0", "10.0.0.7", "10.0.0.8"},
		{"the first one in the network", "eth0", "172.16.0.7", "172.16.0.100"},
		{"not the one asked for", "eth0", "172.16.0.100", "172.16.0.9"},
		{"nor one that is asked for as well", "eth0", "172.16.0.7 172.16.0.100", "172.16.0.9"},
		{"an address out of the network", "eth0", "192.168.0.7", "10.0.0.8"},
		{"only one that is asked for", "eth1", "192.168.0.8", "0.0.0.0"},
		{"no address", "eth2", "10.0.0.7", "0.0.0.0"},
		{"IPv6 in the network", "eth0", "fd00::7", "fd00::8"},
		{"IPv6 link-local", "eth0", "fe80::7", "fe80::8"},
		{"IPv6, deprecated in the network", "eth0", "fd01::7", "fe80::8"},
		{"IPv6, no address", "eth1", "fd00::7", "::"},
	} {
		asked := addrsOf(strings.Fields(tt.asked)...)
		if got := Sender(host.Link{Name: tt.link}, own, asked, asked[0]); got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func addrsOf(list ...string) (parsed []netip.Addr) {
	for _, s := range list {
		parsed = append(parsed, netip.MustParseAddr(s))
	}
	return parsed
}

const (
	arpAnswered = "0001 0800 06 04 0002 02000a000007 0a000007 02000a000008 0a000008"

	ndpHead       = "60000000 0020 3a ff fd000000000000000000000000000007 fd000000000000000000000000000008"
	advertisement = ndpHead + "88 00 1284 60000000 fd000000000000000000000000000007 02 01 02000a000007"
)

// packets are answers, and what is not one, to both decoders and filters.
var packets = []struct {
	name   string
	b      string
	answer string // "" is none
}{
	{"ARP reply", arpAnswered, "10.0.0.7 02:00:0a:00:00:07"},
	{"ARP reply with padding", arpAnswered + strings.Repeat("00", 18), "10.0.0.7 02:00:0a:00:00:07"},
	{"ARP request", strings.Replace(arpAnswered, "0002", "0001", 1), ""},
	{"ARP reply cut short", arpAnswered[:len(arpAnswered)-2], ""},
	{"ARP of other hardware", "0006" + arpAnswered[4:], ""},
	{"ARP of another protocol", strings.Replace(arpAnswered, "0800", "86dd", 1), ""},
	{"ARP with long addresses", strings.Replace(arpAnswered, "06 04", "ff ff", 1), ""},
	{"ARP with IPv6 addresses", "0001 0800 06 10 0002" + strings.Repeat("00", 44), ""},
	{"ARP with other Ethernet addresses", "0001 0800 08 04 0002" + strings.Repeat("00", 24), ""},
	{"advertisement", advertisement, "fd00::7 02:00:0a:00:00:07"},
	{"advertisement with padding", advertisement + "0000", "fd00::7 02:00:0a:00:00:07"},
	{"advertisement behind another option", "60000000 0028" + ndpHead[13:] +
		"88 00 047b 60000000 fd000000000000000000000000000007 0e 01 000000000000 02 01 02000a000007", "fd00::7 02:00:0a:00:00:07"},
	{"advertisement without an option", "60000000 0018" + ndpHead[13:] + "88 00 2094 60000000 fd000000000000000000000000000007", ""},
	{"advertisement with a long option", ndpHead + "88 00 1283 60000000 fd000000000000000000000000000007 02 02 02000a000007", ""},
	{"advertisement with an option of no length", ndpHead + "88 00 1285 60000000 fd000000000000000000000000000007 02 00 02000a000007", ""},
	{"advertisement of a group", ndpHead + "88 00 1082 60000000 ff020000000000000000000000000007 02 01 02000a000007", ""},
	{"advertisement with a code", ndpHead + "88 01 1283 60000000 fd000000000000000000000000000007 02 01 02000a000007", ""},
	{"advertisement by way of a router", strings.Replace(advertisement, "3a ff", "3a fe", 1), ""},
	{"advertisement with a wrong checksum", strings.Replace(advertisement, "1284", "1285", 1), ""},
	{"advertisement cut short", advertisement[:len(advertisement)-2], ""},
	{"solicitation", ndpHead + "87 00 7484 00000000 fd000000000000000000000000000007 01 01 02000a000007", ""},
	{"other IPv6", strings.Replace(advertisement, "3a ff", "11 ff", 1), ""},
	{"IPv4", "4" + advertisement[1:], ""},
	{"nothing", "", ""},
}

func TestAnswers(t *testing.T) {
	for _, tt := range packets {
		b, got := bytesOf(t, tt.b), ""
		for _, d := range []dialect{newARP(), newNDP()} {
			a, ok := d.answer(b)
			if !ok {
				continue
			}
			got += a.Addr.String() + " " + a.MAC.String()
			if !passes(t, d, b) {
				t.Errorf("%s does not pass the filter", tt.name)
			}
		}
		if got != tt.answer {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.answer)
		}
	}
}

func TestFilters(t *testing.T) {
	for _, tt := range packets {
		switch tt.name {
		case "ARP request":
			if passes(t, newARP(), bytesOf(t, tt.b)) {
				t.Errorf("%s passes", tt.name)
			}
		case "solicitation", "other IPv6", "nothing":
			if passes(t, newNDP(), bytesOf(t, tt.b)) {
				t.Errorf("%s passes", tt.name)
			}
		}
	}
}

func passes(t *testing.T, d dialect, b []byte) bool {
	t.Helper()
	return run(t, d.filter, b)
}

// FuzzAnswer: decoders take any packet, and what they take for an answer has an
// address of the family and an Ethernet address of its own.
func FuzzAnswer(f *testing.F) {
	for _, p := range packets {
		f.Add(bytesOf(f, p.b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		given := slices.Clone(b)
		arp, isARP := arpAnswer(b)
		ndp, isNDP := ndpAnswer(b)
		clear(b)
		if isARP && (!arp.Addr.Is4() || string(arp.MAC) != string(given[8:14])) {
			t.Errorf("ARP of %x: %v", given, arp)
		}
		if isNDP && (!ndp.Addr.Is6() || len(ndp.MAC) != ethernetLen || !strings.Contains(string(given), string(ndp.MAC))) {
			t.Errorf("advertisement %x: %v", given, ndp)
		}
	})
}
