package config

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/ipvs"
)

func TestWantedTutorial(t *testing.T) {
	web := ipvs.Service{
		Family: ipvs.INET, Protocol: ipvs.TCP, Addr: addr("172.16.0.100"), Port: 80,
		Scheduler: "wrr", Netmask: 0xffffffff,
	}
	dest := func(ip string) ipvs.Destination {
		return ipvs.Destination{
			Family: ipvs.INET, Addr: addr(ip), Port: 80, Forward: ipvs.DirectRoute, Weight: 1,
		}
	}
	want := []Wanted{{Service: web, VIPs: []netip.Addr{addr("172.16.0.100")}, Forward: ipvs.DirectRoute, Destinations: []ipvs.Destination{dest("10.0.0.7"), dest("10.0.0.17")}}}
	if d := cmp.Diff(want, tutorial().Wanted(), equalAddr, cmpopts.IgnoreFields(Wanted{}, "Of")); d != "" {
		t.Errorf("Wanted (-want +got):\n%s", d)
	}
}

// TestWantedOptions has every field that the tutorial leaves alone.
func TestWantedOptions(t *testing.T) {
	c, err := Load("options", []byte(`
vip: 2001:db8::100
services:
  - {port: 53, protocol: udp, scheduler: mh, persistent: 60, netmask: 64, flags: [mh-port], one_packet: true}
  - fwmark: 7
    family: ipv6
    forward: masquerade
    real_servers: [{address: "2001:db8::17", port: 8080, weight: 0, upper: 20, lower: 10}]
real_servers: ["2001:db8::7"]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Wanted{{
		Service: ipvs.Service{
			Family: ipvs.INET6, Protocol: ipvs.UDP, Addr: addr("2001:db8::100"), Port: 53, Scheduler: "mh",
			Flags: ipvs.Persistent | ipvs.OnePacket | ipvs.SchedulerFlag2, Timeout: 60, Netmask: 64,
		},
		VIPs:    []netip.Addr{addr("2001:db8::100")},
		Forward: ipvs.DirectRoute,
		Destinations: []ipvs.Destination{{
			Family: ipvs.INET6, Addr: addr("2001:db8::7"), Port: 53, Forward: ipvs.DirectRoute, Weight: 1,
		}},
	}, {
		Service: ipvs.Service{Family: ipvs.INET6, FWMark: 7, Scheduler: "wrr", Netmask: 128},
		VIPs:    []netip.Addr{addr("2001:db8::100")},
		Forward: ipvs.Masquerade,
		Destinations: []ipvs.Destination{{
			Family: ipvs.INET6, Addr: addr("2001:db8::17"), Port: 8080, Forward: ipvs.Masquerade, Upper: 20, Lower: 10,
		}},
	}}
	if d := cmp.Diff(want, c.Wanted(), equalAddr, cmpopts.IgnoreFields(Wanted{}, "Of")); d != "" {
		t.Errorf("Wanted (-want +got):\n%s", d)
	}
}

// TestWantedFamilies shows which VIP takes which real servers.
func TestWantedFamilies(t *testing.T) {
	for _, test := range []struct {
		name string
		file string
		want string
	}{
		{
			"each VIP takes those of its family",
			"vip: [1.2.3.4, 2001:db8::1]\nreal_servers: [10.0.0.7, 2001:db8::7]",
			"1.2.3.4:80: 10.0.0.7\n[2001:db8::1]:80: 2001:db8::7",
		},
		{
			"a mark comes once, with the first VIP",
			"vip: [1.2.3.4, 1.2.3.5]\nservices: [{port: 80}, {fwmark: 7}, {port: 81}]\nreal_servers: [10.0.0.7]",
			"1.2.3.4:80: 10.0.0.7\n7: 10.0.0.7\n1.2.3.4:81: 10.0.0.7\n1.2.3.5:80: 10.0.0.7\n1.2.3.5:81: 10.0.0.7",
		},
		{
			"a mark takes those of its family",
			"vip: [1.2.3.4, 2001:db8::1]\nservices: [{fwmark: 7}, {fwmark: 7, family: ipv6}]\nreal_servers: [10.0.0.7, 2001:db8::7]",
			"7: 10.0.0.7\n7: 2001:db8::7",
		},
		{
			"a tunnel leads to the other family where the VIP has none of its own",
			"vip: [1.2.3.4, 2001:db8::1]\nservices: [{port: 80, forward: tunnel}]\nreal_servers: [10.0.0.7]",
			"1.2.3.4:80: 10.0.0.7\n[2001:db8::1]:80: 10.0.0.7",
		},
		{
			"a tunnel leads to the other family where no VIP is of it",
			"vip: 1.2.3.4\nservices: [{port: 80, forward: tunnel}]\nreal_servers: [10.0.0.7, 2001:db8::7]",
			"1.2.3.4:80: 10.0.0.7 2001:db8::7",
		},
		{
			"a tunnel keeps the families apart where it can",
			"vip: [1.2.3.4, 2001:db8::1]\nservices: [{port: 80, forward: tunnel}]\nreal_servers: [10.0.0.7, 2001:db8::7]",
			"1.2.3.4:80: 10.0.0.7\n[2001:db8::1]:80: 2001:db8::7",
		},
		{
			"a service's own real servers come instead",
			"vip: 1.2.3.4\nservices: [{port: 80}, {port: 81, real_servers: [10.0.0.8]}]\nreal_servers: [10.0.0.7]",
			"1.2.3.4:80: 10.0.0.7\n1.2.3.4:81: 10.0.0.8",
		},
		{
			"a service's own VIPs come instead, behind those of the file",
			"vip: 1.2.3.4\nservices: [{port: 443, vip: [1.2.3.5, 1.2.3.4]}, {port: 80}, {port: 443, vip: 1.2.3.6}, {fwmark: 7, vip: [1.2.3.6, 1.2.3.7]}]\nreal_servers: [10.0.0.7]",
			"1.2.3.4:443: 10.0.0.7\n1.2.3.4:80: 10.0.0.7\n1.2.3.5:443: 10.0.0.7\n1.2.3.6:443: 10.0.0.7\n7: 10.0.0.7",
		},
		{
			"families go by the service's VIPs",
			"services: [{port: 80, vip: 1.2.3.4}, {port: 80, vip: 2001:db8::1}]\nreal_servers: [10.0.0.7, 2001:db8::7]",
			"1.2.3.4:80: 10.0.0.7\n[2001:db8::1]:80: 2001:db8::7",
		},
		{
			"one real server's tunnel leads to the other family, the others' direct routing does not",
			"vip: [1.2.3.4, 2001:db8::1]\nservices: [{port: 80}, {port: 81, real_servers: [2001:db8::7, {address: 10.0.0.9, forward: tunnel}, {address: 10.0.0.7, forward: direct}]}]\n" +
				"real_servers: [10.0.0.7, {address: 10.0.0.9, forward: tunnel}, 2001:db8::7]",
			"1.2.3.4:80: 10.0.0.7 10.0.0.9\n1.2.3.4:81: 10.0.0.9 10.0.0.7\n[2001:db8::1]:80: 2001:db8::7\n[2001:db8::1]:81: 2001:db8::7",
		},
		{
			"a tunnel of its own family that no VIP has",
			"vip: 1.2.3.4\nreal_servers: [10.0.0.7, {address: '2001:db8::7', forward: tunnel}]",
			"1.2.3.4:80: 10.0.0.7 2001:db8::7",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Load("families", []byte(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, wantedText(c)); d != "" {
				t.Errorf("Wanted (-want +got):\n%s", d)
			}
		})
	}
}

// wantedText is a line for each service with the addresses of its real servers.
func wantedText(c Config) string {
	var lines []string
	for _, w := range c.Wanted() {
		line := fmt.Sprintf("%d:", w.Service.FWMark)
		if a := w.Service.Addr; a.Is4() {
			line = fmt.Sprintf("%s:%d:", a, w.Service.Port)
		} else if a.Is6() {
			line = fmt.Sprintf("[%s]:%d:", a, w.Service.Port)
		}
		for _, d := range w.Destinations {
			line += " " + d.Addr.String()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
