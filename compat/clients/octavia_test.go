//go:build linux

package clients

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A row is a line of a listing: the words below the words of the head.
type row map[string]string

// count is a number of a row, or -1.
func (r row) count(name string) int {
	n, err := strconv.Atoi(r[name])
	if err != nil {
		return -1
	}
	return n
}

// A listener is a service and its members by address and port.
type listener struct {
	Service row
	Members map[netip.AddrPort]row
}

// parseListing reads a listing in the manner of Octavia's agent: two lines of
// the head name the columns of services and of their members, and a line has as
// many of them as it has words. Counters of members are below those of services.
// Services by mark are not for it.
func parseListing(t *testing.T, text string) map[netip.AddrPort]listener {
	t.Helper()
	var head, members []string // the names of columns
	var at netip.AddrPort
	listeners := map[netip.AddrPort]listener{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case words[0] == "IP":
		case words[0] == "Prot":
			head = words
		case words[0] == "->" && members == nil:
			members = words[1:]
			if len(members) == 1 {
				members = append(members, head[2:]...)
			}
		case words[0] == "->" && at.IsValid():
			listeners[at].Members[netip.MustParseAddrPort(words[1])] = zip(members, words[1:])
		case words[0] == "->":
		case words[0] == "FWM":
			at = netip.AddrPort{}
		default:
			at = netip.MustParseAddrPort(words[1])
			listeners[at] = listener{zip(head, words), map[netip.AddrPort]row{}}
		}
	}
	return listeners
}

func zip(names, words []string) row {
	r := row{}
	for i, word := range words[:min(len(names), len(words))] {
		r[names[i]] = word
	}
	return r
}

// TestKernelOctavia reads listings as OpenStack's Octavia does, and finds the
// table that was made, and its use.
func TestKernelOctavia(t *testing.T) {
	t.Parallel()
	r := enter(t, ourProgram)
	busy(r)
	table := parseListing(t, r.list("-Ln"))
	if len(table) != 7 {
		t.Errorf("%d services, want 7", len(table))
	}
	service := func(name string) listener { return table[netip.MustParseAddrPort(name)] }
	for name, want := range map[string]listener{
		"192.0.2.1:80": {
			row{"Prot": "TCP", "LocalAddress:Port": "192.0.2.1:80", "Scheduler": "wrr"},
			membersOf("RemoteAddress:Port Forward Weight ActiveConn InActConn",
				"10.0.0.1:8080 Masq 1 1 0", "10.0.0.2:8080 Masq 3 3 0"),
		},
		"192.0.2.2:80": {
			row{"Prot": "TCP", "LocalAddress:Port": "192.0.2.2:80", "Scheduler": "mh", "Flags": "(mh-fallback,mh-port)"},
			membersOf("RemoteAddress:Port Forward Weight ActiveConn InActConn",
				"10.0.0.3:80 Tunnel 0 0 0", "10.0.0.4:80 Tunnel 1 0 0", "10.0.0.5:80 Route 65535 0 0"),
		},
		"[2001:db8::1]:80": {
			row{"Prot": "TCP", "LocalAddress:Port": "[2001:db8::1]:80", "Scheduler": "wlc", "Flags": "persistent"},
			membersOf("RemoteAddress:Port Forward Weight ActiveConn InActConn", "[fd00::1]:8080 Masq 2 1 0"),
		},
	} {
		if d := cmp.Diff(want, service(name), cmpAddresses); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}

	table = parseListing(t, r.list("-Ln", "--stats", "--exact"))
	for name, connections := range map[string]int{
		"192.0.2.1:80": 4, "192.0.2.1:443": 1, "192.0.2.2:80": 0, "192.0.2.1:53": 1, "[2001:db8::1]:80": 1,
	} {
		if got := service(name).Service.count("Conns"); got != connections {
			t.Errorf("%s: %d connections, want %d", name, got, connections)
		}
	}
	member := service("192.0.2.1:80").Members[netip.MustParseAddrPort("10.0.0.2:8080")]
	if member.count("Conns") != 3 || member.count("InPkts") <= 3 || member.count("OutBytes") <= 0 {
		t.Errorf("member: %v", member)
	}
}

var cmpAddresses = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

// membersOf are the rows of a listing.
func membersOf(head string, lines ...string) map[netip.AddrPort]row {
	members := map[netip.AddrPort]row{}
	for _, line := range lines {
		words := strings.Fields(line)
		members[netip.MustParseAddrPort(words[0])] = zip(strings.Fields(head), words)
	}
	return members
}
