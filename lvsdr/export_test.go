package lvsdr

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
)

var updateExports = flag.Bool("update", false, "rewrite what export prints below internal/keepalived/testdata")

// The configurations of internal/keepalived/testdata, whose first line is the command,
// and what it prints. Tests on the real kernel run keepalived with it.
func TestExportKeepalived(t *testing.T) {
	files, err := filepath.Glob("../internal/keepalived/testdata/*.yaml")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no configurations")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			must(t, err)
			words, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
			d := newDesk(t, string(text))
			got := d.run(words)
			if got.Status != 0 || got.Stderr != "" || d.machine.Calls() != 0 {
				t.Fatalf("lvsdr %s: status %d, %s%d calls that change the machine", words, got.Status, got.Stderr, d.machine.Calls())
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".conf"
			if *updateExports {
				must(t, os.WriteFile(golden, []byte(got.Stdout), 0o644))
			}
			want, err := os.ReadFile(golden)
			must(t, err)
			if diff := cmp.Diff(string(want), got.Stdout); diff != "" {
				t.Errorf("lvsdr %s (-want +got):\n%s", words, diff)
			}
		})
	}
}

// What cannot be is said before anything is printed.
func TestExportKeepalivedUsage(t *testing.T) {
	const both = "vip: [172.16.0.100, 2001:db8::100]\nreal_servers: [10.0.0.7, 2001:db8::7]\n"
	for _, tt := range []struct{ name, config, words, want string }{
		{"no real servers", "vip: 172.16.0.100\n", "--config - --vip 172.16.0.100", "configuration: services[0]: no real servers, expected some in the file or with --rs"},
		{"an object", tutorial, "--json", "export keepalived: --json, expected none: it is a file of keepalived's"},
		{"argument", tutorial, "now", "export keepalived: unexpected argument \"now\"\nlvsdr: hint: lvsdr export keepalived [FLAG...]: print a keepalived.conf for two directors"},
		{"router too high", tutorial, "--router-id 256", `--router-id "256": out of range, expected a number from 1 to 255`},
		{"router zero", tutorial, "--router-id 0", `--router-id "0": out of range, expected a number from 1 to 255`},
		{"priority of an owner", tutorial, "--priority 255", `--priority "255": out of range, expected a number from 1 to 254`},
		{"priority no number", tutorial, "--priority high", `--priority "high": not a decimal number, expected a number from 1 to 254`},
		{"loopback", tutorial, "--interface lo", `--interface "lo": loopback leads to no other director, expected the interface of the LAN`},
		{"no interface", tutorial, "--interface eth0{", `--interface "eth0{": not a name, expected the name of an interface`},
		{"check", tutorial, "--check ftp", `--check "ftp": unknown, expected tcp[:PORT] or http[:PORT][/PATH], as in http/health or http:8080/health`},
		{"sorry server that is none", tutorial, "--sorry-server www", `--sorry-server "www": not an address, expected ADDRESS[:PORT]`},
		{"weight of a sorry server", tutorial, "--sorry-server 10.0.0.9=2", `--sorry-server "10.0.0.9=2": not an address, expected ADDRESS[:PORT]`},
		{"sorry server's port", tutorial, "--sorry-server 10.0.0.9:81", `--sorry-server "10.0.0.9:81": a port without forward: masquerade, expected none: it is the service's`},
		{"VIP as sorry server", tutorial, "--sorry-server 172.16.0.100", `--sorry-server "172.16.0.100": it is a VIP, expected the server's own address`},
		{"real server as sorry server", tutorial, "--sorry-server 10.0.0.17", `--sorry-server "10.0.0.17": a real server of the service, expected another machine`},
		{"peer of no family", tutorial + "watch: {vip: vrrp}\n", "--vrrp-only --peer 2001:db8::9", `--peer "2001:db8::9": no VIP is of its address family, expected the family of a VIP`},
		{"checks beside vs watch", tutorial, "--vrrp-only --check tcp", `--check with --vrrp-only, expected one of them: vs watch asks the real servers`},
		{"peer that is none", tutorial, "--vrrp-only --peer www", `--peer "www": not an address, expected a unicast IPv4 or IPv6 address`},
		{"VRRP alone, VIPs of our own", tutorial, "--vrrp-only", `watch.vip "own": vs start and vs watch would put the VIP up on both directors, expected vrrp`},
		{"sorry server of no family", tutorial, "--sorry-server 2001:db8::9", `--sorry-server "2001:db8::9": no VIP is of its address family, expected the family of a VIP`},
		{"two sorry servers", both, "--sorry-server 10.0.0.9 --sorry-server 10.0.0.10", `--sorry-server "10.0.0.10": another one of the same address family, expected one for IPv4 and one for IPv6`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newDesk(t, tt.config).expect("export keepalived "+tt.words, result{Stderr: "lvsdr: " + tt.want + "\n", Status: 2})
		})
	}
}

// What keepalived does not do is counted on standard error.
func TestExportKeepalivedLost(t *testing.T) {
	got := newDesk(t, tutorial+"announce_table: 200\ncheck: {rise: 5}\n").run("export keepalived")
	if want := "lvsdr: export keepalived: warning: 2 things of the file that keepalived does not do: see the comments \"Not exported\"\n"; got.Stderr != want || got.Status != 0 {
		t.Errorf("%+v, want %q", got, want)
	}
}

// Without --interface it is the one on which vs start announces the VIP, if
// there is just one.
func TestExportKeepalivedInterface(t *testing.T) {
	const hint = "lvsdr: hint: say which: --interface NAME\n"
	d := newDesk(t, tutorial)
	d.machine.AddLink(host.Link{Name: "eth1", Up: true, Broadcast: true, MAC: []byte{2, 0, 0, 0, 0, 1}})
	for _, tt := range []struct {
		words, environment, want string
	}{
		{want: "eth0"},
		{words: "--interface bond0.7", want: "bond0.7"},
		{environment: "bond1", want: "bond1"},
		{words: "--interface bond0", environment: "bond1", want: "bond0"},
	} {
		t.Setenv("LVSDR_INTERFACE", tt.environment)
		got := d.run("export keepalived " + tt.words)
		if line := fmt.Sprintf("\n    interface %s\n", tt.want); got.Status != 0 || !strings.Contains(got.Stdout, line) {
			t.Errorf("%+v: status %d, %s; want%s in\n%s", tt, got.Status, got.Stderr, line, got.Stdout)
		}
	}
	d.machine.AddRoute(host.Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Interface: "eth1", Gateway: true})
	t.Setenv("LVSDR_INTERFACE", "")
	d.expect("export keepalived", result{Stderr: "lvsdr: export keepalived: the VIP could be on eth0 or eth1\n" + hint, Status: 2})
	d.configure("vip: 2001:db8::100\nreal_servers: [2001:db8::7]\n")
	d.expect("export keepalived", result{Stderr: "lvsdr: export keepalived: no interface of this machine faces the clients of the VIP\n" + hint, Status: 2})
}
