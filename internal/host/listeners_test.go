package host

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/ipvs"
)

// cmpAddrPort compares a type of netip, which has unexported fields.
var cmpAddrPort = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

// hexOf writes an address as this machine's kernel does.
func hexOf(addr string) string {
	a := netip.MustParseAddrPort(addr)
	var text string
	for b := a.Addr().AsSlice(); len(b) > 0; b = b[4:] {
		text += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(b))
	}
	return fmt.Sprintf("%s:%04X", text, a.Port())
}

// socketLine is a line of /proc/net/tcp or udp.
func socketLine(local, state string) string {
	return fmt.Sprintf("   0: %s %s %s 00000000:00000000 00:00000000 00000000     0        0 1234 1 ffff8880 100 0 0 10 0\n",
		hexOf(local), hexOf("0.0.0.0:0"), state)
}

const (
	socketTitle   = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	endpointTitle = " ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n"
	endpoint      = "       0        0 2   10  80   80        0 1234 "
)

var tables = []struct {
	name     string
	protocol ipvs.Protocol
	text     string
	want     []string // addresses; nil with bad is an error
	bad      bool
}{
	{name: "no socket", protocol: ipvs.TCP, text: socketTitle},
	{name: "nothing at all", protocol: ipvs.TCP},
	{name: "TCP that listens", protocol: ipvs.TCP,
		text: socketTitle + socketLine("127.0.0.1:80", "0A") + socketLine("0.0.0.0:8080", "0A"),
		want: []string{"127.0.0.1:80", "0.0.0.0:8080"}},
	{name: "TCP that does not", protocol: ipvs.TCP,
		text: socketTitle + socketLine("10.0.0.7:80", "01") + socketLine("10.0.0.7:81", "06") + socketLine("10.0.0.7:82", "07")},
	{name: "IPv6", protocol: ipvs.TCP,
		text: socketTitle + socketLine("[fd00::1:2:3:7]:80", "0A") + socketLine("[::]:65535", "0A"),
		want: []string{"[fd00::1:2:3:7]:80", "[::]:65535"}},
	{name: "IPv4 in a socket of IPv6", protocol: ipvs.TCP, text: socketTitle + socketLine("[::ffff:10.0.0.7]:80", "0A"), want: []string{"10.0.0.7:80"}},
	{name: "UDP", protocol: ipvs.UDP,
		text: socketTitle + socketLine("10.0.0.7:53", "07") + socketLine("10.0.0.7:54", "01"), want: []string{"10.0.0.7:53"}},
	{name: "SCTP", protocol: ipvs.SCTP, text: endpointTitle + endpoint + "10.0.0.7 fd00:0000:0000:0000:0000:0000:0000:0007 \n",
		want: []string{"10.0.0.7:80", "[fd00::7]:80"}},
	{name: "SCTP that does not listen", protocol: ipvs.SCTP, text: endpointTitle + strings.Replace(endpoint, "10", "7 ", 1) + "10.0.0.7 \n"},
	{name: "SCTP without an address", protocol: ipvs.SCTP, text: endpointTitle + endpoint + "\n"},

	{name: "a short line", protocol: ipvs.TCP, text: socketTitle + "   0: 0100007F:0050\n", bad: true},
	{name: "no hexadecimal digits", protocol: ipvs.TCP, text: socketTitle + "0: 0100007G:0050 0:0 0A\n", bad: true},
	{name: "half an address", protocol: ipvs.TCP, text: socketTitle + "0: 0100:0050 0:0 0A\n", bad: true},
	{name: "an address and a bit", protocol: ipvs.TCP, text: socketTitle + "0: 0100007F01:0050 0:0 0A\n", bad: true},
	{name: "no port", protocol: ipvs.TCP, text: socketTitle + "0: 0100007F 0:0 0A\n", bad: true},
	{name: "a port that is too large", protocol: ipvs.TCP, text: socketTitle + "0: 0100007F:10050 0:0 0A\n", bad: true},
	{name: "a short line of SCTP", protocol: ipvs.SCTP, text: endpointTitle + "0 0 2 10 80 80 0\n", bad: true},
	{name: "no address of SCTP", protocol: ipvs.SCTP, text: endpointTitle + endpoint + "10.0.0\n", bad: true},
	{name: "no port of SCTP", protocol: ipvs.SCTP, text: endpointTitle + "0 0 2 10 80 http 0 1234 10.0.0.7\n", bad: true},
}

func TestSocketTables(t *testing.T) {
	for _, tt := range tables {
		t.Run(tt.name, func(t *testing.T) {
			found, err := readAny(tt.text, tt.protocol)
			if (err != nil) != tt.bad {
				t.Errorf("error %v; want one: %t", err, tt.bad)
			}
			var want []Listener
			for _, s := range tt.want {
				want = append(want, Listener{Protocol: tt.protocol, Addr: netip.MustParseAddrPort(s)})
			}
			if d := cmp.Diff(want, found, cmpAddrPort); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func readAny(text string, p ipvs.Protocol) ([]Listener, error) {
	if p == ipvs.SCTP {
		return readEndpoints(strings.NewReader(text))
	}
	return readSockets(strings.NewReader(text), p)
}

func TestSocketErrorNamesLine(t *testing.T) {
	_, err := readAny(socketTitle+"0: nonsense\n", ipvs.TCP)
	if err == nil || !strings.Contains(err.Error(), `"0: nonsense"`) {
		t.Errorf("%v does not name the line", err)
	}
}

func TestHears(t *testing.T) {
	for _, tt := range []struct {
		listener string
		v6Only   bool
		to       string
		want     bool
	}{
		{"10.0.0.7:80", false, "10.0.0.7:80", true},
		{"10.0.0.7:80", false, "[::ffff:10.0.0.7]:80", true},
		{"10.0.0.7:80", false, "10.0.0.7:81", false},
		{"10.0.0.7:80", false, "172.16.0.100:80", false},
		{"0.0.0.0:80", false, "172.16.0.100:80", true},
		{"0.0.0.0:80", false, "[fd00::100]:80", false},
		{"[::]:80", false, "[fd00::100]:80", true},
		{"[::]:80", false, "172.16.0.100:80", true},
		{"[::]:80", true, "[fd00::100]:80", true},
		{"[::]:80", true, "172.16.0.100:80", false},
		{"[::]:80", false, "172.16.0.100:81", false},
	} {
		l := Listener{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort(tt.listener), V6Only: tt.v6Only}
		if got := l.Hears(netip.MustParseAddrPort(tt.to)); got != tt.want {
			t.Errorf("%s (IPv6 only: %t) hears %s: %t, want %t", tt.listener, tt.v6Only, tt.to, got, tt.want)
		}
	}
}

// FuzzListeners: no table makes the readers panic, and what they read has an
// address.
func FuzzListeners(f *testing.F) {
	for _, tt := range tables {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP} {
			found, _ := readAny(text, p)
			for _, l := range found {
				if !l.Addr.IsValid() || l.Addr.Addr().Is4In6() || l.Protocol != p {
					t.Errorf("%v of %s in %q", l, p, text)
				}
			}
		}
	})
}
