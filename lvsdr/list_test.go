package lvsdr

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/ipvs"
)

// decodeAs reads one object, and nothing that is not documented.
func decodeAs[T any](t *testing.T, text string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	must(t, d.Decode(&v))
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("more than one object in %s", text)
	}
	return v
}

var cmpAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// listed is a table of the kernel that somebody else made.
type foreignTable struct {
	services     []ipvs.ServiceEntry
	destinations map[ipvs.Key][]ipvs.DestinationEntry
	torn         ipvs.Key // the service whose destinations cannot be read
}

func (s foreignTable) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) { return s.services, nil }

func (s foreignTable) Destinations(e *ipvs.ServiceEntry, _ ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	if e.Key() == s.torn {
		return buf, ipvs.ErrTorn
	}
	return append(buf, s.destinations[e.Key()]...), nil
}

// stats are as many different numbers as there are.
func stats(from uint64) ipvs.Stats {
	return ipvs.Stats{
		Connections: from, IncomingPackets: from + 1, OutgoingPackets: from + 2, IncomingBytes: from + 3, OutgoingBytes: from + 4,
		ConnectionRate: from + 5, IncomingPacketRate: from + 6, OutgoingPacketRate: from + 7, IncomingByteRate: from + 8, OutgoingByteRate: from + 9,
	}
}

func someTable() foreignTable {
	web := ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: netip.MustParseAddr("172.16.0.100"), Port: 80, Scheduler: "sh",
		Flags: ipvs.Persistent | ipvs.SchedulerFlag2, Timeout: 300, Netmask: 0xffffff00}
	sip := ipvs.Service{Family: ipvs.INET6, Protocol: ipvs.UDP, Addr: netip.MustParseAddr("fd00::1"), Port: 5060, Scheduler: "rr",
		Flags: ipvs.OnePacket, PE: "sip", Netmask: 128}
	mark := ipvs.Service{Family: ipvs.INET6, FWMark: math.MaxUint32, Scheduler: "wlc", Netmask: 128}
	server := func(addr string, f ipvs.Forward) ipvs.DestinationEntry {
		a := netip.MustParseAddr(addr)
		return ipvs.DestinationEntry{Destination: ipvs.Destination{Family: ipvs.FamilyOf(a), Addr: a, Port: 80, Forward: f, Weight: 1}}
	}
	gue := server("10.0.0.17", ipvs.Tunnel)
	gue.TunnelType, gue.TunnelPort, gue.TunnelFlags = ipvs.GUE, 6080, ipvs.TunnelRemoteChecksum
	gue.Weight, gue.Upper, gue.Lower, gue.Active, gue.Inactive, gue.Persistent = 3, 100, 50, 7, 8, 9
	gue.Stats = stats(math.MaxUint64 - 9)
	nat := server("10.0.0.7", ipvs.Masquerade)
	nat.Port = 8080
	return foreignTable{
		services: []ipvs.ServiceEntry{{Service: mark}, {Service: sip}, {Service: web, Stats: stats(10)}},
		destinations: map[ipvs.Key][]ipvs.DestinationEntry{
			web.Key():  {gue, nat},
			mark.Key(): {server("10.0.0.7", ipvs.Tunnel)},
		},
	}
}

func TestListJSON(t *testing.T) {
	var b strings.Builder
	must(t, writeTableJSON(&b, someTable()))
	want := List{Services: []ListedService{
		{
			Service: "-t 172.16.0.100:80", Family: "ipv4", Protocol: "tcp", Address: netip.MustParseAddr("172.16.0.100"), Port: 80,
			Scheduler: "sh", Flags: []string{"sh-port"}, Persistent: 300, Netmask: "255.255.255.0",
			Totals: Counters{10, 11, 12, 13, 14}, Rates: Counters{15, 16, 17, 18, 19},
			RealServers: []ListedServer{
				{Family: "ipv4", Address: netip.MustParseAddr("10.0.0.7"), Port: 8080, Forward: "masquerade", Weight: 1},
				{
					Family: "ipv4", Address: netip.MustParseAddr("10.0.0.17"), Port: 80, Forward: "tunnel", Tunnel: &Tunnel{"gue", 6080, "remcsum"},
					Weight: 3, Upper: 100, Lower: 50, Active: 7, Inactive: 8, Persistent: 9,
					Totals: Counters{math.MaxUint64 - 9, math.MaxUint64 - 8, math.MaxUint64 - 7, math.MaxUint64 - 6, math.MaxUint64 - 5},
					Rates:  Counters{math.MaxUint64 - 4, math.MaxUint64 - 3, math.MaxUint64 - 2, math.MaxUint64 - 1, math.MaxUint64},
				},
			},
		},
		{
			Service: "-u [fd00::1]:5060", Family: "ipv6", Protocol: "udp", Address: netip.MustParseAddr("fd00::1"), Port: 5060,
			Scheduler: "rr", Flags: []string{}, OnePacket: true, Netmask: "128", PE: "sip", RealServers: []ListedServer{},
		},
		{
			Service: "-f 4294967295 -6", Family: "ipv6", FWMark: math.MaxUint32, Scheduler: "wlc", Flags: []string{}, Netmask: "128",
			RealServers: []ListedServer{{
				Family: "ipv4", Address: netip.MustParseAddr("10.0.0.7"), Port: 80, Forward: "tunnel", Tunnel: &Tunnel{"ipip", 0, "nocsum"}, Weight: 1,
			}},
		},
	}}
	if d := cmp.Diff(want, decodeAs[List](t, b.String()), cmpAddr); d != "" {
		t.Errorf("(-want +got):\n%s\n%s", d, b.String())
	}
	b.Reset()
	must(t, writeTableJSON(&b, foreignTable{}))
	if got := decodeAs[List](t, b.String()); got.Services == nil || len(got.Services) > 0 {
		t.Errorf("of an empty table: %s", b.String())
	}
}

// A table that could not be read to the end is no JSON, and an error.
func TestListTorn(t *testing.T) {
	table := someTable()
	table.torn = table.services[1].Key()
	var b strings.Builder
	err := writeTableJSON(&b, table)
	if !errors.Is(err, ipvs.ErrTorn) || !strings.HasPrefix(err.Error(), "read the real servers of -u [fd00::1]:5060: ") {
		t.Errorf("%v", err)
	}
	if json.Valid([]byte(b.String())) || !strings.Contains(b.String(), "10.0.0.17") {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	if err := printTable(&b, table); !errors.Is(err, ipvs.ErrTorn) || b.Len() > 0 {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestListTable(t *testing.T) {
	var b strings.Builder
	must(t, printTable(&b, someTable()))
	const want = `Service                                                Real server    Forward                  Weight  Upper  Lower  Active  Inactive  Persistent
-t 172.16.0.100:80 -s sh -p 300 -M 255.255.255.0 -b sh-port
                                                             10.0.0.7:8080  masquerade               1       0      0      0       0         0
                                                             10.0.0.17      tunnel gue 6080 remcsum  3       100    50     7       8         9
-u [fd00::1]:5060 -s rr --pe sip -o
-f 4294967295 -6 -s wlc
                                                             10.0.0.7:80    tunnel ipip              1       0      0      0       0         0
`
	got, counted, _ := strings.Cut(b.String(), "Total ")
	if strings.Join(strings.Fields(want), " ") != strings.Join(strings.Fields(got), " ") {
		t.Errorf("%s", got)
	}
	for _, line := range []string{
		"-t 172.16.0.100:80 10 11 12 13 14", "-t 172.16.0.100:80 15 16 17 18 19",
		"10.0.0.17 18446744073709551606 18446744073709551607 18446744073709551608 18446744073709551609 18446744073709551610",
		"10.0.0.17 18446744073709551611 18446744073709551612 18446744073709551613 18446744073709551614 18446744073709551615",
		"-f 4294967295 -6 0 0 0 0 0",
	} {
		found := 0
		for l := range strings.Lines(counted) {
			if strings.Join(strings.Fields(l), " ") == line {
				found++
			}
		}
		if found == 0 {
			t.Errorf("no line %q in\n%s", line, counted)
		}
	}
}

// atConnections is a desk at a kernel with these connections.
func (d *desk) atConnections(text string) {
	d.system.connections = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

const someConnections = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP C0A80006 9C41 AC100064 0050 0A000007 0050 ESTABLISHED     896
TCP C0A80006 9C42 AC100064 01BB 0A000011 01BB FIN_WAIT         65
UDP C0A80106 0035 AC100064 0035 0A000011 0035 UDP             300
TCP C0A80000 0000 AC100064 0050 0A000007 0050 ASSURED         296
IP  C0A80106 0000 00000007 0000 0A000007 0000 NONE             59
IP  fd00:0000:0000:0000:0000:0000:0000:0006 0000 ffff:ffff:0000:0000:0000:0000:0000:0000 0000 fd00:0000:0000:0000:0000:0000:0000:0007 0000 NONE 3601
UDP fd00:0000:0000:0000:0000:0000:0000:0006 0000 fd00:0000:0000:0000:0000:0000:0000:0001 13C4 0A000011 13C4 ASSURED 296 sip a` + "\x1b[31m" + `"b
`

func TestListConnectionsJSON(t *testing.T) {
	d := newDesk(t, tutorial)
	d.atConnections(someConnections)
	got := d.run("list --connections --json")
	end := func(addr string, port uint16) Peer { return Peer{Address: netip.MustParseAddr(addr), Port: port} }
	want := Connections{[]ListedConnection{
		{"tcp", end("192.168.0.6", 40001), end("172.16.0.100", 80), end("10.0.0.7", 80), "ESTABLISHED", 896, "", ""},
		{"tcp", end("192.168.0.6", 40002), end("172.16.0.100", 443), end("10.0.0.17", 443), "FIN_WAIT", 65, "", ""},
		{"udp", end("192.168.1.6", 53), end("172.16.0.100", 53), end("10.0.0.17", 53), "UDP", 300, "", ""},
		{"tcp", end("192.168.0.0", 0), end("172.16.0.100", 80), end("10.0.0.7", 80), "ASSURED", 296, "", ""},
		{"ip", end("192.168.1.6", 0), Peer{FWMark: 7}, end("10.0.0.7", 0), "NONE", 59, "", ""},
		{"ip", end("fd00::6", 0), Peer{FWMark: math.MaxUint32}, end("fd00::7", 0), "NONE", 3601, "", ""},
		{"udp", end("fd00::6", 0), end("fd00::1", 5060), end("10.0.0.17", 5060), "ASSURED", 296, "sip", "a\x1b[31m\"b"},
	}}
	if diff := cmp.Diff(want, decodeAs[Connections](t, got.Stdout), cmpAddr); diff != "" || got.Status != 0 || got.Stderr != "" {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
	if all := decodeAs[Connections](t, d.run("list --connections --json --state LISTEN").Stdout); all.Connections == nil || len(all.Connections) > 0 {
		t.Errorf("none: %+v", all)
	}
}

func TestListConnections(t *testing.T) {
	d := newDesk(t, tutorial)
	d.atConnections(someConnections)
	d.expect("list --connections", result{`Protocol  Expires   State              Client                 Virtual                Real server
tcp       14m56s    ESTABLISHED        192.168.0.6:40001      172.16.0.100:80        10.0.0.7:80
tcp       1m5s      FIN_WAIT           192.168.0.6:40002      172.16.0.100:443       10.0.0.17:443
udp       5m0s      UDP                192.168.1.6:53         172.16.0.100:53        10.0.0.17:53
tcp       4m56s     ASSURED            192.168.0.0:0          172.16.0.100:80        10.0.0.7:80
ip        59s       NONE               192.168.1.6:0          fwmark 7               10.0.0.7:0
ip        1h0m1s    NONE               [fd00::6]:0            fwmark 4294967295      [fd00::7]:0
udp       4m56s     ASSURED            [fd00::6]:0            [fd00::1]:5060         10.0.0.17:5060         sip "a\x1b[31m\"b"
`, "", 0})
}

// Which of someConnections a filter leaves, counted from 1.
func TestListFilters(t *testing.T) {
	for words, want := range map[string]string{
		"--service 172.16.0.100":                              "1234",
		"--service 172.16.0.100:53":                           "3",
		"--service 172.16.0.100:53/udp":                       "3",
		"--service 172.16.0.100:53/tcp":                       "",
		"--service 172.16.0.100/TCP":                          "124",
		"--service 172.16.0.0/16":                             "1234",
		"--service 172.16.0.0/16/udp":                         "3",
		"--service fd00::1":                                   "7",
		"--service [fd00::1]:5060/udp":                        "7",
		"--service 0.0.0.7":                                   "",
		"--service 172.16.0.100:80,172.16.0.100:443":          "124",
		"--service 172.16.0.100:80 --service fd00::1":         "147",
		"--real-server 10.0.0.7":                              "145",
		"--real-server 10.0.0.17:53":                          "3",
		"--real-server 10.0.0.17 --service fd00::/8":          "7",
		"--client 192.168.0.6":                                "12",
		"--client 192.168.0.6:40002":                          "2",
		"--client 192.168.0.0/24":                             "124",
		"--client 192.168.0.0/16 --state assured,ESTABLISHED": "14",
		"--client fd00::/64":                                  "67",
		"--state udp":                                         "3",
		"--state FIN_WAIT":                                    "2",
	} {
		d := newDesk(t, tutorial)
		d.atConnections(someConnections)
		got := d.run("list --connections --json " + words)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%s: %+v", words, got)
			continue
		}
		places := map[string]string{"ESTABLISHED896": "1", "FIN_WAIT65": "2", "UDP300": "3", "ASSURED296": "4", "NONE59": "5", "NONE3601": "6"}
		left := ""
		for _, c := range decodeAs[Connections](t, got.Stdout).Connections {
			place := places[c.State+number(c.Expires)]
			if c.PE != "" {
				place = "7"
			}
			left += place
		}
		if left != want {
			t.Errorf("%s: %s, want %s", words, left, want)
		}
	}
}

func TestListRefuses(t *testing.T) {
	const forms = `: expected 10.0.0.7, 10.0.0.7:80, [2001:db8::7]:80 or 10.0.0.0/24` + "\n"
	service := strings.TrimSpace(forms) + ", perhaps with /tcp, /udp or /sctp behind it\n"
	for words, want := range map[string]string{
		"list --client 10.0.0.1":                           "list: --service, --real-server, --client and --state go with --connections\n",
		"list --connections --client web":                  `list: --client "web"` + forms,
		"list --connections --service 7":                   `list: --service "7"` + service,
		"list --connections --service 10.0.0.1:http":       `list: --service "10.0.0.1:http"` + service,
		"list --connections --service 10.0.0.1:0":          `list: --service "10.0.0.1:0"` + service,
		"list --connections --service 10.0.0.1:80/icmp":    `list: --service "10.0.0.1:80/icmp"` + service,
		"list --connections --real-server 10.0.0.1:80/tcp": `list: --real-server "10.0.0.1:80/tcp": only a service has a protocol` + "\n",
		"list --connections --client 10.0.0.0/33":          `list: --client "10.0.0.0/33"` + forms,
		"list connections":                                 "list: unexpected argument \"connections\"\nlvsdr: hint: lvsdr list --connections\n",
	} {
		d := newDesk(t, tutorial)
		d.system.open = nil // nothing is read
		d.expect(words, result{"", "lvsdr: " + want, 2})
	}
}

// What cannot be read to the end is an error, behind what was read.
func TestListBadConnections(t *testing.T) {
	d := newDesk(t, tutorial)
	first, _, _ := strings.Cut(someConnections, "UDP")
	d.atConnections(first + "TCP 0A\n")
	got := d.run("list --connections --json")
	if got.Status != 1 || got.Stderr != "lvsdr: list: read the connections: a line is not understood\n" || json.Valid([]byte(got.Stdout)) || strings.Count(got.Stdout, "172.16.0.100") != 2 {
		t.Errorf("%+v", got)
	}
	d.atConnections("")
	d.expect("list --connections", result{"", "lvsdr: list: read the connections: EOF\n", 1})
}

// endless is a list of connections of so many lines.
type endless struct {
	lines int
	rest  []byte
}

func (e *endless) Read(b []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.lines == 0 {
			return 0, io.EOF
		}
		e.lines--
		e.rest = []byte("TCP C0A80006 9C41 AC100064 0050 0A000007 0050 ESTABLISHED     896\n")
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// A list is written while it is read.
func TestListConnectionsStreams(t *testing.T) {
	const lines = 20000
	for _, asJSON := range []bool{false, true} {
		d := newDesk(t, tutorial)
		in := &endless{lines: lines}
		d.system.connections = func() (io.ReadCloser, error) { return io.NopCloser(in), nil }
		left := -1
		must(t, listConnections(writerFunc(func(b []byte) (int, error) {
			if left < 0 {
				left = in.lines
			}
			return len(b), nil
		}), d.system, filter{}, asJSON))
		if left < lines*9/10 {
			t.Errorf("JSON %t: %d of %d lines were read before the first was written", asJSON, lines-left, lines)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
