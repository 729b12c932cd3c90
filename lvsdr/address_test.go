package lvsdr

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"lvsdr/internal/host"
)

var addr = netip.MustParseAddr

func on(prefix, name, label string) host.Address {
	return host.Address{Prefix: netip.MustParsePrefix(prefix), Interface: name, Label: label}
}

// The VIP may be on the machine before lvsdr is.
func TestAddressFound(t *testing.T) {
	const add4 = "ip addr add 172.16.0.100/32 dev lo label lo:1\n"
	tests := []struct {
		name   string
		config string
		found  []host.Address
		want   string // of start, as far as addresses go
		status int
	}{
		{"none", tutorial, nil, add4, 0},
		{"already", tutorial, []host.Address{on("172.16.0.100/32", "lo", "lo:1")}, "", 0},
		{"without a label", tutorial, []host.Address{on("172.16.0.100/32", "lo", "lo")}, "", 0},
		{
			"with the network's mask", tutorial, []host.Address{on("172.16.0.100/24", "lo", "lo:1")},
			add4 + "ip addr del 172.16.0.100/24 dev lo label lo:1\n", 0,
		},
		{
			"with both masks, as a killed start leaves it", tutorial,
			[]host.Address{
				on("172.16.0.100/24", "lo", "lo:1"),
				on("172.16.0.100/32", "lo", "lo:1"),
			},
			"ip addr del 172.16.0.100/24 dev lo label lo:1\n", 0,
		},
		{
			"IPv6 with the network's mask", "vip: '2001:db8::100'\nreal_servers: ['fd00::7']",
			[]host.Address{on("2001:db8::100/64", "lo", "")},
			"ip addr del 2001:db8::100/64 dev lo\nip addr add 2001:db8::100/128 dev lo nodad preferred_lft 0\n", 0,
		},
		{
			"on another interface", tutorial, []host.Address{on("172.16.0.100/24", "eth0", "eth0")},
			"lvsdr: vs start: 172.16.0.100/24 is this machine's own address on eth0, and the route to 172.16.0.0/24 depends on it\n" +
				"lvsdr: hint: with direct routing or tunnels the real servers have the VIP too, and could no longer reach " +
				"this machine: choose a VIP that is not the address of a machine, or forward: masquerade\n", 1,
		},
		{
			"on another interface, alone", tutorial, []host.Address{on("172.16.0.100/32", "eth0", "eth0")},
			"lvsdr: vs start: 172.16.0.100 is already on eth0\nlvsdr: hint: ip addr del 172.16.0.100/32 dev eth0\n", 1,
		},
		{
			"an interface that is not there", strings.Replace(tutorial, "real", "label: dummy0:1\nreal", 1), nil,
			"lvsdr: vs start: there is no interface dummy0 for 172.16.0.100\n" +
				"lvsdr: hint: see: ip link; name another one with --label INTERFACE:ALIAS\n", 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.config)
			clean := d.text()
			for _, a := range tt.found {
				must(t, d.machine.AddAddress(a))
			}
			before := d.text()
			got := d.run("vs start")
			if got.Status != tt.status || addressLines(got.Stderr) != tt.want {
				t.Fatalf("start: status %d, lines\n%swant %d\n%s", got.Status, addressLines(got.Stderr), tt.status, tt.want)
			}
			if tt.status != 0 {
				d.looks("after a refused start", before)
				d.expect("vs stop", result{vsCanceled, "lvsdr: vs stop: nothing to do\n", 0})
				d.looks("after stop", before)
				return
			}
			d.expect("vs start", result{vsReady, vsNothing, 0})
			d.succeed("vs stop")
			d.looks("after stop", clean)
		})
	}
}

// addressLines leaves the table and announcements out.
func addressLines(s string) string {
	var kept strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "ipvsadm ") && !strings.HasPrefix(line, "arping ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// Stop takes the VIP away with every mask it has on its interface.
func TestStopEveryMask(t *testing.T) {
	d := newDesk(t, tutorial)
	before := d.text()
	for _, prefix := range []string{"172.16.0.100/24", "172.16.0.100/32"} {
		must(t, d.machine.AddAddress(on(prefix, "lo", "lo:1")))
	}
	d.succeed("vs stop")
	d.looks("after stop", before)
}

// Who has the VIP already has announced it, unless the network changed: start
// does not repeat that.
func TestAnnounce(t *testing.T) {
	d := newDesk(t, "vip: [172.16.0.100, '2001:db8::100']\nreal_servers: [10.0.0.7, 'fd00::7']")
	d.machine.AddRoute(host.Route{Prefix: netip.MustParsePrefix("::/0"), Interface: "eth0", Gateway: true})
	got := d.run("vs start")
	if want := "arping -U -c 1 -I eth0 172.16.0.100\nndsend 2001:db8::100 eth0\n"; !strings.HasSuffix(got.Stderr, want) {
		t.Errorf("start ends with\n%s\nwant\n%s", got.Stderr, want)
	}
	d.expect("vs start", result{vsReady, vsNothing, 0})
}

// TestAnnouncementAfterKill: a start that was killed between the VIP and its
// announcement leaves a note; the next start announces, the one after it has
// nothing to do.
func TestAnnouncementAfterKill(t *testing.T) {
	d := newDesk(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	d.succeed("vs start")
	d.onlyClaims()
	must(t, os.WriteFile(d.state, []byte(`{"unannounced": ["172.16.0.100"]}`), 0o600))
	d.expect("vs diff", result{Stdout: "arping -U -c 1 -I eth0 172.16.0.100\n", Status: 3})
	d.expect("vs start", result{Stdout: "The VS Server is Ready!\n", Stderr: "arping -U -c 1 -I eth0 172.16.0.100\n"})
	d.onlyClaims()
	d.expect("vs start", result{Stdout: "The VS Server is Ready!\n", Stderr: "lvsdr: vs start: nothing to do\n"})
}

// TestAnnouncementIsNoted: the note is there before the VIP is, so that no
// moment of the start is without one or the other.
func TestAnnouncementIsNoted(t *testing.T) {
	d := newDesk(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	noted := false
	open := d.system.open
	d.system.open = func(n need) (machine, error) {
		m, err := open(n)
		return watchedMachine{m, func() {
			data, _ := os.ReadFile(d.state)
			noted = strings.Contains(string(data), "172.16.0.100")
		}}, err
	}
	d.succeed("vs start")
	if !noted {
		t.Error("the VIP was added before its announcement was noted")
	}
}

// watchedMachine says when an address is about to be added.
type watchedMachine struct {
	machine
	adding func()
}

func (m watchedMachine) AddAddress(a host.Address) error {
	m.adding()
	return m.machine.AddAddress(a)
}
