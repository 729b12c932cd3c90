package config

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShareOf(t *testing.T) {
	c, err := Load("share", []byte(`
vip: [172.16.0.100, 172.16.0.104]
services:
  - {port: 80}
  - {port: 443, vip: [172.16.0.101, 172.16.0.100], real_servers: [10.0.0.17, {address: 10.0.0.27, forward: masquerade}]}
  - {fwmark: 7, vip: 172.16.0.102, forward: masquerade, real_servers: [127.0.0.1, 10.0.0.27, {address: 10.0.0.37, forward: tunnel}]}
  - {port: 25, vip: [172.16.0.105, "2001:db8::105"], real_servers: [10.0.0.47, "2001:db8::47"]}
  - {port: 25, vip: [172.16.0.106, "2001:db8::106"], real_servers: [10.0.0.57, {address: "2001:db8::57", forward: tunnel}]}
real_servers: [10.0.0.7, 127.0.0.1]
`))
	if err != nil {
		t.Fatal(err)
	}
	vips := func(all ...string) (addrs []netip.Addr) {
		for _, a := range all {
			addrs = append(addrs, addr(a))
		}
		return addrs
	}
	for _, test := range []struct {
		name string
		own  []netip.Addr
		want Share
	}{
		{"by the common list", vips("10.0.0.7"), Share{vips("172.16.0.100", "172.16.0.104"), true}},
		{"by a service's list", vips("10.0.0.17"), Share{vips("172.16.0.100", "172.16.0.101"), true}},
		{"masqueraded alone", vips("10.0.0.27"), Share{vips(), true}},
		{"by a tunnel of its own", vips("10.0.0.37"), Share{vips("172.16.0.102"), true}},
		{"by two addresses", vips("10.0.0.37", "10.0.0.17"), Share{vips("172.16.0.100", "172.16.0.101", "172.16.0.102"), true}},
		{"by IPv4, in a service of both", vips("10.0.0.47"), Share{vips("172.16.0.105", "2001:db8::105"), true}},
		{"by IPv6, in a service of both", vips("2001:db8::47"), Share{vips("172.16.0.105", "2001:db8::105"), true}},
		{"by both", vips("2001:db8::47", "10.0.0.47"), Share{vips("172.16.0.105", "2001:db8::105"), true}},
		{"by an IPv6 tunnel, which serves both", vips("2001:db8::57"), Share{vips("172.16.0.106", "2001:db8::106"), true}},
		{"by no address", vips(), Share{vips(), false}},
		{"by another one", vips("10.0.0.99"), Share{vips(), false}},
		{"by loopback, which is everybody's", vips("127.0.0.1", "10.0.0.99"), Share{vips(), false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := c.ShareOf(test.own)
			if len(got.VIPs) == 0 {
				got.VIPs = nil
			}
			if d := cmp.Diff(test.want, got, equalAddr); d != "" {
				t.Errorf("ShareOf (-want +got):\n%s", d)
			}
		})
	}
}
